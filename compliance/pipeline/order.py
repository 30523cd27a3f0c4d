"""What a run is to be, and what can be wrong with the asking."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compliance.fleet.processors import Progress
from compliance.fleet.session import Session
from compliance.model.observation import Observation
from compliance.model.subject import Subject
from compliance.model.waiver import Statement, Waiver
from compliance.settings import Settings


def _unsaid(_seen: Observation) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to be: over which session, for whom, and where it lands.

    `folder` is the inventory's, from which paths in the settings are read; `reports` where run folders land.
    `all_subjects` is the whole inventory, of which the session may hold a part (`only`). `evidence` is the folder of
    what the organisation supplies, None where nothing is; `say` is told of each file that was read.
    """

    session: Session
    settings: Settings
    all_subjects: tuple[Subject, ...]
    waivers: tuple[Waiver, ...]
    statements: tuple[Statement, ...]
    folder: Path
    reports: Path
    progress: Callable[[str], Progress]
    only: bool = False
    run_id: str = ""
    label: str = ""
    languages: tuple[str, ...] = ()
    resume: Path | None = None
    evidence: Path | None = None
    say: Callable[[Observation], None] = _unsaid


class Interrupted(Exception):  # noqa: N818 - no error: somebody pressed Ctrl-C
    """A run was stopped by hand; `folder` holds what was measured."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


class RunFault(Exception):  # noqa: N818 - a fault of what was asked for, shown as one line
    """A run that cannot be made as asked; `key` names the text in texts/cli.yaml."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.key = key
        self.values = values
