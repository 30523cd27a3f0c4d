"""check_host() beyond the public suite: bounded whatever it is given, and the same twice."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, drive
from compliance.records.spf import SpfFault, parse
from compliance.records.spf_check import Checked, Result, check_host
from compliance.records.spf_limits import costs
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_NAMES
from compliance.records.spf_macro import Sender, expand, target_name
from compliance.records.spf_reach import final_all, reach
from compliance.records.spf_tree import MOST_NODES, record_tree
from tests.unit.records.answers import observation

#: More no check can come to: a record for each lookup, ten hosts for each `mx`, and names of the client for each.
MOST_QUESTIONS = 1 + (MOST_LOOKUPS + 1) * (2 + MOST_NAMES + 1 + MOST_NAMES) + 13

_LETTERS = st.text(alphabet="v=spf1 aminclude:redirect=exp%{}dlsipor-2/.+~?x*\t\x00\xe6", max_size=80)
_NAMES = st.sampled_from(["a.example", "b.example", "c.example", "%{d}", "%{p}.x.example", "%{ir}.b.example", "a..b"])
_TERMS = st.one_of(
    st.builds("{}{}:{}".format, st.sampled_from(["", "-", "?", "~"]), st.sampled_from(["include", "a", "mx"]), _NAMES),
    st.builds("{}:{}".format, st.sampled_from(["exists", "ptr"]), _NAMES),
    st.builds("{}={}".format, st.sampled_from(["redirect", "exp", "x"]), _NAMES),
    st.sampled_from(["a", "mx", "ptr", "-all", "+all", "ip4:192.0.2.0/24", "ip6:::/0", "a/0//0"]),
)
_RECORDS = st.one_of(
    st.lists(_TERMS, max_size=14).map(lambda terms: " ".join(["v=spf1", *terms])), _LETTERS.map("v=spf1 {}".format)
)
_ANSWERS = st.one_of(
    st.none(),
    st.sampled_from(["NXDOMAIN", "SERVFAIL"]),
    st.lists(_RECORDS, max_size=2).map(tuple),
)
_CLIENTS = st.sampled_from(["192.0.2.1", "198.51.100.7", "2001:db8::1", "::ffff:192.0.2.1"])


def world(texts: dict[str, tuple[str, ...] | str | None], hosts: int) -> Callable[[DnsQuestion], Observation]:
    """Give every name the same hosts, and texts by the first letter of the name."""
    found = {
        "A": ("192.0.2.1",) * min(hosts, 1),
        "AAAA": ("2001:db8::1",) * min(hosts, 1),
        "MX": tuple(f"10 m{at}.example." for at in range(hosts)),
        "PTR": tuple(f"p{at}.example." for at in range(hosts)),
    }

    def answer(question: DnsQuestion) -> Observation:
        content = texts.get(question.name[:1]) if question.rdtype == "TXT" else found.get(question.rdtype, ())
        return observation(question, content)

    return answer


def counted(texts: dict[str, tuple[str, ...] | str | None], client: str, hosts: int) -> tuple[Checked, int]:
    asked: list[DnsQuestion] = []
    answer = world(texts, hosts)

    def counting(question: DnsQuestion) -> Observation:
        asked.append(question)
        return answer(question)

    return drive(check_host(Sender(client, "x@a.example", "h.example")), counting), len(asked)


@given(st.dictionaries(st.sampled_from("abc"), _ANSWERS, max_size=3), _CLIENTS, st.integers(0, 12))
@settings(max_examples=400, deadline=None)
def test_any_world_comes_to_a_result_in_bounded_questions(
    texts: dict[str, tuple[str, ...] | str | None], client: str, hosts: int
) -> None:
    checked, asked = counted(texts, client, hosts)
    assert checked == counted(texts, client, hosts)[0]
    assert asked <= MOST_QUESTIONS
    assert checked.lookups <= MOST_LOOKUPS + 1
    assert (checked.result in {Result.TEMPERROR, Result.PERMERROR}) == bool(checked.why)


@given(st.dictionaries(st.sampled_from("abc"), _ANSWERS, max_size=3), st.integers(0, 12))
@settings(max_examples=300, deadline=None)
def test_any_world_has_a_tree_that_can_be_measured(texts: dict[str, tuple[str, ...] | str | None], hosts: int) -> None:
    tree = drive(record_tree("a.example"), world(texts, hosts))
    told = costs(tree)
    assert told.lookups >= 0
    assert reach(tree).ipv4_count <= 1 << 32
    assert final_all(tree).qualifier in {None, "+", "-", "~", "?"}
    assert sum(bool(node.observation) for node in tree.nodes()) <= MOST_NODES


@given(st.text(max_size=300), st.dictionaries(st.sampled_from("slodiphcrtv"), st.text(), min_size=11, max_size=11))
def test_what_follows_the_grammar_expands_to_a_name_that_fits(text: str, values: dict[str, str]) -> None:
    try:
        record = parse(f"v=spf1 exists:{text}.example")
    except SpfFault:
        return
    for term in record.terms:
        assert len(target_name(term.domain, values)) <= 253
        assert isinstance(expand(term.domain, values), str)


VALUES = {"d": "a.b.c.example", "l": "x-y+z", "h": "a b&c"}
EXPANSIONS = [
    ("%{d}", "a.b.c.example"),
    ("%{d2}", "c.example"),
    ("%{d9}", "a.b.c.example"),
    ("%{dr}", "example.c.b.a"),
    ("%{d1r}", "a"),
    ("%{l-}", "x.y+z"),
    ("%{l2r-+}", "y.x"),
    ("%{H}", "a%20b%26c"),
    ("%%%_%-", "% %20"),
    ("%{d" + "9" * 60_000 + "}", "a.b.c.example"),  # longer than a number of ours may be
]


@pytest.mark.parametrize(("text", "expected"), EXPANSIONS, ids=[text[:12] for text, _ in EXPANSIONS])
def test_a_macro_expands(text: str, expected: str) -> None:
    assert expand(text, VALUES) == expected


@pytest.mark.parametrize("label", ["a" * 10, "a" * 62])
def test_a_name_too_long_loses_labels_on_its_left(label: str) -> None:
    name = ".".join([label] * 60)
    kept = target_name(f"%{{d}}.{name}", {"d": name})
    assert len(kept) <= 253 < len(kept) + len(label) + 1
    assert set(kept.split(".")) == {label}


def test_one_sided_hosts_are_no_voids_and_are_told() -> None:
    def answer(question: DnsQuestion) -> Observation:
        content = {"TXT": ("v=spf1 a:x.example a:y.example a:z.example ip6:2001:db8::1 -all",), "A": ("192.0.2.1",)}
        return observation(question, content.get(question.rdtype, ()))

    checked = drive(check_host(Sender("2001:db8::1", "x@a.example")), answer)
    assert (checked.result, checked.voids, checked.one_sided) == (Result.PASS, 0, 3)
