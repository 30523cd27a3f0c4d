"""The connection ledger: how many connections were opened toward whom."""

from collections import defaultdict
from collections.abc import Iterable

from compliance.model.observation import HelloFacts, Observation, PolicyFacts, SmtpFacts
from compliance.model.target import MailAddress
from compliance.store.run import Connections, Ledger


def connections(
    observations: Iterable[Observation], addresses: Iterable[MailAddress], policy_port: int = 443
) -> Connections:
    """Add up the connections in SMTP sessions, raw hellos and policies fetched, per address and port.

    Where TLS with a policy host broke off, the host stands for the address that was not noted.
    """
    names: dict[tuple[str, int], set[str]] = defaultdict(set)
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for seen in observations:
        if isinstance(seen.facts, SmtpFacts | HelloFacts):
            key = (seen.facts.address, seen.facts.port)
            names[key].add(seen.facts.name)
            counts[key] += seen.facts.connections
        elif isinstance(seen.facts, PolicyFacts):
            key = (seen.facts.address, seen.facts.port)
            names[key].add(seen.facts.name)
            counts[key] += 1
        elif seen.probe == "https" and seen.failure and seen.failure.stage == "tls":
            names[seen.target, policy_port].add(seen.target)
            counts[seen.target, policy_port] += 1
    ours = {(address.address, address.port) for address in addresses if address.ours}
    lines = tuple(
        Ledger(
            target=f"[{address}]:{port}",
            names=tuple(sorted(names[address, port])),
            connections=count,
            ours=(address, port) in ours,
        )
        for (address, port), count in sorted(counts.items())
    )
    return Connections(total=sum(counts.values()), addresses=lines)
