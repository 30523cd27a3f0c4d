"""Old TLS hellos, in bytes: what a current library can no longer say, built and read without I/O.

Accepted = a ServerHello of that version through ServerHelloDone (RFC 5246 section 7.3); for SSLv2 its SERVER-HELLO
with a cipher in it. Refused = a fatal alert (RFC 5246 section 7.2). Anything else proves neither. Every byte read
here is a stranger's: nothing but HelloFault is raised.
"""

import os
import struct
from dataclasses import dataclass
from enum import StrEnum

from compliance.records.tls_suites import NAMES, suite_name

MAX_RECEIVED = 32 * 1024
"""More than this is no answer to a hello."""

_MAX_FRAGMENT = 2**14 + 2048  # RFC 5246 section 6.2.3
_MAX_HANDSHAKE = MAX_RECEIVED
_ALERT, _HANDSHAKE = 21, 22
_SERVER_HELLO, _SERVER_HELLO_DONE = 2, 14
_FATAL = 2
_VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
_RENEGOTIATION_SCSV = 0x00FF  # RFC 5746 section 3.3


class Offer(StrEnum):
    """The hellos built here."""

    SSL3_TLS11 = "ssl3_tls11"
    SSL2 = "ssl2"


class HelloFault(ValueError):  # noqa: N818 - a fault of what came, as everywhere in this house
    """Bytes that are no answer to a TLS hello; `args[0]` says where they went wrong."""


@dataclass(frozen=True, slots=True)
class ServerHello:
    """A ServerHello (RFC 5246 section 7.4.1.3). `secure_renegotiation`: RFC 5746 section 3.2 was announced."""

    version: str
    suite: int
    compression: int
    session_id: bytes
    secure_renegotiation: bool

    @property
    def suite_name(self) -> str:
        """The IANA name of the suite, or its number where it has none."""
        return suite_name(self.suite)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert (RFC 5246 section 7.2): level 2 is fatal."""

    level: int
    description: int

    @property
    def fatal(self) -> bool:
        """Whether the peer ended the connection with it."""
        return self.level == _FATAL


@dataclass(frozen=True, slots=True)
class Ssl2ServerHello:
    """An SSLv2 SERVER-HELLO: cipher kinds of three bytes, and the certificate as it came."""

    ciphers: tuple[int, ...]
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. All empty = nothing came, or not a whole message of it."""

    hello: ServerHello | None = None
    done: bool = False  # ServerHelloDone was reached
    alert: Alert | None = None
    ssl2: Ssl2ServerHello | None = None

    @property
    def accepted(self) -> str:
        """The version accepted (SSLv2, SSLv3, TLSv1, TLSv1.1 ...), or `` if none was."""
        if self.ssl2 and self.ssl2.ciphers:
            return "SSLv2"
        return self.hello.version if self.hello and self.done else ""

    @property
    def refused(self) -> bool:
        """Whether the hello was turned down with a fatal alert, so that refusal is proven."""
        return not self.accepted and self.alert is not None and self.alert.fatal

    @property
    def complete(self) -> bool:
        """Whether more bytes could change nothing."""
        return self.done or self.ssl2 is not None or (self.alert is not None and self.alert.fatal)


#: Suites of TLS 1.1 and older, by their MAC. Static DH certificates never existed in the wild; leaving them out keeps
#: the hello below 256 bytes, where some old load balancers stop answering.
_OLD_SUITES = tuple(
    number
    for number, name in NAMES.items()
    if name.endswith(("_SHA", "_MD5")) and not name.startswith(("TLS_DH_DSS_", "TLS_DH_RSA_"))
)
_SMALLER = (0x002F, 0x0035, 0x000A, 0x0005, 0x0004, 0x0033, 0x0039, 0xC013, 0xC014, 0xC009, 0xC00A)
#: SSLv2 cipher kinds: RC4-128, its export form, RC2, its export form, IDEA, DES, 3DES, all with MD5.
_SSL2_CIPHERS = (0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0)
#: secp256r1, 384r1, 521r1, x25519, and the older curves old libraries knew (RFC 8422, 4492).
_GROUPS = (23, 24, 25, 29, 22, 21, 19, 14, 13, 10, 9)


