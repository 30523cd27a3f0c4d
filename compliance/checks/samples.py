"""Supplied messages as evidence: which of our hosts handed each over, and what the receiver wrote of it.

Every field of a message may be forged by whoever sent it, but those the receiver's servers put on top. So the way is
followed downward from the last server, as long as each hop is one inside the receiver's own house, to the first that
names a client: if that is a host of ours by its address, or by the name the receiver found for the address, it handed
the message over. What the client called itself proves nothing, and nothing below that hop is looked at.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from compliance.checks.aligned import wire_name
from compliance.checks.context import Context
from compliance.model.messages import ReceivedHop
from compliance.model.names import is_address, is_inside, is_loopback, unmapped
from compliance.model.observation import Observation
from compliance.model.subject import DOMAIN_KINDS, HOST_KINDS, Subject
from compliance.model.supplied import MessageFacts
from compliance.records.dns_walk import drive
from compliance.records.mail_route import host_addresses

#: Names under which the services of the inventory hand mail over, as a receiver finds them for their addresses.
_SERVICES = {"exchange_online": ".outbound.protection.outlook.com", "google_workspace": ".google.com"}
#: Addresses between servers of Exchange Online, whose fields name no client that was looked up.
_EXCHANGE, _EXCHANGE_NETWORK = ".outlook.com", ipaddress.ip_network("2603:1000::/24")


@dataclass(frozen=True, slots=True)
class Departure:
    """One message that a host of ours handed to somebody else's server, as that server's own field tells."""

    seen: Observation
    facts: MessageFacts
    hop: ReceivedHop


def departures(context: Context) -> Mapping[str, tuple[Departure, ...]]:
    """Give the messages that each sending host handed over, by its label, in the order of the evidence."""
    known = _Senders(context)
    found: dict[str, tuple[Departure, ...]] = {}
    for seen in context.evidence.sent_mail:
        if not isinstance(seen.facts, MessageFacts):
            continue
        if left := _left_by(known, seen.facts):
            sender, hop = left
            found[sender.label] = (*found.get(sender.label, ()), Departure(seen, seen.facts, hop))
    return found


class _Senders:
    """Our hosts, as a receiver may know them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._addresses = {host.label: _addresses(context, host) for host in context.senders if not host.service}
        hosts = [each for each in context.subjects if HOST_KINDS & set(each.kinds)]
        self._names = {name.lower() for host in hosts for name in (host.hostname, host.helo) if name}
        domains = [each for each in context.subjects if DOMAIN_KINDS & set(each.kinds) and not each.is_partner]
        self._operators = {context.operator(each.hostname) for each in domains}

    def is_ours(self, server: str) -> bool:
        """Tell whether a server is one of the organisation's own: what it writes of us is our own word."""
        return server in self._names or self._context.operator(server) in self._operators

    def sender(self, hop: ReceivedHop, from_domain: str) -> Subject | None:
        """Give the one host that a client is, if it is one."""
        found = [host for host in self._context.senders if self._is(host, hop, from_domain)]
        return found[0] if len(found) == 1 else None

    def _is(self, host: Subject, hop: ReceivedHop, from_domain: str) -> bool:
        """By its address or its name; a service is many tenants', so the message is from a domain that it sends for."""
        if not host.service:
            names = {host.hostname.lower(), host.helo.lower()} - {""}
            return hop.from_address in self._addresses[host.label] or hop.verified_name in names
        end = _SERVICES.get(host.service)
        domains = map(wire_name, host.sends_for)
        return end is not None and hop.verified_name.endswith(end) and from_domain in domains

    def is_inside(self, hop: ReceivedHop) -> bool:
        """Tell whether a hop was between two servers of one house."""
        if not hop.from_name and not hop.from_address:
            return True
        if hop.from_address and (is_inside(hop.from_address) or is_loopback(hop.from_address)):
            return True
        if hop.by.endswith(_EXCHANGE) and hop.from_name.endswith(_EXCHANGE) and hop.from_address:
            return unmapped(hop.from_address) in _EXCHANGE_NETWORK
        return bool(hop.verified_name) and self._context.operator(hop.verified_name) == self._context.operator(hop.by)


def _left_by(known: _Senders, facts: MessageFacts) -> tuple[Subject, ReceivedHop] | None:
    """Give the hop by which a message left our house for another's, if the receiver's fields lead to it."""
    for hop in facts.hops:
        if not hop.by or known.is_ours(hop.by):
            return None
        if sender := known.sender(hop, facts.from_domain):
            return (sender, hop) if hop.time else None
        if not known.is_inside(hop):
            return None
    return None


def _addresses(context: Context, host: Subject) -> frozenset[str]:
    if not host.hostname:
        return frozenset()
    if is_address(host.hostname):
        return frozenset({host.hostname})
    return frozenset(drive(host_addresses(host.hostname), context.evidence.answer).addresses)
