"""waivers.yaml and statements.yaml: what people decided or declared, tied to requirements and subjects that exist."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar
from unicodedata import normalize

from compliance.fleet.field import Field, nearest, root, usable_address
from compliance.model.names import NameFault, is_domain, to_ascii
from compliance.model.waiver import Statement, Waiver
from compliance.strict import Fault, Faulty, read_yaml

STATUSES = ("pass", "fail", "not_applicable")
T = TypeVar("T", Waiver, Statement)
FIELDS = {kind: [field.name for field in fields(kind) if field.name != "where"] for kind in (Waiver, Statement)}


@dataclass(frozen=True, slots=True)
class Known:
    """What may be named: ids of requirements, and subjects by each spelling (None = not known, so not checked)."""

    requirements: Collection[str]
    subjects: Mapping[str, str] | None

    def check_requirement(self, field: Field) -> None:
        """Check that a requirement is in the catalogue."""
        if isinstance(field.value, str) and field.value not in self.requirements:
            field.note("unknown_requirement", expected=nearest(field.value, self.requirements))


def read_waivers(path: Path, known: Known, faults: list[Fault], *, optional: bool = True) -> tuple[Waiver, ...]:
    """Read waivers: a requirement, a subject or a target or both, who answers for it, and a last day.

    A day that is past is no fault: the finding counts again, and the report says so.
    """
    waivers = []
    for item, waiver in _items(path, Waiver, faults, optional=optional):
        before = len(faults)
        known.check_requirement(item.part("requirement"))
        for key in ("reason", "owner", "approver"):
            item.part(key).text()
        subject = _subject(item.part("subject"), known) if waiver.subject else ""
        target = _target(item.part("target")) if waiver.target else ""
        if not waiver.subject and not waiver.target:
            item.note("waiver_without_scope")
        if len(faults) == before:
            waivers.append(replace(waiver, subject=subject, target=target))
    return tuple(waivers)


def read_statements(path: Path, known: Known, faults: list[Fault]) -> tuple[Statement, ...]:
    """Read statements: one a requirement, by a role, with a date."""
    statements: dict[str, Statement] = {}
    for item, statement in _items(path, Statement, faults, optional=True):
        known.check_requirement(item.part("requirement"))
        item.part("status").one_of(STATUSES)
        for key in ("statement", "by"):
            item.part(key).text()
        first = statements.setdefault(statement.requirement, statement)
        if first is not statement:
            item.note("doubled_statement", value=statement.requirement, expected=first.where)
    return tuple(statements.values())


def _items(path: Path, kind: type[T], faults: list[Fault], *, optional: bool) -> Iterator[tuple[Field, T]]:
    """Give each well-shaped item of a list with its `file:line`."""
    if optional and not path.exists():
        return
    try:
        source = read_yaml(path)
    except Faulty as trouble:
        faults.extend(trouble.faults)
        return
    document = root(source, faults)
    for item in document.items() if document.value is not None else []:
        if isinstance(item.value, dict) and "where" in item.value:  # ours to fill in
            item.part("where").note("unknown_key", expected=", ".join(FIELDS[kind]))
            continue
        shaped = item.shaped(kind)
        if shaped is not None:
            yield item, replace(shaped, where=f"{path.name}:{source.line(item.path)}")


def _subject(field: Field, known: Known) -> str:
    name = normalize("NFC", field.text())
    if known.subjects is None:
        return name
    for way in (name, _wire(name)):
        if way in known.subjects:
            return known.subjects[way]
    field.note("unknown_subject", expected=nearest(name, set(known.subjects.values())))
    return ""


def _target(field: Field) -> str:
    """Read a target: an MX name in its wire form or an address; any port of it is meant."""
    text = field.text()
    found = usable_address(text) or _wire(text)
    if text and not (usable_address(text) or is_domain(found)):
        field.note("bad_target")
    return found


def _wire(name: str) -> str:
    try:
        return to_ascii(name)
    except NameFault:
        return name
