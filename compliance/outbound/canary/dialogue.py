"""The receiver's side of an SMTP session (RFC 5321, RFC 3207), without I/O: bytes in, replies out.

Nothing is ever relayed: the only recipients there are, are those of the round. What a stranger says is counted and
thrown away. Every size is capped, and each byte is looked at a fixed number of times.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from compliance.model.canary import Stage
from compliance.model.names import is_plain
from compliance.outbound.canary.mail import Arrived, Intake, domain_of
from compliance.outbound.canary.plan import Place

_END = b".\r\n"
_PATH = re.compile(rb"(?i:FROM|TO):[ ]?<([^<>\r\n]{0,320})>((?: [^\r\n]*)?)")
_SIZE = re.compile(rb"(?i:SIZE)=([0-9]{1,12})")
_OK, _BAD_SEQUENCE = b"250 2.0.0 Ok", b"503 5.5.1 Bad sequence of commands"


@dataclass(frozen=True, slots=True)
class Limits:
    """What anybody may cost. Sizes in bytes, times in seconds."""

    line: int = 2048
    text_line: int = 16 * 1024
    message: int = 1024 * 1024
    header: int = 128 * 1024
    commands: int = 100
    strangers: int = 3  # recipients turned away before the session is ended
    recipients: int = 20
    messages: int = 20
    idle: float = 120.0
    handshake: float = 60.0
    session: float = 300.0
    grace: float = 2.0  # for sessions to end by themselves when the round does
    connections: int = 1000
    per_source: int = 20
    kept: int = 20_000  # sessions of a round
    kept_per_source: int = 200


class Then(Enum):
    """What comes after a reply."""

    READ = "read"
    TLS = "tls"  # a handshake, and the dialogue begins anew inside it
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one recipient of the round."""

    place: Place
    encrypted: bool
    mail_from: str
    at: float
    arrived: Arrived


