"""DNSSEC (RFC 4033): secure, unsigned, broken, and what nobody here can tell."""

import pytest

from compliance.checks.dnssec import dnssec_domain, dnssec_mx
from compliance.checks.registry import Scope
from compliance.checks.scopes import targets
from compliance.checks.views import DomainView
from compliance.model.finding import Verdict
from compliance.model.observation import Observation
from tests.unit.checks.build import ADDRESS, DOMAIN, MX, context, dns, noticed, told, unheard, vantage, way_in

SECURE = ("MX", "A")
PROVEN, VOUCHED, FALSE = vantage(dnssec="ok"), vantage(dnssec="unknown"), vantage(dnssec="failed")
SHOWS_AD = dns("signed.example", "A", "192.0.2.9", ad=True)


def servfail(name: str, rdtype: str) -> Observation:
    return dns(name, rdtype, rcode="SERVFAIL")


DOMAINS = [
    ("signed", (PROVEN, dns(DOMAIN, "MX", f"10 {MX}.", ad=True)), "pass dnssec_secure", ""),
    ("signed, no MX", (PROVEN, dns(DOMAIN, "MX", ad=True)), "pass dnssec_secure", ""),
    ("unsigned", (PROVEN, dns(DOMAIN, "MX", f"10 {MX}.")), "fail dnssec_insecure", ""),
    (
        "broken signature",
        (PROVEN, servfail(DOMAIN, "MX"), dns(DOMAIN, "MX", f"10 {MX}.", disabled=True)),
        "fail dnssec_broken",
        "",
    ),
    (
        "SERVFAIL whatever is asked",
        (PROVEN, servfail(DOMAIN, "MX"), dns(DOMAIN, "MX", rcode="SERVFAIL", disabled=True)),
        "not_tested theirs dns_refused",
        "",
    ),
    ("SERVFAIL, not asked again", (PROVEN, servfail(DOMAIN, "MX")), "not_tested theirs dns_refused", ""),
    ("no answer", (PROVEN, unheard(DOMAIN, "MX")), "not_tested theirs dns_no_answer", ""),
    ("never asked", (PROVEN,), "not_tested no_evidence not_recorded", ""),
    ("no such name", (PROVEN, dns(DOMAIN, "MX", rcode="NXDOMAIN", ad=True)), "not_applicable no_domain", ""),
    (
        "the self-test failed",
        (FALSE, dns(DOMAIN, "MX", f"10 {MX}.", ad=True)),
        "not_tested ours no_validating_resolver",
        "",
    ),
    (
        "the self-test failed, unsigned",
        (FALSE, dns(DOMAIN, "MX", f"10 {MX}.")),
        "not_tested ours no_validating_resolver",
        "",
    ),
    (
        "a resolver not to be believed",
        (PROVEN, dns(DOMAIN, "MX", f"10 {MX}.", ad=True, believed=False)),
        "not_tested ours no_validating_resolver",
        "",
    ),
    ("vouched for", (VOUCHED, dns(DOMAIN, "MX", f"10 {MX}.", ad=True)), "pass dnssec_secure", "dnssec_declared"),
    (
        "vouched for, unsigned",
        (VOUCHED, SHOWS_AD, dns(DOMAIN, "MX", f"10 {MX}.")),
        "fail dnssec_insecure",
        "dnssec_declared",
    ),
    (
        "vouched for, AD never seen",
        (VOUCHED, dns(DOMAIN, "MX", f"10 {MX}.")),
        "not_tested ours no_validating_resolver",
        "",
    ),
]


@pytest.mark.parametrize(("seen", "expected", "notice"), [row[1:] for row in DOMAINS], ids=[row[0] for row in DOMAINS])
def test_the_domain(seen: tuple[Observation, ...], expected: str, notice: str) -> None:
    run = context(seen)
    verdict = dnssec_domain(DomainView(run, run.subjects[0], run.subjects[0].kinds[0]), {})
    assert (told(verdict), noticed(verdict)) == (expected, [notice] if notice else [])


def test_a_broken_signature_rests_on_both_answers() -> None:
    run = context((servfail(DOMAIN, "MX"), dns(DOMAIN, "MX", f"10 {MX}.", disabled=True)))
    verdict = dnssec_domain(DomainView(run, run.subjects[0], run.subjects[0].kinds[0]), {})
    assert verdict.evidence == ("o-000001", "o-000002")


MX_ANSWER = dns(DOMAIN, "MX", f"10 {MX}.")
NAMES = [
    ("signed", way_in(secure=SECURE), "pass dnssec_secure"),
    ("the domain unsigned, the host signed", way_in(secure=("A",)), "pass dnssec_secure"),
    ("unsigned", way_in(secure=("MX", "AAAA")), "fail dnssec_insecure"),
    (
        "one family unsigned",
        (MX_ANSWER, dns(MX, "A", ADDRESS, ad=True), dns(MX, "AAAA", "2001:db8::1")),
        "fail dnssec_insecure",
    ),
    (
        "one family broken",
        (MX_ANSWER, dns(MX, "A", ADDRESS, ad=True), servfail(MX, "AAAA"), dns(MX, "AAAA", disabled=True)),
        "fail dnssec_broken",
    ),
    ("one family silent", (MX_ANSWER, dns(MX, "A", ADDRESS, ad=True), unheard(MX, "AAAA")), "pass dnssec_secure"),
    ("both silent", (MX_ANSWER, unheard(MX, "A"), unheard(MX, "AAAA")), "not_tested theirs dns_no_answer"),
    (
        "both broken",
        (
            MX_ANSWER,
            *(servfail(MX, rdtype) for rdtype in ("A", "AAAA")),
            *(dns(MX, rdtype, disabled=True) for rdtype in ("A", "AAAA")),
        ),
        "fail dnssec_broken",
    ),
    ("implicit MX", (dns(DOMAIN, "MX"), dns(DOMAIN, "A", ADDRESS, ad=True), dns(DOMAIN, "AAAA")), "pass dnssec_secure"),
    ("no address", (MX_ANSWER, dns(MX, "A", ad=True), dns(MX, "AAAA", ad=True)), "not_applicable mx_no_address"),
    ("an address for a name", (dns(DOMAIN, "MX", "10 192.0.2.1."),), "not_applicable mx_is_address"),
    ("no host name", (dns(DOMAIN, "MX", "10 $(id).x."),), "not_tested theirs unsafe_name"),
    ("null MX", (dns(DOMAIN, "MX", "0 ."),), "not_applicable null_mx"),
    ("no mail", (dns(DOMAIN, "MX"), dns(DOMAIN, "A"), dns(DOMAIN, "AAAA")), "not_applicable no_mx"),
    ("no domain", (dns(DOMAIN, "MX", rcode="NXDOMAIN"),), "not_applicable no_domain"),
    ("not validated", (*way_in(secure=SECURE), FALSE), "not_tested ours no_validating_resolver"),
    ("MX not answered", (unheard(DOMAIN, "MX"),), "not_tested theirs dns_no_answer"),
]


def of_names(seen: tuple[Observation, ...]) -> Verdict:
    run = context(seen)
    views, lines = targets(Scope.MX_NAMES, run, run.subjects[0], run.subjects[0].kinds[0])
    return dnssec_mx(views[0], {}) if views else lines[0][1]


@pytest.mark.parametrize(("seen", "expected"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_the_names_of_mail_hosts(seen: tuple[Observation, ...], expected: str) -> None:
    assert told(of_names(seen)) == expected
