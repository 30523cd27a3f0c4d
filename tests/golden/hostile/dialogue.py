"""Mail hosts that misbehave in SMTP: each script is one connection, and has one fault."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.demo.pki import Pki
from tests.unit.probes.servers import Peer

OFFER = (b"250-mx.example", b"250-SIZE 1000", b"250 STARTTLS")


@dataclass
class Kit:
    """What a host has to serve with: sound TLS of its own, an RSA key with its chain (DER), and who came so far."""

    name: str
    context: ssl.SSLContext
    key: rsa.RSAPrivateKey
    chain: tuple[bytes, ...]
    pki: Pki
    came: Iterator[int] = field(default_factory=lambda: count(1))

    def crowded(self, names: int) -> tuple[bytes, ...]:
        """The chain of a certificate that is for so many names beside the host's own, which stands last."""
        real = self.pki.certificate("rsa", self.name)
        builder = (
            x509.CertificateBuilder()
            .subject_name(real.subject)
            .issuer_name(real.issuer)
            .public_key(self.key.public_key())
            .serial_number(2000)
            .not_valid_before(real.not_valid_before_utc)
            .not_valid_after(real.not_valid_after_utc)
        )
        alternatives = [x509.DNSName(f"n{number}.example") for number in range(names)]
        builder = builder.add_extension(x509.SubjectAlternativeName([*alternatives, x509.DNSName(self.name)]), False)
        made = builder.sign(self.pki.intermediate.key, hashes.SHA256())
        return (made.public_bytes(Encoding.DER), *self.chain[1:])


Act = Callable[[Peer, Kit], None]


def greet(peer: Peer) -> None:
    peer.say(b"220 mx.example ESMTP")


def reset(peer: Peer) -> None:
    """End the connection by RST."""
    peer.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.line.close()


def leave(peer: Peer) -> None:
    """End the connection by FIN, whatever still lies unread."""
    with contextlib.suppress(OSError):
        peer.line.shutdown(socket.SHUT_WR)
        while peer.line.recv(65536):
            pass


def until_starttls(peer: Peer, *, greeted: bool = False) -> None:
    """Greet, answer EHLO, hear STARTTLS; raises EOFError where the client says anything else."""
    if not greeted:
        greet(peer)
    if not peer.hear().startswith(b"EHLO"):
        raise EOFError
    peer.say(*OFFER)
    if peer.hear() != b"STARTTLS":
        raise EOFError


def until_quit(peer: Peer) -> None:
    while peer.hear() != b"QUIT":
        peer.say(b"250 mx.example")
    peer.say(b"221 bye")


def sound(peer: Peer, kit: Kit, *, greeted: bool = False) -> None:
    """As it should be."""
    until_starttls(peer, greeted=greeted)
    peer.say(b"220 go")
    inside(peer, kit)


def inside(peer: Peer, kit: Kit) -> None:
    peer.tls(kit.context)
    until_quit(peer)
    if isinstance(peer.line, ssl.SSLSocket):
        peer.line.unwrap()


def greeting(said: bytes) -> Act:
    def act(peer: Peer, kit: Kit) -> None:
        peer.line.sendall(said)
        until_quit(peer)

    return act


def ehlo(*said: bytes) -> Act:
    """Greet, and answer EHLO with these bytes."""

    def act(peer: Peer, kit: Kit) -> None:
        greet(peer)
        peer.hear()
        for piece in said:
            peer.line.sendall(piece)
        until_quit(peer)

    return act


def starttls(said: bytes) -> Act:
    """Answer STARTTLS with these bytes, and be sound where they begin TLS."""

    def act(peer: Peer, kit: Kit) -> None:
        until_starttls(peer)
        peer.line.sendall(said)
        if said.startswith(b"220"):
            inside(peer, kit)
        else:
            until_quit(peer)

    return act


def drip(start: bytes) -> Act:
    """A byte now and then, without end, behind what `start` gets as far as."""

    def act(peer: Peer, kit: Kit) -> None:
        if start != b"220 ":
            greet(peer)
            peer.hear()
        peer.line.sendall(start)
        while not peer.stop.wait(0.4):
            peer.line.sendall(b"x")

    return act


def without_end(piece: bytes) -> Act:
    """Answer EHLO with the same piece for ever."""

    def act(peer: Peer, kit: Kit) -> None:
        greet(peer)
        peer.hear()
        while not peer.stop.is_set():
            peer.line.sendall(piece)

    return act


def mute(peer: Peer, kit: Kit) -> None:
    peer.wait()


STEPS = ("connect", "greeting", "ehlo", "starttls", "hello", "handshake")


def ends(step: str, end: Callable[[Peer], None]) -> Act:
    """Leave at a step, with no word to it."""

    def act(peer: Peer, kit: Kit) -> None:
        for name, _ in zip(STEPS, _steps(peer, kit), strict=True):
            if name == step:
                end(peer)
                return

    return act


def _steps(peer: Peer, kit: Kit) -> Iterator[None]:
    """Come to each step and stop there: what was heard last is not answered."""
    yield
    greet(peer)
    yield
    peer.hear()
    yield
    peer.say(*OFFER)
    peer.hear()
    yield
    peer.say(b"220 go")
    peer.line.recv(1, socket.MSG_PEEK)
    yield
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = kit.context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(peer.line.recv(65536))
    with contextlib.suppress(ssl.SSLError):
        half.do_handshake()
    flight = outgoing.read()
    peer.line.sendall(flight[: len(flight) // 2])
    yield


def ends_inside(end: Callable[[Peer], None], answers: int = 0) -> Act:
    """Complete the handshake, answer so many commands inside TLS, and leave."""

    def act(peer: Peer, kit: Kit) -> None:
        until_starttls(peer)
        peer.say(b"220 go")
        plain = peer.line.dup()
        with plain:
            peer.tls(kit.context)
            for _ in range(answers):
                peer.hear()
                peer.say(b"250 mx.example")
            peer.hear()
            peer.line.close()
            peer.line = plain
            end(peer)

    return act
