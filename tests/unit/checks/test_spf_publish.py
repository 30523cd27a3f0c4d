"""The record to publish: it mends the fault it stands beside, and nothing of a stranger's gets into it."""

from typing import Any

import pytest

from compliance.checks.registry import Scope
from compliance.checks.scopes import targets
from compliance.model.finding import Status, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from compliance.records import spf_mend
from tests.unit.checks.build import DOMAIN, context, dns, domain_view, judged, subject

Facts = tuple[Observation, ...]
V4 = "192.0.2.10"
RELAY = subject("rele.example", "outbound_host", hostname=V4, sends_for=(DOMAIN,))
M365 = subject("m365", "outbound_host", hostname="", service="exchange_online", sends_for=(DOMAIN,))
OTHER = subject("nyhetsbrev", "outbound_host", hostname="", service="other", sends_for=(DOMAIN,))
NAMED = subject("ut.example", "outbound_host", sends_for=(DOMAIN,))


def txt(*texts: str, name: str = DOMAIN) -> Observation:
    return dns(name, "TXT", *texts)


def host(name: str, *addresses: str) -> Facts:
    return dns(name, "A", *addresses), dns(name, "AAAA")


def judge(requirement: str, facts: Facts, *more: Subject, kind: str = "own_domain") -> Verdict:
    run = context(facts, subject(kind=kind), *more)
    return judged(run, requirement, domain_view(run))


GONE = tuple(seen for name in "abc" for seen in host(f"{name}.example"))
LOST = "a:a.example a:b.example a:c.example"
HOSTS = tuple(seen for at in range(10) for seen in host(f"h{at}.example", f"192.0.2.{at}"))
MANY = " ".join(f"a:h{at}.example" for at in range(10))
ELEVEN_MX = dns("b.example", "MX", *(f"10 mx{at}.b.example." for at in range(11)))
NO_RECORD = txt("x", name="b.example")

NOTHING = ""
MX = dns(DOMAIN, "MX", "10 mx.example.")
LED = txt("v=spf1 include:b.example -all")
ONE = "v=spf1 ip4:192.0.2.1"

