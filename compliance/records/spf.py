"""SPF records: the whole grammar of RFC 7208 section 12, in linear time; literals are case-insensitive (RFC 5234)."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.records.spf_domain import SpfFault, domain_spec, macro_string
from compliance.records.spf_macro import is_open

__all__ = ["Modifier", "SpfFault", "SpfRecord", "Term", "parse", "select"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_VERSION = re.compile(r"v=spf1(?= |\Z)", re.IGNORECASE)
_TERM = re.compile(r"[^ ]+")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=")
_MECHANISM = re.compile(r"([-+?~]?)([A-Za-z][A-Za-z0-9]*)(?![^:/])")
_CIDR = re.compile(r"0|[1-9][0-9]{0,2}")
_QNUM = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IP4 = re.compile(rf"{_QNUM}(?:\.{_QNUM}){{3}}")
_IP6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")

_NEEDS_DOMAIN = frozenset({"include", "exists"})
_TAKES_DOMAIN = frozenset({"a", "mx", "ptr"})
_TAKES_CIDR = frozenset({"a", "mx"})
#: Each costs a verifier one of its ten lookups, as redirect does (RFC 7208 section 4.6.4).
LOOKUP_MECHANISMS = frozenset({"include", "a", "mx", "ptr", "exists"})


@dataclass(frozen=True, slots=True)
class Term:
    """One directive: qualifier (`+` where none is written), mechanism, and what it takes.

    `domain` is the domain-spec as written, macros kept; `cidr4` and `cidr6` are those of `a` and `mx`.
    """

    position: int
    text: str
    qualifier: str
    mechanism: str
    domain: str = ""
    network: Network | None = None
    cidr4: int | None = None
    cidr6: int | None = None

    @property
    def has_macro(self) -> bool:
        """Whether the domain is known only when a message is checked (RFC 7208 section 7)."""
        return is_open(self.domain)


@dataclass(frozen=True, slots=True)
class Modifier:
    """One modifier; `name` in lower case."""

    position: int
    text: str
    name: str
    value: str

    @property
    def has_macro(self) -> bool:
        """Whether the value is known only when a message is checked."""
        return is_open(self.value)


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record that follows the grammar."""

    text: str
    terms: tuple[Term, ...]
    modifiers: tuple[Modifier, ...]

    @property
    def all(self) -> Term | None:
        """The first `all`: it decides, and nothing behind it is ever reached (section 5.1)."""
        return next((term for term in self.terms if term.mechanism == "all"), None)

    @property
    def reached(self) -> tuple[Term, ...]:
        """The terms a verifier can come to: those up to and with the first `all`."""
        end = self.all
        return self.terms if end is None else self.terms[: self.terms.index(end) + 1]

    @property
    def redirect(self) -> Modifier | None:
        """The redirect, if it counts: beside an `all` it does not (section 6.1)."""
        return None if self.all else self.modifier("redirect")

    def modifier(self, name: str) -> Modifier | None:
        """Give a modifier by its name in lower case."""
        return next((found for found in self.modifiers if found.name == name), None)


def select(texts: Iterable[str]) -> list[str]:
    """Give those TXT records that are SPF records: `v=spf1` and a blank or the end (section 4.5)."""
    return [text for text in texts if _VERSION.match(text)]


def parse(text: str) -> SpfRecord:
    """Read one SPF record; raises SpfFault with the index of the fault and its key.

    Keys: not_spf, character, mechanism, argument, domain, macro, macro_letter, macro_digits, address4, address6,
    cidr, repeated.
    """
    start = _VERSION.match(text)
    if not start:
        raise SpfFault(0, "not_spf")
    terms: list[Term] = []
    modifiers: list[Modifier] = []
    for found in _TERM.finditer(text, start.end()):
        if named := _MODIFIER.match(text, found.start(), found.end()):
            modifiers.append(_modifier(named, found))
        else:
            terms.append(_term(found.group(), found.start()))
    seen: set[str] = set()
    for modifier in modifiers:
        if modifier.name in {"redirect", "exp"} and modifier.name in seen:  # section 6: not more than once each
            raise SpfFault(modifier.position, "repeated")
        seen.add(modifier.name)
    return SpfRecord(text, tuple(terms), tuple(modifiers))


def _modifier(named: re.Match[str], found: re.Match[str]) -> Modifier:
    name = named[1].lower()
    value = found.group()[len(named.group()) :]
    if name in {"redirect", "exp"}:
        domain_spec(value, named.end())
    else:
        macro_string(value, named.end())
    return Modifier(found.start(), found.group(), name, value)


def _term(text: str, position: int) -> Term:
    found = _MECHANISM.match(text)
    if not found:
        odd = next((at for at, letter in enumerate(text) if not "\x21" <= letter <= "\x7e"), None)
        raise SpfFault(position, "mechanism") if odd is None else SpfFault(position + odd, "character")
    qualifier, mechanism, rest = found[1] or "+", found[2].lower(), text[found.end() :]
    at = position + found.end()
    if mechanism in {"ip4", "ip6"}:
        network = _network(mechanism, rest, at)
        return Term(position, text, qualifier, mechanism, network=network)
    if mechanism not in _NEEDS_DOMAIN | _TAKES_DOMAIN | {"all"}:
        raise SpfFault(position, "mechanism")
    cidr4 = cidr6 = None
    if mechanism in _TAKES_CIDR:
        rest, cidr4, cidr6 = _dual_cidr(rest, at)
    if not rest:
        if mechanism in _NEEDS_DOMAIN:
            raise SpfFault(at, "argument")
        return Term(position, text, qualifier, mechanism, cidr4=cidr4, cidr6=cidr6)
    if mechanism == "all" or not rest.startswith(":"):
        raise SpfFault(at, "argument")
    domain_spec(rest[1:], at + 1)
    return Term(position, text, qualifier, mechanism, rest[1:], cidr4=cidr4, cidr6=cidr6)


def _network(mechanism: str, rest: str, at: int) -> Network:
    if not rest.startswith(":"):
        raise SpfFault(at, "argument")
    address, slash, length = rest[1:].partition("/")
    try:
        if mechanism == "ip4":
            bits = _cidr(length, 32, at + 1 + len(address)) if slash else 32
            if not _IP4.fullmatch(address):
                raise SpfFault(at + 1, "address4")
            return ipaddress.IPv4Network((address, bits), strict=False)
        bits = _cidr(length, 128, at + 1 + len(address)) if slash else 128
        if not _IP6.fullmatch(address):
            raise SpfFault(at + 1, "address6")
        return ipaddress.IPv6Network((address, bits), strict=False)
    except ipaddress.AddressValueError as fault:
        raise SpfFault(at + 1, "address6") from fault


def _dual_cidr(rest: str, at: int) -> tuple[str, int | None, int | None]:
    """Part `[:domain]` from its dual-cidr-length: a domain-spec never ends in a slash and digits."""
    cidr4 = cidr6 = None
    head, double, tail = rest.rpartition("//")
    if double and not tail.strip("0123456789"):
        cidr6, rest = _cidr(tail, 128, at + len(head)), head
    head, slash, tail = rest.rpartition("/")
    if slash and not tail.strip("0123456789"):
        cidr4, rest = _cidr(tail, 32, at + len(head)), head
    if rest.startswith("/"):
        raise SpfFault(at, "cidr")
    return rest, cidr4, cidr6


def _cidr(digits: str, most: int, position: int) -> int:
    if not _CIDR.fullmatch(digits) or int(digits) > most:
        raise SpfFault(position, "cidr")
    return int(digits)
