"""Trees of SPF records over scripted answers: what is asked, what counts, and whom the whole lets send."""

import pytest

from compliance.records.dns_walk import drive
from compliance.records.spf_lookup import MOST_LOOKUPS, NodeState
from compliance.records.spf_reach import final_all, reach
from compliance.records.spf_tree import MOST_NODES, SpfTree, record_tree
from tests.unit.records.answers import Zone, answering


def tree(zone: Zone, asked: list[str] | None = None) -> SpfTree:
    return drive(record_tree("a.example"), answering(zone, asked))


def spf(rest: str) -> tuple[str, ...]:
    return ("other text", f"v=spf1 {rest}")


ROOTS = (
    ("record", ("v=spf1 -all",), "record", ""),
    ("joined strings", ("v=spf1 " + "ip4:192.0.2.1 " * 40 + "-all",), "record", ""),
    ("other texts", ("v=DMARC1; p=none",), "none", ""),
    ("empty", (), "none", ""),
    ("two", ("v=spf1 -all", "V=SPF1 a -all"), "several", ""),
    ("fault", ("v=spf1 foo",), "syntax", "mechanism"),
    ("no such name", "NXDOMAIN", "no_domain", ""),
    ("server failed", "SERVFAIL", "unresolved", ""),
    ("no answer", None, "unresolved", ""),
)


@pytest.mark.parametrize(("case", "content", "state", "why"), ROOTS)
def test_the_root_has_a_state(case: str, content: tuple[str, ...] | str | None, state: str, why: str) -> None:
    root = tree({"a.example": content}).root
    assert (root.state, root.found.why, root.observation) == (state, why, "o-a.example")
    assert bool(root.unanswered) == (state == "unresolved")


def test_include_and_redirect_are_followed_and_what_all_hides_is_not() -> None:
    asked: list[str] = []
    zone = {
        "a.example": spf("include:B.example. -include:c.example redirect=d.example"),
        "b.example": spf("-all include:never.example redirect=never.example"),
        "d.example": spf("include:%{i}.example include:a.example include:no..name include:e.example ~all"),
        "e.example": None,
    }
    found = [(node.name, node.state.value, node.via, node.qualifier) for node in tree(zone, asked).nodes()]
    assert found == [
        ("a.example", "record", "", "+"),
        ("b.example", "record", "include", "+"),
        ("c.example", "no_domain", "include", "-"),
        ("d.example", "record", "redirect", "+"),
        ("%{i}.example", "macro", "include", "+"),
        ("a.example", "loop", "include", "+"),
        ("no..name", "syntax", "include", "+"),
        ("e.example", "unresolved", "include", "+"),
    ]
    assert asked == ["a.example", "b.example", "c.example", "d.example", "e.example"]


def test_a_tree_that_doubles_at_each_step_is_capped() -> None:
    asked: list[str] = []
    zone = {"a.example": spf("include:n1.example include:n1.example")}
    zone |= {f"n{at}.example": spf(f"include:n{at + 1}.example include:n{at + 1}.example") for at in range(1, 30)}
    nodes = list(tree(zone, asked).nodes())
    assert len(asked) == MOST_NODES
    assert NodeState.CAPPED in {node.state for node in nodes}


def test_exists_is_asked_for_an_address_and_bounded() -> None:
    asked: list[str] = []
    here = (
        "exists:%{d}.x.example exists:%{D1r-}.%{o}.x.example -exists:no.example exists:%{i}.example exists:a%%b.example"
    )
    zone = {"a.example": spf(f"include:b.example {here}"), "b.example": spf("exists:%{d}.%{o}.x.example -all")}
    found = tree(zone, asked)
    assert asked == [
        "a.example",
        "b.example",
        "A b.example.a.example.x.example",
        "A a.example.x.example",
        "A a.example.a.example.x.example",
        "A no.example",
    ]
    assert len(found.observations) == 5
    asked.clear()
    tree({"a.example": spf(" ".join(f"exists:n{at}.example" for at in range(1500)))}, asked)
    assert len(asked) == MOST_NODES + MOST_LOOKUPS


ENDINGS = (
    ("own", {"a.example": spf("~all")}, "~", ""),
    ("bare", {"a.example": spf("all")}, "+", ""),
    ("none", {"a.example": spf("a mx")}, None, ""),
    ("redirected", {"a.example": spf("redirect=b.example"), "b.example": spf("-all")}, "-", ""),
    ("beside all", {"a.example": spf("redirect=b.example ?all"), "b.example": spf("-all")}, "?", ""),
    ("include's own", {"a.example": spf("include:b.example"), "b.example": spf("-all")}, None, ""),
    ("round", {"a.example": spf("redirect=b.example"), "b.example": spf("redirect=a.example")}, None, ""),
    ("nowhere", {"a.example": spf("redirect=b.example")}, None, ""),
    ("unanswered", {"a.example": spf("redirect=b.example"), "b.example": None}, None, "o-b.example"),
)


@pytest.mark.parametrize(("case", "zone", "qualifier", "unresolved"), ENDINGS)
def test_one_all_decides(case: str, zone: Zone, qualifier: str | None, unresolved: str) -> None:
    end = final_all(tree(zone))
    assert (end.qualifier, end.unresolved) == (qualifier, unresolved)


def test_a_redirect_with_a_macro_cannot_be_told() -> None:
    assert final_all(tree({"a.example": spf("redirect=%{i}.example")})).macro


B = "b.example"
REACHES = (
    ("nobody", {"a.example": spf("-all")}, 0, None),
    ("one", {"a.example": spf("ip4:192.0.2.1 -all")}, 1, None),
    ("merged", {"a.example": spf("ip4:192.0.2.0/25 ip4:192.0.2.128/25 ip4:192.0.2.9 -all")}, 256, None),
    ("halves of the world", {"a.example": spf("ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all")}, 1 << 32, None),
    ("only plus", {"a.example": spf("?ip4:10.0.0.0/8 -ip4:11.0.0.0/8 ~ip6:::/0 -all")}, 0, None),
    ("behind all", {"a.example": spf("-all ip4:10.0.0.0/8")}, 0, None),
    (
        "through include",
        {"a.example": spf(f"include:{B} -all"), B: spf("ip4:10.0.0.0/8 ip6:2001:db8::/32")},
        1 << 24,
        32,
    ),
    ("refusing include", {"a.example": spf(f"-include:{B} -all"), B: spf("ip4:10.0.0.0/8")}, 0, None),
    ("include that takes all", {"a.example": spf(f"include:{B} -all"), B: spf("+all")}, 1 << 32, 0),
    (
        "through redirect",
        {"a.example": spf(f"redirect={B}"), B: spf("ip6:2001:db8::/31 ip6:2001:db8::/48 -all")},
        0,
        31,
    ),
    ("beside a host", {"a.example": spf("a/8//16 mx/24 -all")}, (1 << 24) + 256, 16),
    ("v6 neighbours", {"a.example": spf("ip6:2001:db8::/33 ip6:2001:db8:8000::/33 -all")}, 0, 32),
)


@pytest.mark.parametrize(("case", "zone", "count", "shortest"), REACHES)
def test_reach_is_measured(case: str, zone: Zone, count: int, shortest: int | None) -> None:
    found = reach(tree(zone))
    assert (found.ipv4_count, found.ipv6_shortest) == (count, shortest)


def test_ptr_and_exists_are_told() -> None:
    found = reach(tree({"a.example": spf("include:b.example -all"), "b.example": spf("ptr exists:%{i}.x.example")}))
    assert (found.uses_ptr, found.uses_exists, found.complete) == (True, True, True)
