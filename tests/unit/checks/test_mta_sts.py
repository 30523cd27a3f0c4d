"""MTA-STS (RFC 8461): whether there is a policy senders can use, whether it is true, and TLS-RPT beside it."""

import hashlib
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from compliance.checks.certificate import certificate_trust
from compliance.checks.mta_sts import mta_sts_policy, mta_sts_truth
from compliance.checks.registry import Scope
from compliance.checks.reperform import reperform
from compliance.checks.scopes import targets
from compliance.checks.tls_rpt import tls_rpt_record
from compliance.checks.trust import Roots
from compliance.checks.views import DomainView
from compliance.model.finding import Verdict
from compliance.model.observation import Failure, Observation, PolicyFacts, TlsFacts
from compliance.records.der import subject_public_key_info
from compliance.records.tls_classes import KeyType
from tests.unit.authorities import NOW, Made, Wanted, leaf, make
from tests.unit.checks.build import (
    AT,
    DOMAIN,
    MX,
    PLAIN,
    _seen,
    context,
    dns,
    elsewhere,
    failure,
    good,
    heard,
    nothing,
    noticed,
    told,
    unheard,
    vantage,
    walked,
    way_in,
)
from tests.unit.records.tls_servers import Server

OWNER, HOST = f"_mta-sts.{DOMAIN}", f"mta-sts.{DOMAIN}"
OTHER_HOST = "mta-sts.annen.example"
POLICY = f"version: STSv1\nmode: enforce\nmx: {MX}\nmax_age: 1209600\n"


@cache
def pki() -> dict[str, Made]:
    off = (AT - NOW).days
    dates: dict[str, Any] = {"since": off - 30, "until": off + 300}
    root, own = make(Wanted("Public root", **dates)), make(Wanted("Private root", **dates))
    proxy = make(Wanted("Inspecting proxy", **dates))
    return {
        "root": root,
        "private root": own,
        "host": leaf(root, names=(HOST,), **dates),
        "other host": leaf(root, names=(OTHER_HOST,), **dates),
        "mx": leaf(root, names=(MX,), **dates),
        "mx by wildcard": leaf(root, names=(f"*.{DOMAIN}",), **dates),
        "expired": leaf(root, names=(MX, HOST), since=off - 30, until=off - 1),
        "named otherwise": leaf(root, names=("else.example",), **dates),
        "no name": leaf(root, names=(), **dates),
        "rsa": leaf(root, names=(MX,), key=rsa.generate_private_key(65537, 2048), **dates),
        "strange rsa": leaf(None, names=(MX,), key=rsa.generate_private_key(65537, 2048), **dates),
        "old rsa": leaf(root, names=(MX,), since=off - 30, until=off - 1, key=rsa.generate_private_key(65537, 2048)),
        "rsa named otherwise": leaf(root, names=("else.example",), key=rsa.generate_private_key(65537, 2048), **dates),
        "private": leaf(own, names=(MX, HOST), **dates),
        "self-signed": leaf(None, names=(MX, HOST), **dates),
        "proxied": leaf(proxy, names=(HOST,), **dates),
        "proxied other": leaf(proxy, names=(OTHER_HOST,), **dates),
    }


def run_of(seen: tuple[Observation, ...]) -> Any:
    return context(seen, roots=Roots(pki()["root"].pem, pki()["private root"].pem))


def txt(*records: str, name: str = OWNER, rcode: str = "NOERROR") -> Observation:
    return dns(name, "TXT", *records, rcode=rcode)


TXT = txt("v=STSv1; id=1")
LED = (dns(HOST, "A", "192.0.2.7"), dns(HOST, "AAAA"))


def served(
    body: str = POLICY,
    *,
    status: int = 200,
    media_type: str = "text/plain; charset=utf-8",
    shown: str = "host",
    name: str = HOST,
    stopped: Failure | None = None,
    again: bool = False,
    location: str = "",
) -> Observation:
    tls = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", (pki()[shown].der,), name, False, False, 0.1)
    facts = PolicyFacts("policy", name, "192.0.2.7", 443, tls, status, media_type, location, body)
    return _seen("https", name, "policy again" if again else "policy", facts, stopped)