ROWS: list[tuple[str, str, Facts, tuple[Subject, ...], str]] = [
    ("nobody known", "U02-2-1", (txt("x"),), (), NOTHING),
    (
        "known senders",
        "U02-2-1",
        (txt("x"),),
        (RELAY, M365),
        f"v=spf1 ip4:{V4} include:spf.protection.outlook.com ~all",
    ),
    (
        "a sender by name",
        "U02-2-1",
        (txt("x"), *host("ut.example", "192.0.2.7")),
        (NAMED,),
        "v=spf1 ip4:192.0.2.7 ~all",
    ),
    ("a sender that is not found", "U02-2-1", (txt("x"), *host("ut.example")), (RELAY, NAMED), NOTHING),
    ("a sender inside", "U02-2-1", (txt("x"), *host("ut.example", "10.0.0.1")), (RELAY, NAMED), NOTHING),
    ("a service nobody knows", "U02-2-1", (txt("x"),), (RELAY, OTHER), NOTHING),
    ("retired type", "U02-2-1", (txt("x"), dns(DOMAIN, "SPF", "v=spf1 mx -all")), (), "v=spf1 mx -all"),
    ("two", "U02-2-1", (txt("v=spf1 mx a -all", "v=spf1 a ip4:192.0.2.1 ~all"),), (), "v=spf1 mx a ip4:192.0.2.1 ~all"),
    ("two strict", "U02-2-1", (txt("v=spf1 mx -all", "v=spf1 a -all"),), (), "v=spf1 mx a -all"),
    ("two with dead terms", "U02-2-1", (txt("v=spf1 mx -all ip4:0.0.0.0/0", "v=spf1 a -all"),), (), "v=spf1 mx a -all"),
    ("two, one a redirect", "U02-2-1", (txt("v=spf1 mx -all", "v=spf1 redirect=b.example"),), (), NOTHING),
    ("two, one with a slip", "U02-2-1", (txt("v=spf1 mx -all", "v=spf1 foo"),), (), NOTHING),
    ("ipv4", "U02-2-1", (txt("v=spf1 ipv4:192.0.2.1 -all"),), (), "v=spf1 ip4:192.0.2.1 -all"),
    ("bare and commas", "U02-2-1", (txt("v=spf1 192.0.2.1,mx, -all"),), (), "v=spf1 ip4:192.0.2.1 mx -all"),
    ("a slip that may mean much", "U02-2-1", (txt("v=spf1 foo -all"),), (), NOTHING),
    ("open", "U02-2-3", (txt("v=spf1 mx ?all"),), (), "v=spf1 mx ~all"),
    ("open in front", "U02-2-3", (txt("v=spf1 mx +all ip4:0.0.0.0/0"),), (), "v=spf1 mx ~all"),
    ("no ending", "U02-2-3", (txt("v=spf1 mx exp=e.example"),), (), "v=spf1 mx ~all exp=e.example"),
    (
        "open elsewhere",
        "U02-2-3",
        (txt("v=spf1 redirect=b.example"), txt("v=spf1 ?all", name="b.example")),
        (),
        NOTHING,
    ),
    ("broad", "U02-2-3", (txt("v=spf1 ip4:0.0.0.0/1 -all"),), (RELAY,), f"v=spf1 ip4:{V4} ~all"),
    ("broad, nobody known", "U02-2-3", (txt("v=spf1 ip4:0.0.0.0/1 -all"),), (), NOTHING),
    ("nowhere", "U02-2-3", (txt("v=spf1 mx include:b.example -all"), NO_RECORD), (), "v=spf1 mx -all"),
    (
        "nowhere within a supplier's",
        "U02-2-2",
        (LED, txt("v=spf1 ip4:192.0.2.1 include:c.example -all", name="b.example"), txt("x", name="c.example")),
        (),
        NOTHING,
    ),
    (
        "two records of a supplier's",
        "U02-2-2",
        (LED, txt("v=spf1 mx -all", "v=spf1 a -all", name="b.example")),
        (),
        NOTHING,
    ),
    ("two, one for the world", "U02-2-1", (txt("v=spf1 ip4:0.0.0.0/1 -all", "v=spf1 a -all"),), (), NOTHING),
    ("commas, and everybody", "U02-2-1", (txt("v=spf1 mx,+all,-all"),), (), NOTHING),
    ("no ending, and the world", "U02-2-3", (txt("v=spf1 ip6:2000::/4 ?all"),), (), NOTHING),
    ("redirect nowhere", "U02-2-2", (txt(f"{ONE} redirect=b.example"), NO_RECORD), (), f"{ONE} ~all"),
    ("loop", "U02-2-2", (txt(f"{ONE} include:{DOMAIN} -all"),), (), f"{ONE} -all"),
    ("void", "U02-2-2", (txt(f"v=spf1 mx {LOST} -all"), *GONE, MX), (), "v=spf1 mx -all"),
    ("void elsewhere", "U02-2-2", (LED, txt(f"v=spf1 {LOST}", name="b.example"), *GONE), (), NOTHING),
    (
        "names of an mx",
        "U02-2-2",
        (txt("v=spf1 a:h0.example mx:b.example -all"), *HOSTS[:2], ELEVEN_MX),
        (),
        "v=spf1 a:h0.example -all",
    ),
    (
        "names of a supplier's mx",
        "U02-2-2",
        (txt("v=spf1 include:c.example -all"), txt("v=spf1 mx:b.example", name="c.example"), ELEVEN_MX),
        (),
        NOTHING,
    ),
    (
        "too many hosts",
        "U02-2-2",
        (txt(f"v=spf1 {MANY} mx -all"), *HOSTS, MX),
        (),
        "v=spf1 " + " ".join(f"ip4:192.0.2.{at}" for at in range(10)) + " mx -all",
    ),
    (
        "too many of others",
        "U02-2-2",
        (txt("v=spf1 include:b.example -all"), txt("v=spf1 " + "a " * 11, name="b.example"), *host("b.example", V4)),
        (),
        NOTHING,
    ),
]


