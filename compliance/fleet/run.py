"""The two sweeps, run: every host gets its turn, a defect costs its own host alone, Ctrl-C leaves a whole journal."""

from collections.abc import Callable, Iterable
from typing import Any

from nornir.core import Nornir
from nornir.core.task import Result

from compliance.fleet.brake import Brake
from compliance.fleet.processors import Journal, Progress
from compliance.fleet.session import Session
from compliance.fleet.sweep import Prober, address_task, subject_task
from compliance.model.target import MailAddress

SECONDS_TO_END = 15.0
"""How long after Ctrl-C sessions that are open may take to end properly; a second Ctrl-C ends the wait."""


def sweep_subjects(
    session: Session, prober: Prober, journal: Journal, progress: Progress, *, again: bool = False
) -> tuple[str, ...]:
    """Run the first sweep over the session's subjects, or ask them `again` at the end of the run.

    Gives the hosts where a defect of ours was met.
    """
    return _sweep(session.afresh(), subject_task, prober, journal, progress, again=again)


def sweep_addresses(
    session: Session,
    addresses: Iterable[MailAddress],
    prober: Prober,
    journal: Journal,
    progress: Progress,
    *,
    again: bool = False,
) -> tuple[str, ...]:
    """Run the second sweep over mail-host addresses, each once, or ask them `again` at the end of the run."""
    return _sweep(session.over(addresses), address_task, prober, journal, progress, again=again)


def _sweep(
    nornir: Nornir,
    task: Callable[..., Result],
    prober: Prober,
    journal: Journal,
    progress: Progress,
    **options: Any,
) -> tuple[str, ...]:
    brake = Brake(prober)
    progress.begin(len(nornir.inventory.hosts))
    try:
        done = nornir.with_processors([journal, progress]).run(task, raise_on_error=False, prober=brake, **options)
    except BaseException:
        brake.pull()
        progress.end()
        brake.wait(SECONDS_TO_END)
        raise
    finally:
        progress.end()
        journal.flush()
    if journal.trouble is not None:
        raise journal.trouble
    return tuple(done.failed_hosts)