def unserved(kind: str, stage: str, detail: str = "", *, again: bool = False) -> Observation:
    return _seen("https", HOST, "policy again" if again else "policy", None, failure(kind, stage, detail))


def twice(kind: str, stage: str) -> tuple[Observation, ...]:
    return unserved(kind, stage), unserved(kind, stage, again=True)


def broken_http(*, again: bool = False) -> Observation:
    return served("", status=0, stopped=failure("protocol", "http", "chunk"), again=again)


BY_OTHERS = served(name=OTHER_HOST, shown="other host")
PROXIED = served(name=OTHER_HOST, shown="proxied other")
FOUND = (*way_in(), TXT, *LED)


def policy(old: str, new: str) -> tuple[Observation, ...]:
    return (*FOUND, served(POLICY.replace(old, new)))


POLICIES: list[tuple[str, tuple[Observation, ...], str, str]] = [
    ("as it should be", (*FOUND, served()), "pass policy_valid", ""),
    ("CRLF", policy("\n", "\r\n"), "pass policy_valid", ""),
    ("testing", policy("enforce", "testing"), "pass policy_valid", "policy_testing"),
    ("a week", policy("1209600", "604800"), "pass policy_valid", "policy_soon_forgotten"),
    ("under a day", policy("1209600", "86399"), "fail policy_short_lived", ""),
    ("mode none", policy("enforce", "none"), "fail policy_mode_none", ""),
    ("a key twice", policy("mode:", "mode: enforce\nmode:"), "pass policy_valid", "policy_repeated_keys"),
    ("a blank line", policy("mode:", "\nmode:"), "pass policy_valid", "policy_blank_lines"),
    ("no version", policy("version: STSv1\n", ""), "fail policy_syntax", ""),
    ("a web page", (*FOUND, served("<html>")), "fail policy_syntax", ""),
    ("NUL", policy("STSv1", "STSv1\0"), "fail policy_syntax", ""),
    ("text/html", (*FOUND, served(media_type="text/html")), "fail policy_media_type", ""),
    ("no type", (*FOUND, served(media_type="")), "fail policy_media_type", ""),
    ("TEXT/PLAIN", (*FOUND, served(media_type="TEXT/PLAIN ;x")), "pass policy_valid", ""),
    ("redirected", (*FOUND, served(status=302, location="https://x.example/")), "fail policy_redirected", ""),
    ("404", (*FOUND, served(status=404)), "fail policy_not_there", ""),
    ("503", (*FOUND, served(status=503)), "not_tested theirs policy_host_busy", ""),
    ("429", (*FOUND, served(status=429)), "not_tested theirs policy_host_busy", ""),
    ("another name", (*FOUND, served(shown="mx")), "fail policy_certificate_name", ""),
    ("expired", (*FOUND, served(shown="expired")), "fail policy_certificate_dates", ""),
    ("private root", (*FOUND, served(shown="private"), BY_OTHERS), "fail policy_certificate_untrusted", ""),
    ("self-signed", (*FOUND, served(shown="self-signed"), BY_OTHERS), "fail policy_certificate_untrusted", ""),
    (
        "self-signed, ours the only one",
        (*FOUND, served(shown="self-signed")),
        "fail policy_certificate_untrusted",
        "https_path_not_proven",
    ),
    ("one issuer for all", (*FOUND, served(shown="proxied"), PROXIED), "not_tested ours https_intercepted", ""),
    ("the second try", (*FOUND, unserved("timeout", "connect"), served(again=True)), "pass policy_valid", ""),
    (
        "not there, and then it is",
        (*FOUND, served("", status=404), served(again=True)),
        "pass policy_valid",
        "policy_unsteady",
    ),
    (
        "busy, and then not",
        (*FOUND, served("", status=503), served(again=True)),
        "pass policy_valid",
        "policy_unsteady",
    ),
    (
        "not there, twice",
        (*FOUND, served("", status=404), served("", status=404, again=True)),
        "fail policy_not_there",
        "",
    ),
    (
        "not there, and then silence",
        (*FOUND, served("", status=404), unserved("timeout", "connect", again=True)),
        "fail policy_not_there",
        "",
    ),
    ("no TLS, twice", (*FOUND, *twice("handshake", "tls"), BY_OTHERS), "fail policy_tls_failed", ""),
    ("no TLS, path not shown", (*FOUND, *twice("handshake", "tls")), "not_tested theirs policy_not_fetched", ""),
    (
        "no TLS, once",
        (*FOUND, unserved("handshake", "tls"), BY_OTHERS),
        "not_tested theirs policy_not_fetched",
        "",
    ),
    ("no HTTP, twice", (*FOUND, broken_http(), broken_http(again=True)), "fail policy_http_broken", ""),
    ("no HTTP, once", (*FOUND, broken_http()), "not_tested theirs policy_not_fetched", ""),
    (
        "refused, path shown",
        (*FOUND, *twice("refused", "connect"), BY_OTHERS),
        "not_tested theirs policy_not_fetched",
        "",
    ),
    ("refused", (*FOUND, *twice("refused", "connect")), "not_tested ours https_closed_to_us", ""),
    ("no route", (*FOUND, *twice("no_route", "connect"), BY_OTHERS), "not_tested ours https_closed_to_us", ""),
    ("a defect", (*FOUND, unserved("defect", "", "x")), "error defect", ""),
    ("never fetched", FOUND, "not_tested no_evidence not_recorded", ""),
    (
        "no policy host",
        (*way_in(), TXT, dns(HOST, "A", rcode="NXDOMAIN"), dns(HOST, "AAAA")),
        "fail sts_host_missing",
        "",
    ),
    (
        "policy host silent",
        (*way_in(), TXT, unheard(HOST, "A"), dns(HOST, "AAAA")),
        "not_tested theirs dns_no_answer",
        "",
    ),
    ("no record", (*way_in(), txt(rcode="NXDOMAIN")), "fail sts_missing", ""),
    ("other texts", (*way_in(), txt("hello", "v=spf1")), "fail sts_missing", ""),
    ("two records", (*way_in(), txt("v=STSv1; id=1", "v=STSv1; id=2")), "fail sts_several", ""),
    ("a record among others", (*way_in(), txt("x", "v=STSv1; id=1"), *LED, served()), "pass policy_valid", ""),
    ("no id", (*way_in(), txt("v=STSv1;")), "fail sts_record_syntax", ""),
    ("wrong case", (*way_in(), txt("v=stsv1; id=1")), "fail sts_record_syntax", ""),
    ("TXT silent", (*way_in(), unheard(OWNER, "TXT")), "not_tested theirs dns_no_answer", ""),
    ("TXT never asked", way_in(), "not_tested no_evidence not_recorded", ""),
    ("null MX", (dns(DOMAIN, "MX", "0 ."),), "not_applicable null_mx", ""),
    ("no domain", (dns(DOMAIN, "MX", rcode="NXDOMAIN"),), "not_applicable no_domain", ""),
]


