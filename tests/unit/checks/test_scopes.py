"""From a subject to what is asked: mail hosts, MX names, senders, and the lines where there is nothing to ask."""

import pytest

from compliance.checks.registry import Scope
from compliance.checks.scopes import targets
from compliance.evaluate.judge import Judge
from compliance.model.finding import Verdict
from compliance.model.names import reverse_name
from compliance.model.observation import Observation
from compliance.model.subject import Subject
from tests.unit.checks.build import (
    ADDRESS,
    DOMAIN,
    MX,
    context,
    dns,
    good,
    judged,
    noticed,
    shipped,
    subject,
    told,
    unheard,
    way_in,
)

Facts = tuple[Observation, ...]
NO_MX, NULL_MX = dns(DOMAIN, "MX"), dns(DOMAIN, "MX", "0 .")
NO_ADDRESS = (dns(DOMAIN, "A"), dns(DOMAIN, "AAAA"))
IMPLICIT = (NO_MX, dns(DOMAIN, "A", ADDRESS), dns(DOMAIN, "AAAA"))
PRIVATE = way_in(address="10.1.2.3")
UNIQUE_LOCAL = (dns(DOMAIN, "MX", f"10 {MX}."), dns(MX, "A"), dns(MX, "AAAA", "fd00::1"))


def mx(*entries: str) -> Observation:
    return dns(DOMAIN, "MX", *entries)


def inbound(label: str = MX, **more: object) -> Subject:
    return subject(label, "inbound_host", **more)


def told_lines(subjects: tuple[Subject, ...], facts: Facts, *, inside: bool = False, scope: Scope) -> list[str]:
    """Write each target: a view as its name, a settled line as name and verdict."""
    run = context(facts, *subjects, inside=inside)
    views, lines = targets(scope, run, subjects[0], subjects[0].kinds[0])
    return [*(view.target for view in views), *(f"{name}: {told(verdict)}" for name, verdict, _ in lines)]


