"""From targets to one finding: fail > error > not_tested > pass > not_applicable."""

from collections.abc import Sequence

from compliance.model.finding import Notice, Status, TargetResult

ORDER = (Status.FAIL, Status.ERROR, Status.NOT_TESTED, Status.PASS, Status.NOT_APPLICABLE)
WEIGHED = (Status.PASS, Status.FAIL, Status.ERROR, Status.NOT_TESTED)


def weighed(results: Sequence[TargetResult]) -> tuple[TargetResult, ...]:
    """Give the targets that count: those without a route of ours stay out, unless there is no other."""
    reached = tuple(result for result in results if result.reason != "no_route")
    return reached or tuple(results)


def decisive(results: Sequence[TargetResult]) -> TargetResult:
    """Give the target whose outcome is the finding's."""
    return min(results, key=lambda result: ORDER.index(result.status))


def coverage(results: Sequence[TargetResult]) -> dict[str, int]:
    """Count the weighed targets by outcome."""
    return {status.value: sum(result.status is status for result in results) for status in WEIGHED}


def notices(results: Sequence[TargetResult], counted: Sequence[TargetResult]) -> tuple[Notice, ...]:
    """Collect the notices of all targets, each once, and say so if an address family was left out."""
    found = [notice for result in results for notice in result.notices]
    if len(counted) < len(results):
        left_out = [result.target for result in results if result.reason == "no_route"]
        found.append(Notice("family_not_tested", {"targets": left_out}))
    unique: list[Notice] = []
    for notice in found:
        if notice not in unique:
            unique.append(notice)
    return tuple(unique)
