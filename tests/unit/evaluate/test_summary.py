"""Counts with the own verdict and partner status apart, and the exit code they come to."""

from dataclasses import replace

import pytest

from compliance.evaluate import exit_code, is_own, summarise, vantage_items
from compliance.model.finding import Finding
from compliance.model.observation import Observation, VantageItem
from tests.unit.checks.build import OTHER, context, good, nothing, shipped, vantage
from tests.unit.evaluate.build import finding

PASS, FAIL = finding("pass"), finding("fail")
WAIVED = finding("fail", counted=False)
ERROR, UNTESTED = finding("error"), finding("not_tested")
SHOULD_FAIL, MAY_FAIL = finding("fail", level="should"), finding("fail", level="may")
THEIR_FAIL, THEIR_ERROR = finding("fail", kind="partner"), finding("error", kind="partner")
THEIR_PASS = finding("pass", kind="partner")
DEMANDED = finding("fail", "U02-1c-2", kind="partner")


def item(state: str, *, blocking: bool) -> VantageItem:
    return VantageItem("port25", state, blocking, {})


SHUT, SOFT, UNKNOWN = item("failed", blocking=True), item("failed", blocking=False), item("unknown", blocking=True)
CODES: list[tuple[str, list[Finding], list[VantageItem], str, int]] = [
    ("all well", [PASS], [], "complete", 0),
    ("a must of ours fails", [PASS, FAIL], [], "complete", 1),
    ("before all that is incomplete", [FAIL, ERROR], [SHUT], "partial", 1),
    ("a waived fail does not count", [PASS, WAIVED], [], "complete", 0),
    ("a waived fail was tested", [WAIVED], [], "complete", 0),
    ("a should fails", [PASS, SHOULD_FAIL], [], "complete", 0),
    ("a may fails", [PASS, MAY_FAIL], [], "complete", 0),
    ("a partner's must fails", [PASS, THEIR_FAIL], [], "complete", 0),
    ("what we demand of a partner fails", [PASS, DEMANDED], [], "complete", 1),
    ("a must of ours broke", [PASS, ERROR], [], "complete", 3),
    ("a should of ours broke", [PASS, finding("error", level="should")], [], "complete", 0),
    ("a partner's must broke", [PASS, THEIR_ERROR], [], "complete", 0),
    ("some must was not tested", [PASS, UNTESTED], [], "complete", 0),
    ("no must was tested", [UNTESTED, finding("not_applicable")], [], "complete", 3),
    ("only a should was tested", [UNTESTED, finding("pass", level="should")], [], "complete", 3),
    ("only a partner was tested", [UNTESTED, THEIR_PASS], [], "complete", 3),
    ("nothing at all", [], [], "complete", 3),
    ("partial", [PASS], [], "partial", 3),
    ("the port is closed to us", [PASS], [SHUT], "complete", 3),
    ("a line of the self-test that does not block", [PASS], [SOFT], "complete", 0),
    ("nobody can tell of the port", [PASS], [UNKNOWN], "complete", 0),
]


@pytest.mark.parametrize(("case", "found", "lines", "state", "code"), CODES, ids=[row[0] for row in CODES])
def test_the_exit_code_is_the_first_that_holds(
    case: str, found: list[Finding], lines: list[VantageItem], state: str, code: int
) -> None:
    assert exit_code(found, lines, state) == code


@pytest.mark.parametrize(
    ("kind", "requirement", "own"),
    [
        ("own_domain", "U02-1b-1", True),
        ("organisation", "U02-INT-1", True),
        ("partner", "U02-1b-1", False),
        ("partner", "U02-1c-1", False),
        ("partner", "U02-1c-2", True),
        ("partner", "U02-1c-3", True),
        ("partner", "U02-1c-4", True),
    ],
)
def test_the_own_verdict_holds_our_side_of_the_exchange(kind: str, requirement: str, own: bool) -> None:
    assert is_own(finding(requirement=requirement, kind=kind)) is own


def test_own_and_partners_are_counted_apart() -> None:
    summary = summarise([PASS, FAIL, WAIVED, SHOULD_FAIL, THEIR_FAIL, DEMANDED], shipped())
    assert summary.own.by_status == {"pass": 1, "fail": 4, "not_applicable": 0, "not_tested": 0, "error": 0}
    assert summary.partners.by_status["fail"] == 1
    assert (summary.own.waived, summary.partners.waived) == (1, 0)
    assert summary.own.by_level["must"]["fail"] == 3
    assert summary.own.by_kind["partner"]["fail"] == 1
    assert summary.own.by_measure["1c"]["fail"] == 1
    assert summary.partners.by_requirement == {"U02-1b-1": summary.partners.by_status}


PORTS: list[tuple[str, tuple[Observation, ...], str]] = [
    ("nobody was asked", (), "unknown"),
    ("somebody answered", (good(),), "ok"),
    ("one operator is silent", (nothing("timeout"),), "unknown"),
    ("two hosts of one operator are silent", (nothing("timeout"), nothing("timeout", name="b.etaten.example")),
     "unknown"),
    ("two operators are silent", (nothing("timeout"), nothing("refused", name=OTHER)), "failed"),
    ("one of two operators answered", (nothing("timeout"), good(name=OTHER)), "ok"),
    ("there was no route to the other", (nothing("timeout"), nothing("no_route", name=OTHER)), "unknown"),
    ("there was no route to any", (nothing("no_route"), nothing("no_route", name=OTHER)), "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "facts", "state"), PORTS, ids=[row[0] for row in PORTS])
def test_the_port_is_judged_from_the_runs_own_targets(case: str, facts: tuple[Observation, ...], state: str) -> None:
    lines = vantage_items(context((vantage(resolver="ok", port25="failed"), *facts)))
    assert [(line.item, line.state, line.blocking) for line in lines] == [
        ("resolver", "ok", True),
        ("port25", state, True),
    ]


def test_what_dane_alone_meets_is_counted_apart_on_each_side() -> None:
    found = [
        PASS,
        FAIL,
        replace(PASS, reason="met_through_dane"),
        replace(THEIR_PASS, reason="met_through_dane"),
        replace(FAIL, reason="met_through_dane"),
    ]
    summary = summarise(found, shipped())

    assert (summary.own.met_through_dane, summary.partners.met_through_dane) == (1, 1)
    assert summary.own.by_status["pass"] == 2
