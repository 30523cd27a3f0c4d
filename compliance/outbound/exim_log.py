"""Exim's main log: each delivery and each arrival tells its own TLS, `X=` and `CV=` (Exim specification, chapter 53).

Its lines name no host: whose log it is, the folder it lies in tells. `X=` stands there unless `log_selector` takes
`tls_cipher` away; a log without any proves nothing.
"""

import re
from datetime import datetime

from compliance.model.supplied import MailLogFacts
from compliance.outbound import safe
from compliance.outbound.book import Book, read_through
from compliance.outbound.dates import LogClock
from compliance.outbound.lines import LONGEST
from compliance.outbound.reader import SuppliedInput
from compliance.outbound.tally import FROM, TO, Instance, Tls

_DATE = rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4})?)(?: \[\d{1,10}\])? "
_ID = rb"\w{6}-(?:\w{6}-\w{2}|\w{11}-\w{4})"
_LINE = re.compile(_DATE + rb"(?:(" + _ID + rb") (<=|=>|->|>>|\*>|\*\*|==|Completed)(?: |$))?")
_FELL_BACK = re.compile(
    _DATE
    + rb"("
    + _ID
    + rb") .*: delivering unencrypted to H=\S{0,255} \[([0-9A-Fa-f:.]{2,50})\] \(not in hosts_require_tls\)"
)
_MOST = 10_000  # messages on their way that fell back to clear text
_MAILBOX = rb"([^\s\"<>]*+)"
_HOST = rb"H=(\([^()]{0,255}\)|\S{1,255}(?: \([^()]{0,255}\))?)(?: DS)? \[([0-9A-Fa-f:.]{2,50})\](?::(\d{1,5}))?\*?"
_TLS = (
    rb"(?: TFO\*?| I=\[[^\]\s]{1,50}\](?::\d{1,5})?| PRX=\S{1,100}| P=e?smtp\w{0,3}| U=\S{1,60}| L[.*-]{0,3})*+"
    rb"(?: X=(\S{1,160}))?(?: CV=(\w{1,8}))?"
)
_DELIVERY = re.compile(_MAILBOX + rb"(?: <[^<>\s]{0,400}>)?(?: [A-Z]{1,3}=\S{0,400}){0,6}? " + _HOST + _TLS)
_ARRIVAL = re.compile(_MAILBOX + rb"(?: R=\S{1,60})?(?: U=\S{1,60})?(?: DS)? " + _HOST + _TLS + rb"(.*)", re.DOTALL)
_ELSEWHERE = re.compile(_MAILBOX + rb"(?: <[^<>]{0,400}>)?(?: [A-Z]{1,3}=\S{0,400}){1,6}")
_LOGIN = re.compile(rb"(?: K| L| DN=\"[^\"]{0,1000}\"| SNI=\S{1,255}| PRDR| M8S=\d| CV=\w{1,8})* A=\S")
_CIPHER = re.compile(rb"TLSv?(1(?:\.[0-3])?):([\w+.-]{1,120}):(\d{1,4})")
_VERSIONS = {b"1.3": "TLSv1.3", b"1.2": "TLSv1.2", b"1.1": "TLSv1.1", b"1.0": "TLSv1", b"1": "TLSv1"}
_TRUST = {b"yes": "cv_yes", b"no": "cv_no", b"dane": "cv_dane"}
_THIS_MACHINE = frozenset({b"127.0.0.1", b"::1"})


