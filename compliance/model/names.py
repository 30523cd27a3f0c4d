"""Names from the wire and from people: DNS names in their wire form and as people write them (RFC 5890)."""

import ipaddress
import re
from collections.abc import Iterable

import idna

#: A host name by RFC 1123 section 2.1: letters, digits, hyphen, labels of at most 63; and `_` as DNS owners use it.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PLAIN = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}", re.IGNORECASE)


class NameFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no DNS name; `args[0]` is the text."""


def to_ascii(name: str) -> str:
    """Give the wire form of a DNS name: lower case, A-labels, no trailing dot; raises NameFault.

    `blåbær.example` gives `xn--blbr-roah.example` (RFC 5891, with the UTS 46 mapping browsers use).
    """
    text = name.strip().rstrip(".").lower()
    if not text:
        raise NameFault(name)
    try:
        ascii_name = text if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as fault:
        raise NameFault(name) from fault
    if not is_plain(ascii_name):
        raise NameFault(name)
    return ascii_name


def to_unicode(name: str) -> str:
    """Give a DNS name as people write it; a name that is not valid IDNA is given back as it stands."""
    try:
        return ".".join(idna.decode(label) if label.startswith("xn--") else label for label in name.split("."))
    except idna.IDNAError:
        return name


def is_plain(name: str) -> bool:
    """Tell whether a stranger's name is a plain host name or address, and so may stand in a command."""
    return is_address(name) or _PLAIN.fullmatch(name.rstrip(".")) is not None


def is_domain(name: str) -> bool:
    """Tell whether a name (wire form) can be a mail domain: plain, two labels or more, no address, no underscore."""
    last = name.rpartition(".")[2]
    return is_plain(name) and "." in name and "_" not in name and not is_address(name) and not last.isdigit()


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address; one with a zone is none: it means nothing on another machine."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_INSIDE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def is_inside(address: str) -> bool:
    """Tell whether an address can be reached by nobody outside (RFC 1918, RFC 4193); loopback is a lab, not that."""
    found = unmapped(address)
    return any(found in network for network in _INSIDE if network.version == found.version)


#: Of no host: this network, link-local, multicast, reserved and broadcast (RFC 6890, RFC 4291 section 2.4).
_NO_HOST = tuple(
    map(
        ipaddress.ip_network,
        ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)


def unmapped(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Give the address that is meant: an IPv4-mapped one is the IPv4 address in it (RFC 4291 section 2.5.5.2)."""
    found = ipaddress.ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


def is_no_host(address: str) -> bool:
    """Tell whether an address can be no mail host's, whatever name leads there; loopback is told apart."""
    found = unmapped(address)
    return any(found in network for network in _NO_HOST if network.version == found.version)


def is_loopback(address: str) -> bool:
    """Tell whether an address is this very machine's (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3)."""
    return unmapped(address).is_loopback


def is_lab(addresses: Iterable[str], *, vouched: bool) -> bool:
    """Tell whether a run is made in a lab: every mail-host address that can be a host's is this machine's own.

    `vouched`: a subject of the organisation's own is among those asked about, or they are asked at a lab's ports.
    Otherwise a stranger whose MX is 127.0.0.1 would be taken at our own machine's word.
    """
    hosts = [address for address in addresses if not is_no_host(address)]
    return vouched and bool(hosts) and all(map(is_loopback, hosts))


def is_no_mail_host(address: str, *, lab: bool) -> bool:
    """Tell whether nobody is asked at an address: it is no host's, or our own machine's outside a lab."""
    return is_no_host(address) or (is_loopback(address) and not lab)


def mail_host_target(name: str, address: str, port: int) -> str:
    """Give the target of a mail host: `mx.name[address]:port`."""
    return f"{name}[{address}]:{port}"


def reverse_name(address: str) -> str:
    """Give the owner name of an address's PTR record, without the trailing dot (RFC 1035 section 3.5, RFC 3596)."""
    return ipaddress.ip_address(address).reverse_pointer
