"""The journal: observations.jsonl, append-only; a crash loses at most the line being written."""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from compliance.model.observation import Observation
from compliance.store.files import Spoilt
from compliance.strict import dump_json, load_json

NAME = "observations.jsonl"


class Journal:
    """Gives each observation its id and writes it at once; safe for many threads."""

    def __init__(self, folder: Path) -> None:
        """Open the journal of a run folder; a torn last line of an earlier run is cut off."""
        self._path = folder / NAME
        self._lock = threading.Lock()
        self._count = 0
        known = tuple(self._mend()) if self._path.exists() else ()
        self.known: tuple[Observation, ...] = known
        self._count = max((int(seen.id.removeprefix("o-")) for seen in known), default=0)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._file: IO[bytes] = os.fdopen(descriptor, "ab")

    def _mend(self) -> Iterator[Observation]:
        content = self._path.read_bytes()
        whole, newline, _torn = content.rpartition(b"\n")
        if len(whole) + len(newline) != len(content):
            with self._path.open("r+b") as file:
                file.truncate(len(whole) + len(newline))
        return parse(whole.splitlines())

    def append(self, observation: Observation) -> Observation:
        """Write one observation and give it back with its id (`o-` and a sequence of six digits or more)."""
        with self._lock:
            self._count += 1
            numbered = replace(observation, id=f"o-{self._count:06d}")
            self._file.write(dump_json(numbered).encode() + b"\n")
            self._file.flush()
        return numbered

    def sync(self) -> None:
        """Make sure what was written survives the machine."""
        with self._lock:
            if not self._file.closed:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; further appends are an error."""
        self.sync()
        with self._lock:
            self._file.close()


def parse(lines: Iterable[bytes]) -> Iterator[Observation]:
    """Read journal lines back; raises Spoilt naming the line that is not an observation."""
    for number, line in enumerate(lines, 1):
        try:
            yield load_json(Observation, line)
        except ValueError as trouble:
            raise Spoilt(f"{NAME}:{number}", trouble) from trouble


def read(folder: Path) -> tuple[Observation, ...]:
    """Read all observations of a run folder, in the order they were made."""
    return tuple(parse((folder / NAME).read_bytes().splitlines()))
