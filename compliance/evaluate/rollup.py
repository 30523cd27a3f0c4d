"""From targets to one finding: fail > error > not_tested > pass > not_applicable."""

from collections.abc import Sequence

from compliance.model.finding import Notice, Status, TargetResult
from compliance.model.names import is_address, unmapped

ORDER = (Status.FAIL, Status.ERROR, Status.NOT_TESTED, Status.PASS, Status.NOT_APPLICABLE)
WEIGHED = (Status.PASS, Status.FAIL, Status.ERROR, Status.NOT_TESTED)

_UNASKED = frozenset({"dummy_mx", "probe_never", "seen_from_inside", "no_host_address"})  # nobody tried to go there


def weighed(results: Sequence[TargetResult]) -> tuple[TargetResult, ...]:
    """Give the targets that count: an address family we have no route to stays out, unless there is no other.

    A family of which one address was reached is one we have: then the others are not left out.
    """
    families: dict[int, list[bool]] = {}
    for result in results:
        if result.reason not in _UNASKED:
            families.setdefault(_family(result), []).append(result.reason == "no_route")
    lost = {family for family, without in families.items() if family and all(without)}
    reached = tuple(each for each in results if each.reason != "no_route" or _family(each) not in lost)
    return reached or tuple(results)


def _family(result: TargetResult) -> int:
    """Give the IP version of a target `name[address]:port`, 0 where it has no address."""
    address = result.target.partition("[")[2].rpartition("]")[0]
    return unmapped(address).version if is_address(address) else 0


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
        left_out = [result.target for result in results if result not in counted]
        found.append(Notice("family_not_tested", {"targets": left_out}))
    unique: list[Notice] = []
    for notice in found:
        if notice not in unique:
            unique.append(notice)
    return tuple(unique)
