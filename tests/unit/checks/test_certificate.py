"""The certificate of a mail host: issuer, name, dates and strength, and what DANE may stand for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from compliance.model.observation import Observation
from compliance.records.tls_classes import KeyType
from tests.unit.checks.build import (
    ADDRESS,
    AT,
    DOMAIN,
    MX,
    context,
    dns,
    failure,
    good,
    host_view,
    judged,
    nothing,
    noticed,
    subject,
    tls,
    told,
    unheard,
    vantage,
    walked,
    way_in,
)
from tests.unit.checks.papers import ALTERNATIVES, POLICIES, PRIVATE, PUBLIC, SELF_SIGNED, SOUND, STRANGE, ee, leaf
from tests.unit.records.tls_servers import BY_NAME, Server

Facts = tuple[Observation, ...]
TRUST, NAME, DATES, STRENGTH = "U02-1b-2", "U02-1b-3", "U02-1b-4", "U02-1b-5"
SECOND = 1 / 86400
SEEN = SECOND  # the one session of a row is held a second after AT

PLAIN_ROWS: list[tuple[str, str, tuple[bytes, ...], str, list[str]]] = [
    ("trusted", TRUST, SOUND, "pass issuer_trusted", []),
    ("self-signed", TRUST, SELF_SIGNED, "fail self_signed", []),
    ("no certificate at all", TRUST, (b"garbage",), "fail certificate_unreadable", []),
    ("policies nobody can read", TRUST, leaf(more=POLICIES), "pass issuer_trusted", []),
    ("policies nobody can read", NAME, leaf(more=POLICIES), "pass name_matches", []),
    ("names nobody can read", NAME, leaf(names=(), more=ALTERNATIVES), "not_tested ours certificate_not_read", []),
    ("an expired leaf hides no issuer", TRUST, leaf(since=-400, until=-5), "pass issuer_trusted", []),
    ("a wrong name hides no issuer", TRUST, leaf(names=("annet.example",)), "pass issuer_trusted", []),
    # names
    ("the name", NAME, SOUND, "pass name_matches", []),
    ("in capitals", NAME, leaf(names=("MX.ETATEN.EXAMPLE",)), "pass name_matches", []),
    ("a wildcard", NAME, leaf(names=("*.etaten.example",)), "pass name_matches", []),
    ("a wildcard two labels up", NAME, leaf(names=("*.example",)), "fail name_mismatch", []),
    ("a wildcard within a label", NAME, leaf(names=("m*.etaten.example",)), "fail name_mismatch", []),
    ("the second name", NAME, leaf(names=("annet.example", MX)), "pass name_matches", []),
    ("another", NAME, leaf(names=("annet.example",), common="annet.example"), "fail name_mismatch", []),
    ("in the common name alone", NAME, leaf(names=()), "fail cn_only", []),
    ("in the common name, others beside", NAME, leaf(names=("annet.example",)), "fail name_mismatch", []),
    ("another in the common name", NAME, leaf(names=(), common="annet.example"), "fail name_mismatch", []),
    # dates: a year's certificate is due 30 days before, one of 90 days 18 days before
    ("in date", DATES, SOUND, "pass in_date", []),
    ("the last second", DATES, leaf(until=SEEN), "pass in_date", ["expires_soon"]),
    ("a second too late", DATES, leaf(until=0), "fail expired", []),
    ("the first second", DATES, leaf(since=SEEN), "pass in_date", []),
    ("a second too early", DATES, leaf(since=2 * SECOND), "fail not_yet_valid", []),
    ("31 days left of a year", DATES, leaf(since=-334, until=31), "pass in_date", []),
    ("29 days left of a year", DATES, leaf(since=-336, until=29), "pass in_date", ["expires_soon"]),
    ("19 days left of 90", DATES, leaf(since=-71, until=19), "pass in_date", []),
    ("17 days left of 90", DATES, leaf(since=-73, until=17), "pass in_date", ["expires_soon"]),
    # strength
    ("EC 256", STRENGTH, SOUND, "pass strong_enough", []),
    ("EC 224", STRENGTH, leaf(kind="secp224r1"), "fail weak_key", []),
    ("RSA 1024", STRENGTH, leaf(kind="rsa1024"), "fail weak_key", []),
    ("RSA 2048", STRENGTH, leaf(kind="rsa2048"), "pass strong_enough", ["rsa_below_recommended"]),
    ("RSA 3072", STRENGTH, leaf(kind="rsa3072"), "pass strong_enough", []),
    ("weak, from an unknown issuer", STRENGTH, leaf(kind="rsa1024", own_root=True), "fail weak_key", []),
    ("one too many", STRENGTH, (*SOUND, *SELF_SIGNED), "pass strong_enough", ["superfluous_certificates"]),
]


@pytest.mark.parametrize(
    ("case", "requirement", "chain", "expected", "notices"), PLAIN_ROWS, ids=[row[0] for row in PLAIN_ROWS]
)
def test_a_certificate_is_judged_fault_by_fault(
    case: str, requirement: str, chain: tuple[bytes, ...], expected: str, notices: list[str]
) -> None:
    verdict = judged(run := context([good(chain=chain)], roots=PUBLIC), requirement, host_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


def test_days_are_counted_from_the_observation() -> None:
    run = context([good(chain=leaf(since=-400, until=-2.5))], started=AT + timedelta(days=90))
    verdict = judged(run, DATES, host_view(run))
    assert (verdict.reason, verdict.values["days"]) == ("expired", 2)


@pytest.mark.parametrize("requirement", [TRUST, NAME, DATES, STRENGTH])
def test_no_certificate_seen_is_not_judged(requirement: str) -> None:
    run = context([nothing("timeout")])
    assert told(judged(run, requirement, host_view(run))) == "not_tested no_evidence not_recorded"


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [(TRUST, "fail self_signed"), (NAME, "fail name_mismatch"), (DATES, "fail expired"), (STRENGTH, "fail weak_key")],
)
@pytest.mark.parametrize("worse_first", [True, False])
def test_every_certificate_a_pool_presents_is_judged(requirement: str, expected: str, worse_first: bool) -> None:
    worse = leaf(own_root=True, names=("annet.example",), since=-400, until=-5, kind="rsa1024")
    first, second = (worse, SOUND) if worse_first else (SOUND, worse)
    run = context([good(chain=first), good(chain=second, again=True)], roots=PUBLIC)
    assert told(judged(run, requirement, host_view(run))) == expected


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [(TRUST, "fail self_signed"), (NAME, "fail name_mismatch"), (DATES, "fail expired"), (STRENGTH, "fail weak_key")],
)
@pytest.mark.parametrize("shown_to", ["hello ordinary12", "session after"])
def test_what_another_of_a_pool_shows_after_the_sessions_is_judged(
    requirement: str, expected: str, shown_to: str
) -> None:
    """The same type of key, so that it is no second certificate, but another one."""
    worse = leaf(own_root=True, names=("annet.example",), since=-400, until=-5, kind="secp224r1")
    if shown_to == "session after":
        seen = walked(session=good(chain=SOUND), instead={"hello ssl2": (b"", "reset"), shown_to: tls(chain=worse)})
    else:
        seen = walked(Server(chains={KeyType.ECDSA: worse}), good(chain=SOUND))
    verdict = judged(run := context(seen, roots=PUBLIC), requirement, host_view(run))
    assert told(verdict) == expected
    assert shown_to in {run.evidence.by_id[key].question for key in verdict.evidence}


def test_an_issuer_far_down_a_long_chain_is_seen_in_a_hello_too() -> None:
    chain = (SOUND[0], *SELF_SIGNED * 40, *SOUND[1:])
    run = context(walked(session=good(chain=chain)), roots=PUBLIC)
    assert told(judged(run, TRUST, host_view(run))) == "pass issuer_trusted"
    assert noticed(judged(run, STRENGTH, host_view(run))) == ["superfluous_certificates"]


def test_a_certificate_that_no_session_can_be_held_with_is_not_judged() -> None:
    """RSA key exchange is chosen and cannot be carried out: no sender ever gets as far as this certificate."""
    server = Server(
        suites=tuple(BY_NAME[f"{each}_WITH_AES_128_CBC_SHA"] for each in ("ECDHE_ECDSA", "RSA")),
        keys=(KeyType.ECDSA, KeyType.RSA),
        chains={KeyType.ECDSA: SOUND, KeyType.RSA: leaf(own_root=True, kind="rsa2048")},
    )
    undone = {"session static": failure("handshake", "tls", "tlsv1 alert decrypt error")}
    run = context(walked(server, good(chain=SOUND), undone), roots=PUBLIC)
    assert told(judged(run, TRUST, host_view(run))) == "pass issuer_trusted"


@pytest.mark.parametrize("soon_first", [True, False])
@pytest.mark.parametrize(("other", "expected"), [(SOUND, "pass in_date"), (leaf(until=-5), "fail expired")])
def test_the_notices_of_every_chain_are_kept(soon_first: bool, other: tuple[bytes, ...], expected: str) -> None:
    soon = leaf(since=-336, until=29)
    first, second = (soon, other) if soon_first else (other, soon)
    run = context([good(chain=first), good(chain=second, again=True)], roots=PUBLIC)
    verdict = judged(run, DATES, host_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, ["expires_soon"])


@pytest.mark.parametrize(
    ("kind", "expected", "notices"),
    [
        ("own_domain", "fail private_root", []),
        ("inbound_host", "fail private_root", []),
        ("partner", "pass issuer_trusted", ["private_root"]),
    ],
)
def test_a_private_root_is_for_us_alone(kind: str, expected: str, notices: list[str]) -> None:
    run = context([good(chain=SOUND)], subject(kind=kind), roots=PRIVATE)
    verdict = judged(run, TRUST, host_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


def test_a_host_asked_by_its_address_has_no_name_to_match() -> None:
    run = context([good(name=ADDRESS, chain=SOUND)])
    assert told(judged(run, NAME, host_view(run, name=ADDRESS))) == "not_applicable no_name_to_match"


SECURE = ("MX", "A", "AAAA")


def tlsa(*records: str, ad: bool = True, **more: Any) -> Observation:
    return dns(f"_25._tcp.{MX}", "TLSA", *records, ad=ad, **more)


def dane(*seen: Observation, secure: tuple[str, ...] = SECURE, chain: tuple[bytes, ...] = STRANGE) -> Facts:
    return (*way_in(secure=secure), *seen, good(chain=chain))


EE = tlsa(ee(STRANGE))
SERVFAIL = tlsa(rcode="SERVFAIL", ad=False)
SILENT = unheard(f"_25._tcp.{MX}", "TLSA")
UNVOUCHED = tuple(
    dns(name, rdtype, *data, ad=True, believed=False)
    for name, rdtype, *data in ((DOMAIN, "MX", f"10 {MX}."), (MX, "A", ADDRESS), (MX, "AAAA"))
)
ALIASED = (
    dns(DOMAIN, "MX", f"10 {MX}.", ad=True),
    dns(MX, "A", ADDRESS, ad=True, aliases=("mx.supplier.example",)),
    dns(MX, "AAAA", ad=True, aliases=("mx.supplier.example",)),
    dns("_25._tcp.mx.supplier.example", "TLSA", ee(STRANGE), ad=True),
    good(chain=STRANGE),
)
DANE_ROWS = [
    ("DANE-EE needs no issuer", TRUST, dane(EE), "pass met_through_dane"),
    ("DANE-EE needs no name", NAME, dane(EE), "pass met_through_dane"),
    ("DANE-EE needs no dates", DATES, dane(EE), "pass met_through_dane"),
    ("DANE-EE mends no key", STRENGTH, dane(tlsa(ee(w := leaf(kind="rsa1024"))), chain=w), "fail weak_key"),
    ("one of two matches", TRUST, dane(tlsa(ee(SOUND), ee(STRANGE))), "pass met_through_dane"),
    ("none matches", TRUST, dane(tlsa(ee(SOUND))), "fail self_signed"),
    ("PKIX-EE is not for mail", TRUST, dane(tlsa(ee(STRANGE, usage=1))), "fail self_signed"),
    ("no record", TRUST, dane(tlsa()), "fail self_signed"),
    ("no such name", TRUST, dane(tlsa(rcode="NXDOMAIN")), "fail self_signed"),
    ("an unsigned TLSA", TRUST, dane(tlsa(ee(STRANGE), ad=False)), "fail self_signed"),
    ("an unsigned MX", TRUST, dane(EE, secure=("A", "AAAA")), "fail self_signed"),
    ("an unsigned address", TRUST, dane(EE, secure=("MX",)), "fail self_signed"),
    ("the empty family is no part of the way", TRUST, dane(EE, secure=("MX", "A")), "pass met_through_dane"),
    ("a trusted issuer is told as such", TRUST, dane(tlsa(ee(SOUND)), chain=SOUND), "pass issuer_trusted"),
    ("our resolver does not validate", TRUST, (vantage(dnssec="failed"), *dane(EE)), "not_tested ours dane_unproven"),
    (
        "nobody vouches for our resolver",
        TRUST,
        (*UNVOUCHED, tlsa(ee(STRANGE), believed=False), good(chain=STRANGE)),
        "not_tested ours dane_unproven",
    ),
    (
        "nobody vouches for our resolver, and nothing matches",
        TRUST,
        (*UNVOUCHED, tlsa(ee(SOUND), believed=False), good(chain=STRANGE)),
        "fail self_signed",
    ),
    ("the TLSA question was not answered", TRUST, dane(SILENT), "not_tested theirs dns_no_answer"),
    ("not answered, and the MX is unsigned", TRUST, dane(SILENT, secure=("A",)), "fail self_signed"),
    ("SERVFAIL twice", TRUST, dane(SERVFAIL, replace(SERVFAIL, question="TLSA again")), "fail self_signed"),
    ("SERVFAIL once", TRUST, dane(SERVFAIL), "not_tested theirs dns_refused"),
    ("without the way there", TRUST, (EE, good(chain=STRANGE)), "fail self_signed"),
    ("records at the end of a secure alias", TRUST, ALIASED, "pass met_through_dane"),
]


@pytest.mark.parametrize(("case", "requirement", "facts", "expected"), DANE_ROWS, ids=[row[0] for row in DANE_ROWS])
def test_dane_stands_for_an_issuer_only_where_it_is_secure(
    case: str, requirement: str, facts: Facts, expected: str
) -> None:
    run = context(facts, roots=PUBLIC)
    assert told(judged(run, requirement, host_view(run))) == expected


@pytest.mark.parametrize(
    ("requirement", "expected"), [(TRUST, "fail self_signed"), (NAME, "fail name_mismatch"), (DATES, "fail expired")]
)
@pytest.mark.parametrize("seen", [EE, SILENT])
def test_dane_counts_only_where_the_baseline_says_so(requirement: str, expected: str, seen: Observation) -> None:
    run = context(dane(seen), roots=PUBLIC, dane_counts=False)
    assert told(judged(run, requirement, host_view(run))) == expected
