"""The file behind https://mta-sts.<domain>/.well-known/mta-sts.txt, as it was served (RFC 8461 section 3.3, RFC 9112).

One GET over a connection of its own: no redirect is followed, nothing is unpacked, nothing is verified. Every wait is
until one deadline and every size has its cap, so a slow or endless answer costs the deadline and no more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from compliance.model.observation import Failure, FailureKind, PolicyFacts
from compliance.probes.net import Channel, Deadline, SocketWire, Stopped, connect
from compliance.probes.tls import handshake
from compliance.records.mta_sts import MAX_POLICY, PATH

PORT = 443
_SECONDS = 60.0  # RFC 8461 section 3.3: a suggested timeout of one minute
_MAX_LINE = 8 * 1024
_MAX_HEAD = 32 * 1024
_MAX_HEADERS = 100
_MAX_INTERIM = 4
_MAX_FRAMING = 16 * 1024  # bytes of chunk sizes and their extensions, beside the body
_STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: [^\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)", re.DOTALL)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,12}")
_HTTP = "http"
_NOTHING = {FailureKind.UNRESOLVED, FailureKind.NO_ROUTE}  # says nothing of the host: any other failure tells more

Head = tuple[int, dict[bytes, list[bytes]]]


def fetch(
    host: str, addresses: Sequence[str], *, port: int = PORT, seconds: float = _SECONDS, connect_seconds: float = 10.0
) -> tuple[PolicyFacts | None, Failure | None]:
    """Ask each address in turn for the policy until one gives a whole HTTP answer; all of it within `seconds`.

    Facts with a failure mean that TLS was heard and HTTP was not understood (stage `http`); a failure alone that it
    did not come so far (stages `connect`, `tls`).
    """
    deadline = Deadline.after(seconds)
    kept: tuple[PolicyFacts | None, Failure | None] = (None, Failure(FailureKind.UNRESOLVED, "connect", "no address"))
    for number, address in enumerate(addresses):
        if not deadline.left:
            break
        share = deadline.within(deadline.left / (len(addresses) - number))
        found = _fetch_from(host, address, port, share, connect_seconds)
        if found[1] is None:
            return found
        if kept[0] is None and (found[0] or (kept[1] and kept[1].kind in _NOTHING)):
            kept = found
    return kept


def _fetch_from(
    host: str, address: str, port: int, deadline: Deadline, connect_seconds: float
) -> tuple[PolicyFacts | None, Failure | None]:
    line = connect(address, port, min(connect_seconds, deadline.left))
    if isinstance(line, Failure):
        return None, line
    channel = Channel(SocketWire(line), deadline)
    facts: PolicyFacts | None = None
    try:
        channel.wire, tls = handshake(channel.wire, host, deadline, None)
        facts = PolicyFacts("policy", host, address, port, tls, 0, "", "", "")
        return _asked(channel, facts), None
    except Stopped as stop:
        return facts, stop.failure
    finally:
        channel.close()


def _asked(channel: Channel, facts: PolicyFacts) -> PolicyFacts:
    """Put the request and read the answer; raises Stopped, stage `http`."""
    named = facts.name if facts.port == PORT else f"{facts.name}:{facts.port}"
    request = (
        f"GET {PATH} HTTP/1.1\r\nHost: {named}\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\n"
        "User-Agent: u02\r\nConnection: close\r\n\r\n"
    )
    channel.send(request.encode("ascii"), _HTTP, channel.deadline.left)
    answer = _Answer(channel)
    status, headers = answer.head()
    body = answer.body(headers) if status == 200 else b""
    return replace(
        facts,
        status=status,
        media_type=_first(headers, b"content-type"),
        location=_first(headers, b"location"),
        body=body.decode("latin-1"),
    )


def _first(headers: dict[bytes, list[bytes]], name: bytes) -> str:
    return headers.get(name, [b""])[0].decode("latin-1")[:512]


def _broken(why: str) -> Stopped:
    return Stopped(FailureKind.PROTOCOL, _HTTP, why)


@dataclass
class _Answer:
    """The bytes of one answer, read no faster than they are understood."""

    channel: Channel
    unread: bytearray = field(default_factory=bytearray)
    _ended: bool = False

    def head(self) -> Head:
        """Read status and headers; interim answers (1xx) are passed over."""
        for _ in range(_MAX_INTERIM):
            found = _STATUS.fullmatch(self._line(_MAX_LINE))
            if found is None:
                raise _broken("status line")
            status, headers = int(found[1]), self._headers()
            if status >= 200:
                return status, headers
        raise _broken("interim answers")

    def _headers(self) -> dict[bytes, list[bytes]]:
        headers: dict[bytes, list[bytes]] = {}
        size = 0
        for _ in range(_MAX_HEADERS):
            line = self._line(_MAX_LINE)
            if not line:
                return headers
            size += len(line)
            found = _HEADER.fullmatch(line)
            if found is None or b"\0" in line or b"\r" in line:
                raise _broken("header")
            if size > _MAX_HEAD:
                break
            headers.setdefault(found[1].lower(), []).append(found[2].rstrip(b" \t"))
        raise _broken("headers too long")

    def body(self, headers: dict[bytes, list[bytes]]) -> bytes:
        """Read the body as its framing says (RFC 9112 section 6.3); a coding nobody offered is not unpacked."""
        if any(value.lower() != b"identity" for value in headers.get(b"content-encoding", [])):
            raise _broken("content coding")
        codings = [value.lower() for value in headers.get(b"transfer-encoding", [])]
        lengths = set(headers.get(b"content-length", []))
        if codings:
            if codings != [b"chunked"]:
                raise _broken("transfer coding")
            return self._chunks()
        if not lengths:
            return self._until_the_end()
        length = lengths.pop()
        if lengths or not _LENGTH.fullmatch(length):
            raise _broken("content length")
        if int(length) > MAX_POLICY:
            raise _broken("body too long")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        body, framing = bytearray(), 0
        while True:
            line = self._line(_MAX_LINE)
            framing += len(line) + 2
            found = _SIZE.fullmatch(line)
            if found is None or framing > _MAX_FRAMING:
                raise _broken("chunk")
            size = int(found[1], 16)
            if size == 0:
                self._headers()  # the trailer
                return bytes(body)
            if len(body) + size > MAX_POLICY:
                raise _broken("body too long")
            body += self._exactly(size)
            if self._line(_MAX_LINE):
                raise _broken("chunk")

    def _until_the_end(self) -> bytes:
        while not self._ended:
            self._more()
            if len(self.unread) > MAX_POLICY:
                raise _broken("body too long")
        return bytes(self.unread)

    def _exactly(self, size: int) -> bytes:
        while len(self.unread) < size:
            self._more()
            if self._ended and len(self.unread) < size:
                raise Stopped(FailureKind.CLOSED, _HTTP, "body cut short")
        taken = bytes(self.unread[:size])
        del self.unread[:size]
        return taken

    def _line(self, longest: int) -> bytes:
        start = 0
        while (at := self.unread.find(b"\n", start)) < 0:
            if len(self.unread) > longest:
                raise _broken("line too long")
            start = len(self.unread)
            if self._ended:
                raise Stopped(FailureKind.CLOSED, _HTTP, "answer cut short")
            self._more()
        if at > longest:
            raise _broken("line too long")
        line = bytes(self.unread[:at]).removesuffix(b"\r")
        del self.unread[: at + 1]
        return line

    def _more(self) -> None:
        piece = self.channel.wire.receive(_HTTP, self.channel.deadline)
        self._ended = not piece
        self.unread += piece