OWN, PARTNER = (subject(),), (subject(kind="partner"),)
HOST = f"{MX}[{ADDRESS}]:25"
MAPPED = (dns(DOMAIN, "MX", f"10 {MX}."), dns(MX, "A"), dns(MX, "AAAA", "::ffff:10.1.2.3"))
HOSTS = [
    ("one host", OWN, way_in(), [HOST]),
    (
        "every address of every MX",
        OWN,
        (
            mx(f"10 {MX}.", "20 b.example."),
            dns(MX, "A", ADDRESS, "192.0.2.2"),
            dns(MX, "AAAA", "2001:db8::1"),
            dns("b.example", "A", "192.0.2.3"),
            dns("b.example", "AAAA"),
        ),
        [HOST, f"{MX}[192.0.2.2]:25", f"{MX}[2001:db8::1]:25", "b.example[192.0.2.3]:25"],
    ),
    ("null MX", OWN, (NULL_MX,), [f"{DOMAIN}: not_applicable null_mx"]),
    ("no MX, no address", OWN, (NO_MX, *NO_ADDRESS), [f"{DOMAIN}: not_applicable no_mx"]),
    ("no MX, an address", OWN, IMPLICIT, [f"{DOMAIN}[{ADDRESS}]:25"]),
    (
        "no MX, and no answer about addresses",
        OWN,
        (NO_MX, unheard(DOMAIN, "A"), dns(DOMAIN, "AAAA")),
        [f"{DOMAIN}: not_tested theirs dns_no_answer"],
    ),
    ("no such domain", OWN, (dns(DOMAIN, "MX", rcode="NXDOMAIN"),), [f"{DOMAIN}: not_applicable no_domain"]),
    ("no answer", OWN, (unheard(DOMAIN, "MX"),), [f"{DOMAIN}: not_tested theirs dns_no_answer"]),
    ("never asked", OWN, (), [f"{DOMAIN}: not_tested no_evidence not_recorded"]),
    ("SERVFAIL", OWN, (dns(DOMAIN, "MX", rcode="SERVFAIL"),), [f"{DOMAIN}: not_tested theirs dns_refused"]),
    (
        "SERVFAIL, an answer without checking",
        OWN,
        (dns(DOMAIN, "MX", rcode="SERVFAIL"), dns(DOMAIN, "MX", f"10 {MX}.", disabled=True)),
        [f"{DOMAIN}: not_tested theirs dns_bogus"],
    ),
    (
        "SERVFAIL without checking too",
        OWN,
        (dns(DOMAIN, "MX", rcode="SERVFAIL"), dns(DOMAIN, "MX", rcode="SERVFAIL", disabled=True)),
        [f"{DOMAIN}: not_tested theirs dns_refused"],
    ),
    (
        "an MX name without an address beside a good one",
        OWN,
        (mx(f"10 {MX}.", "20 b.example."), *way_in()[1:], dns("b.example", "A"), dns("b.example", "AAAA")),
        [HOST, "b.example: not_applicable mx_no_address"],
    ),
    (
        "an MX name nobody answered for, beside a good one",
        OWN,
        (mx(f"10 {MX}.", "20 b.example."), *way_in()[1:], unheard("b.example", "A"), unheard("b.example", "AAAA")),
        [HOST, "b.example: not_tested theirs dns_no_answer"],
    ),
    (
        "IPv4 of the name not answered for, IPv6 was",
        OWN,
        (mx(f"10 {MX}."), unheard(MX, "A"), dns(MX, "AAAA", "2001:db8::1")),
        [f"{MX}[2001:db8::1]:25", f"{MX}: not_tested theirs dns_no_answer"],
    ),
    (
        "IPv6 of the name not answered for, IPv4 was",
        OWN,
        (mx(f"10 {MX}."), dns(MX, "A", ADDRESS), unheard(MX, "AAAA")),
        [HOST],
    ),
    ("a null MX of another preference", OWN, (mx("10 ."),), [f"{DOMAIN}: not_applicable null_mx"]),
    ("an address for an MX", OWN, (mx("10 192.0.2.9"),), ["192.0.2.9: not_applicable mx_is_address"]),
    ("a name that bites", OWN, (mx("10 $(id).x."),), ["$(id).x: not_tested theirs unsafe_name"]),
    (
        "a null MX beside another",
        OWN,
        (mx("0 .", f"10 {MX}."), *way_in()[1:]),
        [HOST, ".: not_applicable null_mx_beside_others"],
    ),
    # what the inventory says of a host
    ("a dummy", (*OWN, inbound(dummy="felle")), way_in(), [f"{HOST}: not_applicable dummy_mx"]),
    ("a dummy by address", (*OWN, inbound(ADDRESS, dummy="felle")), way_in(), [f"{HOST}: not_applicable dummy_mx"]),
    ("never to be asked", (*OWN, inbound(probe="never")), way_in(), [f"{HOST}: not_tested not_asked probe_never"]),
    # seen from inside
    ("our own, private", OWN, PRIVATE, [f"{MX}[10.1.2.3]:25: not_tested ours seen_from_inside"]),
    ("our own, unique local", OWN, UNIQUE_LOCAL, [f"{MX}[fd00::1]:25: not_tested ours seen_from_inside"]),
    ("a partner's, private", PARTNER, PRIVATE, [f"{MX}[10.1.2.3]:25: not_tested ours seen_from_inside"]),
    ("172.16/12 ends at 172.31", OWN, way_in(address="172.32.0.1"), [f"{MX}[172.32.0.1]:25"]),
    ("loopback is a lab", OWN, way_in(address="127.0.0.1"), [f"{MX}[127.0.0.1]:25"]),
    (
        "a stranger's loopback is our own machine",
        PARTNER,
        way_in(address="127.0.0.1"),
        [f"{MX}[127.0.0.1]:25: not_tested theirs no_host_address"],
    ),
    (
        "loopback beside a host on the network",
        (*OWN, inbound(ADDRESS)),
        way_in(address="127.0.0.1"),
        [f"{MX}[127.0.0.1]:25: not_tested theirs no_host_address"],
    ),
    ("private, mapped", OWN, MAPPED, [f"{MX}[::ffff:10.1.2.3]:25: not_tested ours seen_from_inside"]),
    *(
        (f"no host's: {each}", OWN, way_in(address=each), [f"{MX}[{each}]:25: not_tested theirs no_host_address"])
        for each in ("0.0.0.0", "169.254.1.1", "224.0.0.1", "240.0.0.1", "255.255.255.255")
    ),
    # host entries
    ("a host by name", (inbound(),), way_in()[1:], [HOST]),
    ("a host by address", (inbound(ADDRESS),), (), [f"{ADDRESS}[{ADDRESS}]:25"]),
    ("a host by address, an MX name leads there", (inbound(ADDRESS, receives_for=(DOMAIN,)),), way_in(), [HOST]),
    (
        "a host by address, the MX leads elsewhere",
        (inbound("192.0.2.77", receives_for=(DOMAIN,)),),
        way_in(),
        ["192.0.2.77[192.0.2.77]:25"],
    ),
    (
        "a host by address, two names lead there",
        (inbound(ADDRESS, receives_for=(DOMAIN, "annen.example")),),
        (*way_in(), *way_in("annen.example", "a.annen.example")),
        [f"a.annen.example[{ADDRESS}]:25", HOST],
    ),
]


