"""MTA-STS policy hosts that misbehave (RFC 8461 section 3.3), and what STS-1 must make of each."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.golden.hostile.dialogue import Act, Kit, leave, mute, reset
from tests.unit.probes.servers import Peer

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.sound.example\r\nmax_age: 1209600\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BROKEN, NOT_FETCHED = "fail policy_http_broken", "not_tested theirs policy_not_fetched"


@dataclass(frozen=True)
class PolicyRow:
    """A policy host: what it does behind a sound handshake, and the verdict."""

    name: str
    act: Act
    policy: str


def serves(*pieces: bytes, for_ever: bytes = b"", pause: float = 0.0) -> Act:
    """Answer the request with these pieces, and with the last one without end."""

    def act(peer: Peer, kit: Kit) -> None:
        peer.tls(kit.context)
        while peer.hear():
            pass
        for piece in pieces:
            peer.line.sendall(piece)
        while for_ever and not peer.stop.wait(pause):
            peer.line.sendall(for_ever)

    return act


def in_clear(end: Callable[[Peer], None]) -> Act:
    def act(peer: Peer, kit: Kit) -> None:
        peer.line.recv(1)
        end(peer)

    return act


def sized(body: bytes, size: int | None = None, more: bytes = b"") -> bytes:
    return OK + more + b"Content-Length: %d\r\n\r\n" % (len(body) if size is None else size) + body


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

POLICIES = (
    PolicyRow("sts-sound", serves(sized(POLICY)), "pass policy_valid"),
    PolicyRow("sts-endless-headers", serves(OK, for_ever=b"X-More: y\r\n" * 100), BROKEN),
    PolicyRow("sts-endless-interim", serves(for_ever=b"HTTP/1.1 100 Continue\r\n\r\n"), BROKEN),
    PolicyRow("sts-drip", serves(OK + b"\r\n", for_ever=b"x", pause=0.4), NOT_FETCHED),
    PolicyRow("sts-mute", mute, NOT_FETCHED),
    PolicyRow("sts-ten-megabytes", serves(OK + b"\r\n", for_ever=b"x" * 100_000), BROKEN),
    PolicyRow("sts-says-ten-megabytes", serves(sized(b"", 10_000_000), for_ever=b"x" * 100_000), BROKEN),
    PolicyRow("sts-chunks", serves(CHUNKED, for_ever=b"2000\r\n" + b"x" * 0x2000 + b"\r\n"), BROKEN),
    PolicyRow("sts-crumbs", serves(CHUNKED, for_ever=b"1\r\nx\r\n"), BROKEN),
    PolicyRow("sts-gzip", serves(sized(b"\x1f\x8b\x08" * 9, more=b"Content-Encoding: gzip\r\n")), BROKEN),
    PolicyRow("sts-cut-short", serves(sized(POLICY, 900)), NOT_FETCHED),
    PolicyRow("sts-longer-than-said", serves(sized(POLICY + b"x" * 900, len(POLICY))), "pass policy_valid"),
    PolicyRow(
        "sts-sends-back",
        serves(b"HTTP/1.1 301 Moved\r\nLocation: /.well-known/mta-sts.txt\r\nContent-Length: 0\r\n\r\n"),
        "fail policy_redirected",
    ),
    PolicyRow("sts-fin", in_clear(leave), NOT_FETCHED),
    PolicyRow("sts-rst", in_clear(reset), NOT_FETCHED),
)
