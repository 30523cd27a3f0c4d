"""The server's first flight, read (RFC 5246 section 7.3): ServerHello through ServerHelloDone, or an alert.

What decides whether a hello was accepted must be whole and sound; what stands inside the certificate list, the
stapled answer and the key exchange is kept as far as it can be read, for a bad part there takes nothing back.
"""

import struct
from dataclasses import dataclass, field

from compliance.records.tls_classes import SuiteClass, classes
from compliance.records.tls_groups import curve_name, known_prime
from compliance.records.tls_ssl2 import Ssl2ServerHello
from compliance.records.tls_suites import suite_name
from compliance.records.tls_wire import Alert, HelloFault, read_extensions, read_records, split_messages

VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _CERTIFICATE_REQUEST, _DONE, _STATUS = 2, 11, 12, 13, 14, 22
#: The ServerHello.random that makes a HelloRetryRequest of it: SHA-256 of its name (RFC 8446 section 4.1.3).
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_MOST_CERTIFICATES = 100  # as many as a path is built from
_NAMED_CURVE = 3


@dataclass(frozen=True, slots=True)
class ServerHello:
    """A ServerHello (RFC 5246 section 7.4.1.3). `secure_renegotiation`: RFC 5746 section 3.2 was announced.

    `retry`: it is a HelloRetryRequest, in which a TLS 1.3 server asks for another key share.
    """

    version: str
    suite: int
    compression: int
    session_id: bytes
    secure_renegotiation: bool
    retry: bool = False

    @property
    def suite_name(self) -> str:
        """The IANA name of the suite, or its number where it has none."""
        return suite_name(self.suite)


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """A ServerKeyExchange: a named curve, or the size of a DH prime or of an export RSA key.

    `group` names the curve or the well-known prime; it is `` for a prime of the server's own.
    """

    kind: str  # ecdhe | dhe | rsa
    group: str
    bits: int  # 0 for a curve


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. All empty = nothing came, or not a whole message of it.

    `certificates` is the chain as presented, DER; `ocsp` the stapled OCSP response, DER (RFC 6066 section 8).
    """

    hello: ServerHello | None = None
    done: bool = False  # ServerHelloDone was reached
    alert: Alert | None = None
    ssl2: Ssl2ServerHello | None = None
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    ocsp: bytes = field(default=b"", repr=False)
    key_exchange: KeyExchange | None = None
    certificate_asked: bool = False

    @property
    def accepted(self) -> str:
        """The version accepted (SSLv2, SSLv3, TLSv1, TLSv1.1 ...), or `` if none was.

        TLS 1.3 encrypts all that follows its ServerHello, so there the ServerHello itself accepts.
        """
        if self.ssl2 and self.ssl2.ciphers:
            return "SSLv2"
        return self.hello.version if self.hello and (self.done or self.hello.version == "TLSv1.3") else ""

    @property
    def refused(self) -> bool:
        """Whether the hello was turned down with a fatal alert, so that refusal is proven."""
        return not self.accepted and self.alert is not None and self.alert.fatal

    @property
    def complete(self) -> bool:
        """Whether more bytes could change nothing."""
        return bool(self.accepted) or self.ssl2 is not None or (self.alert is not None and self.alert.fatal)


def read_tls(received: bytes) -> Answer:
    """Read what came in TLS records, as far as it goes; raises HelloFault where it is no TLS."""
    messages, alert = read_records(received)
    hello: ServerHello | None = None
    done = asked = False
    parts: dict[int, bytes] = {}
    for kind, body in split_messages(messages):
        if kind == _SERVER_HELLO and hello is None:
            hello = _read_server_hello(body)
        elif kind == _DONE and hello is not None:
            done = True
        elif kind == _CERTIFICATE_REQUEST:
            asked = True
        elif kind in {_CERTIFICATE, _KEY_EXCHANGE, _STATUS}:
            parts.setdefault(kind, body)
    if hello is None:
        return Answer(alert=alert)
    return Answer(
        hello,
        done,
        alert,
        certificates=_read_certificates(parts.get(_CERTIFICATE, b"")),
        ocsp=_read_status(parts.get(_STATUS, b"")),
        key_exchange=_read_key_exchange(hello.suite, parts.get(_KEY_EXCHANGE, b"")),
        certificate_asked=asked,
    )


def _read_server_hello(body: bytes) -> ServerHello:
    if len(body) < 38:
        raise HelloFault("ServerHello too short")
    size = body[34]
    rest = body[35 + size :]
    if size > 32 or len(rest) < 3:
        raise HelloFault("ServerHello too short")
    version, suite = int.from_bytes(body[:2]), int.from_bytes(rest[:2])
    extensions = read_extensions(rest[5 : 5 + int.from_bytes(rest[3:5])]) if len(rest) >= 5 else {}
    chosen = int.from_bytes(extensions.get(43, body[:2])[:2])  # supported_versions: RFC 8446 section 4.2.1
    known = VERSIONS.get(chosen) or VERSIONS.get(version)
    if known is None:
        raise HelloFault(f"version 0x{version:04X}")
    return ServerHello(known, suite, rest[2], body[35 : 35 + size], 0xFF01 in extensions, body[2:34] == _RETRY)


def _read_certificates(body: bytes) -> tuple[bytes, ...]:
    """Read a certificate list (RFC 5246 section 7.4.2) as far as whole certificates go."""
    listed = body[3 : 3 + int.from_bytes(body[:3])]
    found: list[bytes] = []
    at = 0
    while len(listed) - at > 3 and len(found) < _MOST_CERTIFICATES:
        size = int.from_bytes(listed[at : at + 3])
        each = listed[at + 3 : at + 3 + size]
        if not size or len(each) < size:
            break
        found.append(each)
        at += 3 + size
    return tuple(found)


def _read_status(body: bytes) -> bytes:
    """Read a CertificateStatus of type ocsp (RFC 6066 section 8)."""
    size = int.from_bytes(body[1:4])
    return body[4 : 4 + size] if body[:1] == b"\x01" and len(body) >= 4 + size else b""


def _read_key_exchange(suite: int, body: bytes) -> KeyExchange | None:
    """Read a ServerKeyExchange (RFC 5246 section 7.4.3, RFC 8422 section 5.4), whose form the suite decides."""
    if len(body) < 4:
        return None
    name = suite_name(suite).removeprefix("TLS_")
    if name.startswith("ECDH"):
        named = body[0] == _NAMED_CURVE
        return KeyExchange("ecdhe", curve_name(int.from_bytes(body[1:3])) if named else "explicit", 0)
    (size,) = struct.unpack_from("!H", body)
    number = body[2 : 2 + size]
    bits = int.from_bytes(number).bit_length()
    if len(number) < size or not bits:
        return None
    if name.startswith("DH"):
        return KeyExchange("dhe", known_prime(number), bits)
    return KeyExchange("rsa", "", bits) if SuiteClass.EXPORT in classes(suite) else None