def build(offer: str, *, smaller: bool = False, random: bytes | None = None) -> bytes:
    """Give the bytes of a hello; `smaller` drops most suites and groups, for peers that choke on the first.

    `random` (64 bytes) is for tests that want the same bytes again.
    """
    salt = os.urandom(64) if random is None else random
    if len(salt) != 64:
        raise ValueError("random: 64 bytes")
    return _ssl2(salt) if Offer(offer) is Offer.SSL2 else _tls(salt, smaller=smaller)


def _tls(salt: bytes, *, smaller: bool) -> bytes:
    """A ClientHello of TLS 1.1 and older (RFC 4346 section 7.4.1.2): no SNI, no FALLBACK_SCSV, a 32-byte session id."""
    suites = (*(_SMALLER if smaller else _OLD_SUITES), _RENEGOTIATION_SCSV)
    listed = struct.pack(f"!{len(suites)}H", *suites)
    offered = _GROUPS[:2] if smaller else _GROUPS  # never none: without groups a peer may turn down every EC suite
    groups = struct.pack(f"!{len(offered)}H", *offered)
    extensions = _extension(10, _vector16(groups)) + _extension(11, b"\x01\x00")
    body = b"\x03\x02" + salt[:32] + b"\x20" + salt[32:] + _vector16(listed) + b"\x01\x00"
    body += _vector16(extensions)
    message = b"\x01" + len(body).to_bytes(3) + body
    # The record says SSLv3: a peer older than the hello's own version reads it so (RFC 5246 appendix E.1).
    return b"\x16\x03\x00" + _vector16(message)


def _ssl2(salt: bytes) -> bytes:
    """An SSLv2 CLIENT-HELLO that offers version 0x0002 alone, with a challenge of 16 bytes."""
    ciphers = b"".join(kind.to_bytes(3) for kind in _SSL2_CIPHERS)
    body = b"\x01\x00\x02" + struct.pack("!HHH", len(ciphers), 0, 16) + ciphers + salt[:16]
    return struct.pack("!H", 0x8000 | len(body)) + body


def _vector16(content: bytes) -> bytes:
    return len(content).to_bytes(2) + content


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2) + _vector16(content)


def closing_alert() -> bytes:
    """Give a close_notify warning, to end an abandoned hello politely (RFC 5246 section 7.2.1)."""
    return b"\x15\x03\x01\x00\x02\x01\x00"


def read_answer(offer: str, received: bytes) -> Answer:
    """Read what came back to a hello, as far as it goes; raises HelloFault where it is no TLS, or no SSLv2.

    A cut-off answer is no fault: it gives what was whole. A peer may answer an SSLv2 hello in TLS records.
    """
    if len(received) > MAX_RECEIVED + _MAX_FRAGMENT:
        raise HelloFault("too long")
    if Offer(offer) is Offer.SSL2 and received and received[0] & 0x80:
        return _read_ssl2(received)
    if Offer(offer) is Offer.SSL2 and received and received[0] < _ALERT - 1:
        return _read_ssl2_padded(received)
    return _read_tls(received)


def _read_tls(received: bytes) -> Answer:
    messages = b""
    alert: Alert | None = None
    at = 0
    while len(received) - at >= 5:
        kind, major, _minor, size = struct.unpack_from("!BBBH", received, at)
        if kind not in {20, _ALERT, _HANDSHAKE, 23} or major != 3 or size > _MAX_FRAGMENT:
            raise HelloFault(f"no TLS record at {at}")
        if kind not in {_ALERT, _HANDSHAKE}:  # ChangeCipherSpec, or data: from here on it is encrypted
            at = len(received)
            break
        fragment = received[at + 5 : at + 5 + size]
        at += 5 + size
        if kind == _ALERT and len(fragment) >= 2:
            alert = alert if alert and alert.fatal else Alert(fragment[0], fragment[1])
        elif kind == _HANDSHAKE:
            messages += fragment
    if at < len(received) and received[at] not in {20, _ALERT, _HANDSHAKE, 23}:
        raise HelloFault(f"no TLS record at {at}")
    hello, done = _read_messages(messages)
    return Answer(hello, done, alert)