@pytest.mark.parametrize(("case", "subjects", "facts", "expected"), HOSTS, ids=[row[0] for row in HOSTS])
def test_mail_hosts_are_all_that_mail_may_come_to(
    case: str, subjects: tuple[Subject, ...], facts: Facts, expected: list[str]
) -> None:
    assert told_lines(subjects, facts, scope=Scope.MAIL_HOSTS) == expected


CROWD = [f"n{at:02}.example" for at in range(25)]
CROWDED = (
    mx(*(f"{10 + at} {name}." for at, name in enumerate(CROWD))),
    *(dns(name, "A", *(f"192.0.{at}.{each}" for each in range(18))) for at, name in enumerate(CROWD)),
    *(dns(name, "AAAA") for name in CROWD),
)


def test_no_domain_has_more_asked_of_it_than_its_share() -> None:
    told_of = told_lines(OWN, CROWDED, scope=Scope.MAIL_HOSTS)
    places, left_out = told_of[:-1], told_of[-1]
    assert left_out == f"{DOMAIN}: not_tested theirs too_many_hosts"
    assert len(places) == 64
    names = [place.partition("[")[0] for place in places]
    assert list(dict.fromkeys(names)) == CROWD[:20]
    assert max(map(names.count, CROWD[:20])) == 16
    run = context(CROWDED, subject())
    _, lines = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    assert lines[0][1].values == {"count": 5 + 20 * 18 - 64}
    views, lines = targets(Scope.MX_NAMES, run, run.subjects[0], run.subjects[0].kinds[0])
    assert (len(views), [(name, told(verdict), verdict.values) for name, verdict, _ in lines]) == (
        20,
        [(DOMAIN, "not_tested theirs too_many_hosts", {"count": 5})],
    )


def test_a_host_entry_has_no_more_asked_of_it_than_a_name() -> None:
    facts = (dns(MX, "A", *(f"192.0.2.{each}" for each in range(18))), dns(MX, "AAAA"))
    told_of = told_lines((inbound(),), facts, scope=Scope.MAIL_HOSTS)
    assert (len(told_of), told_of[-1]) == (17, f"{MX}: not_tested theirs too_many_hosts")


def test_a_pass_says_that_a_family_was_not_answered_for() -> None:
    run = context((mx(f"10 {MX}."), dns(MX, "A", ADDRESS), unheard(MX, "AAAA"), good()), subject())
    (view,), _ = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    verdict = Judge(run).verdict(shipped().requirement("U02-1b-1"), view)
    assert (told(verdict), noticed(verdict)) == ("pass starttls_works", ["family_unanswered"])


def test_a_run_that_is_meant_from_inside_asks_private_addresses() -> None:
    assert told_lines(OWN, PRIVATE, inside=True, scope=Scope.MAIL_HOSTS) == [f"{MX}[10.1.2.3]:25"]


