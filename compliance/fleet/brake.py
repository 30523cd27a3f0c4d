"""The brake: after Ctrl-C nothing new is begun, and what was begun may end, so that the journal is whole."""

import threading
from collections.abc import Callable
from typing import TypeVar

from compliance.fleet.sweep import Prober
from compliance.model.subject import Subject
from compliance.model.target import MailAddress

T = TypeVar("T")


class Brake:
    """Stands before a prober, as one itself; once pulled it lets nothing through.

    Needed because Nornir's threaded runner goes on with its whole queue after an interrupt.
    """

    def __init__(self, prober: Prober) -> None:
        self._prober = prober
        self._changed = threading.Condition()
        self._pulled = False
        self._running = 0

    def pull(self) -> None:
        """Let nothing new begin."""
        with self._changed:
            self._pulled = True

    def wait(self, seconds: float) -> bool:
        """Wait until all that was begun has ended; tells whether it did in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, timeout=seconds)

    def subject(self, subject: Subject) -> None:
        """Pass on, unless pulled."""
        self._pass(self._prober.subject, subject)

    def subject_again(self, subject: Subject) -> None:
        """Pass on, unless pulled."""
        self._pass(self._prober.subject_again, subject)

    def mail_host(self, address: MailAddress) -> None:
        """Pass on, unless pulled."""
        self._pass(self._prober.mail_host, address)

    def mail_host_again(self, address: MailAddress) -> None:
        """Pass on, unless pulled."""
        self._pass(self._prober.mail_host_again, address)

    def _pass(self, ask: Callable[[T], object], what: T) -> None:
        with self._changed:
            if self._pulled:
                return
            self._running += 1
        try:
            ask(what)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
