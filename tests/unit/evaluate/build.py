"""Findings from a few subjects and observations, by the shipped baselines or by a cut of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from compliance.evaluate import evaluate
from compliance.model.finding import Finding, Status, TargetResult
from compliance.model.observation import Observation
from compliance.model.requirement import Baseline, Duty
from compliance.model.subject import Kind, Subject
from compliance.model.waiver import Waiver
from compliance.settings import Organisation, Settings
from compliance.store.inputs import Inputs
from tests.unit.checks.build import AT, SUFFIXES, numbered, shipped, subject
from tests.unit.checks.papers import PEM

STANDARD = Settings(Organisation("Etaten"))


def cut(*requirements: str, name: str = "u02") -> Baseline:
    """Give a baseline that holds these requirements alone."""
    whole = shipped(name)
    return replace(whole, requirements=tuple(whole.requirement(key) for key in requirements))


def findings(
    subjects: Iterable[Subject],
    seen: Iterable[Observation] = (),
    *,
    baseline: Baseline | None = None,
    waivers: tuple[Waiver, ...] = (),
    started: datetime = AT,
    only: tuple[str, ...] = (),
) -> dict[tuple[str, str], Finding]:
    """Judge, and give the findings by (subject, requirement); two of one pair fail here."""
    inputs = Inputs(tuple(subjects), waivers, (), baseline or shipped(), PEM, b"", SUFFIXES)
    found = evaluate(inputs, numbered(seen), STANDARD, started, only)
    by_name = {(finding.subject, finding.requirement): finding for finding in found}
    assert len(by_name) == len(found)
    return by_name


def short(finding: Finding | TargetResult) -> str:
    cause = f" {finding.cause}" if finding.cause else ""
    return f"{finding.status}{cause} {finding.reason}"


def finding(status: str = "pass", requirement: str = "U02-1b-1", level: str = "must", **more: Any) -> Finding:
    """Make a finding by hand, for counting."""
    (example,) = findings([subject()], baseline=cut("MX-1")).values()
    kind = Kind(more.pop("kind", "own_domain"))
    changed = replace(example, status=Status(status), requirement=requirement, level=Duty(level), kind=kind, cause=None)
    return replace(changed, **more)
