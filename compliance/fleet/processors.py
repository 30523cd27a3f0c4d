"""Nornir processors: they run in worker threads, lock, never raise (that would end the run) and never judge."""

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from nornir.core.inventory import Host
from nornir.core.processor import Processor
from nornir.core.task import AggregatedResult, MultiResult, Task
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from compliance.model.observation import Failure, FailureKind

DefectSink = Callable[[str, str, Failure], object]
"""Takes what a task was put to, the task's name, and the defect; puts it into the journal as an observation."""

SECONDS_BETWEEN_LINES = 10.0


class Quiet(Processor):
    """A processor with nothing to say; the others say what they add."""

    def task_started(self, task: Task) -> None:
        """Nothing."""

    def task_completed(self, task: Task, result: AggregatedResult) -> None:
        """Nothing."""

    def task_instance_started(self, task: Task, host: Host) -> None:
        """Nothing."""

    def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
        """Nothing."""

    def subtask_instance_started(self, task: Task, host: Host) -> None:
        """Nothing: tasks are flat here."""

    def subtask_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
        """Nothing: tasks are flat here."""


class Journal(Quiet):
    """Makes sure that what was asked of a host is on disk, and that a task that raised is in the journal as a defect.

    Trouble with the journal itself is kept in `trouble`; whoever runs the sweep raises it when the sweep is over.
    """

    def __init__(self, defect: DefectSink, flush: Callable[[], object]) -> None:
        self._defect = defect
        self._flush = flush
        self._lock = threading.Lock()
        self.trouble: Exception | None = None
        self.defects: list[str] = []

    def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
        """Record a defect if the task raised; flush in either case."""
        with self._lock:
            try:
                if result.failed:
                    self.defects.append(host.name)
                    self._defect(host.name, task.name, defect_of(result))
                self._flush()
            except Exception as trouble:  # noqa: BLE001 - a processor that raises ends the run for all hosts
                self.trouble = self.trouble or trouble

    def flush(self) -> None:
        """Flush now: the run ends, perhaps by Ctrl-C."""
        with self._lock:
            try:
                self._flush()
            except Exception as trouble:  # noqa: BLE001 - as above
                self.trouble = self.trouble or trouble


def defect_of(result: MultiResult) -> Failure:
    """Give the defect of a task that raised: the exception and the line of ours it came from."""
    trouble = next((part.exception for part in result if part.exception is not None), None)
    if trouble is None:
        return Failure(FailureKind.DEFECT, "task")
    last = trouble.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    module = last.tb_frame.f_globals.get("__name__", "") if last is not None else ""
    where = f" ({module}:{last.tb_lineno})" if last is not None else ""
    return Failure(FailureKind.DEFECT, "task", f"{type(trouble).__name__}: {trouble}{where}"[:512])


class _Terminal(Console):
    """A console whose reader may go away: rich would end the program."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Progress(Quiet):
    """Shows how far a sweep has come: a bar on a terminal, now and then a line elsewhere, nothing when quiet.

    `title` is the sweep's name in the reader's language; the total comes with `begin`.
    """

    def __init__(self, title: str, *, quiet: bool = False, stream: IO[str] | None = None) -> None:
        self._title = title
        self._quiet = quiet
        self._shown = False
        self._console = _Terminal(file=stream or sys.stderr, highlight=False)
        self._lock = threading.Lock()
        self._bar: Bar | None = None
        self._total = self.done = 0
        self._spoken = 0.0

    def begin(self, total: int) -> None:
        """Begin to count towards a total."""
        with suppress(Exception), self._lock:
            self._total, self.done, self._spoken = total, 0, time.monotonic()
            self._shown = bool(total) and not self._quiet
            if not self._shown:
                return
            if self._console.is_terminal:
                columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
                self._bar = Bar(*columns, console=self._console)
                self._bar.add_task(self._title, total=total)
                self._bar.start()
            else:
                self._line()

    def end(self) -> None:
        """Leave the terminal as it was; what still ends is not shown any more."""
        with suppress(Exception), self._lock:
            self._shown = False
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:  # noqa: ARG002 - Nornir's
        """Count one more, whatever came of it."""
        with suppress(Exception), self._lock:
            self.done += 1
            if self._bar is not None:
                self._bar.advance(self._bar.task_ids[0])
            elif self._shown and (self.done == self._total or self._silent_for() >= SECONDS_BETWEEN_LINES):
                self._line()

    def _silent_for(self) -> float:
        return time.monotonic() - self._spoken

    def _line(self) -> None:
        self._spoken = time.monotonic()
        self._console.print(f"{self._title}: {self.done}/{self._total}", markup=False)
