"""DANE for mail (RFC 7672): what is published, whether senders can use it, and whether it is true."""

import hashlib
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from compliance.checks.dane_records import dane_match, dane_records
from compliance.checks.registry import Scope
from compliance.checks.scopes import targets
from compliance.model.finding import Verdict
from compliance.model.observation import Observation
from compliance.records.der import subject_public_key_info
from compliance.records.tls_classes import KeyType
from tests.unit.authorities import NOW, Made, Wanted, leaf, make
from tests.unit.checks.build import (
    ADDRESS,
    AT,
    DOMAIN,
    MX,
    OFFER,
    PLAIN,
    context,
    dns,
    elsewhere,
    failure,
    good,
    heard,
    nothing,
    noticed,
    subject,
    told,
    unheard,
    vantage,
    walked,
    way_in,
)
from tests.unit.records.tls_servers import Server

OWNER = f"_25._tcp.{MX}"
SECURE = ("MX", "A")
WAY = way_in(secure=SECURE)
AGAIN = "TLSA again"


@cache
def pki() -> dict[str, Made]:
    """Certificates valid around the time the builder gives its observations, or not."""
    off = (AT - NOW).days
    dates = {"since": off - 30, "until": off + 300}
    root = make(Wanted("Anchor", **dates))
    other = make(Wanted("Other", **dates))
    return {
        "root": root,
        "leaf": leaf(root, names=(MX,), **dates),
        "ecdsa": leaf(root, names=(MX,), **dates),
        "named for the domain": leaf(root, names=(DOMAIN,), **dates),
        "named otherwise": leaf(root, names=("mx.annen.example",), **dates),
        "expired": leaf(root, names=(MX,), since=off - 30, until=off - 1),
        "foreign": leaf(other, names=(MX,), **dates),
        "rsa": leaf(root, names=(MX,), key=rsa.generate_private_key(65537, 2048), **dates),
        "foreign rsa": leaf(other, names=(MX,), key=rsa.generate_private_key(65537, 2048), **dates),
    }


def ee(name: str = "leaf", usage: int = 3) -> str:
    return f"{usage} 1 1 {hashlib.sha256(subject_public_key_info(pki()[name].der)).hexdigest()}"


def ta(usage: int = 2) -> str:
    return f"{usage} 0 1 {hashlib.sha256(pki()['root'].der).hexdigest()}"


def published(*data: str, ad: bool = True, name: str = OWNER) -> Observation:
    return dns(name, "TLSA", *data, ad=ad)


def lookup(rcode: str, question: str = "TLSA") -> Observation:
    """A TLSA question that is not answered."""
    return unheard(OWNER, question) if rcode == "silence" else dns(OWNER, question, rcode=rcode)


def broken(rcode: str) -> tuple[Observation, ...]:
    return lookup(rcode), lookup(rcode, AGAIN)


ABSENT = published()
ALIAS = "host.leverandor.example"


def by_alias(*secure: str) -> tuple[Observation, ...]:
    """An MX name that is an alias; `secure` names what carries AD: MX, A, CNAME."""
    return (
        dns(DOMAIN, "MX", f"10 {MX}.", ad="MX" in secure),
        dns(MX, "A", ADDRESS, ad="A" in secure, aliases=(ALIAS,)),
        dns(MX, "AAAA", ad="A" in secure, aliases=(ALIAS,)),
        dns(MX, "CNAME", ALIAS, ad="CNAME" in secure),
    )


