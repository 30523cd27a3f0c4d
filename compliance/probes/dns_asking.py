"""DNS questions of a run: each put once, and no subject's longer than its share of the time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from compliance.model.observation import Observation
from compliance.probes.asker import Asker
from compliance.probes.dns import Resolver
from compliance.records.dns_walk import unrecorded

SECONDS = 120.0
"""A subject's share: its name servers may be silent to every question, and its records may lead to hundreds."""


class DnsAsking:
    """Asks a resolver through an Asker; safe for many threads, each of which asks for one subject at a time."""

    def __init__(self, asker: Asker, resolver: Resolver, seconds: float = SECONDS) -> None:
        self._asker = asker
        self._resolver = resolver
        self._seconds = seconds
        self._here = threading.local()
        self._lock = threading.Lock()
        self._left_out: set[tuple[str, str]] = set()

    @contextmanager
    def share(self) -> Iterator[None]:
        """Hold what this thread asks to one share of the time, counted from its first question."""
        self._here.end = 0.0
        try:
            yield
        finally:
            self._here.end = None

    def ask(self, name: str, question: str) -> Observation:
        """Put a question (`A`, or `A cd` with CD=1), or give one that was never put where the time is up."""
        if self._is_late(name, question) and self._asker.seen(name, question) is None:
            return unrecorded(name, question)
        rdtype, _, flag = question.partition(" ")
        return self._asker.ask(
            "dns", name, question, lambda: self._resolver.ask(name, rdtype, checking_disabled=flag == "cd")
        )

    def _is_late(self, name: str, question: str) -> bool:
        end: float | None = getattr(self._here, "end", None)
        with self._lock:
            if end is None:  # no subject's: what was left out in its time is not made up for later
                return (name, question) in self._left_out
            now = time.monotonic()
            if not end:
                self._here.end = end = now + self._seconds
            if now >= end:
                self._left_out.add((name, question))
            return now >= end
