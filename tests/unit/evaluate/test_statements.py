"""Statements: what a role declared holds for twelve months from its day, and is told apart."""

from datetime import UTC, datetime

import pytest

from compliance.model.observation import Observation, Origin
from tests.unit.checks.build import said
from tests.unit.evaluate.build import cut, findings, short

INT = "U02-INT-1"
ROWS: list[tuple[str, tuple[Observation, ...], str, str]] = [
    ("none", (), "2026-10-01", "not_tested manual statement_missing"),
    ("about something else", (said("U02-MAL-1", "pass", "2026-09-01"),), "2026-10-01",
     "not_tested manual statement_missing"),
    ("met", (said(INT, "pass", "2026-09-01"),), "2026-10-01", "pass stated_met"),
    ("not met", (said(INT, "fail", "2026-09-01"),), "2026-10-01", "fail stated_not_met"),
    ("the same day", (said(INT, "pass", "2026-10-01"),), "2026-10-01", "pass stated_met"),
    ("tomorrow", (said(INT, "pass", "2026-10-02"),), "2026-10-01", "not_tested manual statement_outdated"),
    ("twelve months", (said(INT, "pass", "2025-10-01"),), "2026-10-01", "pass stated_met"),
    ("a day more", (said(INT, "pass", "2025-09-30"),), "2026-10-01", "not_tested manual statement_outdated"),
    ("too old, and not met", (said(INT, "fail", "2025-09-30"),), "2026-10-01",
     "not_tested manual statement_outdated"),
    ("29 February, its last day", (said(INT, "pass", "2028-02-29"),), "2029-02-28", "pass stated_met"),
    ("29 February, the day after", (said(INT, "pass", "2028-02-29"),), "2029-03-01",
     "not_tested manual statement_outdated"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "facts", "today", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_statement_holds_for_twelve_months(
    case: str, facts: tuple[Observation, ...], today: str, expected: str
) -> None:
    started = datetime.fromisoformat(f"{today}T12:00:00").replace(tzinfo=UTC)
    found = findings([], facts, baseline=cut(INT), started=started)["Etaten", INT]
    assert short(found) == expected


def test_a_statement_is_declared_and_not_measured() -> None:
    found = findings([], [said(INT, "pass", "2026-09-01")], baseline=cut(INT))["Etaten", INT]
    assert (found.origin, found.responsible) == (Origin.DECLARED, "own")
    assert found.values == {"by": "Sikkerhetsleder", "date": "2026-09-01", "statement": "Slik er det"}


def test_a_statement_of_tomorrow_in_utc_is_of_today_in_oslo() -> None:
    late = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    found = findings([], [said(INT, "pass", "2026-10-01")], baseline=cut(INT), started=late)["Etaten", INT]
    assert short(found) == "pass stated_met"
