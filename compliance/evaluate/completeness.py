"""Inventory completeness: names and addresses that own domains' records lead to, and that nobody has entered."""

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from compliance.checks.context import Context
from compliance.checks.scopes import route_of
from compliance.model.names import is_address, is_plain
from compliance.model.subject import Kind, Subject
from compliance.model.unlisted import Role, Unlisted
from compliance.records.dmarc import policy_walk
from compliance.records.dns_walk import drive
from compliance.records.mail_route import HostState, host_addresses
from compliance.records.spf_tree import Node, record_tree

_OURS = frozenset({Kind.OWN_DOMAIN, Kind.PARKED_DOMAIN})
_MOST = 500  # lines: what a list to go through can hold
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class _Named:
    """One name met, with what it is and the answers that name it."""

    name: str
    role: Role
    evidence: tuple[str, ...]


def unlisted(context: Context, only: Collection[str] = ()) -> tuple[Unlisted, ...]:
    """List what the chosen subjects' records name and no entry stands for, names first, each once."""
    survey = _Survey(context)
    gathered: dict[str, list[tuple[str, _Named]]] = {}
    for subject in context.subjects:
        if only and subject.label not in only:
            continue
        for named in survey.of(subject):
            if is_plain(named.name) or "/" in named.name:
                gathered.setdefault(named.name, []).append((subject.label, named))
    found = [survey.line(name, met) for name, met in gathered.items()]
    return tuple(sorted(found, key=lambda line: (Role.SENDER in line.roles, bool(line.holder), line.name)))[:_MOST]


class _Survey:
    """The inventory, as what it stands for: domains of ours, hosts, the addresses that mail is sent from."""

    def __init__(self, context: Context) -> None:
        self._context = context
        own = [each for each in context.subjects if _OURS & set(each.kinds)]
        self._ours = frozenset(context.operator(each.hostname) for each in own)
        self._partners = {
            context.operator(each.hostname): each.label for each in context.subjects if Kind.PARTNER in each.kinds
        }
        senders = (each for each in context.subjects if Kind.OUTBOUND_HOST in each.kinds and each.hostname)
        self._sending = frozenset(address for each in senders for address in self._addresses(each.hostname))

    def of(self, subject: Subject) -> Iterator[_Named]:
        """Give what one subject names that no entry stands for."""
        if Kind.OUTBOUND_HOST in subject.kinds and subject.helo and not self._is_ours(subject.helo):
            yield _Named(subject.helo, Role.HELO, ())
        if not _OURS & set(subject.kinds):
            return
        yield from self._spf(subject.hostname)
        yield from self._reports(subject.hostname)
        if Kind.OWN_DOMAIN in subject.kinds:
            yield from self._mail_hosts(subject.hostname)

    def line(self, name: str, met: Iterable[tuple[str, _Named]]) -> Unlisted:
        """Give one line of the list."""
        met = tuple(met)
        operator = "" if "/" in name else self._context.operator(name)
        return Unlisted(
            name=name,
            roles=tuple(dict.fromkeys(named.role for _, named in met)),
            named_by=tuple(dict.fromkeys(label for label, _ in met)),
            holder=self._context.known_supplier(name) or self._partners.get(operator, ""),
            evidence=tuple(dict.fromkeys(key for _, named in met for key in named.evidence if key)),
        )

    def _is_ours(self, name: str) -> bool:
        return self._context.operator(name) in self._ours

    def _addresses(self, name: str) -> tuple[str, ...]:
        return (name,) if is_address(name) else drive(host_addresses(name), self._context.evidence.answer).addresses

    def _spf(self, domain: str) -> Iterator[_Named]:
        """Names that records of ours include, and addresses they let send; what a supplier includes is its own."""
        waiting = [drive(record_tree(domain), self._context.evidence.answer).root]
        while waiting:
            node = waiting.pop(0)
            here = (node.observation,)
            yield from (_Named(text, Role.SENDER, here) for text in self._senders(node))
            for child in node.children:
                if self._is_ours(child.name):
                    waiting.append(child)
                else:
                    yield _Named(child.name, Role.SPF, here)

    def _senders(self, node: Node) -> Iterator[str]:
        for term in node.record.reached if node.record else ():
            network = term.network
            if network is not None and term.qualifier == "+" and not self._is_listed(network):
                yield str(network.network_address) if network.num_addresses == 1 else str(network)

    def _is_listed(self, network: _Network) -> bool:
        """Whether an outbound host sends from here; of a range one host is enough."""
        return any(ipaddress.ip_address(address) in network for address in self._sending)

    def _reports(self, domain: str) -> Iterator[_Named]:
        walk = drive(policy_walk(domain), self._context.evidence.answer)
        for uri in walk.record.rua if walk.record else ():
            if uri.domain and not self._is_ours(uri.domain):
                yield _Named(uri.domain, Role.REPORTS, walk.observations[-1:])

    def _mail_hosts(self, domain: str) -> Iterator[_Named]:
        """MX names of own domains that no inbound host stands for, by name or by any of their addresses."""
        route = route_of(self._context, domain)
        for host in route.hosts:
            places = host.addresses or ("",)
            if host.state in {HostState.NULL, HostState.LITERAL, HostState.UNSAFE}:
                continue
            if not any(self._context.hosts(Kind.INBOUND_HOST, host.name, address) for address in places):
                yield _Named(host.name, Role.MAIL_HOST, route.evidence[:1])
