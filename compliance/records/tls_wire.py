"""TLS records and handshake messages, in bytes (RFC 5246 sections 6.2 and 7.4): built and taken apart without I/O.

Every byte read here is a stranger's: nothing but HelloFault is raised, and a cut-off end is no fault.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_RECEIVED = 32 * 1024
"""More than this is no answer to a hello."""

MAX_FRAGMENT = 2**14 + 2048  # RFC 5246 section 6.2.3
ALERT, HANDSHAKE = 21, 22
FATAL = 2
_KINDS = frozenset({20, ALERT, HANDSHAKE, 23})


class HelloFault(ValueError):  # noqa: N818 - a fault of what came, as everywhere in this house
    """Bytes that are no answer to a TLS hello; `args[0]` says where they went wrong."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert (RFC 5246 section 7.2): level 2 is fatal."""

    level: int
    description: int

    @property
    def fatal(self) -> bool:
        """Whether the peer ended the connection with it."""
        return self.level == FATAL


def read_records(received: bytes) -> tuple[bytes, Alert | None]:
    """Give the handshake messages that came in clear, joined, and the alert: the first fatal one, or the last."""
    messages = bytearray()
    alert: Alert | None = None
    at = 0
    while len(received) - at >= 5:
        kind, major, _minor, size = struct.unpack_from("!BBBH", received, at)
        if kind not in _KINDS or major != 3 or size > MAX_FRAGMENT:
            raise HelloFault(f"no TLS record at {at}")
        if kind not in {ALERT, HANDSHAKE}:  # ChangeCipherSpec, or data: from here on it is encrypted
            return bytes(messages), alert
        fragment = received[at + 5 : at + 5 + size]
        at += 5 + size
        if kind == ALERT and len(fragment) >= 2:
            alert = alert if alert and alert.fatal else Alert(fragment[0], fragment[1])
        elif kind == HANDSHAKE:
            messages += fragment
    if at < len(received) and received[at] not in _KINDS:
        raise HelloFault(f"no TLS record at {at}")
    return bytes(messages), alert


def split_messages(messages: bytes) -> Iterator[tuple[int, bytes]]:
    """Give kind and body of each whole message; they may be split over records in any way."""
    at = 0
    while len(messages) - at >= 4:
        kind, size = messages[at], int.from_bytes(messages[at + 1 : at + 4])
        if size > MAX_RECEIVED:
            raise HelloFault(f"handshake message of {size} bytes")
        body = messages[at + 4 : at + 4 + size]
        if len(body) < size:
            return
        at += 4 + size
        yield kind, body


def read_extensions(content: bytes) -> dict[int, bytes]:
    """Give extensions by number, as far as they go."""
    found: dict[int, bytes] = {}
    at = 0
    while len(content) - at >= 4:
        kind, size = struct.unpack_from("!HH", content, at)
        found[kind] = content[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def vector(content: bytes, width: int = 2) -> bytes:
    """Give content with its length in front, in `width` bytes."""
    return len(content).to_bytes(width) + content


def extension(kind: int, content: bytes) -> bytes:
    """Give one extension."""
    return kind.to_bytes(2) + vector(content)


def numbers(values: tuple[int, ...]) -> bytes:
    """Give numbers of two bytes each."""
    return struct.pack(f"!{len(values)}H", *values)


def closing_alert() -> bytes:
    """Give a close_notify warning, to end an abandoned hello politely (RFC 5246 section 7.2.1)."""
    return b"\x15\x03\x01\x00\x02\x01\x00"