def of_domain(check: Any, seen: tuple[Observation, ...]) -> Verdict:
    run = run_of(seen)
    verdict: Verdict = check(DomainView(run, run.subjects[0], run.subjects[0].kinds[0]), {})
    return verdict


@pytest.mark.parametrize(
    ("seen", "expected", "notice"), [row[1:] for row in POLICIES], ids=[row[0] for row in POLICIES]
)
def test_the_policy(seen: tuple[Observation, ...], expected: str, notice: str) -> None:
    verdict = of_domain(mta_sts_policy, seen)
    assert (told(verdict), noticed(verdict)) == (expected, [notice] if notice else [])


def shows(*names: str, again: bool = False) -> Observation:
    return good(chain=tuple(pki()[name].der for name in names), again=again)


ENFORCED = (*FOUND, served())
SHUT = (heard(ehlo=PLAIN), heard(ehlo=PLAIN, again=True), elsewhere())
SECURE_WAY = (*way_in(secure=("MX", "A")), TXT, *LED, served())
TRUTHS: list[tuple[str, tuple[Observation, ...], str, str]] = [
    ("as promised", (*ENFORCED, shows("mx")), "pass policy_holds", ""),
    ("a wildcard in the certificate", (*ENFORCED, shows("mx by wildcard")), "pass policy_holds", ""),
    ("a wildcard in the policy", (*policy(MX, f"*.{DOMAIN}"), shows("mx")), "pass policy_holds", ""),
    ("not in the policy", (*policy(MX, "mx.annen.example"), shows("mx")), "fail mx_not_in_policy", ""),
    ("a wildcard is one label", (*policy(MX, "*.example"), shows("mx")), "fail mx_not_in_policy", ""),
    ("expired", (*ENFORCED, shows("expired")), "fail policy_mx_dates", ""),
    ("another name", (*ENFORCED, shows("named otherwise")), "fail policy_mx_name", ""),
    ("a common name alone", (*ENFORCED, shows("no name")), "fail policy_mx_name", ""),
    ("self-signed", (*ENFORCED, shows("self-signed")), "fail policy_mx_untrusted", ""),
    ("a root of our own", (*ENFORCED, shows("private")), "fail policy_mx_untrusted", ""),
    ("one of two", (*ENFORCED, shows("mx"), shows("expired", again=True)), "fail policy_mx_dates", ""),
    ("STARTTLS missing", (*ENFORCED, *SHUT), "fail policy_without_starttls", ""),
    ("no reply", (*ENFORCED, nothing("timeout"), elsewhere()), "not_tested theirs no_reply", ""),
    ("never asked", ENFORCED, "not_tested no_evidence not_recorded", ""),
    ("testing, true", (*policy("enforce", "testing"), shows("mx")), "pass policy_holds", ""),
    (
        "testing, not true",
        (*policy("enforce", "testing"), shows("expired")),
        "not_applicable policy_in_testing",
        "policy_testing_mismatch",
    ),
    ("mode none", (*policy("enforce", "none"), shows("expired")), "not_applicable policy_mode_none", ""),
    ("no policy", (*way_in(), txt(), shows("expired")), "not_applicable sts_missing", ""),
    ("a policy nobody can read", (*FOUND, served("x"), shows("expired")), "not_applicable policy_syntax", ""),
    ("policy not fetched", (*FOUND, unserved("timeout", "http")), "not_tested theirs policy_not_fetched", ""),
    (
        "true, but DANE is not",
        (*SECURE_WAY, shows("mx"), dns(f"_25._tcp.{MX}", "TLSA", f"3 1 1 {'00' * 32}", ad=True)),
        "pass policy_holds",
        "dane_decides",
    ),
    (
        "neither is true",
        (*SECURE_WAY, shows("expired"), dns(f"_25._tcp.{MX}", "TLSA", f"3 1 1 {'00' * 32}", ad=True)),
        "fail policy_mx_dates",
        "",
    ),
    (
        "DANE holds, the policy does not",
        (
            *SECURE_WAY,
            vantage(dnssec="ok"),
            shows("self-signed"),
            dns(
                f"_25._tcp.{MX}",
                "TLSA",
                f"3 1 1 {hashlib.sha256(subject_public_key_info(pki()['self-signed'].der)).hexdigest()}",
                ad=True,
            ),
        ),
        "fail policy_mx_untrusted",
        "",
    ),
]


