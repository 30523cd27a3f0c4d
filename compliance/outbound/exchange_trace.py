"""Exchange Online's extended message trace (CSV): how much was exchanged with whom. It does not tell with which TLS.

Read by the columns that Microsoft documents for the extended report: date_time, source, event_id, sender_address,
recipient_address, directionality, server_hostname. A file without them is not taken for one. What the report on
outbound messages in transit security is exported as is documented nowhere we could read, so it is not read.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from compliance.model.supplied import MailLogFacts
from compliance.outbound import safe
from compliance.outbound.dates import stamp
from compliance.outbound.lines import Unread
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.outbound.tally import FROM, TO, Instance

_COLUMNS = ("date_time", "source", "event_id", "sender_address", "recipient_address", "directionality")
_HOST = "server_hostname"
_LONGEST = 1 << 20
_WAYS = {"originating": TO, "2": TO, "incoming": FROM, "1": FROM}
#: The event that stands for a message leaving, and for one coming in, at the service's edge.
_EVENTS = {TO: "SEND", FROM: "RECEIVE"}


class ExchangeTrace:
    """Reader of the extended message trace."""

    name = "exchange_trace"
    folders = frozenset({"exchange", "logs"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether the first line names the columns."""
        text = head.decode(_encoding(head), "replace").lstrip("\ufeff")
        try:
            return set(_COLUMNS) <= set(_heads(text.partition("\n")[0]))
        except csv.Error:
            return False

    def read(self, file: SuppliedInput) -> MailLogFacts:
        """Distil a trace; raises Unreadable for a row that is endless."""
        instance, unread = Instance("", "exchange_online"), Unread()
        lines = older = first = last = 0
        since = int(file.since.timestamp())
        rows = csv.reader(_text(file))
        try:
            heads = {name: place for place, name in enumerate(_heads(",".join(next(rows, []))))}
            for row in rows:
                lines += 1
                cells = {name: row[place] if place < len(row) else "" for name, place in heads.items()}
                when = _moment(cells["date_time"])
                if when is None:
                    unread.note("no_date", b"")  # whatever a row holds, its subject too, may stand in any column
                elif when < since:
                    older += 1
                else:
                    first, last = min(first or when, when), max(last, when)
                    _count(instance, cells)
        except (csv.Error, UnicodeError) as trouble:
            raise Unreadable(f"{type(trouble).__name__}: {trouble}"[:200]) from None
        about = file.about(stamp(first), stamp(last), lines, older=older, unread=unread.kinds())
        return MailLogFacts("mail_log", about, "exchange_online", (instance.facts(),))


def _count(instance: Instance, cells: dict[str, str]) -> None:
    way = _WAYS.get(cells["directionality"].strip().lower())
    if way is None or cells["source"].strip().upper() != "SMTP" or cells["event_id"].strip().upper() != _EVENTS[way]:
        return
    mailboxes = cells["recipient_address"].split(";") if way == TO else [cells["sender_address"]]
    host = safe.host_name(cells.get(_HOST, "").strip().encode("ascii", "replace")) if way == TO else ""
    for mailbox in mailboxes:
        domain = safe.domain(mailbox.strip().encode("utf-8", "replace"))
        instance.unknown(way, (host, "", 25 if way == TO else 0), domain)


def _heads(line: str) -> list[str]:
    return [name.strip().strip('"').lower() for name in next(csv.reader([line]), [])]


def _moment(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())  # the trace is in UTC


def _encoding(head: bytes) -> str:
    return "utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"


def _text(file: SuppliedInput) -> Iterator[str]:
    """Give the lines as text; a line that does not end is no row of a trace."""
    decoder = codecs.getincrementaldecoder(_encoding(file.head()[:2]))("replace")
    rest = ""
    for block in file.blocks():
        lines = (rest + decoder.decode(block)).splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        if len(rest) > _LONGEST:
            raise Unreadable("a line without an end")
        yield from lines
    yield from io.StringIO(rest + decoder.decode(b"", final=True))
