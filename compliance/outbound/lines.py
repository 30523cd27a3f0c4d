"""A file as lines: split at line feeds alone, the overlong ones counted and left out, what is unread kept by kind."""

from collections import Counter
from collections.abc import Iterable, Iterator

from compliance.model.supplied import UnreadLines
from compliance.outbound.safe import example

LONGEST = 16384
"""A longer line is of no mail program: Postfix and syslog cut theirs far below."""


class Unread:
    """Counts lines that could not be read, with the first of each kind as an example."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def note(self, kind: str, line: bytes) -> None:
        """Count one line."""
        self._counts[kind] += 1
        if kind not in self._examples:
            self._examples[kind] = example(line)

    def kinds(self) -> tuple[UnreadLines, ...]:
        """Give the kinds in order of their names."""
        return tuple(UnreadLines(kind, count, self._examples[kind]) for kind, count in sorted(self._counts.items()))


def batches(blocks: Iterable[bytes], unread: Unread, longest: int = LONGEST) -> Iterator[list[bytes]]:
    """Give lines without their line feeds, in batches; a line that never ends costs no more memory than a block."""
    rest, skipping = b"", False
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if skipping and lines:
            del lines[0]  # the end of the line that was given up
            skipping = False
        if len(rest) > longest:
            if not skipping:
                unread.note("too_long", rest)
            rest, skipping = b"", True
        yield lines
    if rest and not skipping:
        yield [rest]
