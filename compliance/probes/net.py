"""The only client sockets: a deadline over everything, a cap on every size, and a quiet end with FIN."""

import contextlib
import errno
import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import Protocol

from compliance.model.names import is_no_host
from compliance.model.observation import Failure, FailureKind

MAX_LINE = 4096
MAX_REPLY_LINES = 128
MAX_REPLY = 64 * 1024
_PIECE = 16 * 1024
_DRAIN_SECONDS = 1.0
_DRAIN_BYTES = 16 * 1024 * 1024
RESET = "reset"

#: Words for "no way there". Our own kernel says them, and so does any firewall on the way, or before their door.
_NO_WAY = {
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT, errno.EINVAL,
    errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EHOSTDOWN, errno.EPROTONOSUPPORT, errno.ENOPROTOOPT, errno.EPROTO,
}  # fmt: skip


class Stopped(Exception):  # noqa: N818 - a session that stopped is the world's trouble, not an error of ours
    """The world stopped a session; `failure` is what is recorded."""

    def __init__(self, kind: FailureKind, stage: str, detail: str = "") -> None:
        self.failure = Failure(kind, stage, detail[:512])
        super().__init__(f"{kind.value} at {stage}: {detail}")


@dataclass(frozen=True, slots=True)
class Deadline:
    """An absolute point on the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Give the deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def within(self, seconds: float) -> "Deadline":
        """Give the earlier of this deadline and that many seconds from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))

    @property
    def left(self) -> float:
        """Seconds left; never below zero."""
        return max(0.0, self.at - time.monotonic())


def family_of(address: str) -> socket.AddressFamily:
    """Give the address family of an IP address; raises ValueError."""
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


def connect(address: str, port: int, timeout: float) -> socket.socket | Failure:
    """Open a TCP connection to an IP address, or say why there is none (stage `connect`)."""
    if is_no_host(address):  # 0.0.0.0 would lead to this very machine
        return Failure(FailureKind.UNRESOLVED, "connect", "not a host's address")
    line: socket.socket | None = None
    try:
        line = socket.socket(family_of(address), socket.SOCK_STREAM)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # one short line each way: nothing to gather
        line.settimeout(max(timeout, 0.001))
        line.connect((address, port))
    except OSError as trouble:
        if line is not None:
            line.close()
        return _connect_failure(trouble, address, port)
    return line


def _connect_failure(trouble: OSError, address: str, port: int) -> Failure:
    """Tell our own missing network from their refusal; what is neither is raised as it is (a defect).

    An ICMP message may come from anybody and as fast as they like: only our own routing table knows what we lack.
    """
    code = trouble.errno
    name = errno.errorcode.get(code or 0, "")
    if isinstance(trouble, TimeoutError) or code == errno.ETIMEDOUT:
        return Failure(FailureKind.TIMEOUT, "connect")
    if code == errno.ECONNREFUSED:
        return Failure(FailureKind.REFUSED, "connect")
    if code in _NO_WAY:
        led = source_address(address, port) is not None
        return Failure(FailureKind.REFUSED if led else FailureKind.NO_ROUTE, "connect", name)
    if code in {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}:
        return Failure(FailureKind.CLOSED, "connect", RESET)
    raise trouble


def datagrams(address: str, port: int) -> socket.socket:
    """Give a UDP socket bound to one peer, so that its refusals reach us; raises OSError where there is no route.

    Connecting a UDP socket sends no packet: it only asks the routing table.
    """
    line = socket.socket(family_of(address), socket.SOCK_DGRAM)
    try:
        line.connect((address, port))
    except OSError:
        line.close()
        raise
    line.setblocking(False)
    return line


def source_address(address: str, port: int) -> str | None:
    """Give the address of ours that leads to an address, None where there is no route; no packet is sent."""
    try:
        with datagrams(address, port) as line:
            return str(line.getsockname()[0])
    except OSError:
        return None


def own_name() -> str:
    """Give this machine's own full name, as the system knows it."""
    return socket.getfqdn()


class Wire(Protocol):
    """Bytes to and from a peer: in clear, or inside TLS."""

    def send(self, data: bytes, stage: str, until: Deadline) -> None:
        """Send all of it; raises Stopped."""

    def receive(self, stage: str, until: Deadline) -> bytes:
        """Give what came, `b""` at the peer's end; raises Stopped."""

    def close(self, until: Deadline) -> None:
        """End it quietly; never raises, may be called twice."""


