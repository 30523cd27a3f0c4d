"""What stands beside the verdict: waivers, what could not be tested, and what the method was."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from compliance.model.observation import HelloFacts, Origin, PolicyFacts, SmtpFacts
from compliance.model.waiver import Waiver
from compliance.records.injection import COMMAND, INJECTION, UNNAMED
from compliance.reporting.formatter import read_time
from compliance.reporting.view.results import target_address, target_host
from compliance.reporting.view.source import Source

_SOON = timedelta(days=30)
_APART = frozenset({INJECTION, UNNAMED})  # what is sent to hosts of ours alone
_VERBS = ("EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "RSET", "AUTH", "NOOP", "QUIT", "DATA")


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver and what became of it: used, soon, expired or unused."""

    waiver: Waiver
    state: str
    covers: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent to mail hosts: the SMTP verbs, hellos put, sessions held, addresses, connections."""

    ours: bool
    verbs: tuple[str, ...]
    addresses: int
    connections: int


def waivers(source: Source) -> tuple[WaiverRow, ...]:
    """Give every waiver with its use; the expired ones first, they are what to act on."""
    today = read_time(source.run.started)
    day = date(today.year, today.month, today.day) if today else date.max
    rows = [_waiver(source, waiver, day) for waiver in source.waivers]
    order = ("expired", "soon", "used", "unused")
    return tuple(sorted(rows, key=lambda row: (order.index(row.state), row.waiver.expires)))


def _waiver(source: Source, waiver: Waiver, day: date) -> WaiverRow:
    covers = sum(
        finding.waiver is not None
        and finding.requirement == waiver.requirement
        and (not waiver.subject or waiver.subject == finding.subject)
        and (not waiver.target or any(_at(waiver.target, target.target) for target in finding.targets))
        and finding.waiver.expires == waiver.expires.isoformat()
        for finding in source.findings
    )
    if waiver.expires < day:
        return WaiverRow(waiver, "expired", covers)
    if not covers:
        return WaiverRow(waiver, "unused", covers)
    return WaiverRow(waiver, "soon" if waiver.expires - day <= _SOON else "used", covers)


def _at(place: str, target: str) -> bool:
    return place in {target, target_host(target), target_address(target)}


def origins(source: Source) -> Counter[str]:
    """Count observations by who says so."""
    return Counter({origin.value: 0 for origin in Origin}) + Counter(
        seen.origin.value for seen in source.observations.values()
    )


def sent(source: Source) -> tuple[Sent, ...]:
    """Tell what was sent to mail hosts: to our own, and to others'. Read from the evidence, not from what was meant."""
    ours = {ledger.target for ledger in source.run.connections.addresses if ledger.ours}
    verbs: dict[bool, set[str]] = {True: set(), False: set()}
    for seen in source.observations.values():
        if isinstance(seen.facts, PolicyFacts):
            verbs[False].add("HTTPS")
        elif isinstance(seen.facts, SmtpFacts | HelloFacts):
            mine = f"[{seen.facts.address}]:{seen.facts.port}" in ours
            words = {
                line.partition(" ")[0].upper() for reply in seen.facts.replies for line in reply.sent.split("\r\n")
            }
            verbs[mine] |= words & set(_VERBS) - ({COMMAND} if seen.probe == INJECTION else set())
            verbs[mine] |= {"TLS"} if isinstance(seen.facts, HelloFacts) else set()
            verbs[mine] |= _APART & {seen.probe}
    rows = []
    for mine in (True, False):
        lines = [ledger for ledger in source.run.connections.addresses if ledger.ours is mine]
        known = tuple(verb for verb in (*_VERBS, "TLS", *sorted(_APART), "HTTPS") if verb in verbs[mine])
        rows.append(Sent(mine, known, len(lines), sum(ledger.connections for ledger in lines)))
    return tuple(row for row in rows if row.addresses)
