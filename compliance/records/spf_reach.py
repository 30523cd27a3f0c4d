"""How much of the internet SPF terms let send: literal ranges merged, `a/8` and the like by their prefix."""

import ipaddress
from dataclasses import dataclass

from compliance.records.spf import Term


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a record lets send: addresses by IPv4, the shortest IPv6 prefix (None without any), and unmeasured terms.

    `complete` is false where a name below was not answered, not asked or holds macros.
    """

    ipv4: tuple[ipaddress.IPv4Network, ...]
    ipv6: tuple[ipaddress.IPv6Network, ...]
    ipv4_count: int
    ipv6_shortest: int | None
    uses_ptr: bool
    uses_exists: bool
    complete: bool


class Ranges:
    """Gathers terms and measures them at the end."""

    def __init__(self) -> None:
        self._ipv4: list[ipaddress.IPv4Network] = []
        self._ipv6: list[ipaddress.IPv6Network] = []
        self._unplaced4 = 0  # addresses beside an `a` or `mx`, wherever that is
        self._prefixes6: list[int] = []
        self._mechanisms: set[str] = set()

    def meet(self, term: Term, *, counts: bool, everybody: bool = False) -> None:
        """Add a term; `counts` tells whether a match is one to measure, `everybody` whether each sender matches."""
        self._mechanisms.add(term.mechanism)
        if not counts:
            return
        if everybody:
            self._ipv4.append(ipaddress.IPv4Network("0.0.0.0/0"))
            self._ipv6.append(ipaddress.IPv6Network("::/0"))
        elif isinstance(term.network, ipaddress.IPv4Network):
            self._ipv4.append(term.network)
        elif isinstance(term.network, ipaddress.IPv6Network):
            self._ipv6.append(term.network)
        if term.cidr4 is not None:
            self._unplaced4 += 1 << (32 - term.cidr4)
        if term.cidr6 is not None:
            self._prefixes6.append(term.cidr6)

    def reach(self, complete: bool) -> Reach:
        """Merge what was gathered."""
        ipv4 = tuple(ipaddress.collapse_addresses(self._ipv4))
        ipv6 = tuple(ipaddress.collapse_addresses(self._ipv6))
        count = min(1 << 32, sum(network.num_addresses for network in ipv4) + self._unplaced4)
        prefixes = [*self._prefixes6, *(network.prefixlen for network in ipv6)]
        ptr, exists = (name in self._mechanisms for name in ("ptr", "exists"))
        return Reach(ipv4, ipv6, count, min(prefixes, default=None), ptr, exists, complete)
