"""Who must do what: failing results gathered by who can mend them and where, basic and most helpful first."""

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.finding import Finding, Status, Values
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting.view.results import Result, target_address, target_host
from compliance.reporting.view.source import Source

#: How mail is carried comes before what records say of it.
_TRANSPORT = frozenset({"1a", "1b", "1c", "transport"})
#: What people said is not in place may be anything.
_MANY_THINGS = frozenset({"stated_not_met"})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: by whom, where (names as people write them), and how many results it mends.

    `own` tells whose verdict it helps, `basic` whether something that counts in it. `party` is the partner's name
    where a partner must act.
    """

    responsible: str
    supplier: str
    party: str
    basic: bool
    requirement: str
    reason: str
    values: Values
    places: tuple[str, ...]
    mends: int
    subjects: tuple[str, ...]
    own: bool
    anchor: str


def actions(source: Source, results: tuple[Result, ...]) -> tuple[Action, ...]:
    """Give what there is to do about counted failures: our own verdict first, the basic first, then what mends most."""
    gathered: dict[tuple[object, ...], list[tuple[Result, _Place]]] = {}
    for result in results:
        finding = result.finding
        if finding.status is not Status.FAIL or not finding.counted:
            continue
        for place in _places(result):
            # A fault at a host is mended there for all its domains; one of records is one job for all of them.
            # What a partner must do is told to each partner.
            # What we ask of partners is one setting at all our hosts, and met only when it stands at every one.
            demanded = result.own and finding.kind is Kind.PARTNER
            apart = place.name if (place.is_host and not demanded) or not result.own else ""
            # What is wrong is one job, however many requirements it breaks; where nobody wrote the job, it is
            # told by the requirement.
            key = (result.own, finding.responsible, finding.supplier, place.reason, apart, _untold(place, finding))
            gathered.setdefault(key, []).append((result, place))
    found = [_action(source, cases) for cases in gathered.values()]
    return tuple(sorted(found, key=lambda action: _rank(source, action)))


def front(found: tuple[Action, ...], most: int = 8) -> tuple[Action, ...]:
    """Give those that stand on the front page; where partners must act too, the foremost of them stands last."""
    others = [action for action in found if not action.own]
    if not others or len(found) <= most:
        return found[:most]
    own = [action for action in found if action.own]
    return (*own[: most - 1], *others)[:most]


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
    found: dict[tuple[str, str], _Place] = {}
    for target in failing:
        is_host = bool(target_address(target.target))
        # A record is mended for a domain, wherever its owner name is.
        name = target_host(target.target) if is_host else result.subject
        found.setdefault((target.reason, name), _Place(target.reason, name, target.values, is_host))
    return found.values()


def _action(source: Source, cases: list[tuple[Result, _Place]]) -> Action:
    first, place = min(cases, key=lambda case: (case[0].finding.level is not Duty.MUST, _order(source, case[0])))
    finding = first.finding
    subjects = tuple(dict.fromkeys(result.subject for result, _ in cases))
    names = tuple(dict.fromkeys(place.name for _, place in cases))
    mends = len({result.anchor for result, _ in cases})
    party = first.subject if finding.responsible == "partner" else ""
    return Action(
        finding.responsible, finding.supplier, party, finding.level is Duty.MUST, finding.requirement, place.reason,
        place.values, names, mends, subjects, first.own, first.anchor,
    )  # fmt: skip


def _rank(source: Source, action: Action) -> tuple[object, ...]:
    carried = source.measure(action.requirement) in _TRANSPORT
    known = source.order.get(action.requirement, 999)
    return not action.own, not action.basic, -action.mends, not carried, known, action.places


def _order(source: Source, result: Result) -> int:
    return source.order.get(result.finding.requirement, 999)


def _untold(place: _Place, finding: Finding) -> str:
    return finding.requirement if place.reason in _MANY_THINGS else ""
