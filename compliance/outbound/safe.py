"""What of a stranger's line may be kept: plain names, addresses, and an example with nobody's name in it."""

import ipaddress
import re
from functools import lru_cache

from compliance.model.hidden import HIDDEN
from compliance.model.names import NameFault, is_address, is_domain, is_plain, to_ascii

_EXAMPLE = 100
_HIDDEN = re.compile(f"[{HIDDEN}]")
#: Whatever may be somebody's: text in quotes or angle brackets, and any word with an @ in it.
_SOMEBODY = re.compile(r"<[^>]*>?|\"[^\"]*\"?|'[^']*'?|\S*@\S*")
_AFTER = re.compile(r"\b(subject|from|to|message-id)\b.*", re.IGNORECASE | re.DOTALL)


def example(line: bytes) -> str:
    """Give the beginning of a line, made safe: no text in quotes or brackets, no address, nothing that acts."""
    text = line[: _EXAMPLE * 4].decode("utf-8", "replace")
    text = _AFTER.sub(r"\1 …", _SOMEBODY.sub("…", text))
    return _HIDDEN.sub("?", text)[:_EXAMPLE]


@lru_cache(maxsize=16384)
def host_name(name: bytes) -> str:
    """Give a host's name in lower case if it is a plain one, else ``."""
    text = name.decode("ascii", "replace").rstrip(".").lower()
    return text if is_plain(text) else ""


@lru_cache(maxsize=16384)
def address(text: bytes) -> str:
    """Give an address in its usual form, else ``."""
    found = text.decode("ascii", "replace").removeprefix("IPv6:")
    return str(ipaddress.ip_address(found)) if is_address(found) else ""


def domain(mailbox: bytes) -> str:
    """Give the domain behind a mailbox's last @ in lower case if it can be a mail domain, else ``."""
    return _domain(mailbox.rpartition(b"@")[2])


@lru_cache(maxsize=16384)
def _domain(part: bytes) -> str:
    text = part.decode("utf-8", "replace").rstrip(".").lower()
    if not text.isascii():
        try:
            text = to_ascii(text)
        except NameFault:
            return ""
    return text if is_domain(text) else ""
