"""The files that lie in `evidence/`, in the order they are read: a rotated set from its oldest file to its newest."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from compliance.model.hidden import HIDDEN
from compliance.model.names import is_plain
from compliance.outbound.reader import SuppliedInput
from compliance.outbound.readers import FOLDERS
from compliance.store.files import sha256

_ROTATED = re.compile(r"(?P<stem>.+?)(?:\.(?P<number>\d{1,4}))?(?:\.(?:gz|xz|zst))?", re.DOTALL)
_HIDDEN = re.compile(f"[{HIDDEN}]")
_LONGEST = 100
#: A mail program names a message it saves by its subject, which is nobody's to keep: its content names it instead.
_NAMED_BY_SUBJECT = "messages"


def files_of(evidence: Path, since: datetime, known: Collection[str] = ()) -> Iterator[SuppliedInput]:
    """Give the files in `evidence/{logs,exchange,messages,policy,canary}/`, each content once.

    A file may lie one folder deeper; that folder's name then tells which sending host it is from. `known` are the
    SHA-256 of files not to give again. Hidden files are left alone.
    """
    seen = set(known)
    for folder in FOLDERS:
        for place in _places(evidence / folder):
            kept = []
            for path in _in_order(place):
                digest = sha256(path)
                if digest not in seen:
                    seen.add(digest)
                    below = place.name if place != evidence / folder else ""
                    name = shown_name(path) if folder != _NAMED_BY_SUBJECT else f"message-{digest[:12]}"
                    kept.append(SuppliedInput(path, folder, _plain(below), name, digest, since))
            yield from _dated(kept)


def given(paths: Iterable[Path], since: datetime, folder: str = "logs") -> Iterator[SuppliedInput]:
    """Give files named one by one, as if they lay in a folder of `evidence/`."""
    seen: set[str] = set()
    kept = []
    for path in sorted(paths, key=_age):
        digest = sha256(path)
        if digest not in seen:
            seen.add(digest)
            kept.append(SuppliedInput(path, folder, "", shown_name(path), digest, since))
    yield from _dated(kept)


def shown_name(path: Path) -> str:
    """Give a file's name as it may be shown: no path, nothing that acts, of bounded length."""
    name = path.name.encode("utf-8", "replace").decode("utf-8")
    return _HIDDEN.sub("?", name)[:_LONGEST]


def _places(folder: Path) -> list[Path]:
    """Give a folder and those right below it."""
    if not folder.is_dir():
        return []
    return [folder, *sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))]


def _in_order(folder: Path) -> list[Path]:
    return sorted((path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")), key=_age)


def _age(path: Path) -> tuple[str, int, str]:
    """Sort `mail.log.2.gz` before `mail.log.1` before `mail.log`, set by set."""
    found = _ROTATED.fullmatch(path.name)
    stem, number = (found["stem"], int(found["number"] or 0)) if found else (path.name, 0)
    return stem, -number, path.name


def _dated(files: list[SuppliedInput]) -> Iterator[SuppliedInput]:
    """Tell each file of a rotated set when the next newer one was written: nothing in it is newer than that."""
    for number, file in enumerate(files):
        newer = files[number + 1] if number + 1 < len(files) else None
        same = newer is not None and _age(newer.path)[0] == _age(file.path)[0]
        yield replace(file, before=newer.modified) if newer and same else file


def _plain(name: str) -> str:
    return name if is_plain(name) else ""