@pytest.mark.parametrize(("case", "requirement", "facts", "more", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_record_to_publish_mends_the_fault(
    case: str, requirement: str, facts: Facts, more: tuple[Subject, ...], expected: str
) -> None:
    verdict = judge(requirement, facts, *more)
    assert verdict.status is Status.FAIL
    assert verdict.values.get("publish", "") == expected
    if expected:
        elsewhere = [seen for seen in facts if (seen.target, seen.question) != (DOMAIN, "TXT")]
        again = judge(requirement, (txt(expected), *elsewhere), *more)
        assert again.status is Status.PASS


def test_every_fault_of_a_record_is_mended_at_once() -> None:
    facts = (txt(f"v=spf1 mx {LOST} ?all"), *GONE, MX)
    published = {judge(requirement, facts).values["publish"] for requirement in ("U02-2-2", "U02-2-3")}
    assert published == {"v=spf1 mx ~all"}


@pytest.mark.parametrize(
    ("case", "record", "expected"),
    [
        ("let in by all alone", "v=spf1 mx +all", f"v=spf1 ip4:{V4} mx ~all"),
        ("let in by nothing", "v=spf1 mx ?all", f"v=spf1 ip4:{V4} mx ~all"),
        ("let in by a term", f"v=spf1 mx ip4:{V4} +all", f"v=spf1 mx ip4:{V4} ~all"),
    ],
)
def test_a_stricter_record_shuts_no_sender_out_that_the_inventory_knows(case: str, record: str, expected: str) -> None:
    facts = (txt(record), MX, *host("mx.example", "192.0.2.77"))
    assert judge("U02-2-3", facts, RELAY).values["publish"] == expected


@pytest.mark.parametrize("record", ["v=spf1 a mx ~all", "v=spf1 +all", "v=spf1 foo", "x"])
@pytest.mark.parametrize("requirement", ["U02-2-1", "U02-2-3"])
def test_a_domain_without_mail_is_given_the_one_that_says_so(requirement: str, record: str) -> None:
    verdict = judge(requirement, (txt(record),), kind="parked_domain")
    assert verdict.status is Status.PASS or verdict.values["publish"] == "v=spf1 -all"


def sender(record: str, *more: Observation) -> dict[str, Any]:
    run = context((txt(record), *more), RELAY)
    (view,), _ = targets(Scope.SPF_SENDERS, run, RELAY, Kind.OUTBOUND_HOST)
    return dict(judged(run, "U02-2-4", view).values)


def test_a_missing_sender_is_put_first() -> None:
    mended = sender("v=spf1 -a:x.example mx -all", *host("x.example", V4))["publish"]
    assert mended == f"v=spf1 ip4:{V4} -a:x.example mx -all"
    assert sender(mended)["term"] == f"ip4:{V4}"
    assert sender("v=spf1 ~all")["publish"] == f"v=spf1 ip4:{V4} ~all"
    assert sender("v=spf1")["publish"] == f"v=spf1 ip4:{V4} ~all"
    assert "publish" not in sender("v=spf1 -all +all foo")
    assert sender("x")["publish"] == f"v=spf1 ip4:{V4} ~all"


@pytest.mark.parametrize(
    "term", ["include:a`b.example", 'exists:a"b.example', "x=<script>", "a:a;b.example", "x='$(id)'"]
)
def test_what_is_not_plain_is_never_handed_on(term: str) -> None:
    assert "publish" not in sender(f"v=spf1 -all {term}")
    assert "publish" not in judge("U02-2-3", (txt(f"v=spf1 {term} ?all"),)).values


def test_a_record_too_long_to_copy_is_not_given() -> None:
    assert spf_mend.written(["ip4:192.0.2.1"]) == "v=spf1 ip4:192.0.2.1"
    assert spf_mend.written(f"ip4:10.{at // 256}.{at % 256}.1" for at in range(400)) == ""
