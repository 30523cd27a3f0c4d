"""SPF in full: how far verifiers get in a record, and whether our own senders pass."""

import pytest

from compliance.checks.registry import Scope
from compliance.checks.scopes import targets
from compliance.checks.views import SpfSenderView
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from tests.unit.checks.build import (
    DOMAIN,
    context,
    dns,
    domain_view,
    judged,
    noticed,
    subject,
    told,
    unheard,
)

Facts = tuple[Observation, ...]


def txt(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return dns(name, "TXT", *texts, rcode=rcode)


def spf(rest: str, name: str = DOMAIN) -> Observation:
    return txt(f"v=spf1 {rest}", name=name)


def host(name: str, v4: str = "", v6: str = "") -> Facts:
    return dns(name, "A", *filter(None, [v4])), dns(name, "AAAA", *filter(None, [v6]))


def gone(name: str) -> Facts:
    return dns(name, "A", rcode="NXDOMAIN"), dns(name, "AAAA", rcode="NXDOMAIN")


def mx(name: str, count: int = 1) -> Observation:
    return dns(name, "MX", *(f"10 mx{at}.{name}." for at in range(count)))


OWN = host(DOMAIN, "192.0.2.1", "2001:db8::1")
V4ONLY = tuple(seen for name in "abc" for seen in host(f"{name}.example", "192.0.2.1"))
LOST = tuple(seen for name in "abc" for seen in gone(f"{name}.example"))
A_NAMES = "a:a.example a:b.example a:c.example"
CHAIN = tuple(spf(f"include:n{at + 1}.example", f"n{at}.example") for at in range(1, 20))
TAKES_ALL = (spf("+all", "b.example"),)
LONG = "ip4:192.0.2.0/24 " * 30

WITHIN, PASSES = "pass spf_within_limits", "pass spf_sender_passes"
UNHEARD = "not_tested theirs dns_no_answer"

LIMITS = [
    ("nothing to look up", (spf("ip4:192.0.2.1 -all"),), WITHIN, []),
    ("ten", (spf("a " * 10 + "-all"), *OWN), WITHIN, ["spf_near_limit"]),
    ("eight", (spf("a " * 8 + "-all"), *OWN), WITHIN, []),
    ("eleven", (spf("a " * 11 + "-all"), *OWN), "fail spf_too_many_lookups", []),
    # what counters get wrong
    ("a with a host", (spf(f"a:{DOMAIN} " * 11 + "-all"), *OWN), "fail spf_too_many_lookups", []),
    ("a plus sign", (spf("+a " * 11 + "-all"), *OWN), "fail spf_too_many_lookups", []),
    ("upper case", (spf("MX " * 11 + "-all"), mx(DOMAIN)), "fail spf_too_many_lookups", []),
    ("mx inside names", (spf("ip4:192.0.2.1 mx=mx " * 6 + "exp=mx.mx.example -all"),), WITHIN, []),
    ("neutral include", (spf("?include:n1.example -all"), *CHAIN), "fail spf_too_many_lookups", []),
    ("chain", (spf("redirect=n1.example"), *CHAIN), "fail spf_too_many_lookups", []),
    ("behind all", (spf("-all " + "a " * 20), *OWN), WITHIN, []),
    ("redirect beside all", (spf("-all redirect=n1.example"), *CHAIN), WITHIN, []),
    ("behind a sure match", (spf("include:b.example " + "a " * 20), *TAKES_ALL), WITHIN, []),
    (
        "behind a match that is not sure",
        (spf("include:b.example " + "a " * 20), spf("-ip4:192.0.2.1 +all", "b.example"), *OWN),
        "fail spf_too_many_lookups",
        [],
    ),
    # void lookups
    ("two void", (spf("a:a.example a:b.example -all"), *LOST), WITHIN, []),
    ("three void", (spf(f"{A_NAMES} -all"), *LOST), "fail spf_too_many_voids", []),
    ("three of one family", (spf(f"{A_NAMES} -all"), *V4ONLY), WITHIN, ["spf_one_family"]),
    (
        "void by every kind",
        (spf("mx exists:x.example a:a.example -all"), dns(DOMAIN, "MX"), dns("x.example", "A"), *LOST),
        "fail spf_too_many_voids",
        [],
    ),
    ("a name that can be nobody's", (spf("a:a..example " * 3 + "-all"),), WITHIN, []),
    (
        "void behind a sure match",
        (spf(f"include:b.example {A_NAMES}"), *TAKES_ALL, *LOST),
        WITHIN,
        [],
    ),
    # names of an mx
    ("ten names", (spf("mx -all"), mx(DOMAIN, 10)), WITHIN, []),
    ("eleven names", (spf("mx -all"), mx(DOMAIN, 11)), "fail spf_mx_names", []),
    ("eleven names of a refused mx", (spf("-mx -all"), mx(DOMAIN, 11)), "fail spf_mx_names", []),
    # where it leads
    ("loop", (spf(f"include:{DOMAIN} -all"),), "fail spf_loop", []),
    ("long loop", (spf("include:b.example -all"), spf(f"redirect={DOMAIN}", "b.example")), "fail spf_loop", []),
    (
        "nowhere",
        (spf("include:b.example -all"), txt(name="b.example", rcode="NXDOMAIN")),
        "fail spf_permerror",
        [],
    ),
    ("to no record", (spf("redirect=b.example"), txt("x", name="b.example")), "fail spf_permerror", []),
    (
        "nowhere, though another name is unheard",
        (spf("include:u.example include:b.example -all"), unheard("u.example", "TXT"), txt(name="b.example")),
        "fail spf_permerror",
        [],
    ),
    (
        "twice the same",
        (spf("include:b.example " * 2 + "-all"), spf("-all", "b.example")),
        WITHIN,
        [],
    ),
    # what nobody answered
    (
        "include unheard",
        (spf("include:u.example -all"), unheard("u.example", "TXT")),
        UNHEARD,
        [],
    ),
    ("a host unheard", (spf("a:u.example -all"), unheard("u.example", "A")), UNHEARD, []),
    (
        "one family unheard",
        (spf(f"{A_NAMES} -all"), *LOST[:5], unheard("c.example", "AAAA")),
        UNHEARD,
        [],
    ),
    (
        "eleven, though one is unheard",
        (spf("include:u.example " + "a " * 10 + "-all"), unheard("u.example", "TXT"), *OWN),
        "fail spf_too_many_lookups",
        [],
    ),
    # macros
    ("macro", (spf("exists:%{i}.x.example -all"),), WITHIN, ["spf_macros_counted"]),
    ("macros counted", (spf("exists:%{i}.x.example " * 11 + "-all"),), "fail spf_too_many_lookups", []),
    ("include by macro", (spf("include:%{i}.x.example -all"),), "not_tested theirs spf_limits_by_macro", []),
    ("redirect by macro", (spf("redirect=%{i}.x.example"),), "not_tested theirs spf_limits_by_macro", []),
    ("unsafe name", (spf("include:a!b.example -all"),), "not_tested theirs spf_name_not_asked", []),
    ("ptr", (spf("ptr -all"),), WITHIN, []),
    # size
    ("large", (spf(f"{LONG}-all"),), WITHIN, ["spf_answer_large"]),
    ("large by others", (txt("v=spf1 -all", "x" * 500),), WITHIN, ["spf_answer_large"]),
    ("a supplier's is", (spf("include:b.example -all"), spf(f"{LONG}-all", "b.example")), WITHIN, []),
    # without U02-2-1 beside it
    ("no record", (txt("x"),), "fail spf_missing", []),
]


@pytest.mark.parametrize(("case", "facts", "expected", "notices"), LIMITS, ids=[row[0] for row in LIMITS])
def test_a_record_is_read_to_its_end(case: str, facts: Facts, expected: str, notices: list[str]) -> None:
    run = context(facts)
    verdict = judged(run, "U02-2-2", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


def test_the_term_that_breaks_the_limit_is_named_in_the_order_of_evaluation() -> None:
    run = context((spf("include:b.example mx ip4:192.0.2.1 -all"), spf("a " * 9 + "~all", "b.example"), *OWN))
    values = judged(run, "U02-2-2", domain_view(run)).values
    assert (values["count"], values["term"], values["at"]) == (11, "mx", DOMAIN)


def test_a_record_of_type_99_alone_is_told_apart() -> None:
    run = context((txt("x"), dns(DOMAIN, "SPF", rcode="NOERROR")))
    assert told(judged(run, "U02-2-1", domain_view(run))) == "fail spf_missing"
    retired = dns(DOMAIN, "SPF", "v=spf1 -all")
    run = context((txt("x"), retired))
    assert told(judged(run, "U02-2-1", domain_view(run))) == "fail spf_only_type99"


V4, V6, HELO = "192.0.2.10", "2001:db8::10", "ut.etaten.example"
BACK = dns("10.2.0.192.in-addr.arpa", "PTR", f"{HELO}.")
NO_HELO = txt(name=HELO)

SENDERS = [
    ("named", V4, (spf(f"ip4:{V4} -all"),), PASSES, []),
    ("named by IPv6", V6, (spf("ip6:2001:db8::/32 -all"),), PASSES, []),
    ("the other family", V6, (spf(f"ip4:{V4} -all"),), "fail spf_sender_fails", []),
    ("by include", V4, (spf("include:b.example -all"), spf(f"ip4:{V4} -all", "b.example")), PASSES, []),
    ("by mx", V4, (spf("mx -all"), mx(DOMAIN), *host(f"mx0.{DOMAIN}", V4)), PASSES, []),
    ("by macro", V4, (spf("exists:%{ir}.x.example -all"), dns("10.2.0.192.x.example", "A", "127.0.0.2")), PASSES, []),
    (
        "by local part",
        V4,
        (spf("exists:%{l}.x.no -all"), dns("postmaster.x.no", "A", "127.0.0.2")),
        PASSES,
        [],
    ),
    ("by reverse name", V4, (spf("ptr -all"), BACK, dns(HELO, "A", V4)), PASSES, []),
    ("not named", V4, (spf("-all"),), "fail spf_sender_fails", []),
    ("refused in so many words", V4, (spf(f"-ip4:{V4} +all"),), "fail spf_sender_fails", []),
    ("softly", V4, (spf("~all"),), "fail spf_sender_softfails", []),
    ("neutral", V4, (spf("?all"),), "fail spf_sender_neutral", []),
    ("no ending", V4, (spf("ip4:192.0.2.1"),), "fail spf_sender_neutral", []),
    ("no record", V4, (txt("x"),), "fail spf_sender_none", []),
    ("no domain", V4, (txt(rcode="NXDOMAIN"),), "not_applicable no_domain", []),
    ("two records", V4, (txt("v=spf1 -all", "v=spf1 +all"),), "fail spf_sender_permerror", []),
    ("a slip", V4, (spf("ipv4:192.0.2.10 -all"),), "fail spf_sender_permerror", []),
    ("nowhere", V4, (spf("include:b.example -all"), txt(name="b.example")), "fail spf_sender_permerror", []),
    ("found before the fault", V4, (spf(f"ip4:{V4} include:b.example"), txt(name="b.example")), PASSES, []),
    ("too many", V4, (spf("a " * 11 + "-all"), *OWN), "fail spf_sender_permerror", []),
    ("void", V4, (spf(f"{A_NAMES} ip4:{V4} -all"), *LOST), "fail spf_sender_permerror", []),
    ("void in one family", V6, (spf(f"{A_NAMES} ip6:{V6} -all"), *V4ONLY), PASSES, ["spf_one_family"]),
    ("unheard", V4, (unheard(DOMAIN, "TXT"),), UNHEARD, []),
    ("include unheard", V4, (spf("include:b.example -all"), unheard("b.example", "TXT")), UNHEARD, []),
    ("unheard behind the match", V4, (spf(f"ip4:{V4} include:b.example"), unheard("b.example", "TXT")), PASSES, []),
    ("unsafe name", V4, (spf("a:a!b.example -all"),), "not_tested theirs spf_name_not_asked", []),
    ("never asked", V4, (), "not_tested no_evidence not_recorded", []),
]


def sender(*seen: Observation, address: str = V4, **more: object) -> SpfSenderView:
    run = context(seen, subject(address, "outbound_host", sends_for=(DOMAIN,), **more))
    (view,), _ = targets(Scope.SPF_SENDERS, run, run.subjects[0], run.subjects[0].kinds[0])
    assert isinstance(view, SpfSenderView)
    return view


@pytest.mark.parametrize(("case", "address", "facts", "expected", "notices"), SENDERS, ids=[row[0] for row in SENDERS])
def test_a_sender_is_checked_as_receivers_do(
    case: str, address: str, facts: Facts, expected: str, notices: list[str]
) -> None:
    view = sender(*facts, address=address)
    verdict = judged(view.context, "U02-2-4", view)
    assert (told(verdict), noticed(verdict)) == (expected, notices)


HELOS = [
    ("passes", (spf("a -all", HELO), *host(HELO, V4)), []),
    ("has none", (txt(name=HELO),), ["helo_without_spf"]),
    ("does not exist", (txt(name=HELO, rcode="NXDOMAIN"),), ["helo_without_spf"]),
    ("is not named", (spf("-all", HELO),), ["helo_fails_spf"]),
    ("is unheard", (unheard(HELO, "TXT"),), []),
]


@pytest.mark.parametrize(("case", "facts", "notices"), HELOS, ids=[row[0] for row in HELOS])
def test_the_name_in_helo_is_checked_beside(case: str, facts: Facts, notices: list[str]) -> None:
    view = sender(spf(f"ip4:{V4} -all"), *facts, helo=HELO)
    verdict = judged(view.context, "U02-2-4", view)
    assert (told(verdict), noticed(verdict)) == (PASSES, notices)


def lines(*subjects: Subject, seen: Facts = ()) -> list[str]:
    run = context(seen, *subjects)
    views, settled = targets(Scope.SPF_SENDERS, run, subjects[0], Kind.OUTBOUND_HOST)
    return [*(view.target for view in views), *(f"{target}: {told(verdict)}" for target, verdict, _ in settled)]


def test_each_address_and_each_domain_is_a_target() -> None:
    relay = subject("rele.example", "outbound_host", sends_for=(DOMAIN, "b.example"))
    found = lines(relay, seen=(dns("rele.example", "A", V4, "10.0.0.5"), dns("rele.example", "AAAA", V6)))
    inside = "not_tested no_evidence sender_address_inside"
    assert found == [
        f"{V4} {DOMAIN}",
        f"{V4} b.example",
        f"{V6} {DOMAIN}",
        f"{V6} b.example",
        f"10.0.0.5 {DOMAIN}: {inside}",
        f"10.0.0.5 b.example: {inside}",
    ]


def test_a_loopback_address_is_seen_by_nobody_outside_a_lab() -> None:
    relay = subject("127.0.0.9", "outbound_host", sends_for=(DOMAIN,))
    assert lines(relay) == [f"127.0.0.9 {DOMAIN}: not_tested no_evidence sender_address_inside"]
    lab = (mx(DOMAIN), *host(f"mx0.{DOMAIN}", "127.0.0.1"))
    assert lines(relay, subject(), seen=lab) == [f"127.0.0.9 {DOMAIN}"]


M365, GOOGLE = "spf.protection.outlook.com", "_spf.google.com"
BELOW = (spf("include:b.example -all"), spf(f"include:{GOOGLE}", "b.example"), spf("-all", GOOGLE))

SERVICES = [
    ("named", "exchange_online", (spf(f"include:{M365} -all"), spf("-all", M365)), "spf_service_unseen"),
    ("named below", "google_workspace", BELOW, "spf_service_unseen"),
    ("not named", "exchange_online", (spf("-all"),), "spf_service_not_named"),
    ("behind all", "exchange_online", (spf(f"-all include:{M365}"),), "spf_service_not_named"),
    ("no record", "exchange_online", (txt("x"),), "spf_service_not_named"),
    ("another service", "other", (spf("-all"),), "spf_service_unseen"),
]


@pytest.mark.parametrize(("case", "service", "facts", "reason"), SERVICES, ids=[row[0] for row in SERVICES])
def test_a_service_is_seen_only_in_its_mail(case: str, service: str, facts: Facts, reason: str) -> None:
    run = context(facts, subject("m365", "outbound_host", hostname="", service=service, sends_for=(DOMAIN,)))
    (view,), _ = targets(Scope.SPF_SENDERS, run, run.subjects[0], Kind.OUTBOUND_HOST)
    assert told(judged(run, "U02-2-4", view)) == f"not_tested no_evidence {reason}"
    unknown = context((unheard(DOMAIN, "TXT"),), *run.subjects)
    (view,), _ = targets(Scope.SPF_SENDERS, unknown, run.subjects[0], Kind.OUTBOUND_HOST)
    assert told(judged(unknown, "U02-2-4", view)) == UNHEARD