class SocketWire:
    """A TCP connection. Every wait is until a deadline; the end is a FIN and never a reset."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def send(self, data: bytes, stage: str, until: Deadline) -> None:
        """Send all of it; raises Stopped (timeout, closed)."""
        try:
            self._line.settimeout(max(until.left, 0.001))
            self._line.sendall(data)
        except OSError as trouble:
            raise _broken(trouble, stage) from trouble

    def receive(self, stage: str, until: Deadline) -> bytes:
        """Give what came, `b""` after the peer's FIN; raises Stopped (timeout, closed with detail `reset`)."""
        if not until.left:
            raise Stopped(FailureKind.TIMEOUT, stage)
        try:
            self._line.settimeout(until.left or 0.001)
            return self._line.recv(_PIECE)
        except OSError as trouble:
            raise _broken(trouble, stage) from trouble

    def close(self, until: Deadline) -> None:
        """Say FIN, read away what still comes (unread bytes would turn the end into a reset), and close."""
        patience = Deadline.after(_DRAIN_SECONDS) if not until.left else until.within(_DRAIN_SECONDS)
        unread = _DRAIN_BYTES
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
            while patience.left and unread > 0:
                self._line.settimeout(patience.left or 0.001)
                piece = self._line.recv(_PIECE)
                if not piece:
                    break
                unread -= len(piece)
        self._line.close()


def _broken(trouble: OSError, stage: str) -> Stopped:
    if isinstance(trouble, TimeoutError) or trouble.errno == errno.ETIMEDOUT:
        return Stopped(FailureKind.TIMEOUT, stage)
    if trouble.errno in {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}:
        return Stopped(FailureKind.CLOSED, stage, RESET)
    return Stopped(FailureKind.CLOSED, stage, errno.errorcode.get(trouble.errno or 0, ""))


class Channel:
    """Lines over a wire, under one deadline for the whole session; what was read and not yet used is `unread`."""

    def __init__(self, wire: Wire, deadline: Deadline) -> None:
        self.wire = wire
        self.deadline = deadline
        self.unread = b""

    def send(self, data: bytes, stage: str, seconds: float) -> None:
        """Send bytes within a stage's time; raises Stopped.

        A peer that has gone is no fault yet: what it said before it left (an alert, a 421) still waits to be read.
        """
        try:
            self.wire.send(data, stage, self.deadline.within(seconds))
        except Stopped as stop:
            if stop.failure.kind is not FailureKind.CLOSED:
                raise

    def read_reply(self, stage: str, seconds: float) -> tuple[int, tuple[str, ...]]:
        """Read one SMTP reply (RFC 5321 section 4.2): its code and its lines; raises Stopped.

        A bare LF ends a line as CRLF does; a code that changes or is no code is a broken reply.
        """
        until = self.deadline.within(seconds)
        lines: list[str] = []
        size = 0
        while True:
            raw = self._read_line(stage, until)
            size += len(raw)
            line = raw.rstrip(b"\r\n").decode("latin-1")
            if not _is_reply_line(line) or (lines and line[:3] != lines[0][:3]):
                raise Stopped(FailureKind.PROTOCOL, stage, line)
            lines.append(line)
            if line[3:4] != "-":
                return int(line[:3]), tuple(lines)
            if len(lines) >= MAX_REPLY_LINES or size >= MAX_REPLY:
                raise Stopped(FailureKind.PROTOCOL, stage, "reply too long")

    def _read_line(self, stage: str, until: Deadline) -> bytes:
        while True:
            line, newline, rest = self.unread.partition(b"\n")
            if len(line) + len(newline) > MAX_LINE:
                raise Stopped(FailureKind.PROTOCOL, stage, "line too long")
            if newline:
                self.unread = rest
                return line + newline
            piece = self.wire.receive(stage, until)
            if not piece:
                raise Stopped(FailureKind.CLOSED, stage, line.decode("latin-1"))
            self.unread += piece

    def close(self) -> None:
        """End the connection quietly; never raises."""
        self.wire.close(self.deadline)


def _is_reply_line(line: str) -> bool:
    return line[:3].isascii() and line[:3].isdigit() and "2" <= line[0] <= "5" and line[3:4] in {"", " ", "-"}
