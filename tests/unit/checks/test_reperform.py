"""What is printed to be pasted, and what is promised of it; golden/test_reperform.py pastes it."""

import shlex
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from compliance.checks.reperform import reperform
from compliance.checks.views import MxView, SelectorView
from compliance.model.finding import Status, Verdict
from compliance.model.observation import DnsFacts, DnsRecord, Observation
from compliance.records.der import subject_public_key_info
from compliance.records.mail_route import HostState, Route, RouteHost, RouteState
from tests.unit.checks.build import (
    DOMAIN,
    MX,
    context,
    dns,
    domain_view,
    failure,
    good,
    heard,
    host_view,
    nothing,
    subject,
    unheard,
    way_in,
)
from tests.unit.checks.chains import leaf

FAIL, PASS, UNTESTED = Status.FAIL, Status.PASS, Status.NOT_TESTED


def test_the_key_record_of_the_deciding_selector_is_asked_for() -> None:
    key = dns(f"s2._domainkey.{DOMAIN}", "TXT", "v=DKIM1; p=QUJD")
    run = context([key], subject(dkim_selectors=("s1", "s2")))
    found = reperform("dkim", domain_view(run), Verdict(PASS, "dkim_key_published", values={"selectors": ["s2"]}))
    assert found.command == f"dig +dnssec s2._domainkey.{DOMAIN} TXT"
    assert found.expect == '"v=DKIM1; p=QUJD"'


def test_no_selector_leaves_nothing_to_ask() -> None:
    found = reperform("dkim", domain_view(context([])), Verdict(UNTESTED, "no_selectors_known"))
    assert found.command is None


def test_a_selector_with_a_hostile_name_enters_no_command() -> None:
    run = context([], subject(dkim_selectors=("$(id)",)))
    view = SelectorView(run, run.subjects[0], run.subjects[0].kinds[0], "$(id)")
    assert reperform("dkim", view, Verdict(FAIL, "dkim_missing")).expect == "unsafe_name"


def test_odd_octets_are_spelled_as_dig_spells_them() -> None:
    text = 'v=spf1 "\\\x1b\xff\x00 -all'
    found = reperform(
        "txt", domain_view(context([dns(DOMAIN, "TXT", text)])), Verdict(PASS, "x", values={"record": text})
    )
    assert found.expect == '"v=spf1 \\"\\\\\\027\\255\\000 -all"'


def test_character_strings_stay_apart() -> None:
    answer = dns(DOMAIN, "TXT", "x")
    assert isinstance(answer.facts, DnsFacts)
    record = DnsRecord(DOMAIN, "TXT", 60, "", ("v=spf1 ", "-all"))
    run = context([replace(answer, facts=replace(answer.facts, records=(record,)))])
    found = reperform("txt", domain_view(run), Verdict(PASS, "x", values={"record": "v=spf1 -all"}))
    assert found.expect == '"v=spf1 " "-all"'


@pytest.mark.parametrize(
    ("answer", "expect"),
    [
        (dns(DOMAIN, "TXT", rcode="NXDOMAIN"), "status: NXDOMAIN"),
        (dns(DOMAIN, "TXT", rcode="SERVFAIL"), "status: SERVFAIL"),
        (dns(DOMAIN, "TXT"), "ANSWER: 0"),
        (dns(DOMAIN, "TXT", "v=spf1 -all", "v=spf1 ~all"), "ANSWER: 2"),
        (dns(DOMAIN, "TXT", "site-verification=x", "v=spf1 -all"), '"v=spf1 -all"'),
        (unheard(DOMAIN, "TXT"), "no servers could be reached"),
        (unheard(DOMAIN, "TXT", "unresolved"), ""),
    ],
)
def test_an_answer_without_the_record_is_promised_as_it_came(answer: Observation, expect: str) -> None:
    assert reperform("txt", domain_view(context([answer])), Verdict(FAIL, "spf_missing")).expect == expect


def test_the_settings_name_the_resolver_where_no_answer_does() -> None:
    run = replace(context([unheard(DOMAIN, "TXT")]), nameserver="127.25.0.53", nameserver_port=5300)
    found = reperform("txt", domain_view(run), Verdict(UNTESTED, "dns_no_answer"))
    assert found.command == f"dig @127.25.0.53 -p 5300 +dnssec {DOMAIN} TXT"


def test_an_ordinary_resolver_is_not_named() -> None:
    run = replace(context([]), nameserver="192.0.2.53")
    assert "@" not in (reperform("txt", domain_view(run), Verdict(UNTESTED, "x")).command or "")