AT_ALIAS = f"_25._tcp.{ALIAS}"
RECORDS: list[tuple[str, tuple[Observation, ...], str]] = [
    ("usable and secure", (*WAY, published(ee())), "pass tlsa_published"),
    ("DANE-TA", (*WAY, published(ta())), "pass tlsa_published"),
    ("some unusable", (*WAY, published(ee(), ee(usage=1))), "pass tlsa_published"),
    ("usage 0 and 1 alone", (*WAY, published(ee(usage=1), ta(0))), "fail tlsa_unusable"),
    ("unknown selector", (*WAY, published("3 2 1 aa")), "fail tlsa_unusable"),
    ("a digest cut short", (*WAY, published(ee()[:-2])), "fail tlsa_unusable"),
    ("no certificate", (*WAY, published("2 0 0 3003020101")), "fail tlsa_unusable"),
    ("unreadable", (*WAY, published("3 1 1 xx")), "fail tlsa_unusable"),
    ("none", (*WAY, ABSENT), "fail tlsa_missing"),
    ("no such name", (*WAY, dns(OWNER, "TLSA", rcode="NXDOMAIN")), "fail tlsa_missing"),
    ("none, unsigned", (*way_in(), published(ad=False)), "fail tlsa_missing"),
    ("MX unsigned", (*way_in(secure=("A",)), published(ee())), "fail dane_mx_insecure"),
    ("address unsigned", (*way_in(secure=("MX",)), published(ee())), "fail dane_address_insecure"),
    ("TLSA unsigned", (*WAY, published(ee(), ad=False)), "fail tlsa_insecure"),
    ("SERVFAIL twice", (*WAY, *broken("SERVFAIL")), "fail tlsa_lookup_broken"),
    ("SERVFAIL twice, address unsigned", (*way_in(secure=("MX",)), *broken("SERVFAIL")), "fail dane_address_insecure"),
    (
        "SERVFAIL once, then records",
        (*WAY, lookup("SERVFAIL"), dns(OWNER, AGAIN, ee(), ad=True)),
        "pass tlsa_published",
    ),
    ("SERVFAIL once", (*WAY, lookup("SERVFAIL")), "not_tested theirs dns_refused"),
    ("silence twice", (*WAY, *broken("silence")), "not_tested theirs dns_no_answer"),
    (
        "silence twice, others answered",
        (*WAY, *broken("silence"), dns("_25._tcp.mx.annen.example", "TLSA")),
        "fail tlsa_lookup_broken",
    ),
    ("our resolver refuses", (*WAY, *broken("REFUSED")), "not_tested ours dns_refused"),
    ("never asked", WAY, "not_tested no_evidence not_recorded"),
    ("nobody validates", (*WAY, published(ee()), vantage(dnssec="failed")), "not_tested ours no_validating_resolver"),
    ("null MX", (dns(DOMAIN, "MX", "0 .", ad=True),), "not_applicable null_mx"),
    ("no address", (WAY[0], dns(MX, "A"), dns(MX, "AAAA")), "not_applicable mx_no_address"),
    ("address not answered", (WAY[0], unheard(MX, "A"), unheard(MX, "AAAA")), "not_tested theirs dns_no_answer"),
    ("alias, records at its end", (*by_alias("MX", "A"), published(ee(), name=AT_ALIAS)), "pass tlsa_published"),
    (
        "alias, records at the name",
        (*by_alias("MX", "A"), published(name=AT_ALIAS), published(ee())),
        "pass tlsa_published",
    ),
    (
        "alias into an unsigned zone, records at the signed name",
        (*by_alias("MX", "CNAME"), published(ee())),
        "pass tlsa_published",
    ),
    ("alias, all unsigned", (*by_alias("MX"), published(ee())), "fail dane_address_insecure"),
    (
        "implicit MX, its absence not said to be secure",
        (
            dns(DOMAIN, "MX"),
            dns(DOMAIN, "A", ADDRESS, ad=True),
            dns(DOMAIN, "AAAA"),
            published(ee(), name=f"_25._tcp.{DOMAIN}"),
        ),
        "pass tlsa_published",
    ),
    (
        "implicit MX",
        (
            dns(DOMAIN, "MX", ad=True),
            dns(DOMAIN, "A", ADDRESS, ad=True),
            dns(DOMAIN, "AAAA"),
            published(ee(), name=f"_25._tcp.{DOMAIN}"),
        ),
        "pass tlsa_published",
    ),
]


def of_name(seen: tuple[Observation, ...]) -> Verdict:
    run = context(seen)
    views, lines = targets(Scope.MX_NAMES, run, run.subjects[0], run.subjects[0].kinds[0])
    return dane_records(views[0], {}) if views else lines[0][1]


