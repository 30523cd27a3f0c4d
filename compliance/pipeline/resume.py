"""Going on with a run that was stopped: the same inventory, the same settings, what is known is not asked again."""

from pathlib import Path

from compliance.fleet.load import Loaded
from compliance.pipeline.order import RunFault
from compliance.store import inputs as stored_inputs
from compliance.store import run as stored_run
from compliance.store.run import Run


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
