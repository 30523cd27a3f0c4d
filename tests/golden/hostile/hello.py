"""Client hellos as a raw server reads them, and the first words of its answer (RFC 5246 section 7.4.1)."""

import socket
import struct
from dataclasses import dataclass

from compliance.records.tls_client_hello import SSL2, TLS13, HelloOffer
from compliance.records.tls_question import HelloQuestion
from compliance.records.tls_wire import read_extensions
from tests.unit.probes.servers import Peer
from tests.unit.records.tls_servers import message

SAFE_RENEGOTIATION = b"\xff\x01\x00\x01\x00"


@dataclass(frozen=True)
class Hello:
    """What a client's hello offers; `message` is the handshake message as it came."""

    version: int
    suites: tuple[int, ...]
    random: bytes
    session: bytes
    compresses: bool
    small: bool
    message: bytes

    @property
    def modern(self) -> bool:
        """Whether TLS 1.3 is offered, as ordinary sessions do and hellos about older TLS do not."""
        return self.version == TLS13

    @property
    def question(self) -> HelloQuestion:
        """The question it stands for, as the servers of the walk's own tests take it."""
        return HelloQuestion(
            "raw", HelloOffer(self.version, self.suites, compression=self.compresses, small=self.small)
        )


def read_record(peer: Peer) -> tuple[int, bytes]:
    """One TLS record: its kind and its content; raises EOFError."""
    head = _exactly(peer, 5)
    return head[0], _exactly(peer, int.from_bytes(head[3:5]))


def _exactly(peer: Peer, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = peer.line.recv(size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def read_hello(peer: Peer) -> Hello:
    """Take the client's hello off the line; raises EOFError."""
    first = _exactly(peer, 1)
    if first != b"\x16":  # SSLv2: length, CLIENT-HELLO
        _exactly(peer, int.from_bytes(_exactly(peer, 1)))
        return Hello(SSL2, (), b"", b"", False, False, b"")
    return _parse(_exactly(peer, int.from_bytes(_exactly(peer, 4)[2:])))


def peek_hello(peer: Peer) -> Hello:
    """Look at the client's hello and leave it on the line; raises EOFError."""
    seen = b""
    while len(seen) < 5 or (seen[0] == 22 and len(seen) < 5 + int.from_bytes(seen[3:5])):
        more = peer.line.recv(65536, socket.MSG_PEEK)
        if not more or (more == seen and peer.stop.wait(0.01)):
            raise EOFError
        seen = more
    return (
        _parse(seen[5 : 5 + int.from_bytes(seen[3:5])])
        if seen[0] == 22
        else Hello(SSL2, (), b"", b"", False, False, b"")
    )


def _parse(said: bytes) -> Hello:
    size = said[38]
    at = 39 + size
    count = int.from_bytes(said[at : at + 2])
    suites = struct.unpack_from(f"!{count // 2}H", said, at + 2)
    at += 2 + count
    methods = said[at + 1 : at + 1 + said[at]]
    extensions = read_extensions(said[at + 3 + said[at] :])
    version = TLS13 if b"\x03\x04" in extensions.get(43, b"") else int.from_bytes(said[4:6])
    return Hello(version, suites, said[6:38], said[39 : 39 + size], 1 in methods, len(said) < 400, said)


def server_hello(
    suite: int,
    *,
    version: int = 0x0303,
    random: bytes = bytes(32),
    session: bytes = b"",
    compression: int = 0,
    extensions: bytes = SAFE_RENEGOTIATION,
) -> bytes:
    """A ServerHello message (section 7.4.1.3)."""
    body = version.to_bytes(2) + random + bytes([len(session)]) + session + struct.pack("!HB", suite, compression)
    return message(2, body + len(extensions).to_bytes(2) + extensions)
