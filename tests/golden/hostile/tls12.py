"""A TLS 1.2 server made by hand (RFC 5246, AES-128-GCM under an RSA key), so that it can misbehave inside TLS too."""

import hashlib
import hmac
import os
import struct
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.golden.hostile.hello import Hello, read_hello, read_record, server_hello
from tests.unit.probes.servers import Peer
from tests.unit.records.tls_servers import message, record

SUITE = 0x009C  # TLS_RSA_WITH_AES_128_GCM_SHA256
ALERT, HANDSHAKE, DATA = 21, 22, 23
_RANDOM = bytes(range(32))


def certificates(chain: Sequence[bytes]) -> bytes:
    """The Certificate message (section 7.4.2)."""
    listed = b"".join(len(der).to_bytes(3) + der for der in chain)
    return message(11, len(listed).to_bytes(3) + listed)


def fragments(kind: int, content: bytes, size: int = 2**14) -> bytes:
    """Content as records of a size."""
    return b"".join(record(kind, content[at : at + size]) for at in range(0, len(content), size))


def _prf(secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    made, step = b"", label + seed
    while len(made) < size:
        step = hmac.digest(secret, step, hashlib.sha256)
        made += hmac.digest(secret, step + label + seed, hashlib.sha256)
    return made[:size]


class Tls12:
    """One connection's server side; `handshake` ends it where the hello does not offer what it speaks."""

    def __init__(self, peer: Peer, key: rsa.RSAPrivateKey, chain: Sequence[bytes], piece: int = 2**14) -> None:
        self._peer = peer
        self._key = key
        self._chain = chain
        self._piece = piece
        self._sent = self._heard = 0
        self._unread = b""

    def handshake(self, hello: Hello | None = None) -> None:
        """Complete a handshake; raises EOFError where the client does not go on with it."""
        hello = hello or read_hello(self._peer)
        if hello.version < 0x0303 or SUITE not in hello.suites:
            self._peer.line.sendall(b"\x15\x03\x03\x00\x02\x02" + (b"\x28" if hello.version >= 0x0303 else b"\x46"))
            raise EOFError
        flight = server_hello(SUITE, random=_RANDOM) + certificates(self._chain) + message(14, b"")
        self._peer.line.sendall(fragments(HANDSHAKE, flight, self._piece))
        exchange = self._expect(HANDSHAKE)
        size = int.from_bytes(exchange[4:6])
        secret = self._key.decrypt(exchange[6 : 6 + size], padding.PKCS1v15())
        master = _prf(secret, b"master secret", hello.random + _RANDOM, 48)
        keys = _prf(master, b"key expansion", _RANDOM + hello.random, 40)
        self._theirs, self._ours = AESGCM(keys[:16]), AESGCM(keys[16:32])
        self._their_salt, self._our_salt = keys[32:36], keys[36:40]
        self._expect(20)
        transcript = hello.message + flight + exchange
        transcript += self._open(HANDSHAKE, self._expect(HANDSHAKE))
        finished = _prf(master, b"server finished", hashlib.sha256(transcript).digest(), 12)
        self._peer.line.sendall(record(20, b"\x01"))
        self.send(HANDSHAKE, message(20, finished))

    def _expect(self, kind: int) -> bytes:
        found, content = read_record(self._peer)
        if found != kind:
            raise EOFError
        return content

    def send(self, kind: int, content: bytes) -> None:
        """One record inside TLS."""
        explicit = os.urandom(8)
        beside = struct.pack("!QBHH", self._sent, kind, 0x0303, len(content))
        self._sent += 1
        sealed = self._ours.encrypt(self._our_salt + explicit, content, beside)
        self._peer.line.sendall(record(kind, explicit + sealed))

    def _open(self, kind: int, sealed: bytes) -> bytes:
        beside = struct.pack("!QBHH", self._heard, kind, 0x0303, len(sealed) - 24)
        self._heard += 1
        return self._theirs.decrypt(self._their_salt + sealed[:8], sealed[8:], beside)

    def hear(self) -> bytes:
        """One line from the client."""
        while b"\n" not in self._unread:
            kind, content = read_record(self._peer)
            if kind != DATA:
                raise EOFError
            self._unread += self._open(kind, content)
        line, _, self._unread = self._unread.partition(b"\n")
        return line.strip()

    def say(self, line: bytes) -> None:
        """One line to the client."""
        self.send(DATA, line + b"\r\n")

    def until_quit(self) -> None:
        """Answer everything with 250."""
        while self.hear() != b"QUIT":
            self.say(b"250 mx")
        self.say(b"221 bye")
