"""Supplied evidence: each file in the inventory's `evidence/` becomes an observation of origin `supplied`."""

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from compliance import __version__
from compliance.model.observation import Facts, Failure, FailureKind, Observation, Origin
from compliance.model.supplied import CanaryFacts, MessageFacts
from compliance.outbound.intake import files_of
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.outbound.readers import reader_for
from compliance.store import run as stored_run
from compliance.store.journal import Journal
from compliance.store.run import Run

Say = Callable[[Observation], None]


def waiting(evidence: Path, run: Run, known: Iterable[Observation]) -> Iterator[SuppliedInput]:
    """Give the files that this run has not read. What is older than the period before the run does not count."""
    since = datetime.fromisoformat(run.started) - timedelta(days=run.settings.period.days)
    digests = {seen.question.rpartition(" ")[2] for seen in known if seen.origin is Origin.SUPPLIED}
    return files_of(evidence, since, digests)


def take_in(files: Iterable[SuppliedInput], log: Journal, say: Say) -> tuple[Observation, ...]:
    """Read files one by one onto the record; `say` tells a person of each. Gives those that are of sent mail."""
    kept = []
    for file in files:
        seen = log.append(read(file))
        say(seen)
        if isinstance(seen.facts, MessageFacts | CanaryFacts):
            kept.append(seen)
    return tuple(kept)


def read(file: SuppliedInput) -> Observation:
    """Read one file. It never raises for what is in the file: that is a failure put on record."""
    started, begun = datetime.now(UTC), time.monotonic()
    probe, facts, failure = "supplied", None, None
    try:
        reader = reader_for(file)
        if reader is None:
            failure = Failure(FailureKind.PROTOCOL, "recognise", "")
        else:
            probe = reader.name
            facts = reader.read(file)
    except Unreadable as trouble:
        facts, failure = trouble.partial, Failure(FailureKind.PROTOCOL, "read", str(trouble))
    except OSError as trouble:
        failure = Failure(FailureKind.PROTOCOL, "open", str(trouble.strerror))
    except Exception as trouble:  # noqa: BLE001 - a reader that breaks is our defect, and the other files go on
        failure = Failure(FailureKind.DEFECT, "read", type(trouble).__name__)
    return _observation(file, probe, started, time.monotonic() - begun, facts, failure)


def _observation(
    file: SuppliedInput, probe: str, started: datetime, seconds: float, facts: Facts | None, failure: Failure | None
) -> Observation:
    return Observation(
        id="",
        probe=probe,
        target=file.name,
        question=f"{file.folder} {file.sha256}",
        started=stored_run.stamp(started),
        seconds=round(seconds, 3),
        vantage=platform.node(),
        tool=f"u02-compliance {__version__}",
        origin=Origin.SUPPLIED,
        facts=facts,
        failure=failure,
    )
