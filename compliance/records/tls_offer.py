"""A ClientHello, read: what a client offers (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2, RFC 6066 section 3).

Every byte read here is a stranger's: nothing but HelloFault is raised.
"""

import struct
from dataclasses import dataclass

from compliance.model.names import is_plain
from compliance.records.tls_answer import VERSIONS
from compliance.records.tls_wire import HelloFault, read_extensions, read_records, split_messages

MOST_HELLO = 16 * 1024
"""More than this is no hello: post-quantum shares and all, real ones stay below 4 KB."""

_CLIENT_HELLO = 1
_SERVER_NAME, _SUPPORTED_VERSIONS = 0, 43
_SIGNALS = frozenset({0x00FF, 0x5600})  # RFC 5746 and RFC 7507: said in the list of suites, and no suites


@dataclass(frozen=True, slots=True)
class ClientOffer:
    """What one hello offers. `versions` are those it names (TLS 1.3), or the highest alone (all older clients).

    `suites` are in the client's order, without GREASE (RFC 8701) and signalling values. `sni` is `` where none was
    sent, or none that is a plain host name.
    """

    versions: tuple[str, ...]
    suites: tuple[int, ...]
    sni: str
    names_versions: bool

    @property
    def newest(self) -> str:
        """The newest version offered."""
        return self.versions[0] if self.versions else ""


def is_whole(received: bytes) -> bool:
    """Tell whether a whole hello has come, or what can never be one; raises HelloFault for what is no TLS."""
    messages, _ = read_records(received)
    return any(True for _ in split_messages(messages)) or len(received) > MOST_HELLO


def read_offer(received: bytes) -> ClientOffer:
    """Read the records of a client's first flight; raises HelloFault where they hold no whole ClientHello."""
    if len(received) > MOST_HELLO:
        raise HelloFault("too long")
    messages, _ = read_records(received)
    for kind, body in split_messages(messages):
        if kind == _CLIENT_HELLO:
            return _offer(body)
        break
    raise HelloFault("no whole ClientHello")


def _offer(body: bytes) -> ClientOffer:
    reader = _Reader(body)
    version = int.from_bytes(reader.take(2))
    reader.take(32)
    reader.vector(1)
    listed = _numbers(reader.vector(2))
    reader.vector(1)  # compression methods
    extensions = read_extensions(reader.vector(2)) if reader.left else {}
    named = extensions.get(_SUPPORTED_VERSIONS)
    offered = _numbers(named[1:]) if named else (min(version, 0x0303),)
    versions = tuple(VERSIONS[each] for each in sorted(set(offered), reverse=True) if each in VERSIONS)
    suites = tuple(each for each in listed if each not in _SIGNALS and not _is_grease(each))
    return ClientOffer(versions, suites, _server_name(extensions.get(_SERVER_NAME, b"")), named is not None)


class _Reader:
    """Takes bytes from the front; raises HelloFault where there are too few."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._content) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise HelloFault(f"ClientHello ends at {len(self._content)}")
        self._at += count
        return self._content[self._at - count : self._at]

    def vector(self, width: int) -> bytes:
        return self.take(int.from_bytes(self.take(width)))


def _numbers(content: bytes) -> tuple[int, ...]:
    count = len(content) // 2
    return struct.unpack(f"!{count}H", content[: 2 * count])


def _is_grease(number: int) -> bool:
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _server_name(content: bytes) -> str:
    """Give the first host_name of the list, if it is a plain name."""
    if len(content) < 5 or content[2] != 0:
        return ""
    name = content[5 : 5 + int.from_bytes(content[3:5])].decode("latin-1")
    return name.lower() if is_plain(name) else ""