@dataclass
class Dialogue:
    """One session: feed it what comes, send what it gives, do what it says then.

    `offers` is whether STARTTLS is offered; `now` gives seconds since 1970.
    """

    host: str
    persona: str
    offers: bool
    recipients: Mapping[str, Place]
    limits: Limits
    now: Callable[[], float]
    stage: Stage = Stage.CONNECT
    ehlo: str = ""
    ended: str = ""
    strangers: int = 0
    encrypted: bool = False
    deliveries: list[Delivery] = field(default_factory=list)
    _buffer: bytearray = field(default_factory=bytearray)
    _searched: int = 0  # bytes of the buffer in which no line ends
    _greeted: bool = False
    _commands: int = 0
    _sender: str | None = None
    _places: list[Place] = field(default_factory=list)
    _intake: Intake | None = None

    def greeting(self) -> bytes:
        """Give the first line (RFC 5321 section 4.3.1)."""
        return f"220 {self.host} ESMTP canary: takes no mail but its own\r\n".encode()

    def receive(self, data: bytes) -> tuple[bytes, Then]:
        """Take what came; gives what to say, and what comes then."""
        self._buffer += data
        said = bytearray()
        while True:
            line = self._line()
            if line is None:
                then = self._overlong(said)
                return bytes(said), then
            reply, then = self._text(line) if self._intake else self._command(line)
            if reply:
                said += reply + b"\r\n"
            if then is not Then.READ:
                self._buffer.clear()  # what was sent in clear behind STARTTLS is nobody's command (RFC 3207 section 6)
                self._searched = 0
                return bytes(said), then

    def secured(self) -> None:
        """Begin anew inside TLS: what was said before counts no more (RFC 3207 section 4.2)."""
        self.encrypted, self._greeted = True, False
        self.reach(Stage.TLS)
        self._reset()

    def reach(self, stage: Stage) -> None:
        """Note how far the session came."""
        order = list(Stage)
        self.stage = max(self.stage, stage, key=order.index)

    def _line(self) -> bytes | None:
        """Cut one line off: a command ends in LF, a line of a message in CRLF and nothing else."""
        mark = b"\r\n" if self._intake else b"\n"
        end = self._buffer.find(mark, max(self._searched - 1, 0))
        if end < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[: end + len(mark)])
        del self._buffer[: end + len(mark)]
        self._searched = 0
        return line

    def _overlong(self, said: bytearray) -> Then:
        if len(self._buffer) <= (self.limits.text_line if self._intake else self.limits.line):
            return Then.READ
        said += b"500 5.5.2 Line too long\r\n"
        return self._end("limit")

    def _end(self, why: str) -> Then:
        self.ended = why
        return Then.CLOSE

    def _reset(self) -> None:
        self._sender, self._intake = None, None
        self._places = []

    def _command(self, line: bytes) -> tuple[bytes, Then]:
        self._commands += 1
        if len(line) > self.limits.line or self._commands > self.limits.commands:
            return b"421 4.7.0 Too much", self._end("limit")
        verb, _, argument = line.strip().partition(b" ")
        match verb.upper():
            case b"EHLO" | b"HELO":
                return self._hello(verb.upper(), argument), Then.READ
            case b"STARTTLS":
                return self._starttls()
            case b"MAIL":
                return self._mail(argument), Then.READ
            case b"RCPT":
                return self._rcpt(argument)
            case b"DATA":
                return self._data(), Then.READ
            case b"RSET":
                self._reset()
                return _OK, Then.READ
            case b"NOOP":
                return _OK, Then.READ
            case b"VRFY":
                return b"252 2.5.0 Send and see", Then.READ
            case b"QUIT":
                return b"221 2.0.0 Bye", self._end("quit")
            case _:
                return b"502 5.5.1 Command not implemented", Then.READ

    def _hello(self, verb: bytes, argument: bytes) -> bytes:
        name = argument.strip().decode("latin-1").strip("[]").lower()
        if not name:
            return b"501 5.5.4 A name is missing"
        self._reset()
        self._greeted = True
        self.ehlo = name if is_plain(name) else ""
        self.reach(Stage.EHLO)
        if verb == b"HELO":
            return b"250 " + self.host.encode()
        lines = [self.host, f"SIZE {self.limits.message}", "8BITMIME"]
        if self.offers and not self.encrypted:
            lines.append("STARTTLS")
        marks = ["-"] * (len(lines) - 1) + [" "]
        return "\r\n".join(f"250{mark}{text}" for mark, text in zip(marks, lines, strict=True)).encode()

    def _starttls(self) -> tuple[bytes, Then]:
        if not self.offers or self.encrypted:
            return b"502 5.5.1 Command not implemented", Then.READ
        if not self._greeted:
            return _BAD_SEQUENCE, Then.READ
        self.reach(Stage.STARTTLS)
        return b"220 2.0.0 Ready", Then.TLS

    def _mail(self, argument: bytes) -> bytes:
        path = _PATH.fullmatch(argument.strip())
        if path is None or argument[:5].upper() != b"FROM:":
            return b"501 5.5.4 Syntax: MAIL FROM:<address>"
        if not self._greeted or self._sender is not None:
            return _BAD_SEQUENCE
        size = _SIZE.search(path[2])
        if size and int(size[1]) > self.limits.message:
            return b"552 5.3.4 Message too big"
        if len(self.deliveries) >= self.limits.messages:
            return b"452 4.5.3 Too many messages"
        self._sender = domain_of(path[1].decode("latin-1"))
        self.reach(Stage.MAIL)
        return b"250 2.1.0 Ok"

    def _rcpt(self, argument: bytes) -> tuple[bytes, Then]:
        path = _PATH.fullmatch(argument.strip())
        if path is None or argument[:3].upper() != b"TO:":
            return b"501 5.5.4 Syntax: RCPT TO:<address>", Then.READ
        if self._sender is None:
            return _BAD_SEQUENCE, Then.READ
        place = self.recipients.get(path[1].decode("latin-1").lower())
        if place is None:
            self.strangers += 1
            if self.strangers >= self.limits.strangers:
                return b"421 4.7.0 Nobody of that name here", self._end("refused")
            return b"550 5.1.1 Nobody of that name here", Then.READ
        if place.persona != self.persona:  # personas that share an address take turns
            return b"451 4.7.1 Not now: come again", Then.READ
        if len(self._places) >= self.limits.recipients:
            return b"452 4.5.3 Too many recipients", Then.READ
        self._places.append(place)
        self.reach(Stage.RCPT)
        return b"250 2.1.5 Ok", Then.READ

    def _data(self) -> bytes:
        if not self._places:
            return _BAD_SEQUENCE
        self._intake = Intake(self.limits.header)
        return b"354 End data with <CR><LF>.<CR><LF>"

    def _text(self, line: bytes) -> tuple[bytes, Then]:
        intake = self._intake
        if intake is None:
            raise RuntimeError("no message is being taken")
        if line == _END:
            arrived = intake.end(self.now())
            places = dict.fromkeys(self._places)
            self.deliveries += [
                Delivery(place, self.encrypted, self._sender or "", self.now(), arrived) for place in places
            ]
            self.reach(Stage.MESSAGE)
            self._reset()
            return b"250 2.0.0 Seen, and thrown away", Then.READ
        kept = intake.take(line[1:] if line.startswith(b".") else line)  # RFC 5321 section 4.5.2
        if not kept or intake.size > self.limits.message:
            return b"552 5.3.4 Message too big", self._end("limit")
        return b"", Then.READ