def _read_messages(messages: bytes) -> tuple[ServerHello | None, bool]:
    """Read handshake messages, which may be split over records in any way (RFC 5246 section 6.2.1)."""
    hello: ServerHello | None = None
    done = False
    at = 0
    while len(messages) - at >= 4:
        kind, size = messages[at], int.from_bytes(messages[at + 1 : at + 4])
        if size > _MAX_HANDSHAKE:
            raise HelloFault(f"handshake message of {size} bytes")
        body = messages[at + 4 : at + 4 + size]
        if len(body) < size:
            break
        at += 4 + size
        if kind == _SERVER_HELLO:
            hello = _read_server_hello(body)
        elif kind == _SERVER_HELLO_DONE:
            done = hello is not None
    return hello, done


def _read_server_hello(body: bytes) -> ServerHello:
    if len(body) < 38:
        raise HelloFault("ServerHello too short")
    size = body[34]
    rest = body[35 + size :]
    if size > 32 or len(rest) < 3:
        raise HelloFault("ServerHello too short")
    version, suite = int.from_bytes(body[:2]), int.from_bytes(rest[:2])
    extensions = _read_extensions(rest[5 : 5 + int.from_bytes(rest[3:5])]) if len(rest) >= 5 else {}
    chosen = int.from_bytes(extensions.get(43, body[:2])[:2])  # supported_versions: RFC 8446 section 4.2.1
    known = _VERSIONS.get(chosen) or _VERSIONS.get(version)
    if known is None:
        raise HelloFault(f"version 0x{version:04X}")
    return ServerHello(known, suite, rest[2], body[35 : 35 + size], 0xFF01 in extensions)


def _read_extensions(content: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while len(content) - at >= 4:
        kind, size = struct.unpack_from("!HH", content, at)
        found[kind] = content[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _read_ssl2(received: bytes) -> Answer:
    if len(received) < 3:
        return Answer()
    size = (received[0] & 0x7F) << 8 | received[1]
    return _read_ssl2_message(received[2 : 2 + size], size)


def _read_ssl2_padded(received: bytes) -> Answer:
    """A record of three header bytes, as SSLv2 has it where padding follows."""
    if len(received) < 4:
        return Answer()
    size = (received[0] & 0x3F) << 8 | received[1]
    return _read_ssl2_message(received[3 : 3 + size], size)


def _read_ssl2_message(message: bytes, size: int) -> Answer:
    """SERVER-HELLO is message 4; ERROR is message 0, and answers a hello with a refusal."""
    if len(message) < size or size < 3:
        if message[:1] and message[0] not in {0, 4}:
            raise HelloFault(f"SSLv2 message {message[0]}")
        return Answer()
    if message[0] == 0:
        return Answer(alert=Alert(_FATAL, int.from_bytes(message[1:3]) & 0xFF))
    if message[0] != 4 or size < 11:
        raise HelloFault(f"SSLv2 message {message[0]}")
    version, certificate, ciphers, identity = struct.unpack_from("!HHHH", message, 3)
    if version != 2 or ciphers % 3 or 11 + certificate + ciphers + identity > size:
        raise HelloFault("SSLv2 SERVER-HELLO does not add up")
    listed = message[11 + certificate : 11 + certificate + ciphers]
    kinds = tuple(int.from_bytes(listed[at : at + 3]) for at in range(0, ciphers, 3))
    return Answer(ssl2=Ssl2ServerHello(kinds, message[11 : 11 + certificate]))