class EximLog:
    """Reader of Exim's main log."""

    name = "exim_log"
    folders = frozenset({"logs"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether one of the lines is of a message's way through Exim."""
        lines = (_LINE.match(line) for line in head.split(b"\n"))
        return any(found[2] for found in lines if found)

    def read(self, file: SuppliedInput) -> MailLogFacts:
        """Distil a log; raises Unreadable with what was read until then."""
        return read_through(file, _Book)


class _Book(Book):
    """The state of reading one log of Exim."""

    def __init__(self, since: datetime, clock: LogClock) -> None:
        super().__init__(since, clock)
        self._instance = Instance("", "exim")
        self._fell_back: dict[bytes, set[bytes]] = {}

    def add(self, lines: list[bytes]) -> None:
        """Read lines in order."""
        self.lines += len(lines)
        for line in lines:
            found = _LINE.match(line)
            if found is None or len(line) > LONGEST:
                if line.strip():
                    self.unread.note("too_long" if len(line) > LONGEST else "no_header", line)
                continue
            when = self.clock.seconds(found[1])
            if when is None:
                self.unread.note("no_date", line)
            elif when < self.since:
                self.older += 1
            else:
                self.first, self.last = self.first or when, max(self.last, when)
                self._message(found[2], found[3], line[found.end() :], when)
                if found[2] is None and (failed := _FELL_BACK.fullmatch(line)):
                    self._note_failure(failed[2], failed[3])

    def _message(self, message: bytes, sign: bytes | None, body: bytes, when: int) -> None:
        if sign in {b"=>", b"->"}:
            self._delivered(message, body, when)
        elif sign == b"<=":
            self._arrived(body, when)
        elif sign == b"Completed":
            self._fell_back.pop(message, None)

    def _note_failure(self, message: bytes, address: bytes) -> None:
        """Note that a message goes in clear since a handshake failed: the line of its delivery does not say so."""
        if len(self._fell_back) < _MOST:
            self._fell_back.setdefault(message, set()).add(address)

    def _delivered(self, message: bytes, body: bytes, when: int) -> None:
        if _is_forged(body):
            self.unread.note("delivery", body)
            return
        found = _DELIVERY.match(body)
        if found is None:  # to a mailbox, a pipe, a file of this machine
            if not _ELSEWHERE.match(body) or b" H=" in body.partition(b' C="')[0]:
                self.unread.note("delivery", body)
            return
        mailbox, name, address, port, cipher, verified = found.groups()
        tls = _read_tls(cipher, verified)
        if cipher and tls is None:
            self.unread.note("tls", body)
        elif address not in _THIS_MACHINE:
            relay = (safe.host_name(name.partition(b" ")[0]), safe.address(address), int(port or 25))
            failed = address in self._fell_back.get(message, ())
            self._count(TO, relay, safe.domain(mailbox), tls, when, failed=failed)

    def _arrived(self, body: bytes, when: int) -> None:
        found = None if _is_forged(body) else _ARRIVAL.match(body)
        if found is None:
            if b" H=" in body.partition(b" S=")[0]:  # else it was made on this machine
                self.unread.note("arrival", body)
            return
        mailbox, name, address, _, cipher, verified, more = found.groups()
        tls = _read_tls(cipher, verified)
        if cipher and tls is None:
            self.unread.note("tls", body)
        elif address not in _THIS_MACHINE and not _LOGIN.match(more):
            self._count(
                FROM,
                (safe.host_name(name.partition(b" ")[0]), safe.address(address), 0),
                safe.domain(mailbox),
                tls,
                when,
            )

    def _count(
        self, way: str, relay: tuple[str, str, int], domain: str, tls: Tls | None, when: int, *, failed: bool = False
    ) -> None:
        if tls:
            self._instance.session(way)
            self._instance.encrypted(way, relay, domain, tls, when)
        else:
            self._instance.silent(way, relay, domain, when, failed=failed)

    def facts(self, file: SuppliedInput) -> MailLogFacts:
        """Give what was read."""
        return MailLogFacts("mail_log", self.about(file), "exim", (self._instance.facts(),))


def _is_forged(body: bytes) -> bool:
    """Tell whether a line may be no more than it seems: Exim writes a quoted mailbox without its quotes.

    Then it writes it once more as it was, `<"a b"@part.example>`; and no line names two hosts.
    """
    return b'<"' in body or body.count(b" H=") > 1


def _read_tls(cipher: bytes | None, verified: bytes | None) -> Tls | None:
    """Read `X=TLS1.3:TLS_AES_256_GCM_SHA384:256`, the suite named as OpenSSL or GnuTLS does."""
    found = _CIPHER.fullmatch(cipher) if cipher else None
    if found is None:
        return None
    return _VERSIONS[found[1]], found[2].decode(), _TRUST.get(verified or b"", "")