ALIAS = (mx(f"10 {MX}."), dns(MX, "A", ADDRESS, aliases=("a.example",)), dns(MX, "AAAA", aliases=("a.example",)))
#: Another mail domain of the run that is not on the measuring machine: so it is no lab.
ABROAD = (dns("annen.example", "MX", "10 mx.annen.example."), dns("mx.annen.example", "A", "198.51.100.1"))
MX_ROWS = [
    ("own_domain", way_in(), ["pass mx_resolves"]),
    ("own_domain", (NULL_MX,), ["pass null_mx_alone"]),
    ("own_domain", IMPLICIT, ["pass implicit_mx implicit_mx"]),
    ("own_domain", (NO_MX, *NO_ADDRESS), ["not_applicable no_mx"]),
    ("own_domain", (dns(DOMAIN, "MX", rcode="NXDOMAIN"),), ["not_applicable no_domain"]),
    ("own_domain", ALIAS, ["fail mx_is_alias"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A"), dns(MX, "AAAA")), ["fail mx_no_address"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A", rcode="NXDOMAIN"), dns(MX, "AAAA", rcode="NXDOMAIN")),
     ["fail mx_no_such_name"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A", rcode="NXDOMAIN"), dns(MX, "AAAA")), ["fail mx_no_address"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A", rcode="NXDOMAIN"), unheard(MX, "AAAA")),
     ["not_tested theirs dns_no_answer"]),
    ("own_domain", (*way_in(address="169.254.1.1"), *ABROAD), ["fail mx_leads_nowhere"]),
    ("own_domain", (*way_in(address="127.0.0.1"), *ABROAD), ["fail mx_leads_nowhere"]),
    ("own_domain", way_in(address="127.0.0.1"), ["pass mx_resolves"]),
    ("own_domain", way_in(address="10.1.2.3"), ["not_tested ours seen_from_inside"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A", ADDRESS, "10.1.2.3"), dns(MX, "AAAA", "::1")),
     ["pass mx_resolves mx_partly_nowhere"]),
    ("own_domain", (mx(f"10 {MX}.", f"20 {MX}."), *way_in()[1:]),
     ["pass mx_resolves mx_named_twice", "pass mx_resolves mx_named_twice"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A"), unheard(MX, "AAAA")), ["not_tested theirs dns_no_answer"]),
    ("own_domain", (mx(f"10 {MX}."), dns(MX, "A", ADDRESS), unheard(MX, "AAAA")),
     ["pass mx_resolves family_unanswered"]),
    ("own_domain", (mx(f"10 {MX}."), unheard(MX, "A"), dns(MX, "AAAA", "2001:db8::1")),
     ["pass mx_resolves family_unanswered"]),
    ("own_domain", (mx("10 192.0.2.9"),), ["fail mx_is_address"]),
    ("own_domain", (mx("10 $(id).x."),), ["fail mx_no_host_name"]),
    ("own_domain", (mx("0 .", f"10 {MX}."), *way_in()[1:]), ["fail null_mx_beside_others", "pass mx_resolves"]),
    ("own_domain", (mx("10 ."),), ["pass null_mx_alone null_mx_preference"]),
    ("own_domain", (mx("0 .", "10 ."),), ["fail null_mx_beside_others", "fail null_mx_beside_others"]),
    ("parked_domain", (mx("10 ."),), ["pass null_mx_alone null_mx_preference"]),
    ("parked_domain", (NULL_MX,), ["pass null_mx_alone"]),
    ("parked_domain", (NO_MX, *NO_ADDRESS), ["pass parked_without_mx"]),
    ("parked_domain", (dns(DOMAIN, "MX", rcode="NXDOMAIN"),), ["pass parked_without_mx"]),
    ("parked_domain", IMPLICIT, ["fail parked_has_address"]),
    ("parked_domain", way_in(), ["fail parked_has_mx"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "facts", "expected"), MX_ROWS)
def test_mx_names_lead_somewhere_or_say_that_no_mail_is_wanted(kind: str, facts: Facts, expected: list[str]) -> None:
    run = context(facts, subject(kind=kind), subject("annen.example", "partner"))
    views, lines = targets(Scope.MX_NAMES, run, run.subjects[0], run.subjects[0].kinds[0])
    verdicts = [judged(run, "MX-1", view) for view in views]
    assert [" ".join([told(each), *noticed(each)]) for each in verdicts] == expected
    assert not lines


def test_a_dummy_mx_is_told_apart() -> None:
    run = context(way_in(), subject(), inbound(dummy="nolisting"))
    (view,), _ = targets(Scope.MX_NAMES, run, run.subjects[0], run.subjects[0].kinds[0])
    verdict = judged(run, "MX-1", view)
    assert (told(verdict), noticed(verdict)) == ("pass mx_resolves", ["mx_dummy"])


def test_an_mx_nobody_answered_for_is_one_line() -> None:
    assert told_lines(OWN, (unheard(DOMAIN, "MX"),), scope=Scope.MX_NAMES) == [
        f"{DOMAIN}: not_tested theirs dns_no_answer"
    ]


RELAY, BACK = "rele.etaten.example", "1.2.0.192.in-addr.arpa"
NAMED = dns(BACK, "PTR", f"{RELAY}.")
FORWARD = dns(RELAY, "A", ADDRESS)
PTR_ROWS = [
    ("agrees", "", (NAMED, FORWARD), "pass ptr_agrees", ["helo_not_listed"]),
    ("agrees, EHLO name too", RELAY, (NAMED, FORWARD), "pass ptr_agrees", []),
    ("no name", "", (dns(BACK, "PTR", rcode="NXDOMAIN"),), "fail ptr_missing", []),
    ("no answer", "", (unheard(BACK, "PTR"),), "not_tested theirs dns_no_answer", []),
    ("the name leads elsewhere", "", (NAMED, dns(RELAY, "A", "192.0.2.9")), "fail ptr_disagrees", []),
    ("the name is gone", "", (NAMED, dns(RELAY, "A", rcode="NXDOMAIN")), "fail ptr_disagrees", []),
    ("the name is not answered for", "", (NAMED, unheard(RELAY, "A")), "not_tested theirs dns_no_answer", []),
    (
        "one name of two agrees",
        RELAY,
        (dns(BACK, "PTR", "x.example.", f"{RELAY.upper()}."), dns("x.example", "A"), FORWARD),
        "pass ptr_agrees",
        [],
    ),
    (
        "the eleventh name is not looked at",
        "",
        (
            dns(BACK, "PTR", *(f"n{at}.example." for at in range(10)), f"{RELAY}."),
            FORWARD,
            *(dns(f"n{at}.example", "A") for at in range(10)),
        ),
        "not_tested theirs too_many_hosts",
        [],
    ),
    ("a name that bites", "", (dns(BACK, "PTR", "$(id)."),), "fail ptr_disagrees", []),
    (
        "EHLO name leads elsewhere",
        "ut.etaten.example",
        (NAMED, FORWARD, dns("ut.etaten.example", "A", "192.0.2.9")),
        "fail helo_disagrees",
        [],
    ),
    (
        "EHLO name is not answered for",
        "ut.etaten.example",
        (NAMED, FORWARD, unheard("ut.etaten.example", "A")),
        "not_tested theirs dns_no_answer",
        [],
    ),
]


@pytest.mark.parametrize(("case", "helo", "facts", "expected", "notices"), PTR_ROWS, ids=[row[0] for row in PTR_ROWS])
def test_a_sender_looks_like_itself(case: str, helo: str, facts: Facts, expected: str, notices: list[str]) -> None:
    run = context(facts, subject(ADDRESS, "outbound_host", helo=helo))
    (view,), _ = targets(Scope.SENDERS, run, run.subjects[0], run.subjects[0].kinds[0])
    verdict: Verdict = judged(run, "PTR-1", view)
    assert (told(verdict), noticed(verdict)) == (expected, notices)


SENDERS = [
    ("by name", (subject(RELAY, "outbound_host"),), (FORWARD, dns(RELAY, "AAAA")), [ADDRESS]),
    ("by address", (subject(ADDRESS, "outbound_host"),), (), [ADDRESS]),
    (
        "both families",
        (subject(RELAY, "outbound_host"),),
        (FORWARD, dns(RELAY, "AAAA", "2001:db8::1")),
        [ADDRESS, "2001:db8::1"],
    ),
    (
        "IPv4 unheard",
        (subject(RELAY, "outbound_host"),),
        (unheard(RELAY, "A"), dns(RELAY, "AAAA", "2001:db8::1")),
        ["2001:db8::1", f"{RELAY}: not_tested theirs dns_no_answer"],
    ),
    (
        "a service",
        (subject("m365", "outbound_host", hostname="", service="exchange_online"),),
        (),
        ["m365: not_applicable supplier_owns_addresses"],
    ),
    ("nobody", OWN, (), [f"{DOMAIN}: not_tested no_evidence no_sender_listed"]),
    (
        "a name without an address",
        (subject(RELAY, "outbound_host"),),
        (dns(RELAY, "A"), dns(RELAY, "AAAA")),
        [f"{RELAY}: not_applicable mx_no_address"],
    ),
]


@pytest.mark.parametrize(("case", "subjects", "facts", "expected"), SENDERS, ids=[row[0] for row in SENDERS])
def test_senders_are_addresses(case: str, subjects: tuple[Subject, ...], facts: Facts, expected: list[str]) -> None:
    assert told_lines(subjects, facts, scope=Scope.SENDERS) == expected


def test_each_address_of_a_sender_has_its_own_way_back_and_its_own_ehlo_address() -> None:
    six, back = "2001:db8::1", reverse_name("2001:db8::1")
    facts = (
        FORWARD,
        dns(RELAY, "AAAA", six),
        NAMED,
        dns(back, "PTR", "annet.example."),
        dns("annet.example", "AAAA", six),
    )
    run = context(facts, subject(RELAY, "outbound_host", helo="annet.example"))
    views, _ = targets(Scope.SENDERS, run, run.subjects[0], run.subjects[0].kinds[0])
    verdicts = [told(judged(run, "PTR-1", view)) for view in views]
    assert verdicts == ["not_tested no_evidence not_recorded", "pass ptr_agrees"]


def test_a_sender_whose_ipv6_was_not_answered_for_says_so() -> None:
    run = context((FORWARD, unheard(RELAY, "AAAA"), NAMED), subject(RELAY, "outbound_host", helo=RELAY))
    (view,), _ = targets(Scope.SENDERS, run, run.subjects[0], run.subjects[0].kinds[0])
    verdict = judged(run, "PTR-1", view)
    assert (told(verdict), noticed(verdict)) == ("pass ptr_agrees", ["family_unanswered"])


SMTP = "smtp.example"
SUBMISSION = (dns(SMTP, "A", "192.0.2.5", "10.0.0.5"), dns(SMTP, "AAAA"))


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ({}, [f"{SMTP}[192.0.2.5]:465", f"{SMTP}[192.0.2.5]:587"]),
        ({"ports": (587,)}, [f"{SMTP}[192.0.2.5]:587"]),
        ({"ports": (587,), "probe": "never"}, [f"{SMTP}[192.0.2.5]:587: not_tested not_asked probe_never"]),
    ],
)
def test_each_submission_port_is_a_target(more: dict[str, object], lines: list[str]) -> None:
    host = subject(SMTP, "submission_host", **more)
    found = told_lines((host,), SUBMISSION, scope=Scope.SUBMISSION_PORTS)

    assert [line for line in found if "10.0.0.5" not in line] == lines
    assert any("10.0.0.5" in line and "not_tested" in line for line in found)


def test_a_submission_host_without_an_address_is_told_so() -> None:
    host = subject(SMTP, "submission_host")
    found = told_lines((host,), (dns(SMTP, "A"), dns(SMTP, "AAAA")), scope=Scope.SUBMISSION_PORTS)

    assert found == [f"{SMTP}: not_applicable mx_no_address"]
