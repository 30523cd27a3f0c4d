"""Counts over findings, own verdict and partner status apart, and what they mean for the exit code."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from compliance.model.finding import Finding, Status
from compliance.model.observation import VantageItem
from compliance.model.requirement import Baseline, Duty
from compliance.model.subject import Kind

#: What we demand of the exchange with partners is our own doing, though it is asked of partner entries.
OWN_PARTNER_REQUIREMENTS = frozenset({"U02-1c-2", "U02-1c-3", "U02-1c-4"})
Table = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Side:
    """Counts of findings by status, in all and along each line.

    `waived` fails stand in `fail` too, and what is `met_through_dane` and by no certificate stands in `pass` too.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    by_status: Mapping[str, int]
    by_level: Table
    by_kind: Table
    by_requirement: Table
    by_measure: Table
    by_cause: Mapping[str, int]
    waived: int
    met_through_dane: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """summary.json: the own verdict and the partners' status."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    own: Side
    partners: Side


def is_own(finding: Finding) -> bool:
    """Tell whether a finding belongs to the own verdict."""
    return finding.kind is not Kind.PARTNER or finding.requirement in OWN_PARTNER_REQUIREMENTS


def summarise(findings: Sequence[Finding], baseline: Baseline) -> Summary:
    """Count the findings of a run."""
    measures = {requirement.id: requirement.measure for requirement in baseline.requirements}
    own = [finding for finding in findings if is_own(finding)]
    partners = [finding for finding in findings if not is_own(finding)]
    return Summary(_side(own, measures), _side(partners, measures))


def _side(findings: Sequence[Finding], measures: Mapping[str, str]) -> Side:
    return Side(
        by_status=_by_status(findings),
        by_level=_table(findings, lambda finding: finding.level),
        by_kind=_table(findings, lambda finding: finding.kind),
        by_requirement=_table(findings, lambda finding: finding.requirement),
        by_measure=_table(findings, lambda finding: measures[finding.requirement]),
        by_cause=dict(sorted(Counter(finding.cause.value for finding in findings if finding.cause).items())),
        waived=sum(finding.status is Status.FAIL and not finding.counted for finding in findings),
        met_through_dane=sum(map(_through_dane, findings)),
    )


def _through_dane(finding: Finding) -> bool:
    """Whether any target of a pass is met by its TLSA records alone."""
    met = any(target.reason == "met_through_dane" for target in finding.targets)
    return finding.status is Status.PASS and (met or finding.reason == "met_through_dane")


def _by_status(findings: Iterable[Finding]) -> dict[str, int]:
    counts = Counter(finding.status for finding in findings)
    return {status.value: counts[status] for status in Status}


def _table(findings: Sequence[Finding], key: Callable[[Finding], str]) -> dict[str, dict[str, int]]:
    names = dict.fromkeys(str(key(finding)) for finding in findings)
    return {name: _by_status(finding for finding in findings if str(key(finding)) == name) for name in names}


def exit_code(findings: Sequence[Finding], vantage: Iterable[VantageItem], state: str) -> int:
    """Give the exit code of a run: 1 an own counted must fails; 3 it is incomplete; else 0."""
    musts = [finding for finding in findings if is_own(finding) and finding.level is Duty.MUST]
    if any(finding.status is Status.FAIL and finding.counted for finding in musts):
        return 1
    tested = any(finding.status in {Status.PASS, Status.FAIL} for finding in musts)
    broken = any(finding.status is Status.ERROR for finding in musts)
    hindered = any(item.blocking and item.state == "failed" for item in vantage)
    return 3 if state != "complete" or broken or not tested or hindered else 0
