"""Mail hosts that misbehave in TLS: what each says behind 220."""

import contextlib
import ssl
from collections.abc import Callable, Sequence

from compliance.records.tls_client_hello import TLS13
from tests.golden.hostile.dialogue import Act, Kit, inside, until_starttls
from tests.golden.hostile.hello import Hello, peek_hello, read_hello, read_record, server_hello
from tests.golden.hostile.tls12 import ALERT, DATA, HANDSHAKE, SUITE, Tls12, certificates, fragments
from tests.unit.probes.servers import Peer
from tests.unit.records.tls_servers import Server, message, record

Flight = Callable[[Hello, Kit], bytes]
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
WARNING = b"\x15\x03\x03\x00\x02\x01\x5a"
DONE = message(14, b"")


def behind(act: Act) -> Act:
    """Come as far as 220, and act."""

    def whole(peer: Peer, kit: Kit) -> None:
        until_starttls(peer)
        peer.say(b"220 go")
        act(peer, kit)

    return whole


def answers(flight: Flight) -> Act:
    """Answer every hello with bytes, then wait for the client to leave."""

    def act(peer: Peer, kit: Kit) -> None:
        peer.line.sendall(flight(read_hello(peer), kit))
        while peer.line.recv(65536):
            pass

    return behind(act)


def floods(piece: bytes, start: Flight = lambda hello, kit: b"") -> Act:
    """Answer every hello with the same bytes without end."""

    def act(peer: Peer, kit: Kit) -> None:
        peer.line.sendall(start(read_hello(peer), kit))
        while not peer.stop.is_set():
            peer.line.sendall(piece)

    return behind(act)


def hello_with(
    chain: Callable[[Kit], Sequence[bytes]] = lambda kit: kit.chain,
    *,
    suite: int = SUITE,
    version: int = 0x0303,
    compression: int = 0,
) -> Flight:
    """A whole flight of TLS 1.2 whose ServerHello is not quite what was offered."""

    def flight(_hello: Hello, kit: Kit) -> bytes:
        said = server_hello(suite, version=version, compression=compression)
        return fragments(HANDSHAKE, said + certificates(chain(kit)) + DONE)

    return flight


def retries(peer: Peer, kit: Kit) -> None:
    """Ask for another key share, and for another, and for another (RFC 8446 section 4.1.4)."""
    hello = read_hello(peer)
    wanted = b"\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x18"
    while not peer.stop.is_set():
        peer.line.sendall(
            record(HANDSHAKE, server_hello(0x1301, random=RETRY, session=hello.session, extensions=wanted))
        )
        while read_record(peer)[0] != HANDSHAKE:
            pass


def drips(peer: Peer, kit: Kit) -> None:
    """A flight a byte at a time, and slowly."""
    read_hello(peer)
    for byte in fragments(HANDSHAKE, server_hello(SUITE) + certificates(kit.chain) + DONE):
        if peer.stop.wait(0.4):
            return
        peer.line.sendall(bytes([byte]))


def in_crumbs(peer: Peer, kit: Kit) -> None:
    """A sound handshake, every message of it in records of one byte (RFC 5246 section 6.2.1 allows it)."""
    made = Tls12(peer, kit.key, kit.chain, piece=1)
    made.handshake()
    made.until_quit()


def shows(chain: Callable[[Kit], Sequence[bytes]]) -> Act:
    """A sound handshake that shows this chain."""

    def act(peer: Peer, kit: Kit) -> None:
        made = Tls12(peer, kit.key, chain(kit))
        made.handshake()
        made.until_quit()

    return behind(act)


def inside_by_hand(act: Callable[[Tls12, Peer], None]) -> Act:
    """A sound handshake, and then misbehaviour inside TLS instead of an answer to EHLO."""

    def whole(peer: Peer, kit: Kit) -> None:
        made = Tls12(peer, kit.key, kit.chain)
        made.handshake()
        made.hear()
        act(made, peer)

    return behind(whole)


def sends(kind: int, content: bytes) -> Callable[[Tls12, Peer], None]:
    """The same record inside TLS without end."""

    def act(made: Tls12, peer: Peer) -> None:
        while not peer.stop.wait(0.002):
            made.send(kind, content)

    return act


def goes_on(*said: tuple[int, bytes]) -> Callable[[Tls12, Peer], None]:
    """These records inside TLS, and then all is as it should be."""

    def act(made: Tls12, peer: Peer) -> None:
        for kind, content in said:
            made.send(kind, content)
        made.say(b"250 mx")
        made.until_quit()

    return act


def tickets(peer: Peer, kit: Kit) -> None:
    """Fifty session tickets behind every handshake (RFC 8446 section 4.6.1)."""
    kit.context.num_tickets = 50
    inside(peer, kit)


def says_farewell(peer: Peer, kit: Kit) -> None:
    """Complete the handshake, and end TLS at once (RFC 8446 section 6.1)."""
    peer.tls(kit.context)
    if isinstance(peer.line, ssl.SSLSocket):
        peer.line.unwrap()


def but_for_hellos(flight: Callable[[Peer], None], *, below: int = TLS13) -> Act:
    """Sound for an ordinary library; this, for hellos that offer nothing as new as `below`."""

    def act(peer: Peer, kit: Kit) -> None:
        if peek_hello(peer).version >= below:
            inside(peer, kit)
        else:
            read_hello(peer)
            flight(peer)

    return behind(act)


def speaks(server: Server) -> Act:
    """Sound for an ordinary library, and for older hellos whatever the server of the walk's own tests speaks."""

    def act(peer: Peer, kit: Kit) -> None:
        if peek_hello(peer).modern:
            inside(peer, kit)
            return
        peer.line.sendall(server(read_hello(peer).question))
        with contextlib.suppress(ssl.SSLError):
            peer.line.recv(65536)

    return behind(act)


HELLO_REQUEST = (HANDSHAKE, message(0, b""))
EMPTY_DATA = (DATA, b"")
WARNING_INSIDE = (ALERT, b"\x01\x5a")
KEY_UPDATE = (HANDSHAKE, message(24, b"\x00"))
TICKET = (HANDSHAKE, message(4, bytes(6)))
