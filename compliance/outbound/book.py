"""What readers of line logs have in common: the period, the years, and what was counted."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from compliance.model.supplied import MailLogFacts, SuppliedFile
from compliance.outbound.dates import LogClock, stamp
from compliance.outbound.lines import Unread, batches
from compliance.outbound.reader import SuppliedInput, Unreadable


class Book:
    """The state of reading one log: when it is from, how many lines there were, and what could not be read."""

    def __init__(self, since: datetime, clock: LogClock) -> None:
        self.unread, self.clock = Unread(), clock
        self.first = self.last = self.lines = self.older = 0
        self.since = int(since.timestamp())

    def about(self, file: SuppliedInput) -> SuppliedFile:
        """Give what is told of the file."""
        return file.about(
            stamp(self.first),
            stamp(self.last),
            self.lines,
            older=self.older,
            unread=self.unread.kinds(),
            year_assumed=self.clock.year_assumed,
        )


class _Filled(Protocol):
    unread: Unread
    clock: LogClock

    def add(self, lines: list[bytes]) -> None: ...

    def facts(self, file: SuppliedInput) -> MailLogFacts: ...


B = TypeVar("B", bound=_Filled)


def read_through(file: SuppliedInput, begin: Callable[[datetime, LogClock], B]) -> MailLogFacts:
    """Read a log into a book, once more from an earlier year where the first guess of it went past the file's date.

    Raises Unreadable with what was read until then.
    """
    latest = min(file.modified, file.before or file.modified)
    for back in range(3):
        book = begin(file.since, LogClock(latest, back))
        trouble = _fill(book, file)
        if not book.clock.overshot:
            break
    facts = book.facts(file)
    if trouble:
        raise Unreadable(str(trouble), facts)
    return facts


def _fill(book: _Filled, file: SuppliedInput) -> Unreadable | None:
    try:
        for lines in batches(file.blocks(), book.unread):
            book.add(lines)
    except Unreadable as trouble:
        return trouble
    return None
