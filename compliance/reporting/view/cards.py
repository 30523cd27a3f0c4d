"""Cards and lines: what is the same at many subjects is told once, so that a large run stays readable."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from compliance.model.finding import Cause, Finding, Status
from compliance.reporting.view.results import Group, Proof, Result


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, and everything it is true of. `anchors` are the results' ids in the page."""

    group: Group
    requirements: tuple[str, ...]
    subjects: tuple[str, ...]
    targets: tuple[str, ...]
    anchors: tuple[str, ...]
    mark: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that is not met, with all it is not met for, and one remedy. `finding` is the first of them."""

    finding: Finding
    mark: str
    lines: tuple[Line, ...]

    @property
    def group(self) -> Group:
        """The group the remedy and the repeating are told of."""
        return self.lines[0].group

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """What each of them rests on; a domain and the host it uses rest on the same."""
        return tuple(dict.fromkeys(proof for line in self.lines for proof in line.proofs))


@dataclass(frozen=True, slots=True)
class UntestedGroup:
    """What was not tested for one cause: `cause` is the key of its words."""

    cause: str
    count: int
    lines: tuple[Line, ...]


def cards(results: Iterable[Result]) -> tuple[Card, ...]:
    """Gather own results not met or in error by requirement, reason, who must act, and waiver."""
    gathered: dict[str, list[Result]] = {}
    for result in results:
        finding = result.finding
        if not result.own or finding.status not in {Status.FAIL, Status.ERROR}:
            continue
        key = (finding.requirement, finding.status, result.worst.reason, finding.responsible, finding.supplier)
        gathered.setdefault(repr((key, finding.waiver)), []).append(result)
    return tuple(Card(found[0].finding, found[0].mark, _of_one_place(found)) for found in gathered.values())


def untested(results: Iterable[Result]) -> tuple[UntestedGroup, ...]:
    """Gather own untested results by cause, the most frequent first; what the tool cannot judge yet last."""
    causes: dict[str, list[Result]] = {}
    for result in results:
        if result.own and result.finding.status is Status.NOT_TESTED and result.finding.cause:
            causes.setdefault(result.cause, []).append(result)
    ordered = sorted(causes.items(), key=lambda item: (item[0] == Cause.NOT_BUILT, -len(item[1])))
    return tuple(UntestedGroup(cause, len(found), _of_one_reason(found)) for cause, found in ordered)


def _of_one_place(found: list[Result]) -> tuple[Line, ...]:
    """Join a domain and the host it uses: same sentence, same targets."""
    pairs = [(result, group) for result in found for group in result.groups if group.status is result.finding.status]
    return _lines(pairs, lambda _, group: (_said(group), group.targets))


def _of_one_reason(found: list[Result]) -> tuple[Line, ...]:
    """Join the requirements of one subject that stopped at the same thing, then the subjects that look alike.

    What the tool cannot judge yet is told by requirement: it stopped at nothing of the subject's.
    """
    if all(result.finding.cause is Cause.NOT_BUILT for result in found):
        return _lines([(result, result.worst) for result in found], lambda result, _: (result.finding.requirement,))
    by_subject = _lines(
        [(result, result.worst) for result in found],
        lambda result, group: (_said(group), result.subject, result.mark),
    )
    alike: dict[str, list[Line]] = {}
    for line in by_subject:
        alike.setdefault(repr((_said(line.group), line.requirements, line.mark)), []).append(line)
    return tuple(_joined(lines) for lines in alike.values())


def _said(group: Group) -> str:
    return repr((group.status, group.cause, group.reason, sorted(group.values.items())))


def _lines(pairs: list[tuple[Result, Group]], key: Callable[[Result, Group], tuple[object, ...]]) -> tuple[Line, ...]:
    gathered: dict[str, list[Line]] = {}
    for result, group in pairs:
        anchors = (result.anchor,) if group is result.worst else ()  # an id stands once in a page
        line = Line(
            group, (result.finding.requirement,), (result.subject,), group.targets, anchors, result.mark, group.proofs
        )
        gathered.setdefault(repr(key(result, group)), []).append(line)
    return tuple(_joined(lines) for lines in gathered.values())


def _joined(lines: list[Line]) -> Line:
    first = lines[0]

    def all_of(part: Callable[[Line], tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for line in lines for item in part(line)))

    return Line(
        first.group,
        all_of(lambda line: line.requirements),
        all_of(lambda line: line.subjects),
        all_of(lambda line: line.targets),
        all_of(lambda line: line.anchors),
        first.mark,
        tuple(dict.fromkeys(proof for line in lines for proof in line.proofs)),
    )