@pytest.mark.parametrize(
    ("session", "expect", "option"),
    [
        (heard(ehlo="250-mx|250 SIZE 1"), "Didn't find STARTTLS in server response", ""),
        (heard(ehlo="250-mx|250 XXXXXXXA"), "Didn't find STARTTLS in server response", ""),
        (heard(ehlo="502 what"), "502", "-debug"),
        (heard(ehlo="250 STARTTLS", starttls="454 no"), "454", "-debug"),
        (
            heard(ehlo="250 STARTTLS", starttls="220 go", stopped=failure("handshake", "tls", "x")),
            "Cipher is (NONE)",
            "",
        ),
        (
            heard(ehlo="250 STARTTLS", starttls="220 go", stopped=failure("timeout", "tls", "x")),
            "exit 124",
            "timeout 40",
        ),
        (nothing("timeout", "greeting"), "exit 124", "exit $?"),
        (nothing("refused"), "connect:errno=", ""),
        (nothing("closed"), "", ""),
    ],
)
@pytest.mark.parametrize("way", ["starttls", "certificate", "certificate_dates", "trust", "old_tls", "tls13"])
def test_without_tls_every_way_promises_what_was_heard(
    way: str, session: Observation, expect: str, option: str
) -> None:
    run = context([*way_in(), session])
    found = reperform(way, host_view(run), Verdict(UNTESTED, "needs U02-1b-1"))
    assert found.expect == expect
    assert (found.command or "").startswith("timeout 40 openssl s_client ")
    assert option in (found.command or "")


def test_a_pass_by_dane_is_shown_by_its_record_and_never_by_a_chain() -> None:
    owner = f"_25._tcp.{MX}"
    run = context([*way_in(), dns(owner, "TLSA", "3 1 1 abcd"), good()])
    for way in ("trust", "certificate", "certificate_dates"):
        found = reperform(way, host_view(run), Verdict(PASS, "met_through_dane"))
        assert found.command == f"dig +dnssec +nosplit {owner} TLSA"
        assert found.expect == "3 1 1 ABCD"


def test_older_versions_are_asked_for_with_what_they_need() -> None:
    run = context([*way_in(), good("TLSv1.1")])
    found = reperform("starttls", host_view(run), Verdict(PASS, "starttls_works"))
    assert found.expect == "Protocol  : TLSv1.1"
    assert "-tls1_1" in shlex.split(found.command or "")
    assert "DEFAULT:@SECLEVEL=0" in shlex.split(found.command or "")


@pytest.mark.parametrize(
    ("reason", "values", "question", "expect"),
    [
        ("mx_no_address", {}, f"{MX} A", "status: NXDOMAIN"),
        ("mx_is_alias", {"leads_to": "other.example"}, f"{MX} A", "other.example."),
        ("mx_resolves", {}, f"{DOMAIN} MX", f"10 {MX}."),
        ("parked_has_address", {}, f"{DOMAIN} A", "192.0.2.9"),
        ("dns_refused", {"name": MX, "rdtype": "A"}, f"{MX} A", "status: NXDOMAIN"),
    ],
)
def test_mail_routes_are_shown_where_they_decide(
    reason: str, values: dict[str, Any], question: str, expect: str
) -> None:
    run = context([dns(DOMAIN, "MX", f"10 {MX}."), dns(MX, "A", rcode="NXDOMAIN"), dns(DOMAIN, "A", "192.0.2.9")])
    host = RouteHost(MX, 10, HostState.RESOLVED)
    view = MxView(run, run.subjects[0], run.subjects[0].kinds[0], Route(DOMAIN, RouteState.MX, (host,)), host)
    found = reperform("mx", view, Verdict(FAIL, reason, values=values))
    assert found.command == f"dig +dnssec {question}"
    assert found.expect == expect


def test_what_matches_no_record_is_shown_by_the_digest_of_the_certificate_meant() -> None:
    owner = f"_25._tcp.{MX}"
    shown = leaf().der
    held = good(chain=(shown,))
    run = context([*way_in(), dns(owner, "TLSA", f"3 1 1 {'ab' * 32}"), held])
    found = reperform("dane", host_view(run), Verdict(FAIL, "tlsa_mismatch", values={"name": owner}))
    assert (found.command or "").startswith(f"dig +dnssec +nosplit {owner} TLSA; timeout 40 openssl s_client ")
    assert found.expect == sha256(subject_public_key_info(shown)).hexdigest()
    assert found.needs == ("dig", "openssl", "timeout")
