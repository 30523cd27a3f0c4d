"""Postfix's log: what smtp delivered and smtpd took, each joined with the TLS session it went through.

TLS lines carry no queue id. One smtp process holds one session at a time: its TLS line stands before the first
delivery of that session, and every further recipient of the same message goes the same way. `conn_use=` marks a
session taken over from the cache; under TLS that one has a line of its own, `reused`, and else it was in clear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from compliance.model.supplied import MailLogFacts
from compliance.outbound import safe
from compliance.outbound.book import Book, read_through
from compliance.outbound.dates import LogClock
from compliance.outbound.lines import LONGEST
from compliance.outbound.postfix_lines import (
    CLIENT,
    DELIVERY,
    DROPPED,
    FAILED_TLS,
    FORGED,
    HEADER,
    KEEPER,
    KEEPING,
    NOWHERE,
    OVER,
    SENDER,
    SUITE,
    TLS_FROM,
    TLS_LINE,
    TLS_TO,
    VERSIONS,
)
from compliance.outbound.reader import SuppliedInput
from compliance.outbound.tally import FROM, TO, Instance, Relay, Tls

_SAME_MESSAGE = 300  # a message put off is tried again after that at the earliest (minimal_backoff_time)
_OLD_SESSION = 3600  # a process that was there before the log began may be in a session begun before it
_MOST_INSTANCES, _MOST_PROCESSES, _MOST_QUEUED, _MOST_PROGRAMS = 200, 50_000, 100_000, 5_000
_THIS_MACHINE = frozenset({b"127.0.0.1", b"::1"})


@dataclass(slots=True)
class _Process:
    """One smtp process: the session its last TLS line spoke of, and the message it delivered last."""

    instance: Instance
    place: tuple[bytes, bytes] | None = None
    tls: Tls | None = None
    reused: bool = False
    queue: bytes = b""
    to: tuple[bytes, bytes] | None = None
    used: Tls | None = None
    when: int = 0
    failed: tuple[bytes, bytes] | None = None
    known: bool = True


class PostfixLog:
    """Reader of Postfix's log, as syslog, the journal or Postfix itself writes it."""

    name = "postfix_log"
    folders = frozenset({"logs"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether a Postfix program wrote one of the lines."""
        lines = (HEADER.match(line) for line in head.split(b"\n"))
        return any(_program(found[3])[0] for found in lines if found)

    def read(self, file: SuppliedInput) -> MailLogFacts:
        """Distil a log; raises Unreadable with what was read until then."""
        return read_through(file, _Book)


def _program(tag: bytes) -> tuple[str, str]:
    """Give the program's name if it is one of Postfix's, and the name of the Postfix that it is part of.

    `postfix/relay/smtp` is the smtp of `postfix`: one main.cf says for all its services what is logged.
    """
    prefix, slash, name = tag.rpartition(b"/")
    if not slash or not prefix.startswith(b"postfix") or not name.isalnum():
        return "", ""
    return name.decode("ascii", "replace"), prefix.partition(b"/")[0].decode("ascii", "replace")


class _Book(Book):
    """The state of reading one log of Postfix."""

    def __init__(self, since: datetime, clock: LogClock) -> None:
        super().__init__(since, clock)
        self._instances: dict[tuple[bytes, str], Instance] = {}
        self._senders: dict[bytes, _Process] = {}  # by host, program and process as they stand in the line
        self._receivers: dict[bytes, Tls | None] = {}
        self._queued: dict[tuple[bytes, bytes], tuple[Instance, Relay, Tls | None, bool]] = {}
        self._programs: dict[bytes, tuple[_Handler, str] | None] = {}
        self._handlers: dict[str, _Handler] = {
            "smtp": self._smtp,
            "smtpd": self._smtpd,
            "qmgr": self._qmgr,
            "master": self._master,
        }
        self._missing = 0  # when lines were last left out of the log
        self._begun: set[tuple[bytes, str]] = set()  # programs whose start is in the log: nobody is older than that

    def add(self, lines: list[bytes]) -> None:
        """Read lines in order."""
        self.lines += len(lines)
        header, programs, seconds = HEADER.match, self._programs, self.clock.seconds
        date, when = b"", None
        for line in lines:
            found = header(line)
            if found is None or len(line) > LONGEST:
                self._other(line)
                continue
            written, host, tag = found.group(1, 2, 3)
            if written != date:
                date, when = written, seconds(written)
            if when is None:
                self.unread.note("no_date", line)
                continue
            if when < self.since:
                self.older += 1
                continue
            if not self.first:
                self.first = when
            if when > self.last:
                self.last = when
            handler = programs[tag] if tag in programs else self._learn(tag)
            if handler:
                handler[0](line[found.end() :], host, handler[1], line[found.start(2) : found.end()], when)

    def _other(self, line: bytes) -> None:
        if len(line) > LONGEST:
            self.unread.note("too_long", line)
        elif not KEEPING.match(line):
            self.unread.note("no_header", line)

    def _learn(self, tag: bytes) -> "tuple[_Handler, str] | None":
        name, prefix = _program(tag)
        handler = self._keeper if KEEPER.fullmatch(tag) else self._handlers.get(name)
        found = (handler, prefix) if handler else None
        if len(self._programs) < _MOST_PROGRAMS:
            self._programs[tag] = found
        return found

    def _instance(self, host: bytes, prefix: str) -> Instance | None:
        key = (host, prefix)
        if key not in self._instances:
            if len(self._instances) >= _MOST_INSTANCES:
                return None
            self._instances[key] = Instance(safe.host_name(host), prefix)
        return self._instances[key]

    def _sender(self, host: bytes, prefix: str, who: bytes, when: int) -> _Process | None:
        instance = self._instance(host, prefix)
        if instance is None:
            return None
        if len(self._senders) >= _MOST_PROCESSES:
            self._senders.pop(next(iter(self._senders)))
        return self._senders.setdefault(who, _Process(instance, known=self._is_young(host, prefix, when)))

    def _is_young(self, host: bytes, prefix: str, when: int) -> bool:
        """Tell whether a process not seen before began within the log, so that all its sessions are in it."""
        return when - max(self.first, self._missing) > _OLD_SESSION or (host, prefix) in self._begun

    def _keeper(self, body: bytes, _host: bytes, _prefix: str, _who: bytes, when: int) -> None:
        """Take a line of what keeps the log: where some are missing, any session may have begun among them."""
        if DROPPED.match(body):
            self._missing = when
            self._begun.clear()
            self._receivers.clear()
            for process in self._senders.values():
                process.place, process.known = None, False

    def _master(self, body: bytes, host: bytes, prefix: str, _who: bytes, _when: int) -> None:
        """Take a line of the daemon that starts all the others."""
        if body.startswith(b"daemon started "):
            self._begun.add((host, prefix))

    def _smtp(self, body: bytes, host: bytes, prefix: str, who: bytes, when: int) -> None:
        """Take a line of the delivering client."""
        process = self._senders.get(who) or self._sender(host, prefix, who, when)
        if process is None:
            self.unread.note("too_many_programs", body)
            return
        if found := DELIVERY.match(body):
            if FORGED in body[found.end() :]:
                self.unread.note("delivery", body)
                return
            self._delivered(process, found.groups(), when)
        elif found := TLS_TO.match(body):
            trust, how, _, address, port, version, suite = found.groups()
            if version not in VERSIONS or not SUITE.fullmatch(suite):
                self.unread.note("tls", body)
                return
            process.instance.session(TO)
            process.place, process.reused, process.known = (address, port), how == b"reused", True
            process.tls = (version.decode(), suite.decode(), trust.decode())
            process.failed = None
        elif found := FAILED_TLS.match(body):
            process.place, process.failed = None, (found[2], found[3])
        elif OVER.match(body):
            process.place = None
        elif TLS_LINE.match(body):
            self.unread.note("tls", body)
        elif b": to=<" in body[:30] and not NOWHERE.match(body):
            self.unread.note("delivery", body)

    @staticmethod
    def _delivered(process: _Process, said: tuple[bytes, ...], when: int) -> None:
        queue, mailbox, _, name, address, port, cached, status = said
        place = (address, port)
        same = process.queue == queue and process.to == place and when - process.when <= _SAME_MESSAGE
        if process.place == place and process.reused == bool(cached):
            process.used = process.tls
        elif not same:
            process.used = None
        process.place, process.queue, process.to, process.when = None, queue, place, when
        known, process.known = process.known, True
        if status != b"sent" or _is_inside(address, port):
            return
        instance, domain = process.instance, safe.domain(mailbox)
        relay = (safe.host_name(name), safe.address(address), int(port))
        if process.used:
            instance.encrypted(TO, relay, domain, process.used, when)
        elif known or cached:
            instance.silent(TO, relay, domain, when, failed=process.failed == place)
        else:
            instance.unknown(TO, relay, domain)

    def _smtpd(self, body: bytes, host: bytes, prefix: str, who: bytes, _when: int) -> None:
        """Take a line of the receiving server: it has one client at a time."""
        if body.startswith((b"connect from ", b"disconnect from ")):
            if len(self._receivers) >= _MOST_PROCESSES:
                self._receivers.pop(next(iter(self._receivers)))
            self._receivers[who] = None
        elif found := TLS_FROM.match(body):
            trust, _, _, version, suite = found.groups()
            instance = self._instance(host, prefix)
            if version not in VERSIONS or not SUITE.fullmatch(suite) or instance is None:
                self.unread.note("tls", body)
                return
            instance.session(FROM)
            self._receivers[who] = (version.decode(), suite.decode(), trust.decode())
        elif found := CLIENT.match(body):
            queue, name, address, more = found.groups()
            instance = self._instance(host, prefix)
            if instance is None or address in _THIS_MACHINE or b"sasl_" in more:
                return
            relay = (safe.host_name(name), safe.address(address), 0)
            if len(self._queued) >= _MOST_QUEUED:
                self._queued.pop(next(iter(self._queued)))
            self._queued[host, queue] = (instance, relay, self._receivers.get(who), who in self._receivers)
        elif TLS_LINE.match(body):
            self.unread.note("tls", body)

    def _qmgr(self, body: bytes, host: bytes, _prefix: str, _who: bytes, when: int) -> None:
        """Take a line of the queue: the sender's domain of what smtpd took."""
        if not self._queued or not (found := SENDER.match(body)):
            return
        taken = self._queued.pop((host, found[1]), None)
        if taken is None:
            return
        instance, relay, tls, known = taken
        domain = safe.domain(found[2])
        if tls:
            instance.encrypted(FROM, relay, domain, tls, when)
        elif known:
            instance.silent(FROM, relay, domain, when)
        else:
            instance.unknown(FROM, relay, domain)

    def facts(self, file: SuppliedInput) -> MailLogFacts:
        """Give what was read."""
        ordered = sorted(self._instances.values(), key=lambda instance: (instance.host, instance.program))
        return MailLogFacts("mail_log", self.about(file), "postfix", tuple(instance.facts() for instance in ordered))


_Handler = Callable[[bytes, bytes, str, bytes, int], None]


def _is_inside(address: bytes, port: bytes) -> bool:
    """Tell whether a delivery was a hand-over on this machine: to a filter, or on loopback to another port than 25."""
    return address in _THIS_MACHINE or (address.startswith(b"127.") and port != b"25")
