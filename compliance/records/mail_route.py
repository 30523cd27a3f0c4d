"""Where mail for a domain goes: MX, its addresses, and the rules for none (RFC 5321 section 5.1, RFC 7505)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from compliance.model.names import is_address, is_plain
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from compliance.records.dns_walk import DnsQuestion, Walk, drive, facts, is_answered

#: More than senders try, and than we ask: a domain may name as many hosts as it likes, of others too.
MOST_NAMES = 20
MOST_OF_A_NAME = 16
MOST_ADDRESSES = 64
MOST_NAMES_BACK = 10  # reverse names of one address
_ROUTED = frozenset({Kind.OWN_DOMAIN, Kind.PARTNER})  # a parked domain's mail hosts are judged by DNS alone


class RouteState(StrEnum):
    """What a domain's MX answer and its address say together."""

    MX = "mx"
    IMPLICIT = "implicit"  # no MX, but an address: RFC 5321 section 5.1
    NULL = "null"  # one MX record, the root: RFC 7505, which wants its preference to be 0
    NO_MAIL = "no_mail"  # no MX and no address
    NO_DOMAIN = "no_domain"  # NXDOMAIN
    UNRESOLVED = "unresolved"  # the question was not answered


class HostState(StrEnum):
    """What is known of one MX name."""

    RESOLVED = "resolved"
    NO_ADDRESS = "no_address"
    LITERAL = "literal"  # an IP address where a name must stand
    UNSAFE = "unsafe"  # not a plain host name: never looked up, never in a command
    NULL = "null"  # `.` beside other records
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class RouteHost:
    """One MX name with its addresses; `alias` is the CNAME chain it led through (RFC 2181 section 10.3 forbids one)."""

    name: str
    preference: int
    state: HostState
    addresses: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    unanswered: tuple[Observation, ...] = ()
    over: int = 0  # addresses beyond what is asked of one name, or of one domain

    def silent(self, rdtype: str) -> tuple[Observation, ...]:
        """Give the question about one family, if it was not answered while the other gave addresses."""
        unanswered = self.unanswered if self.state is HostState.RESOLVED else ()
        return tuple(answer for answer in unanswered if answer.question == rdtype)


@dataclass(frozen=True, slots=True)
class Route:
    """A domain's way in. `hosts` in order of preference; `evidence` names the observations of the MX question.

    `over` counts the MX names beyond what is asked of one domain, `preference` is that of a null MX.
    """

    domain: str
    state: RouteState
    hosts: tuple[RouteHost, ...] = ()
    evidence: tuple[str, ...] = ()
    unanswered: tuple[Observation, ...] = ()
    over: int = 0
    preference: int = 0

    @property
    def left_out(self) -> int:
        """How many names and addresses are not asked."""
        return self.over + sum(host.over for host in self.hosts)


def mail_route(domain: str) -> Walk[Route]:
    """Walk from a domain to its mail hosts' addresses; asks MX, then A and AAAA of each name."""
    answer = yield DnsQuestion(domain, "MX")
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return Route(domain, RouteState.UNRESOLVED, evidence=(answer.id,), unanswered=(answer,))
    if seen.rcode == "NXDOMAIN":
        return Route(domain, RouteState.NO_DOMAIN, evidence=(answer.id,))
    entries = sorted({parse_mx(record.data) for record in seen.records})
    if not entries:
        host = yield from host_addresses(domain)
        evidence = (answer.id, *host.evidence)
        if host.state is HostState.RESOLVED:
            return Route(domain, RouteState.IMPLICIT, (host,), evidence)
        if host.state is HostState.UNRESOLVED:
            return Route(domain, RouteState.UNRESOLVED, evidence=evidence, unanswered=host.unanswered)
        return Route(domain, RouteState.NO_MAIL, evidence=evidence)
    if len(seen.records) == 1 and not entries[0][1]:
        return Route(domain, RouteState.NULL, evidence=(answer.id,), preference=entries[0][0])
    hosts = []
    for preference, name in entries[:MOST_NAMES]:
        hosts.append((yield from host_addresses(name, preference)))
    over = max(0, len(entries) - MOST_NAMES)
    return Route(domain, RouteState.MX, _within(hosts), (answer.id,), over=over)


def _within(hosts: list[RouteHost]) -> tuple[RouteHost, ...]:
    """Keep to what is asked of one domain: the first names first, but one address of every name."""
    room = MOST_ADDRESSES
    kept = []
    for behind, host in zip(range(len(hosts) - 1, -1, -1), hosts, strict=True):
        addresses = host.addresses[: room - behind]
        room -= len(addresses)
        kept.append(replace(host, addresses=addresses, over=host.over + len(host.addresses) - len(addresses)))
    return tuple(kept)


def host_addresses(name: str, preference: int = 0) -> Walk[RouteHost]:
    """Ask A and AAAA of one mail-host name; a name that is unsafe or no name is not asked about."""
    if not name:
        return RouteHost(".", preference, HostState.NULL)
    if is_address(name):
        return RouteHost(name, preference, HostState.LITERAL)
    if not is_plain(name):
        return RouteHost(name, preference, HostState.UNSAFE)
    v4 = yield DnsQuestion(name, "A")
    v6 = yield DnsQuestion(name, "AAAA")
    addresses = tuple(record.data for answer in (v4, v6) if (seen := facts(answer)) for record in seen.records)
    aliases = next((seen.aliases for answer in (v4, v6) if (seen := facts(answer)) and seen.aliases), ())
    unanswered = tuple(answer for answer in (v4, v6) if not is_answered(answer))
    nothing = HostState.UNRESOLVED if unanswered else HostState.NO_ADDRESS
    state = HostState.RESOLVED if addresses else nothing
    found = tuple(dict.fromkeys(addresses))
    kept, over = found[:MOST_OF_A_NAME], max(0, len(found) - MOST_OF_A_NAME)
    return RouteHost(name, preference, state, kept, aliases, (v4.id, v6.id), unanswered, over)


def ways_in(subjects: Iterable[Subject], answer: Callable[[DnsQuestion], Observation]) -> Iterator[tuple[str, str]]:
    """Give every (name, address) mail to these subjects may go to: by the MX of domains, and at inbound hosts."""
    for subject in subjects:
        if subject.domain_kind in _ROUTED:
            for host in drive(mail_route(subject.hostname), answer).hosts:
                if host.state is HostState.RESOLVED:
                    yield from ((host.name, address) for address in host.addresses)
        if Kind.INBOUND_HOST in subject.kinds and subject.hostname:
            literal = is_address(subject.hostname)
            found = (subject.hostname,) if literal else drive(host_addresses(subject.hostname), answer).addresses
            yield from ((subject.hostname, address) for address in found)


def parse_mx(data: str) -> tuple[int, str]:
    """Read an MX record's presentation form: preference and name (lower case, no trailing dot; `` for the root)."""
    preference, _, name = data.partition(" ")
    return int(preference), name.strip().lower().removesuffix(".")
