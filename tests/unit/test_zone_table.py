"""The table of the zone lab is data that holds together: each case has a clause, and one peculiarity of its own."""

import re

import pytest

from compliance.baseline.load import load
from tests.zones.table import NEEDS, TOP, cases, sound

KINDS = ("own_domain", "parked_domain", "outbound_host")
_RULE = re.compile(r"(RFC \d{4,5}|BASELINE)\b")


def test_there_are_more_than_sixty_domains() -> None:
    assert len({case.domain for case in cases().values() if case.kind.endswith("_domain")}) >= 60


@pytest.mark.parametrize("name", cases())
def test_a_case_names_the_clause_that_decides(name: str) -> None:
    assert _RULE.match(cases()[name].rule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_differs_from_the_sound_domain(kind: str) -> None:
    seen: dict[str, str] = {}
    for case in cases().values():
        if case.kind == kind:
            placed = case.domain if case.more or case.domain != f"{case.name}.{TOP}" else ""
            shape = repr((case.records, case.more, case.zone, case.data, placed))
            assert shape not in seen, (case.name, seen[shape])
            seen[shape] = case.name


def test_every_requirement_of_the_table_is_in_the_baseline() -> None:
    known = {requirement.id for requirement in load("u02").requirements}
    named = {key for case in cases().values() for key in (*case.expected, *case.values, *case.notices)}

    assert named <= known
    assert {key for needed, dependents in NEEDS.items() for key in (needed, *dependents)} <= known


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_failed_by_some_case(kind: str) -> None:
    """A row that no peculiarity can fail would be a row that nothing is tried on."""
    statuses: dict[str, set[str]] = {}
    for case in cases().values():
        if case.kind == kind:
            for key, verdict in case.expected.items():
                statuses.setdefault(key, set()).add(verdict.partition(" ")[0])
    never = {key for key, found in statuses.items() if "fail" not in found}

    # Needs a mail host that answers (tests/lab), or evidence of deliveries.
    assert never <= {"U02-1b-1", "U02-2-4"}, never
    assert set(statuses) >= set(sound(kind)["verdicts"])