def of_address(seen: tuple[Observation, ...]) -> Verdict:
    run = run_of(seen)
    views, lines = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    return mta_sts_truth(views[0], {}) if views else lines[0][1]


@pytest.mark.parametrize(("seen", "expected", "notice"), [row[1:] for row in TRUTHS], ids=[row[0] for row in TRUTHS])
def test_whether_the_policy_is_true(seen: tuple[Observation, ...], expected: str, notice: str) -> None:
    verdict = of_address(seen)
    assert (told(verdict), noticed(verdict)) == (expected, [notice] if notice else [])


def test_a_verdict_rests_on_the_policy_and_the_session() -> None:
    run = run_of((*ENFORCED, shows("mx")))
    views, _ = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    kinds = {run.evidence.by_id[key].probe for key in mta_sts_truth(views[0], {}).evidence}
    assert kinds == {"dns", "https", "smtp"}


RPT = f"_smtp._tls.{DOMAIN}"
REPORTS: list[tuple[str, tuple[Observation, ...], str, str]] = [
    ("as it should be", (txt("v=TLSRPTv1; rua=mailto:a@b.example", name=RPT),), "pass tls_rpt_valid", ""),
    (
        "one address nobody can use",
        (txt("v=TLSRPTv1; rua=mailto:a@b.example,ftp:x", name=RPT),),
        "pass tls_rpt_valid",
        "tls_rpt_address_unusable",
    ),
    ("none", (txt(name=RPT, rcode="NXDOMAIN"),), "fail tls_rpt_missing", ""),
    ("a wildcard's text", (txt("v=spf1 -all", name=RPT),), "fail tls_rpt_missing", ""),
    ("two", (txt(*["v=TLSRPTv1; rua=mailto:a@b.example"] * 2, name=RPT),), "fail tls_rpt_several", ""),
    ("no address", (txt("v=TLSRPTv1; rua=", name=RPT),), "fail tls_rpt_syntax", ""),
    ("wrong case", (txt("v=tlsrptv1; rua=mailto:a@b.example", name=RPT),), "fail tls_rpt_syntax", ""),
    ("SERVFAIL", (txt(name=RPT, rcode="SERVFAIL"),), "not_tested theirs dns_refused", ""),
    ("never asked", (), "not_tested no_evidence not_recorded", ""),
]


