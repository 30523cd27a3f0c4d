"""Partners: one row each, with the worst of what was found, and whom to ring."""

from dataclasses import dataclass

from compliance.model.finding import Cause, Status
from compliance.model.subject import Subject
from compliance.reporting.view.numbers import Tally, tally
from compliance.reporting.view.results import Result
from compliance.reporting.view.source import Source


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner: the result that matters most, and the numbers."""

    subject: Subject
    name: str
    worst: Result | None
    tally: Tally


def partners(source: Source, results: tuple[Result, ...]) -> tuple[Partner, ...]:
    """Give the partners, those with the worst result first (results come worst first)."""
    found: dict[str, list[Result]] = {}
    for result in results:
        if not result.own:
            found.setdefault(result.finding.subject, []).append(result)
    rows = []
    for subject in source.subjects:
        if subject.is_partner:
            mine = found.get(subject.label, [])
            worst = _headline(mine)
            rows.append(Partner(subject, subject.display, worst, tally(result.finding for result in mine)))
    return tuple(sorted(rows, key=lambda row: (_rank(row), -row.tally.not_met, row.name)))


def _headline(mine: list[Result]) -> Result | None:
    """Give the worst; what the tool cannot judge yet is no news of the partner."""
    known = [result for result in mine if result.finding.cause is not Cause.NOT_BUILT]
    return known[0] if known else None


def _rank(row: Partner) -> int:
    ranks = [Status.FAIL, Status.ERROR, Status.NOT_TESTED, Status.PASS, Status.NOT_APPLICABLE]
    return ranks.index(row.worst.finding.status) if row.worst else len(ranks)
