"""Going on with a run that was stopped: the same inventory, the same settings, what is known is not asked again."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from compliance.fleet.load import Loaded
from compliance.model.observation import Observation
from compliance.pipeline.judge import REVIEWS, begin_review
from compliance.pipeline.order import RunFault
from compliance.pipeline.supplied import take_in, waiting
from compliance.store import inputs as stored_inputs
from compliance.store import journal, manifest
from compliance.store import run as stored_run
from compliance.store.journal import Journal
from compliance.store.run import Run

_LATER = "evidence"
_NUMBERED = re.compile(rf"{_LATER}(?:-\d+)?")


def resumable(folder: Path, loaded: Loaded) -> Run:
    """Give the run to go on with; raises RunFault if it is none, or its inventory is no longer this one."""
    try:
        run = stored_run.read(folder)
        inputs = stored_inputs.read(folder)
    except (OSError, ValueError):
        raise RunFault("no_run", run=str(folder)) from None
    kept = (inputs.subjects, inputs.waivers, inputs.statements, run.settings)
    if kept != (loaded.subjects, loaded.waivers, loaded.statements, loaded.settings):
        raise RunFault("resume_changed", run=str(folder))
    return run


def supplement(folder: Path, evidence: Path, say: Callable[[Observation], None]) -> Path | None:
    """Judge a sealed run again with the evidence supplied since; None where there is none it has not read.

    What was sealed stays as it is: the run with its further evidence is a review of it, and the next one goes on from
    that. Raises RunFault if a seal is broken.
    """
    base = _latest(folder)
    if manifest.differences(folder) or manifest.differences(base):
        raise RunFault("resume_spoilt", run=str(base))
    run = stored_run.read(base)
    known = journal.read(base)
    if not any(waiting(evidence, run, known)):
        return None
    place = begin_review(folder, stored_inputs.read(base), _LATER, base)
    log = Journal(place)
    try:
        take_in(waiting(evidence, run, known), log, say)
    finally:
        log.close()
    begun = stored_run.read(place)
    counts = replace(begun.counts, observations=len(journal.read(place)))
    stored_run.write(place, replace(begun, counts=counts))
    return place


def _latest(folder: Path) -> Path:
    """Give the last sealed review made for later evidence, the run itself where there is none."""
    made = [path for path in (folder / REVIEWS).glob(f"{_LATER}*") if _NUMBERED.fullmatch(path.name)]
    sealed = [path for path in made if manifest.is_sealed(path)]
    return max(sealed, key=lambda path: int(path.name.removeprefix(_LATER).lstrip("-") or 1), default=folder)