@pytest.mark.parametrize(("seen", "expected"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_what_is_published(seen: tuple[Observation, ...], expected: str) -> None:
    assert told(of_name(seen)) == expected


def test_what_senders_pass_over_is_told() -> None:
    verdict = of_name((*WAY, published(ee(), ee(usage=1)), vantage(dnssec="unknown")))
    assert noticed(verdict) == ["tlsa_some_unusable", "dnssec_declared"]


def session(*chain: str, again: bool = False, sni: str = MX) -> Observation:
    seen = good(chain=tuple(pki()[name].der for name in chain), again=again)
    facts: Any = seen.facts
    return replace(seen, facts=replace(facts, tls=replace(facts.tls, sni=sni)))


EE, TA = published(ee()), published(ta())
SHUT = (heard(ehlo=PLAIN), heard(ehlo=PLAIN, again=True), elsewhere())
MATCHES: list[tuple[str, tuple[Observation, ...], str]] = [
    ("DANE-EE", (*WAY, EE, session("leaf", "root")), "pass tlsa_matches"),
    ("DANE-EE minds no dates", (*WAY, published(ee("expired")), session("expired")), "pass tlsa_matches"),
    (
        "DANE-EE minds no name",
        (*WAY, published(ee("named otherwise")), session("named otherwise")),
        "pass tlsa_matches",
    ),
    ("DANE-TA", (*WAY, TA, session("leaf", "root")), "pass tlsa_matches"),
    ("DANE-TA, the domain's name", (*WAY, TA, session("named for the domain", "root")), "pass tlsa_matches"),
    ("DANE-TA, another name", (*WAY, TA, session("named otherwise", "root")), "fail dane_ta_name"),
    ("DANE-TA, expired", (*WAY, TA, session("expired", "root")), "fail dane_ta_dates"),
    ("DANE-TA, not sent", (*WAY, TA, session("leaf")), "fail tlsa_mismatch"),
    ("DANE-TA, sent but not above", (*WAY, TA, session("foreign", "root")), "fail dane_ta_chain"),
    ("rollover: the old and the new", (*WAY, published(ee("foreign"), ee()), session("leaf")), "pass tlsa_matches"),
    ("another certificate", (*WAY, EE, session("foreign")), "fail tlsa_mismatch"),
    (
        "one of two certificates",
        (*WAY, EE, session("leaf"), session("ecdsa", again=True)),
        "fail tlsa_mismatch",
    ),
    (
        "both certificates",
        (*WAY, published(ee(), ee("ecdsa")), session("leaf"), session("ecdsa", again=True)),
        "pass tlsa_matches",
    ),
    ("another without SNI", (*WAY, EE, session("leaf"), session("foreign", again=True, sni="")), "pass tlsa_matches"),
    ("no certificate", (*WAY, EE, session()), "not_tested no_evidence not_recorded"),
    ("STARTTLS missing", (*WAY, EE, *SHUT), "fail dane_without_starttls"),
    ("STARTTLS missing, only unusable records", (*WAY, published(ta(0)), *SHUT), "fail dane_without_starttls"),
    ("STARTTLS missing once", (*WAY, EE, heard(ehlo=PLAIN)), "not_tested ours not_seen_twice"),
    ("a digest cut short", (*WAY, published(ee()[:-2]), session("leaf")), "not_applicable tlsa_unusable"),
    (
        "DANE-TA whole, not sent",
        (*WAY, published(f"2 0 0 {pki()['root'].der.hex()}"), session("leaf")),
        "pass tlsa_matches",
    ),
    ("mismatch, all unusable", (*WAY, published(ta(0)), session("foreign")), "not_applicable tlsa_unusable"),
    (
        "no handshake",
        (
            *WAY,
            EE,
            *(
                heard(ehlo=OFFER, starttls="220 go", stopped=failure("handshake", "tls", "x"), again=again)
                for again in (False, True)
            ),
            elsewhere(),
        ),
        "fail dane_without_starttls",
    ),
    ("no reply", (*WAY, EE, nothing("timeout"), elsewhere()), "not_tested theirs no_reply"),
    ("never asked", (*WAY, EE), "not_tested no_evidence not_recorded"),
    ("no records", (*WAY, ABSENT, session("leaf")), "not_applicable tlsa_missing"),
    ("MX unsigned", (*way_in(secure=("A",)), EE, session("foreign")), "not_applicable dane_mx_insecure"),
    ("address unsigned", (*way_in(secure=("MX",)), EE, session("foreign")), "not_applicable dane_address_insecure"),
    ("TLSA unsigned", (*WAY, published(ee(), ad=False), session("foreign")), "not_applicable tlsa_insecure"),
    ("lookup broken", (*WAY, *broken("SERVFAIL"), session("leaf")), "fail tlsa_lookup_broken"),
    ("lookup failed once", (*WAY, lookup("SERVFAIL"), session("leaf")), "not_tested theirs dns_refused"),
    (
        "nobody validates",
        (*WAY, EE, session("foreign"), vantage(dnssec="failed")),
        "not_tested ours no_validating_resolver",
    ),
    (
        "alias, matched",
        (*by_alias("MX", "A"), published(ee(), name=AT_ALIAS), session("leaf")),
        "pass tlsa_matches",
    ),
    (
        "alias, another certificate under the name we asked for",
        (*by_alias("MX", "A"), published(ee(), name=AT_ALIAS), session("foreign")),
        "not_tested ours tlsa_other_name",
    ),
]


def of_address(seen: tuple[Observation, ...], kind: str = "own_domain", label: str = DOMAIN) -> Verdict:
    run = context(seen, subject(label, kind))
    views, lines = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    return dane_match(views[0], {}) if views else lines[0][1]


@pytest.mark.parametrize(("seen", "expected"), [row[1:] for row in MATCHES], ids=[row[0] for row in MATCHES])
def test_whether_it_is_true(seen: tuple[Observation, ...], expected: str) -> None:
    assert told(of_address(seen)) == expected


def test_a_host_of_the_inventory_needs_no_mx() -> None:
    seen = (dns(MX, "A", ADDRESS, ad=True), dns(MX, "AAAA"), EE, session("foreign"))
    assert told(of_address(seen, "inbound_host", MX)) == "fail tlsa_mismatch"
    assert told(of_address((*seen[:2], TA, session("named for the domain", "root")), "inbound_host", MX)) == (
        "fail dane_ta_name"
    )


def test_a_partner_is_judged_alike() -> None:
    assert told(of_address((*WAY, EE, session("foreign")), "partner")) == "fail tlsa_mismatch"


def both_keys(ecdsa: str, rsa: str, first: Observation | None = None) -> tuple[Observation, ...]:
    """Walk through a host with a certificate for each type of key, each under the anchor; ECDSA is shown first."""
    chains = {key: (pki()[name].der, pki()["root"].der) for key, name in ((KeyType.ECDSA, ecdsa), (KeyType.RSA, rsa))}
    server = Server(keys=(KeyType.ECDSA, KeyType.RSA), chains=chains)
    return walked(server, first or session(ecdsa, "root"))


KEYS: list[tuple[str, tuple[str, ...], tuple[str, str], str]] = [
    ("a record for each", (ee(), ee("rsa")), ("leaf", "rsa"), "pass tlsa_matches"),
    ("a record for the first alone", (ee(),), ("leaf", "rsa"), "fail tlsa_mismatch"),
    ("a record for the second alone", (ee("rsa"),), ("leaf", "rsa"), "fail tlsa_mismatch"),
    ("one anchor above both", (ta(),), ("leaf", "rsa"), "pass tlsa_matches"),
    ("the second not below the anchor", (ta(),), ("leaf", "foreign rsa"), "fail dane_ta_chain"),
    (
        "an anchor, and a record for the stranger",
        (ta(), ee("foreign rsa")),
        ("leaf", "foreign rsa"),
        "pass tlsa_matches",
    ),
]


@pytest.mark.parametrize(("records", "keys", "expected"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_the_certificate_of_each_key_is_judged(records: tuple[str, ...], keys: tuple[str, str], expected: str) -> None:
    verdict = of_address((*WAY, published(*records), *both_keys(*keys)))
    assert told(verdict) == expected


def test_a_second_key_that_was_not_settled_is_told_of() -> None:
    lost = walked(session=session("leaf", "root"), instead={"hello weak12": failure("limited", "greeting")})
    verdict = of_address((*WAY, EE, *lost))
    assert (told(verdict), noticed(verdict)) == ("pass tlsa_matches", ["key_unsettled"])
    settled = of_address((*WAY, EE, *walked(session=session("leaf", "root"))))
    assert (told(settled), noticed(settled)) == ("pass tlsa_matches", [])


def test_the_second_key_s_verdict_rests_on_the_hello_that_showed_it() -> None:
    run = context((*WAY, EE, *both_keys("leaf", "rsa")))
    views, _ = targets(Scope.MAIL_HOSTS, run, run.subjects[0], run.subjects[0].kinds[0])
    behind = [run.evidence.by_id[key] for key in dane_match(views[0], {}).evidence]
    assert [seen.question for seen in behind if seen.probe == "hello"] == ["hello weak12"]


def test_a_certificate_shown_to_one_who_asked_for_nobody_is_not_judged() -> None:
    nameless = both_keys("leaf", "rsa", session("leaf", "root", sni=""))
    assert told(of_address((*WAY, EE, *nameless))) == "not_tested no_evidence not_recorded"
    assert told(of_address((*WAY, EE, session("leaf", again=True), *nameless))) == "pass tlsa_matches"
