"""Encryption required toward a partner, from logs: Verified proves it, clear denies it, the rest supports it."""

import pytest

from compliance.checks.views import OutgoingView
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Level, RequireTls
from tests.unit.checks.build import DOMAIN, MX, context, dns, judged, subject, told, unheard, way_in
from tests.unit.checks.logs import flow, log, to_domain, to_host, under
from tests.unit.checks.test_outgoing import RELE, SOUND

VERIFIED = under(4, trust="Verified")


def sent(*flows: object, **more: object) -> Observation:
    domains = tuple(to_domain(each, DOMAIN) for each in flows)  # type: ignore[arg-type]
    return log(SOUND, domains=domains, **more)  # type: ignore[arg-type]


ROWS: list[tuple[str, Level, tuple[Observation, ...], str]] = [
    ("all verified", Level.VERIFY, (sent(flow(VERIFIED)),), "pass partner_verified"),
    ("all verified, encryption asked", Level.ENCRYPT, (sent(flow(VERIFIED)),), "pass partner_verified"),
    ("all verified, DANE asked", Level.DANE, (sent(flow(VERIFIED)),), "not_tested no_evidence partner_only_supported"),
    (
        "all verified, but it has TLSA",
        Level.VERIFY,
        (sent(flow(VERIFIED)), *way_in(), dns(f"_25._tcp.{MX}", "TLSA", "3 1 1 ab")),
        "not_tested no_evidence verified_perhaps_dane",
    ),
    (
        "all verified, and its TLSA unheard",
        Level.VERIFY,
        (sent(flow(VERIFIED)), *way_in(), unheard(f"_25._tcp.{MX}", "TLSA")),
        "not_tested theirs dns_no_answer",
    ),
    (
        "all verified, and its MX unheard",
        Level.VERIFY,
        (sent(flow(VERIFIED)), unheard(DOMAIN, "MX")),
        "not_tested theirs dns_no_answer",
    ),
    (
        "all verified, and it has no TLSA",
        Level.VERIFY,
        (sent(flow(VERIFIED)), *way_in(), dns(f"_25._tcp.{MX}", "TLSA")),
        "pass partner_verified",
    ),
    (
        "some trusted only",
        Level.VERIFY,
        (sent(flow(VERIFIED, under())),),
        "not_tested no_evidence partner_only_supported",
    ),
    (
        "in another log trusted only",
        Level.VERIFY,
        (sent(flow(VERIFIED)), sent(flow(under()), place="rele")),
        "not_tested no_evidence partner_only_supported",
    ),
    ("all encrypted", Level.ENCRYPT, (sent(flow(under())),), "not_tested no_evidence partner_only_supported"),
    ("one in clear", Level.VERIFY, (sent(flow(VERIFIED, clear=1)),), "fail partner_sent_clear"),
    (
        "one in clear after a handshake that failed",
        Level.ENCRYPT,
        (sent(flow(VERIFIED, clear=1, failed=1)),),
        "fail partner_sent_clear",
    ),
    ("one not told of", Level.VERIFY, (sent(flow(VERIFIED, unknown=1)),), "not_tested no_evidence partner_unknown"),
    ("nothing sent", Level.VERIFY, (sent(),), "not_tested no_evidence nothing_sent_to_partner"),
    (
        "received alone",
        Level.VERIFY,
        (log(SOUND, domains=(to_domain(flow(VERIFIED), DOMAIN, "from"),)),),
        "not_tested no_evidence nothing_sent_to_partner",
    ),
    (
        "sent to another",
        Level.VERIFY,
        (log(SOUND, domains=(to_domain(flow(VERIFIED), "x.example"),)),),
        "not_tested no_evidence nothing_sent_to_partner",
    ),
    (
        "a log that never tells of TLS",
        Level.VERIFY,
        (log(to_host(flow(unknown=1)), logs_tls=False, domains=(to_domain(flow(unknown=1), DOMAIN),)),),
        "not_tested no_evidence log_without_tls_lines",
    ),
    ("no log", Level.VERIFY, (), "not_tested no_evidence no_settings"),
]


@pytest.mark.parametrize(("level", "seen", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_encryption_toward_a_partner(level: Level, seen: tuple[Observation, ...], expected: str) -> None:
    partner = subject(DOMAIN, "partner", require_tls=RequireTls(level))
    run = context(seen, partner, RELE)
    found = judged(run, "U02-1c-2", OutgoingView(run, partner, Kind.PARTNER, RELE))

    assert told(found) == expected
