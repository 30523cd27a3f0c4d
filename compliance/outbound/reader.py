"""What a reader of supplied evidence is, and what it is given."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

from compliance.model.supplied import SuppliedFacts, SuppliedFile, UnreadLines
from compliance.outbound.unpack import blocks

HEAD = 65536
"""How much of a file, unpacked, a reader may look at to tell whether it is of its kind."""


class _Beside(TypedDict, total=False):
    older: int
    unread: tuple[UnreadLines, ...]
    year_assumed: bool


class Unreadable(Exception):  # noqa: N818 - said of the file
    """A file that is of a reader's kind and yet cannot be read; `args[0]` says why, in plain English words.

    `partial` holds what was read before that, if it is worth keeping.
    """

    def __init__(self, why: str, partial: SuppliedFacts | None = None) -> None:
        super().__init__(why)
        self.partial = partial


@dataclass(frozen=True)
class SuppliedInput:
    """One file put before a reader. `place` is the folder between `evidence/<folder>/` and the file, `` if none.

    `since`: what is older does not count. `modified` is the file's own date, and `before` the date of the next newer
    file of the same rotated set, where one is known: lines without a year are no newer than either.
    """

    path: Path
    folder: str
    place: str
    name: str
    sha256: str
    since: datetime
    before: datetime | None = None
    _modified: list[datetime] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    @property
    def modified(self) -> datetime:
        """When the file was last written; of a gzip file, when that which it holds was (RFC 1952 section 2.3.1)."""
        if not self._modified:
            with self.path.open("rb") as file:
                head = file.read(8)
            kept = int.from_bytes(head[4:8], "little") if head[:2] == b"\x1f\x8b" else 0
            self._modified.append(datetime.fromtimestamp(kept or self.path.stat().st_mtime, UTC))
        return self._modified[0]

    def about(self, first: str, last: str, lines: int, **more: Unpack[_Beside]) -> SuppliedFile:
        """Give what a reader's facts say of the file, with the times and counts that it found."""
        return SuppliedFile(self.folder, self.place, self.name, self.sha256, self.size, first, last, lines, **more)

    def blocks(self) -> Iterator[bytes]:
        """Give the content, unpacked if need be, in blocks; raises Unreadable where it breaks off or never ends."""
        try:
            yield from blocks(self.path)
        except (OSError, EOFError, ValueError) as trouble:
            raise Unreadable(f"{type(trouble).__name__}: {trouble}"[:200]) from None

    def head(self) -> bytes:
        """Give the beginning of the content."""
        found = b""
        for block in self.blocks():
            found += block
            if len(found) >= HEAD:
                break
        return found[:HEAD]


class Reader(Protocol):
    """A reader of one kind of evidence. It looks at content, never at a file's name, to tell its kind."""

    @property
    def name(self) -> str:
        """The reader's name, as the observation's `probe`: `postfix_log`."""

    @property
    def folders(self) -> frozenset[str]:
        """Folders of `evidence/` that may hold such files."""

    def recognises(self, head: bytes) -> bool:
        """Tell from the first 64 KiB whether a file is of this kind."""

    def read(self, file: SuppliedInput) -> SuppliedFacts:
        """Distil a file into facts; raises Unreadable."""
