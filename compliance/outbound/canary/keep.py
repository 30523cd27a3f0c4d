"""Which sessions are kept: those of hosts that delivered to a recipient of the round. Of all others, a count."""

from collections.abc import Callable
from dataclasses import dataclass, field

from compliance.model.canary import BEFORE_MAIL, CanarySession
from compliance.outbound.canary.dialogue import Limits


@dataclass
class Keeper:
    """Holds sessions back until their source has shown that it knows a recipient; then they are written."""

    limits: Limits
    write: Callable[[CanarySession], None]
    left_out: int = 0
    _proven: set[str] = field(default_factory=set)
    _held: dict[str, list[CanarySession]] = field(default_factory=dict)
    _written: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def take(self, session: CanarySession, *, turned_away: bool) -> None:
        """Take a session that ended; `turned_away`: it asked for recipients that are nobody."""
        keys = _keys(session)
        if session.messages:
            self._proven |= keys
            self._write(session)
            for source in [source for source, held in self._held.items() if keys & _keys(held[0])]:
                for earlier in self._held.pop(source):
                    self._count -= 1
                    self._write(earlier)
        elif turned_away:
            return
        elif keys & self._proven:
            self._write(session)
        elif session.stage in BEFORE_MAIL:
            self._hold(session)

    def end(self) -> None:
        """Throw away what was held for strangers."""
        self._held.clear()

    def _hold(self, session: CanarySession) -> None:
        held = self._held.setdefault(session.source, [])
        if len(held) >= self.limits.kept_per_source or self._count >= self.limits.kept:
            self.left_out += 1
            return
        held.append(session)
        self._count += 1

    def _write(self, session: CanarySession) -> None:
        count = self._written.get(session.source, 0)
        if count >= self.limits.kept_per_source or len(self._written) >= self.limits.kept:
            self.left_out += 1
            return
        self._written[session.source] = count + 1
        self.write(session)


def _keys(session: CanarySession) -> frozenset[str]:
    """What a host is known by: its address, and the domain its confirmed name is in (a service has many addresses)."""
    parent = session.name.partition(".")[2]
    return frozenset({session.source, parent} if "." in parent else {session.source})
