"""Macros of SPF records, and the names and texts they expand to (RFC 7208 section 7)."""

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from compliance.model.names import unmapped
from compliance.records.spf_domain import MACRO

_SIGNS = {"%%": "%", "%_": " ", "%-": "%20"}
_LONGEST = 253  # octets of a name (section 7.3)
_MOST_PARTS = 128  # more labels than a name can have
#: Letters whose value is known before any message: the domain of the record, and that of the sender.
_KNOWN = frozenset("do")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who is judged: the client's address, the MAIL FROM or HELO identity as `local@domain`, and the HELO name."""

    address: str
    identity: str
    helo: str = ""

    @property
    def ip(self) -> IPv4Address | IPv6Address:
        """The address; an IPv4-mapped one is the IPv4 address in it (section 5)."""
        return unmapped(self.address)

    @property
    def local(self) -> str:
        """The local part; `postmaster` where there is none (section 4.3)."""
        return self.identity.rpartition("@")[0] or "postmaster"

    @property
    def domain(self) -> str:
        """The domain, lower case, without a trailing dot."""
        return self.identity.rpartition("@")[2].lower().removesuffix(".")

    @property
    def rdtype(self) -> str:
        """The type of address record that can name this client."""
        return "A" if self.ip.version == 4 else "AAAA"

    def macros(self, domain: str, validated: str = "unknown") -> dict[str, str]:
        """Give the value of each letter (section 7.2); `validated` is that of `p`, and no clock is asked for `t`."""
        digits = self.ip.exploded.replace(":", "").upper()
        return {
            "s": f"{self.local}@{self.domain}",
            "l": self.local,
            "o": self.domain,
            "d": domain,
            "i": str(self.ip) if self.ip.version == 4 else ".".join(digits),
            "p": validated,
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": "unknown",
            "t": "0",
        }


def letters(text: str) -> frozenset[str]:
    """Give the letters of the macros in a text, in lower case."""
    return frozenset(found["letter"].lower() for found in MACRO.finditer(text) if found["letter"])


def is_open(text: str) -> bool:
    """Tell whether a domain-spec is known only when a message is checked: a macro other than `d` and `o` is in it."""
    return bool(letters(text) - _KNOWN)


def expand(text: str, values: Mapping[str, str]) -> str:
    """Expand a text that follows the grammar; blanks, which explanations may hold, stay (sections 6.2 and 7)."""
    return MACRO.sub(lambda found: _expanded(found, values), text)


def target_name(text: str, values: Mapping[str, str]) -> str:
    """Give the name a domain-spec stands for: lower case, no trailing dot, cut from the left to 253 (section 7.3)."""
    name = (expand(text, values) if "%" in text else text).lower().removesuffix(".")
    if len(name) <= _LONGEST:
        return name
    end = name[-_LONGEST - 1 :]  # one more, which is the dot where a label begins just there
    return end.partition(".")[2] or end


def _expanded(found: re.Match[str], values: Mapping[str, str]) -> str:
    letter = found["letter"]
    if not letter:
        return found["literal"] or _SIGNS[found.group()]
    parts = re.split(f"[{re.escape(found['split'] or '.')}]", values[letter.lower()])
    if found["turned"]:
        parts.reverse()
    digits = found["digits"].lstrip("0")[: len(str(_MOST_PARTS))]  # a longer number asks for no more
    value = ".".join(parts[-int(digits) :] if digits else parts)
    return urllib.parse.quote(value, safe="") if letter.isupper() else value
