"""Adding up what went where, by instance, host and domain; bounded, however many counterparties a log has.

A delivery without a TLS line is held back until the same program logs a TLS session again: only between two such
lines does its silence say that there was none.
"""

from collections import Counter
from collections.abc import Iterable

from compliance.model.supplied import DomainFlow, Flow, LogInstance, RelayFlow, TlsTally
from compliance.outbound.dates import stamp

Tls = tuple[str, str, str]
"""Version, suite, trust."""
Relay = tuple[str, str, int]
"""Name, address, port."""
TO, FROM = "to", "from"
#: So many are kept one by one for each instance; what comes later is added up under the empty name.
MOST = 20_000
_NOBODY: Relay = ("", "", 0)
_NAMES = 8


class Tally:
    """One flow, growing."""

    __slots__ = ("clear", "failed", "first_clear", "last_clear", "tls", "unknown")

    def __init__(self) -> None:
        self.tls: dict[Tls, list[int]] = {}  # how many, when first, when last
        self.clear = self.unknown = self.failed = 0
        self.first_clear = self.last_clear = 0

    def encrypted(self, tls: Tls, when: int, count: int = 1) -> None:
        """Add messages under TLS."""
        known = self.tls.get(tls)
        if known is None:
            self.tls[tls] = [count, when, when]
        else:
            known[0] += count
            known[1] = min(known[1], when)
            known[2] = max(known[2], when)

    def in_clear(self, held: "_Held") -> None:
        """Add messages that are known to have gone without TLS."""
        self.clear += held.count
        self.failed += held.failed
        self.first_clear = min(self.first_clear or held.first, held.first)
        self.last_clear = max(self.last_clear, held.last)

    def flow(self) -> Flow:
        """Give it as facts."""
        ordered = sorted(self.tls.items(), key=lambda item: (-item[1][0], item[0]))
        times = [when for _, first, last in self.tls.values() for when in (first, last)]
        return Flow(
            tuple(TlsTally(*kind, n, stamp(first), stamp(last)) for kind, (n, first, last) in ordered),
            self.clear,
            self.unknown,
            self.failed,
            stamp(min(times, default=0)),
            stamp(max(times, default=0)),
            stamp(self.first_clear),
            stamp(self.last_clear),
        )

    @property
    def total(self) -> int:
        """All messages."""
        return sum(count for count, _, _ in self.tls.values()) + self.clear + self.unknown


class _Held:
    """Deliveries without a TLS line since the last one of their instance."""

    __slots__ = ("count", "failed", "first", "last")

    def __init__(self, when: int) -> None:
        self.count = self.failed = 0
        self.first = self.last = when

    def add(self, when: int, *, failed: bool) -> None:
        self.count += 1
        self.failed += failed
        self.first, self.last = min(self.first, when), max(self.last, when)


Place = tuple[Relay, str]


class Instance:
    """What one program in a log sent and received."""

    def __init__(self, host: str, program: str) -> None:
        self.host, self.program = host, program
        self.logs_tls = {TO: False, FROM: False}
        self._relays: dict[Relay, Tally] = {}
        self._domains: dict[tuple[str, str], Tally] = {}
        self._names: dict[tuple[str, str], Counter[str]] = {}
        self._held: dict[str, dict[Place, _Held]] = {TO: {}, FROM: {}}

    def session(self, direction: str) -> None:
        """Note that a TLS session was logged: what was held back since the last one went in clear."""
        self.logs_tls[direction] = True
        held = self._held[direction]
        if held:
            for (relay, domain), messages in held.items():
                for tally in self._tallies(direction, relay, domain):
                    tally.in_clear(messages)
            held.clear()

    def encrypted(self, direction: str, relay: Relay, domain: str, tls: Tls, when: int) -> None:
        """Add a message under TLS."""
        for tally in self._tallies(direction, relay, domain):
            tally.encrypted(tls, when)

    def silent(self, direction: str, relay: Relay, domain: str, when: int, *, failed: bool = False) -> None:
        """Add a message without a word of TLS; `failed`: a handshake with the same host had just failed."""
        if not self.logs_tls[direction]:
            self.unknown(direction, relay, domain)
            return
        held = self._held[direction]
        place = (relay, domain)
        if place not in held:
            if len(held) >= MOST:
                place = (_NOBODY, "")
            held.setdefault(place, _Held(when))
        held[place].add(when, failed=failed)

    def unknown(self, direction: str, relay: Relay, domain: str, count: int = 1) -> None:
        """Add messages of which the log does not tell."""
        for tally in self._tallies(direction, relay, domain):
            tally.unknown += count

    def _tallies(self, direction: str, relay: Relay, domain: str) -> Iterable[Tally]:
        key = (direction, domain)
        tally = self._domains.get(key)
        if tally is None:
            if len(self._domains) >= MOST:
                key = (direction, "")
            tally = self._domains.setdefault(key, Tally())
        names = self._names.get(key)
        if names is None:
            names = self._names.setdefault(key, Counter())
        if relay[0] in names or len(names) < _NAMES:
            names[relay[0]] += 1
        if direction == FROM:
            return (tally,)
        known = self._relays.get(relay)
        if known is None:
            known = self._relays.setdefault(relay if len(self._relays) < MOST else _NOBODY, Tally())
        return tally, known

    def facts(self) -> LogInstance:
        """Give it as facts; what is still held back is not known."""
        for direction, held in self._held.items():
            for (relay, domain), messages in held.items():
                self.unknown(direction, relay, domain, messages.count)
            held.clear()
        relays = sorted(self._relays.items(), key=lambda item: (-item[1].total, item[0]))
        domains = sorted(self._domains.items(), key=lambda item: (-item[1].total, item[0]))
        return LogInstance(
            self.host,
            self.program,
            self.logs_tls[TO],
            tuple(RelayFlow(*relay, tally.flow()) for relay, tally in relays),
            tuple(
                DomainFlow(domain, direction, self._hosts((direction, domain)), tally.flow())
                for (direction, domain), tally in domains
            ),
        )

    def _hosts(self, key: tuple[str, str]) -> tuple[str, ...]:
        names = sorted(self._names[key].items(), key=lambda item: (-item[1], item[0]))
        return tuple(name for name, _ in names if name)[:3]
