"""The matrix: requirement by own subject, in tables narrow enough to read."""

from dataclasses import dataclass

from compliance.model.finding import Cause, Status
from compliance.model.subject import HOST_KINDS, Kind
from compliance.reporting.view.results import Result
from compliance.reporting.view.source import Source

_WIDTH = 5  # columns that fit a page on paper
_MANY = 40  # with more own subjects than this, those with nothing to say are left to the workbook


_Found = dict[tuple[str, str], dict[str, Result]]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One requirement and its results, one per column; None where it is not asked of that subject."""

    requirement: str
    measure: str
    cells: tuple[Result | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One table: subjects of the same sort side by side. `part` is domains, hosts, partners or organisation.

    `not_built` are the requirements no subject of the part could be judged by, told below its last table.
    """

    part: str
    subjects: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    not_built: tuple[str, ...]

    def column(self, number: int) -> tuple[tuple[str, Result], ...]:
        """Give one subject's results as a list: what a narrow screen shows."""
        cells = ((row.requirement, row.cells[number]) for row in self.rows)
        return tuple((requirement, cell) for requirement, cell in cells if cell is not None)


@dataclass(frozen=True, slots=True)
class Matrices:
    """All tables; `left_out` counts the subjects without anything not met or untested in a large run."""

    tables: tuple[Matrix, ...]
    left_out: int


def matrices(source: Source, results: tuple[Result, ...]) -> Matrices:
    """Lay out the own results."""
    by_subject: _Found = {}
    for result in results:
        if result.own:
            place = (_part(result.finding.kind), result.finding.subject)
            kept = by_subject.setdefault(place, {}).get(result.finding.requirement)
            if kept is None:  # results come worst first: of two kinds on one host the worse is shown
                by_subject[place][result.finding.requirement] = result
    places = sorted(by_subject, key=lambda place: (_PARTS.index(place[0]), _subject_order(source, place[1])))
    ours = sum(part in _COUNTED for part, _ in places)
    # Partners of whom nothing is demanded are told of under partners; our own are left out only of a large run.
    columns = [
        (part, label)
        for part, label in places
        if (_is_demanded(by_subject[part, label]) if part == "exchange" else ours <= _MANY)
        or _has_something(by_subject[part, label])
    ]
    tables: list[Matrix] = []
    for part in _PARTS:
        labels = [label for kind, label in columns if kind == part]
        width = max(1, len(labels)) if part == "exchange" else _WIDTH  # there the partners are the rows
        starts = range(0, len(labels), width)
        left = _not_built(source, part, by_subject)
        for start in starts:
            last = start + width >= len(labels)
            tables.append(_table(source, part, labels[start : start + width], by_subject, left, last=last))
    return Matrices(tuple(tables), ours - sum(part in _COUNTED for part, _ in columns))


_PARTS = ("domains", "hosts", "exchange", "organisation")
_COUNTED = frozenset({"domains", "hosts"})  # what the page calls own domains and servers


def _part(kind: Kind) -> str:
    if kind in HOST_KINDS:
        return "hosts"
    return {Kind.PARTNER: "exchange", Kind.ORGANISATION: "organisation"}.get(kind, "domains")


def _subject_order(source: Source, label: str) -> tuple[int, str]:
    for number, subject in enumerate(source.subjects):
        if subject.label == label:
            return number, label
    return len(source.subjects), label


def _is_demanded(results: dict[str, Result]) -> bool:
    return any(result.finding.status is not Status.NOT_APPLICABLE for result in results.values())


def _has_something(results: dict[str, Result]) -> bool:
    quiet = {Status.PASS, Status.NOT_APPLICABLE}
    findings = [result.finding for result in results.values()]
    return any(found.status not in quiet and found.cause is not Cause.NOT_BUILT for found in findings)


def _not_built(source: Source, part: str, found: _Found) -> tuple[str, ...]:
    """Give the requirements of a part that the tool judged nobody by: yellow rows would drown what it did judge."""
    causes: dict[str, set[object]] = {}
    for (kind, _), results in found.items():
        for key, result in results.items():
            if kind == part:
                causes.setdefault(key, set()).add(result.finding.cause or result.finding.status)
    left = [key for key, seen in causes.items() if seen == {Cause.NOT_BUILT}]
    return tuple(sorted(left, key=lambda key: source.order.get(key, 999)))


def _table(
    source: Source, part: str, labels: list[str], found: _Found, not_built: tuple[str, ...], *, last: bool
) -> Matrix:
    asked = {key for label in labels for key in found[part, label]} - set(not_built)
    ordered = sorted(asked, key=lambda key: source.order.get(key, 999))
    rows = tuple(
        MatrixRow(key, source.measure(key), tuple(found[part, label].get(key) for label in labels)) for key in ordered
    )
    return Matrix(part, tuple(source.display(label) for label in labels), rows, not_built if last else ())
