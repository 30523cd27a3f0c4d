"""Partners of the register: can they carry the level asked, and do we know whom to ring."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from compliance.checks.partner import months_before
from compliance.model.observation import Observation
from compliance.model.subject import Contact, Level, RequireTls
from tests.unit.checks.build import (
    MX,
    PLAIN,
    context,
    dns,
    domain_view,
    good,
    heard,
    host_view,
    judged,
    nothing,
    noticed,
    subject,
    told,
    way_in,
)
from tests.unit.checks.papers import PRIVATE, PUBLIC, SELF_SIGNED, SOUND, ee, leaf

ENCRYPT, VERIFY, DANE = RequireTls(Level.ENCRYPT), RequireTls(Level.VERIFY), RequireTls(Level.DANE)
PINNED = RequireTls(Level.VERIFY, match=(MX,))
EXPIRED = leaf(since=-400, until=-5)
SHUT = (heard(ehlo=PLAIN), heard(ehlo=PLAIN, again=True))
SIGNED = way_in(secure=("MX", "A", "AAAA"))


def with_dane(chain: tuple[bytes, ...]) -> tuple[Observation, ...]:
    return (*SIGNED, dns(f"_25._tcp.{MX}", "TLSA", ee(chain), ad=True), good(chain=chain))


UNSIGNED = ["mx_name_unauthenticated"]
ROWS: list[tuple[str, Any, Any, tuple[Observation, ...], str, list[str]]] = [
    ("nothing asked", None, PUBLIC, (good(),), "not_applicable no_tls_asked", []),
    ("nothing asked toward it", RequireTls(Level.NONE, Level.VERIFY), PUBLIC, (good(),),
     "not_applicable no_tls_asked", []),
    ("encrypt: any certificate", ENCRYPT, PUBLIC, (good(chain=SELF_SIGNED),), "pass carries_level", []),
    ("encrypt: no STARTTLS", ENCRYPT, PUBLIC, SHUT, "fail starttls_not_offered", ["path-not-proven"]),
    ("encrypt: not heard", ENCRYPT, PUBLIC, (nothing("rejected", "greeting"),), "not_tested theirs rejected_us", []),
    ("verify", VERIFY, PUBLIC, (*way_in(), good(chain=SOUND)), "pass carries_level", UNSIGNED),
    ("verify, signed DNS", VERIFY, PUBLIC, (*SIGNED, good(chain=SOUND)), "pass carries_level", []),
    ("verify: self-signed", VERIFY, PUBLIC, (good(chain=SELF_SIGNED),), "fail self_signed", []),
    ("verify: expired", VERIFY, PUBLIC, (good(chain=EXPIRED),), "fail expired", []),
    ("verify: another name", VERIFY, PUBLIC, (good(chain=leaf(names=("a.example",))),), "fail name_mismatch", []),
    ("verify: private root", VERIFY, PRIVATE, (*SIGNED, good(chain=SOUND)), "pass carries_level", ["private_root"]),
    ("verify: due soon", VERIFY, PUBLIC, (*SIGNED, good(chain=leaf(until=3))), "pass carries_level",
     ["expires_soon"]),
    ("verify: DANE is no issuer", VERIFY, PUBLIC, with_dane(SELF_SIGNED), "fail self_signed", []),
    ("verify: DANE is no date", VERIFY, PUBLIC, with_dane(EXPIRED), "fail expired", []),
    ("verify: DANE is no name", VERIFY, PUBLIC, with_dane(leaf(names=("a.example",))), "fail name_mismatch", []),
    ("pinned", PINNED, PUBLIC, (*way_in(), good(chain=SOUND)), "pass carries_level", []),
    ("pinned: another MX name, the pinned certificate", RequireTls(Level.VERIFY, match=("a.example",)), PUBLIC,
     (*way_in(), good(chain=leaf(names=("a.example",)))), "pass carries_level", []),
    ("pinned: the MX name's own certificate is not what was pinned", RequireTls(Level.VERIFY, match=("a.example",)),
     PUBLIC, (*way_in(), good(chain=SOUND)), "fail name_mismatch", []),
    ("a pool with one bad certificate", VERIFY, PUBLIC, (good(chain=SELF_SIGNED), good(chain=SOUND, again=True)),
     "fail self_signed", ["mx_name_unauthenticated"]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "asked", "roots", "facts", "expected", "notices"), ROWS, ids=[row[0] for row in ROWS])
def test_a_partner_carries_the_level_asked_by_pkix_alone(
    case: str, asked: RequireTls | None, roots: Any, facts: tuple[Observation, ...], expected: str, notices: list[str]
) -> None:
    run = context(facts, subject(kind="partner", require_tls=asked), roots=roots)
    verdict = judged(run, "U02-1c-1", host_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


def contact(**parts: Any) -> Contact:
    return Contact(**({"name": "Driftsvakt", "phone": "+47 22 00 00 00", "reviewed": date(2026, 9, 1)} | parts))


CONTACTS = [
    (None, "fail contact_missing"),
    (contact(), "pass contact_current"),
    (contact(name="", role="Driftsvakt"), "pass contact_current"),
    (contact(name=""), "fail contact_incomplete"),
    (contact(phone=""), "fail contact_incomplete"),
    (contact(reviewed=None), "fail contact_not_reviewed"),
    (contact(reviewed=date(2025, 10, 1)), "pass contact_current"),
    (contact(reviewed=date(2025, 9, 30)), "fail contact_outdated"),
]


@pytest.mark.parametrize(("given", "expected"), CONTACTS)
def test_there_is_somebody_to_ring(given: Contact | None, expected: str) -> None:
    run = context([], subject(kind="partner", contact=given), started=datetime(2026, 10, 1, 12, tzinfo=UTC))
    assert told(judged(run, "U02-1c-4", domain_view(run))) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 10, 1), 12, date(2025, 10, 1)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
    ],
)
def test_months_are_counted_on_the_calendar(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected
