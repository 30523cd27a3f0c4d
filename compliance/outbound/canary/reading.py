"""The journal of a round as supplied evidence (`evidence/canary/`)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from compliance.model.canary import CanaryRound
from compliance.model.supplied import CanaryFacts, SuppliedFile
from compliance.outbound.canary.journal import read
from compliance.outbound.lines import Unread, batches
from compliance.outbound.reader import SuppliedInput, Unreadable

_BEGINNING = b'{"line":{"kind":"opened",'


class CanaryJournal:
    """Reads what `u02 canary serve` wrote."""

    name = "canary_journal"
    folders = frozenset({"canary"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether it begins as every journal does."""
        return head.startswith(_BEGINNING)

    def read(self, file: SuppliedInput) -> CanaryFacts:
        """Give the round; raises Unreadable for a journal without its beginning."""
        unread = Unread()
        lines = (line for batch in batches(file.blocks(), unread) for line in batch if line)
        found = read(lines, lambda line: unread.note("no_journal_line", line))
        if found.round is None:
            raise Unreadable("no beginning")
        for moment in _moments(found.round):
            _moment(moment)
        kept = tuple(each for each in found.round.sessions if _moment(each.started) >= file.since)
        about = SuppliedFile(
            folder=file.folder,
            place=file.place,
            name=file.name,
            sha256=file.sha256,
            size=file.size,
            first=_seconds(kept[0].started) if kept else "",
            last=_seconds(kept[-1].started) if kept else "",
            lines=found.read + sum(kind.count for kind in unread.kinds()),
            older=len(found.round.sessions) - len(kept),
            unread=unread.kinds(),
        )
        return CanaryFacts("canary", about, replace(found.round, sessions=kept))


def _moments(told: CanaryRound) -> Iterator[str]:
    yield from (told.started, told.ended)
    for each in told.submissions:
        yield from (each.at, each.until)
    for session in told.sessions:
        yield session.started
        yield from (message.received for message in session.messages)


def _moment(text: str) -> datetime:
    """Read a time of the journal; one without a zone, as nobody but a hand writes it, can be held against none."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Unreadable("a time that is none")


def _seconds(text: str) -> str:
    return _moment(text).isoformat(timespec="seconds").replace("+00:00", "Z")
