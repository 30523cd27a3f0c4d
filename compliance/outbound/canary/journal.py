"""The canary's journal: one JSON line a fact, appended whole, by the receiver and by those who send."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from compliance.model.canary import CanaryRound, CanarySession, PersonaNote, Submission
from compliance.strict import Discriminator, dump_json, load_json

_STRICT: dict[str, str] = {"extra": "forbid"}
MOST_LINE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Opened:
    """The round began."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["opened"]
    round: str
    base: str
    started: str
    personas: tuple[PersonaNote, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Met:
    """A session ended."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["session"]
    session: CanarySession


@dataclass(frozen=True, slots=True)
class Sent:
    """A marked message was handed to an outbound host, or was not taken."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["submission"]
    submission: Submission


@dataclass(frozen=True, slots=True)
class Closed:
    """The round ended."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["closed"]
    ended: str
    strangers: int
    left_out: int


Line = Annotated[Opened | Met | Sent | Closed, Discriminator("kind")]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One line of the file, as JSON reads it."""

    __pydantic_config__: ClassVar = _STRICT
    line: Line


class Journal:
    """Appends lines; each is one write at the end of the file, so that two processes never mix theirs."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, line: Opened | Met | Sent | Closed) -> None:
        """Write one line."""
        os.write(self._descriptor, f"{dump_json(Wrapped(line))}\n".encode())

    def close(self) -> None:
        """End it."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Read:
    """A journal read back: the round, None where its first line is missing; lines read and not read."""

    round: CanaryRound | None
    read: int
    not_read: int


def read(lines: Iterable[bytes], unread: Callable[[bytes], object] = len) -> Read:
    """Read a journal; a line that is none of its own is counted, told to `unread`, and passed over."""
    opened: Opened | None = None
    closed: Closed | None = None
    sessions: list[CanarySession] = []
    submissions: list[Submission] = []
    good = bad = 0
    for raw in lines:
        try:
            if len(raw) > MOST_LINE:
                raise ValueError("too long")
            line = load_json(Wrapped, raw).line
        except ValueError:
            bad += 1
            unread(raw)
            continue
        good += 1
        match line:
            case Opened():
                opened = opened or line
            case Met():
                sessions.append(line.session)
            case Sent():
                submissions.append(line.submission)
            case Closed():
                closed = line
    if opened is None:
        return Read(None, good, bad)
    last = max((session.started for session in sessions), default=opened.started)
    found = CanaryRound(
        opened.round,
        opened.base,
        opened.started,
        closed.ended if closed else last,
        opened.personas,
        opened.hosts,
        tuple(submissions),
        tuple(sorted(sessions, key=lambda session: session.started)),
        closed.strangers if closed else 0,
        closed.left_out if closed else 0,
    )
    return Read(found, good, bad)
