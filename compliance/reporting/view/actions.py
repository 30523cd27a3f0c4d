"""Who must do what: failing results gathered by who can mend them and where, the most helpful first."""

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.finding import Status, Values
from compliance.reporting.view.results import Result, target_address, target_host
from compliance.reporting.view.source import Source


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: by whom, where (names as people write them), and how many results it mends.

    `own` tells whose verdict it helps.
    """

    responsible: str
    supplier: str
    requirement: str
    reason: str
    values: Values
    places: tuple[str, ...]
    mends: int
    subjects: tuple[str, ...]
    own: bool
    anchor: str


def actions(source: Source, results: tuple[Result, ...]) -> tuple[Action, ...]:
    """Give what there is to do about counted failures: our own verdict first, then what mends most."""
    gathered: dict[tuple[object, ...], list[tuple[Result, _Place]]] = {}
    for result in results:
        finding = result.finding
        if finding.status is not Status.FAIL or not finding.counted:
            continue
        for place in _places(result):
            # A fault at a host is mended there for all its domains; one of records is one job for all of them.
            # What a partner must do is told to each partner.
            apart = place.name if place.is_host or not result.own else ""
            key = (result.own, finding.responsible, finding.supplier, finding.requirement, place.reason, apart)
            gathered.setdefault(key, []).append((result, place))
    found = [_action(cases) for cases in gathered.values()]
    return tuple(
        sorted(found, key=lambda action: (not action.own, -action.mends, _order(source, action), action.places))
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a finding fails, and why."""

    reason: str
    name: str
    values: Values
    is_host: bool


def _places(result: Result) -> Iterable[_Place]:
    finding = result.finding
    failing = tuple(target for target in finding.targets if target.status is Status.FAIL)
    if not failing:
        return [_Place(finding.reason, result.subject, finding.values, is_host=False)]
    found = {
        (target.reason, target_host(target.target)): (target.values, bool(target_address(target.target)))
        for target in failing
    }
    return [_Place(reason, name, values, is_host) for (reason, name), (values, is_host) in found.items()]


def _action(cases: list[tuple[Result, _Place]]) -> Action:
    first, place = cases[0]
    finding = first.finding
    subjects = tuple(dict.fromkeys(result.subject for result, _ in cases))
    names = tuple(dict.fromkeys(place.name for _, place in cases))
    mends = len({result.anchor for result, _ in cases})
    return Action(
        finding.responsible, finding.supplier, finding.requirement, place.reason, place.values, names, mends,
        subjects, first.own, first.anchor,
    )  # fmt: skip


def _order(source: Source, action: Action) -> int:
    return source.order.get(action.requirement, 999)
