"""Who must do what: failing results gathered by who can mend them and where, the most helpful first."""

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.finding import Finding, Status, TargetResult, Values
from compliance.reporting.view.results import Result, target_host
from compliance.reporting.view.source import Source


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: by whom, where, and how many results it mends. `own` tells whose verdict it helps."""

    responsible: str
    supplier: str
    requirement: str
    reason: str
    values: Values
    host: str
    mends: int
    subjects: tuple[str, ...]
    own: bool
    anchor: str


def actions(source: Source, results: tuple[Result, ...]) -> tuple[Action, ...]:
    """Give what there is to do about counted failures: our own verdict first, then what mends most."""
    gathered: dict[tuple[object, ...], list[tuple[Result, str, Values]]] = {}
    for result in results:
        finding = result.finding
        if finding.status is not Status.FAIL or not finding.counted:
            continue
        for reason, host, values in _places(finding):
            # A fault at a host is mended once for all its domains; a fault in a record once per domain.
            key = (result.own, finding.responsible, finding.supplier, finding.requirement, reason, host)
            gathered.setdefault(key, []).append((result, host, values))
    found = [_action(key, cases) for key, cases in gathered.items()]
    return tuple(sorted(found, key=lambda action: (not action.own, -action.mends, _order(source, action), action.host)))


def _places(finding: Finding) -> Iterable[tuple[str, str, Values]]:
    failing: tuple[TargetResult, ...] = tuple(target for target in finding.targets if target.status is Status.FAIL)
    if not failing:
        return [(finding.reason, finding.subject, finding.values)]
    places = {(target.reason, target_host(target.target)): target.values for target in failing}
    return [(reason, host, values) for (reason, host), values in places.items()]


def _action(key: tuple[object, ...], cases: list[tuple[Result, str, Values]]) -> Action:
    first, host, values = cases[0]
    finding = first.finding
    subjects = tuple(dict.fromkeys(result.subject for result, _, _ in cases))
    reason = str(key[4])
    return Action(
        finding.responsible, finding.supplier, finding.requirement, reason, values, host,
        len({result.anchor for result, _, _ in cases}), subjects, first.own, first.anchor,
    )  # fmt: skip


def _order(source: Source, action: Action) -> int:
    return source.order.get(action.requirement, 999)
