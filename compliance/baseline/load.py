"""Baselines: named choices of requirements, shipped or the user's own, resolved against the catalogue."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from compliance.baseline.catalogue import Catalogue, catalogue, read_data, shipped_files
from compliance.model.requirement import Baseline, Duty, Requirement, Source, Text
from compliance.model.subject import Kind
from compliance.strict import Fault, Faulty, Located, plain, read_yaml, shape

ALL = "all"


class Asked(StrEnum):
    """A level as a baseline file writes it: `none` leaves the requirement out for that kind."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """One requirement of a baseline file. What `levels` and `with` do not name stays as the catalogue has it."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    id: str
    levels: Mapping[Kind, Asked] | None = None


@dataclass(frozen=True, slots=True)
class BaselineFile:
    """A baseline file. `extends` starts from a shipped baseline; without it only what is named is asked."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    id: str
    version: str
    title: Text
    requirements: tuple[Choice, ...]
    dane_counts: bool | None = None  # absent: as in the baseline extended, else true
    extends: str = ""


def known_requirements() -> frozenset[str]:
    """Give the ids of every requirement of the catalogue."""
    return frozenset(catalogue().requirements)


def shipped() -> tuple[Baseline, ...]:
    """Give the baselines that come with the package, by id."""
    return tuple(map(_shipped, shipped_files()))


def load(name_or_path: str, folder: Path | None = None) -> Baseline:
    """Give a shipped baseline by its id, or a file's (relative to `folder`); raises Faulty with every fault's line."""
    if name_or_path in shipped_files():
        return _shipped(name_or_path)
    path = (folder or Path()) / name_or_path
    if path.suffix not in {".yaml", ".yml"} and not path.exists():
        known = ", ".join(shipped_files())
        raise Faulty([Fault(name_or_path, 1, "unknown_baseline", {"value": name_or_path, "expected": known})])
    source = read_yaml(path)
    baseline = _resolve(source)
    if baseline.id in shipped_files():
        raise Faulty([source.fault(("id",), "reserved_id", value=baseline.id)])
    return baseline


@cache
def _shipped(name: str) -> Baseline:
    return _resolve(read_data(shipped_files()[name]))


def _resolve(source: Located) -> Baseline:
    """Check a baseline file and fill it in from the catalogue."""
    data = plain(source.data)
    known = catalogue()
    withs = _take_apart(data, known)
    file = shape(BaselineFile, source, data=data)
    start = _start(source, file)
    faults = [fault for number in range(len(file.requirements)) for fault in _faults(source, file, number, withs)]
    if faults:
        raise Faulty(faults)
    chosen = {requirement.id: requirement for requirement in start.requirements} if start else {}
    for number, choice in enumerate(file.requirements):
        found = chosen.get(choice.id, known.requirements[choice.id])
        chosen[choice.id] = _changed(found, choice, withs.get(number, {}))
    requirements = tuple(chosen[key] for key in known.requirements if key in chosen and chosen[key].levels)
    dane_counts = file.dane_counts if file.dane_counts is not None else start.dane_counts if start else True
    return Baseline(
        id=file.id,
        version=file.version,
        title=file.title,
        dane_counts=dane_counts,
        requirements=requirements,
        sources=_cited(requirements, known),
        suppliers=known.suppliers,
    )


def _take_apart(data: Any, known: Catalogue) -> dict[int, Any]:
    """Write out `requirements: all` and bare ids in place; gives each entry's `with`, which Python cannot name."""
    if not isinstance(data, dict):
        return {}
    entries = data.get("requirements")
    if entries == ALL:
        entries = list(known.requirements)
    if not isinstance(entries, list):
        return {}
    data["requirements"] = [{"id": entry} if isinstance(entry, str) else entry for entry in entries]
    return {
        number: entry.pop("with")
        for number, entry in enumerate(data["requirements"])
        if isinstance(entry, dict) and "with" in entry
    }


def _start(source: Located, file: BaselineFile) -> Baseline | None:
    if not file.extends:
        return None
    if file.extends not in shipped_files() or file.extends == file.id:
        known = ", ".join(shipped_files())
        raise Faulty([source.fault(("extends",), "unknown_baseline", value=file.extends, expected=known)])
    return _shipped(file.extends)


def _faults(source: Located, file: BaselineFile, number: int, withs: Mapping[int, Any]) -> Iterator[Fault]:
    """What is wrong with one entry: an unknown or repeated id, a kind it is not asked of, a threshold it has not."""
    choice, here = file.requirements[number], ("requirements", number)
    requirement = catalogue().requirements.get(choice.id)
    if requirement is None:
        near = difflib.get_close_matches(choice.id, catalogue().requirements, n=1)
        yield _fault(source, (*here, "id"), "unknown_requirement", choice.id, expected="".join(near))
        return
    if choice.id in {earlier.id for earlier in file.requirements[:number]}:
        yield _fault(source, (*here, "id"), "doubled_requirement", choice.id)
    for kind in choice.levels or {}:
        if kind not in requirement.levels:
            expected = ", ".join(requirement.levels)
            yield _fault(source, (*here, "levels", kind.value), "kind_not_asked", kind.value, expected)
    given = withs.get(number, {})
    if not isinstance(given, dict):
        yield _fault(source, (*here, "with"), "not_a_mapping", str(given))
        return
    for key, value in given.items():
        yield from _threshold_faults(source, (*here, "with", key), requirement, value)


def _threshold_faults(
    source: Located, path: tuple[str | int, ...], requirement: Requirement, value: object
) -> Iterator[Fault]:
    known = requirement.parameters.get(str(path[-1]))
    if known is None:
        yield _fault(source, path, "unknown_key", str(value), expected=", ".join(requirement.parameters))
    elif isinstance(known, bool):
        if not isinstance(value, bool):
            yield _fault(source, path, "not_a_boolean", str(value))
    elif isinstance(value, bool) or not isinstance(value, int) or value < 0:
        yield _fault(source, path, "not_a_number", str(value))  # a test holds every other threshold a whole number


def _fault(source: Located, path: tuple[str | int, ...], key: str, value: str, expected: str = "") -> Fault:
    values = {"key": str(path[-1]), "value": value, "expected": expected}
    return Fault(source.file, source.line(path), key, values)


def _changed(requirement: Requirement, choice: Choice, thresholds: Mapping[str, int | bool]) -> Requirement:
    asked: dict[Kind, Asked] = {kind: Asked(duty) for kind, duty in requirement.levels.items()}
    asked |= choice.levels or {}
    levels = {kind: Duty(level) for kind, level in asked.items() if level is not Asked.NONE}
    return replace(requirement, levels=levels, parameters={**requirement.parameters, **thresholds})


def _cited(requirements: tuple[Requirement, ...], known: Catalogue) -> tuple[Source, ...]:
    """The sources these requirements rest on, in the catalogue's order."""
    cited = {reference.partition(" ")[0] for requirement in requirements for reference in requirement.sources}
    cited |= {requirement.threshold for requirement in requirements}
    return tuple(source for key, source in known.sources.items() if key in cited)
