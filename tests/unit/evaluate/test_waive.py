"""Waivers stand beside findings: what they cover, and until when (Europe/Oslo)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from compliance.evaluate.waive import local_day
from compliance.model.observation import Observation
from compliance.model.waiver import Waiver
from tests.unit.checks.build import ADDRESS, DOMAIN, MX, PLAIN, dns, elsewhere, good, heard, subject, way_in
from tests.unit.evaluate.build import findings

OTHER_MX, OTHER_ADDRESS = "mx2.etaten.example", "192.0.2.2"
ONE = f"{MX}[{ADDRESS}]:25"
AWAY = {"name": OTHER_MX, "address": OTHER_ADDRESS}
SHUT = (heard(ehlo=PLAIN), heard(ehlo=PLAIN, again=True), elsewhere())
SHUT_TOO = (heard(ehlo=PLAIN, **AWAY), heard(ehlo=PLAIN, again=True, **AWAY))
WAY = (
    dns(DOMAIN, "MX", f"10 {MX}.", f"20 {OTHER_MX}."),
    *way_in()[1:],
    dns(OTHER_MX, "A", OTHER_ADDRESS),
    dns(OTHER_MX, "AAAA"),
)
ONE_FAILS, BOTH_FAIL = (*WAY, *SHUT, good(**AWAY)), (*WAY, *SHUT, *SHUT_TOO)
LABELLED = subject("post", hostname=DOMAIN)


def waiver(subject: str = "", target: str = "", requirement: str = "U02-1b-1", **more: Any) -> Waiver:
    standard = {"reason": "Byttes ut", "owner": "Drift", "approver": "Sjef", "expires": date(2026, 12, 31)}
    return Waiver(requirement=requirement, subject=subject, target=target, **(standard | more))


COVERS = {"expired": False, "covers": True}
PARTLY = {"expired": False, "covers": False}
PAST = {"expired": True, "covers": False}
OLD = date(2026, 9, 30)
ROWS: list[tuple[str, tuple[Observation, ...], tuple[Waiver, ...], dict[str, bool] | None]] = [
    ("none", ONE_FAILS, (), None),
    ("the subject", ONE_FAILS, (waiver(DOMAIN),), COVERS),
    ("the subject, all its targets", BOTH_FAIL, (waiver(DOMAIN),), COVERS),
    ("the target by name", ONE_FAILS, (waiver(target=MX),), COVERS),
    ("the target by address", ONE_FAILS, (waiver(target=ADDRESS),), COVERS),
    ("the target in full", ONE_FAILS, (waiver(target=ONE),), COVERS),
    ("subject and target", ONE_FAILS, (waiver(DOMAIN, MX),), COVERS),
    ("another subject's target", ONE_FAILS, (waiver("annen.example", MX),), None),
    ("another target", ONE_FAILS, (waiver(DOMAIN, OTHER_MX),), None),
    ("a part of a name is no name", ONE_FAILS, (waiver(DOMAIN, "etaten.example"),), None),
    ("another requirement", ONE_FAILS, (waiver(DOMAIN, requirement="U02-1b-2"),), None),
    ("one target of two", BOTH_FAIL, (waiver(DOMAIN, MX),), PARTLY),
    ("two waivers for two targets", BOTH_FAIL, (waiver(DOMAIN, MX), waiver(DOMAIN, OTHER_ADDRESS)), COVERS),
    ("the last valid day", ONE_FAILS, (waiver(DOMAIN, expires=date(2026, 10, 1)),), COVERS),
    ("the day after", ONE_FAILS, (waiver(DOMAIN, expires=OLD),), PAST),
    ("one of two expired", BOTH_FAIL, (waiver(DOMAIN, MX, expires=OLD), waiver(DOMAIN, OTHER_MX)), PARTLY),
    ("an expired one beside a valid one", ONE_FAILS, (waiver(DOMAIN, expires=OLD), waiver(DOMAIN)), COVERS),
    ("nothing fails", (*WAY, good(), good(**AWAY)), (waiver(DOMAIN),), None),
]


@pytest.mark.parametrize(("case", "facts", "waivers", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_waiver_covers_only_what_it_names(
    case: str, facts: tuple[Observation, ...], waivers: tuple[Waiver, ...], expected: dict[str, bool] | None
) -> None:
    found = findings([subject()], facts, waivers=waivers)[DOMAIN, "U02-1b-1"]
    note = found.waiver
    assert (note and {"expired": note.expired, "covers": note.covers}) == expected
    assert found.counted is not (expected == COVERS)
    assert found.status == ("pass" if case == "nothing fails" else "fail")


@pytest.mark.parametrize("named", ["post", DOMAIN])
def test_a_subject_is_named_by_its_label_or_its_hostname(named: str) -> None:
    found = findings([LABELLED], ONE_FAILS, waivers=(waiver(named),))["post", "U02-1b-1"]
    assert not found.counted


def test_the_valid_waiver_is_the_one_shown() -> None:
    waivers = (waiver(DOMAIN, expires=OLD, reason="gammel"), waiver(DOMAIN, reason="ny"))
    note = findings([subject()], ONE_FAILS, waivers=waivers)[DOMAIN, "U02-1b-1"].waiver
    assert note is not None
    assert (note.reason, note.expires) == ("ny", "2026-12-31")


MIDNIGHT = [
    # summer time is two hours before UTC, winter time one
    (datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC), date(2026, 7, 31)),
    (datetime(2026, 7, 31, 22, 0, 0, tzinfo=UTC), date(2026, 8, 1)),
    (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
    (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), date(2026, 10, 25)),
]


@pytest.mark.parametrize(("moment", "day"), MIDNIGHT)
def test_a_day_begins_at_midnight_in_oslo(moment: datetime, day: date) -> None:
    assert local_day(moment) == day


@pytest.mark.parametrize(
    ("started", "counted"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), True),
    ],
)
def test_a_waiver_ends_with_its_last_day_in_oslo(started: datetime, counted: bool) -> None:
    found = findings([subject()], ONE_FAILS, waivers=(waiver(DOMAIN),), started=started)[DOMAIN, "U02-1b-1"]
    assert found.counted is counted
