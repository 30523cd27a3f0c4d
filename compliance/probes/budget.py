"""What an address may be put to: so many connections in a run, and so many at a time."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from compliance.model.observation import Facts, Failure, FailureKind, HelloFacts, Observation, SmtpFacts
from compliance.settings import SmtpSettings

Act = Callable[[], tuple[Facts | None, Failure | None]]

_TALKS = frozenset({"smtp", "hello", "submission", "injection", "unnamed", "envelope"})


class Budget:
    """Counts connections by address; safe for many threads. `known` were opened earlier in the same run."""

    def __init__(self, settings: SmtpSettings, known: Iterable[Observation]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._spent = Counter(address for seen in known if (address := _connected_to(seen)) is not None)
        self._gates: dict[str, threading.BoundedSemaphore] = {}

    def gate(self, address: str) -> threading.BoundedSemaphore:
        """At most `per_address` at a time talk to one address."""
        with self._lock:
            gate = self._gates.get(address)
            if gate is None:
                gate = self._gates[address] = threading.BoundedSemaphore(max(1, self._settings.per_address))
            return gate

    def spending(self, address: str, kept: int, act: Act, *, least: int = 0) -> Act:
        """Spend one connection of an address's budget, or say that it is used up.

        `kept` are connections that this act may not use up, `least` is the budget's floor.
        """
        budget = max(self._settings.connections_per_address, least)

        def spend() -> tuple[Facts | None, Failure | None]:
            with self._lock:
                if self._spent[address] + kept >= budget:
                    return None, Failure(FailureKind.LIMITED, "budget")
                self._spent[address] += 1
            return act()

        return spend


def _connected_to(seen: Observation) -> str | None:
    """The address an earlier observation spent a connection on (for a run that is resumed)."""
    if isinstance(seen.facts, SmtpFacts | HelloFacts):
        return seen.facts.address
    spent = seen.probe in _TALKS and seen.failure is not None and seen.failure.stage != "budget"
    return seen.target.rpartition("[")[2].partition("]")[0] if spent else None