@pytest.mark.parametrize(("seen", "expected", "notice"), [row[1:] for row in REPORTS], ids=[row[0] for row in REPORTS])
def test_reports_are_asked_for(seen: tuple[Observation, ...], expected: str, notice: str) -> None:
    verdict = of_domain(tls_rpt_record, (*way_in(), *seen))
    assert (told(verdict), noticed(verdict)) == (expected, [notice] if notice else [])


def test_a_domain_without_mail_needs_no_reports() -> None:
    assert told(of_domain(tls_rpt_record, (dns(DOMAIN, "MX", "0 ."),))) == "not_applicable null_mx"


def test_an_empty_chain_is_no_trusted_one() -> None:
    bare: Any = served()
    bare = replace(bare, facts=replace(bare.facts, tls=replace(bare.facts.tls, chain=())))
    assert told(of_domain(mta_sts_policy, (*FOUND, bare, BY_OTHERS))) == "fail policy_certificate_untrusted"


KEYS = [
    ("both as promised", "mx", "rsa", "pass policy_holds"),
    ("a strange second", "mx", "strange rsa", "fail policy_mx_untrusted"),
    ("an old second", "mx", "old rsa", "fail policy_mx_dates"),
    ("another name first, sound second", "named otherwise", "rsa", "fail policy_mx_name"),
    ("sound first, another name second", "mx", "rsa named otherwise", "fail policy_mx_name"),
]


@pytest.mark.parametrize(("ecdsa", "second", "expected"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_the_certificate_of_each_key_is_as_the_policy_asks(ecdsa: str, second: str, expected: str) -> None:
    chains = {KeyType.ECDSA: (pki()[ecdsa].der,), KeyType.RSA: (pki()[second].der,)}
    server = Server(keys=(KeyType.ECDSA, KeyType.RSA), chains=chains)
    run = run_of((*ENFORCED, *walked(server, shows(ecdsa))))
    views, _ = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    verdict = mta_sts_truth(views[0], {})
    assert told(verdict) == expected
    shown = reperform("sts_host", views[0], verdict)
    assert ("aRSA" in (shown.command or "")) == (second != "rsa")
    if second != "rsa":
        assert "hello weak12" in {run.evidence.by_id[key].question for key in verdict.evidence}
        assert bool(shown.expect)


def test_a_second_key_that_was_not_settled_is_told_of() -> None:
    lost = walked(session=shows("mx"), instead={"hello weak12": failure("limited", "greeting")})
    run = run_of((*ENFORCED, *lost))
    views, _ = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    for judge in (mta_sts_truth, certificate_trust):
        verdict = judge(views[0], {})
        assert (verdict.status, noticed(verdict)) == ("pass", ["key_unsettled"])
