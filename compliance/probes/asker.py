"""Each question is put once: the memo before every probe, and the envelope round every answer."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import UTC, datetime

from compliance.model.observation import Facts, Failure, FailureKind, Observation, Origin

Act = Callable[[], tuple[Facts | None, Failure | None]]
"""Puts one question to the world. May raise: that is a defect of ours, and is recorded as one."""


class Asker:
    """Asks through a memo, so that each (target, question) is put once in a run; safe for many threads.

    `sink` takes an observation without id and gives it back with one (the journal). `known` are the observations
    of a run that is being resumed: they are given, not asked again.
    """

    def __init__(
        self, sink: Callable[[Observation], Observation], vantage: str, tool: str, known: Iterable[Observation] = ()
    ) -> None:
        self._sink = sink
        self._vantage = vantage
        self._tool = tool
        self._lock = threading.Lock()
        self._memo: dict[tuple[str, str], Future[Observation]] = {}
        for seen in known:
            future: Future[Observation] = Future()
            future.set_result(seen)
            self._memo[seen.target, seen.question] = future

    def ask(self, probe: str, target: str, question: str, act: Act) -> Observation:
        """Give the observation of a question, asking if nobody has; who comes second waits for the first."""
        with self._lock:
            pending = self._memo.get((target, question))
            if pending is None:
                mine: Future[Observation] = Future()
                self._memo[target, question] = mine
        if pending is not None:
            return pending.result()
        try:
            mine.set_result(self._sink(self._perform(probe, target, question, act)))
        except BaseException as trouble:  # a journal that cannot be written, or the user's Ctrl-C
            with self._lock:
                del self._memo[target, question]
            mine.set_exception(trouble)
            raise
        return mine.result()

    def seen(self, target: str, question: str) -> Observation | None:
        """Give what is known of a question, None if it was not asked or is not answered yet."""
        with self._lock:
            found = self._memo.get((target, question))
        return found.result() if found is not None and found.done() and found.exception() is None else None

    def all_seen(self) -> tuple[Observation, ...]:
        """Give every observation known so far."""
        with self._lock:
            futures = tuple(self._memo.values())
        return tuple(found.result() for found in futures if found.done() and found.exception() is None)

    def _perform(self, probe: str, target: str, question: str, act: Act) -> Observation:
        started = datetime.now(UTC)
        begun = time.monotonic()
        try:
            facts, failure = act()
        except Exception as trouble:  # noqa: BLE001 - a probe never raises: whatever it is, it is our defect
            facts, failure = None, Failure(FailureKind.DEFECT, "", f"{type(trouble).__name__}: {trouble}"[:512])
        return Observation(
            id="",
            probe=probe,
            target=target,
            question=question,
            started=rfc3339(started),
            seconds=round(time.monotonic() - begun, 3),
            vantage=self._vantage,
            tool=self._tool,
            origin=Origin.WIRE,
            facts=facts,
            failure=failure,
        )


def rfc3339(moment: datetime) -> str:
    """Give a time as UTC with milliseconds (RFC 3339): `2026-11-23T09:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
