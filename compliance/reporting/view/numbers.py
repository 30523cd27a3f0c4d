"""Numbers: measures with met, not met and unknown; requirements with counts. Percent only over what was tested."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.finding import Finding, Status
from compliance.model.requirement import Duty
from compliance.reporting.view.results import is_stated, met_through_dane
from compliance.reporting.view.source import Source

MEASURES = ("1a", "1b", "1c", "2", "3", "4")
OTHER_PARTS = ("transport", "mx", "dns", "dane", "sts", "organisation", "other")


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of each status; `waived` of those not met stand beside a waiver that covers them.

    `dane` of those met are met through DANE. `stated` is apart from all of them: somebody said so, nobody measured.
    """

    met: int = 0
    not_met: int = 0
    untested: int = 0
    error: int = 0
    not_applicable: int = 0
    waived: int = 0
    dane: int = 0
    stated: int = 0

    @property
    def tested(self) -> int:
        """What percentages are of."""
        return self.met + self.not_met

    @property
    def unknown(self) -> int:
        """Not tested, or stopped by a fault of the tool."""
        return self.untested + self.error

    @property
    def weighed(self) -> int:
        """All but what does not apply: the length of the bar."""
        return self.tested + self.unknown

    @property
    def share(self) -> float | None:
        """Met of tested; None where nothing was tested."""
        return self.met / self.tested if self.tested else None


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the report, or a requirement, with its numbers."""

    key: str
    tally: Tally


def tally(findings: Iterable[Finding]) -> Tally:
    """Count findings by status."""
    given = tuple(findings)
    found = tuple(finding for finding in given if not is_stated(finding))
    count = Counter(finding.status for finding in found)
    return Tally(
        met=count[Status.PASS],
        not_met=count[Status.FAIL],
        untested=count[Status.NOT_TESTED],
        error=count[Status.ERROR],
        not_applicable=count[Status.NOT_APPLICABLE],
        waived=sum(finding.status is Status.FAIL and not finding.counted for finding in found),
        dane=sum(met_through_dane(finding) for finding in found),
        stated=len(given) - len(found),
    )


def by_measure(source: Source, findings: tuple[Finding, ...], measures: Iterable[str]) -> tuple[Row, ...]:
    """Give the numbers of each part that has findings (U-02's own measures always)."""
    parts: dict[str, list[Finding]] = {}
    for finding in findings:
        parts.setdefault(source.measure(finding.requirement), []).append(finding)
    return tuple(Row(key, tally(parts.get(key, ()))) for key in measures if key in MEASURES or key in parts)


def by_requirement(source: Source, findings: tuple[Finding, ...]) -> tuple[Row, ...]:
    """Give the numbers of each requirement of the baseline that has findings, in the baseline's order."""
    parts: dict[str, list[Finding]] = {}
    for finding in findings:
        parts.setdefault(finding.requirement, []).append(finding)
    ordered = sorted(parts, key=lambda key: source.order.get(key, 999))
    return tuple(Row(key, tally(parts[key])) for key in ordered)


def by_duty(findings: tuple[Finding, ...], duty: Duty) -> Tally:
    """Count the findings of one level."""
    return tally(finding for finding in findings if finding.level is duty)
