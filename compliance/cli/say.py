"""What the program says on the terminal: texts from data, in the language of the inventory or of `--lang`."""

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import typer

from compliance.model.observation import Observation
from compliance.model.supplied import SuppliedFile
from compliance.pipeline.order import RunFault
from compliance.reporting.words import LANGUAGES, Words
from compliance.store.files import Spoilt
from compliance.strict import Fault, Faulty, plain, read_yaml

_current = ["nb"]


def speak(language: str) -> None:
    """Choose the language of what follows."""
    _current[0] = language


def words() -> Words:
    """Give the words of the chosen language."""
    return Words(_current[0])


@cache
def _texts(name: str) -> Mapping[str, Any]:
    with as_file(files("compliance.reporting") / "texts" / name) as path:
        texts: Mapping[str, Any] = plain(read_yaml(path, name).data)
        return texts


def text(key: str, file: str = "cli.yaml", /, **values: object) -> str:
    """Give one text of texts/cli.yaml (or another file there); a missing one shows as its key."""
    entry = _texts(file).get(key)
    return words().form.fill(entry[_current[0]], values) if entry else key


def say(key: str, **values: object) -> None:
    """Print one text of texts/cli.yaml."""
    typer.echo(text(key, **values))


def say_read(seen: Observation) -> None:
    """Tell of one file of supplied evidence: what read it, and how many of its lines could not be read."""
    file = getattr(seen.facts, "file", None)
    if isinstance(file, SuppliedFile):
        say("evidence_read", name=file.name, reader=seen.probe, lines=file.lines, older=file.older)
        for kind in file.unread:
            say("evidence_unread", name=file.name, count=kind.count, kind=kind.kind, example=kind.example)
    if seen.failure and seen.failure.stage == "recognise":
        say("evidence_unknown", name=seen.target)
    elif seen.failure:
        say("evidence_broken", name=seen.target, why=seen.failure.detail)


def languages_of(option: str) -> tuple[str, ...]:
    """Read `--lang nb,en`; raises typer.BadParameter for a language there is no text in."""
    chosen = tuple(dict.fromkeys(part.strip() for part in option.split(",") if part.strip()))
    for language in chosen:
        if language not in LANGUAGES:
            raise typer.BadParameter(f"{language}: {', '.join(LANGUAGES)}", param_hint="--lang")
    if chosen:
        speak(chosen[0])
    return chosen


def complain(trouble: Faulty | RunFault) -> None:
    """Print what is wrong with the input, one line a fault, on standard error."""
    for line in _lines(trouble):
        print(line, file=sys.stderr)


def unusable(trouble: Spoilt | OSError) -> bool:
    """Print which file of a run cannot be used; tells whether the trouble is of a file at all."""
    if isinstance(trouble, Spoilt):
        complain(RunFault("spoilt_file", path=trouble.where))
    elif trouble.filename is not None:
        complain(RunFault("unusable_file", path=str(trouble.filename), why=str(trouble.strerror)))
    else:
        return False
    return True


def _lines(trouble: Faulty | RunFault) -> Sequence[str]:
    if isinstance(trouble, RunFault):
        return [text(trouble.key, **trouble.values)]
    return [f"{fault.file}:{fault.line}: {_fault(fault)}" for fault in trouble.faults]


def _fault(fault: Fault) -> str:
    """Give a fault's sentence; where there is nothing to suggest, the one without a suggestion."""
    alone = f"{fault.key}_alone"
    bare = not fault.values.get("expected") and alone in _texts("faults.yaml")
    return text(alone if bare else fault.key, "faults.yaml", **fault.values)
