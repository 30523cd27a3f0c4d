"""SSLv2 hellos, in bytes: a version no library speaks any more, and some hosts still do (RFC 6176)."""

import struct
from dataclasses import dataclass

from compliance.records.tls_wire import FATAL, Alert, HelloFault

#: SSLv2 cipher kinds: RC4-128, its export form, RC2, its export form, IDEA, DES, 3DES, all with MD5.
_CIPHERS = (0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0)


@dataclass(frozen=True, slots=True)
class Ssl2ServerHello:
    """An SSLv2 SERVER-HELLO: cipher kinds of three bytes, and the certificate as it came."""

    ciphers: tuple[int, ...]
    certificate: bytes


def build_ssl2(challenge: bytes) -> bytes:
    """Give an SSLv2 CLIENT-HELLO that offers version 0x0002 alone, with a challenge of 16 bytes."""
    ciphers = b"".join(kind.to_bytes(3) for kind in _CIPHERS)
    body = b"\x01\x00\x02" + struct.pack("!HHH", len(ciphers), 0, 16) + ciphers + challenge[:16]
    return struct.pack("!H", 0x8000 | len(body)) + body


def read_ssl2(received: bytes) -> tuple[Ssl2ServerHello | None, Alert | None]:
    """Read SERVER-HELLO or ERROR, with the short record header or the long one that padding has; none if cut off."""
    if received[0] & 0x80:
        if len(received) < 3:
            return None, None
        size = (received[0] & 0x7F) << 8 | received[1]
        return _read_message(received[2 : 2 + size], size)
    if len(received) < 4:
        return None, None
    size = (received[0] & 0x3F) << 8 | received[1]
    return _read_message(received[3 : 3 + size], size)


def _read_message(message: bytes, size: int) -> tuple[Ssl2ServerHello | None, Alert | None]:
    """SERVER-HELLO is message 4; ERROR is message 0, and answers a hello with a refusal."""
    if len(message) < size or size < 3:
        if message[:1] and message[0] not in {0, 4}:
            raise HelloFault(f"SSLv2 message {message[0]}")
        return None, None
    if message[0] == 0:
        return None, Alert(FATAL, int.from_bytes(message[1:3]) & 0xFF)
    if message[0] != 4 or size < 11:
        raise HelloFault(f"SSLv2 message {message[0]}")
    version, certificate, ciphers, identity = struct.unpack_from("!HHHH", message, 3)
    if version != 2 or ciphers % 3 or 11 + certificate + ciphers + identity > size:
        raise HelloFault("SSLv2 SERVER-HELLO does not add up")
    listed = message[11 + certificate : 11 + certificate + ciphers]
    kinds = tuple(int.from_bytes(listed[at : at + 3]) for at in range(0, ciphers, 3))
    return Ssl2ServerHello(kinds, message[11 : 11 + certificate]), None
