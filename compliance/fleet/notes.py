"""waivers.yaml and statements.yaml: what people decided or declared, tied to requirements and subjects that exist."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from unicodedata import normalize
from zoneinfo import ZoneInfo

from compliance.fleet.field import Field, nearest, root, usable_address
from compliance.model.names import NameFault, is_domain, to_ascii
from compliance.model.waiver import Statement, Waiver
from compliance.strict import Fault, Faulty, read_yaml

_OSLO = ZoneInfo("Europe/Oslo")
STATUSES = ("pass", "fail", "not_applicable")
T = TypeVar("T", Waiver, Statement)
FIELDS = {kind: [field.name for field in fields(kind) if field.name != "where"] for kind in (Waiver, Statement)}


@dataclass(frozen=True, slots=True)
class Known:
    """What may be named: ids of requirements, and subjects by each spelling (None = not known, so not checked)."""

    requirements: Collection[str]
    subjects: Mapping[str, str] | None

    def check_requirement(self, parts: Mapping[str, Field]) -> None:
        """Check that the requirement named is in the catalogue."""
        field = parts.get("requirement")
        if field is not None and field.value and field.value not in self.requirements:
            field.note("unknown_requirement", expected=nearest(field.value, self.requirements))


def read_waivers(path: Path, known: Known, faults: list[Fault], *, optional: bool = True) -> tuple[Waiver, ...]:
    """Read waivers: a requirement, a subject or a target or both, who answers for it, and a last day.

    A day that is past is no fault: the finding counts again, and the report says so.
    """
    waivers = []
    for item, waiver in _items(path, Waiver, faults, optional=optional):
        before = len(faults)
        parts = _texts(item, ("requirement", "reason", "owner", "approver"))
        known.check_requirement(parts)
        given = _texts(item, [key for key in ("subject", "target") if item.value.get(key)])
        subject = _subject(given["subject"], known) if "subject" in given else ""
        target = _target(given["target"]) if "target" in given else ""
        if not item.value.get("subject") and not item.value.get("target"):
            item.note("waiver_without_scope")
        if waiver is not None and len(faults) == before:
            waivers.append(replace(waiver, subject=subject, target=target))
    return tuple(waivers)


def read_statements(path: Path, known: Known, faults: list[Fault]) -> tuple[Statement, ...]:
    """Read statements: one a requirement, by a role, with a date."""
    statements: dict[str, Statement] = {}
    for item, statement in _items(path, Statement, faults, optional=True):
        parts = _texts(item, ("requirement", "status", "statement", "by"))
        known.check_requirement(parts)
        if "status" in parts:
            parts["status"].one_of(STATUSES)
        if statement is not None and statement.date > datetime.now(_OSLO).date():
            item.note("future_statement", value=statement.date.isoformat())
        first = statements.setdefault(statement.requirement, statement) if statement is not None else None
        if statement is not None and first is not None and first is not statement:
            item.note("doubled_statement", value=statement.requirement, expected=first.where)
    return tuple(statements.values())


def _items(path: Path, kind: type[T], faults: list[Fault], *, optional: bool) -> Iterator[tuple[Field, T | None]]:
    """Give each item of a list; well-shaped ones also as what they are, with their `file:line`."""
    if optional and not path.exists():
        return
    try:
        source = read_yaml(path)
    except Faulty as trouble:
        faults.extend(trouble.faults)
        return
    document = root(source, faults)
    for item in document.items() if document.value is not None else []:
        shaped = item.shaped(kind)
        if not isinstance(item.value, dict):
            continue
        if "where" in item.value:  # ours to fill in
            item.part("where").note("unknown_key", expected=", ".join(FIELDS[kind]))
        yield item, replace(shaped, where=f"{path.name}:{source.line(item.path)}") if shaped is not None else None


def _texts(item: Field, keys: Collection[str]) -> dict[str, Field]:
    """Give the texts of an item by key; one that is empty is noted, one that is no text was noted before."""
    found = {key: item.part(key) for key in keys if isinstance(item.value.get(key), str)}
    for part in found.values():
        part.text()
    return found


def _subject(field: Field, known: Known) -> str:
    name = normalize("NFC", field.value.strip())
    if known.subjects is None:
        return name
    for way in (name, _wire(name)):
        if way in known.subjects:
            return known.subjects[way]
    field.note("unknown_subject", expected=nearest(name, set(known.subjects.values())))
    return ""


def _target(field: Field) -> str:
    """Read a target: an MX name in its wire form or an address; any port of it is meant."""
    text = field.value.strip()
    found = usable_address(text) or _wire(text)
    if text and not (usable_address(text) or is_domain(found)):
        field.note("bad_target")
    return found


def _wire(name: str) -> str:
    try:
        return to_ascii(name)
    except NameFault:
        return name
