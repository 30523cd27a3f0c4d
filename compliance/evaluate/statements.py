"""What people declared: a statement stands for a requirement no probe can see, for twelve months."""

from datetime import date

from compliance.checks.context import Context
from compliance.checks.registry import not_tested
from compliance.evaluate.waive import local_day
from compliance.model.finding import Cause, Status, Verdict
from compliance.model.observation import StatementFacts
from compliance.model.requirement import Requirement


def declared(context: Context, requirement: Requirement) -> Verdict:
    """Judge a manual requirement by the statement about it: none, too old, or what it says."""
    seen = context.evidence.statement(requirement.id)
    if seen is None or not isinstance(seen.facts, StatementFacts):
        return not_tested(Cause.MANUAL, "statement_missing")
    said = date.fromisoformat(seen.facts.date)
    values = {"by": seen.facts.by, "date": seen.facts.date, "statement": seen.facts.statement}
    today = local_day(context.started)
    if not said <= today <= _a_year_after(said):
        return Verdict(Status.NOT_TESTED, "statement_outdated", Cause.MANUAL, values, evidence=(seen.id,))
    status = Status(seen.facts.status)
    reason = "stated_met" if status is Status.PASS else "stated_not_met"
    return Verdict(status, reason, values=values, evidence=(seen.id,))


def _a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 2, 28)
