"""run.json: what was run, by what, on whom, from where, and the fingerprints of the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from compliance.model.observation import VantageItem
from compliance.settings import Organisation, Population, Settings
from compliance.store.files import read_json, sha256, write_json
from compliance.store.manifest import NAME as MANIFEST
from compliance.store.manifest import is_sealed

NAME = "run.json"
SCHEMA = 1
_STRICT: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Tool:
    """The program that made the run."""

    __pydantic_config__: ClassVar = _STRICT
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class BaselineNote:
    """Which baseline was used: its id and version, and the SHA-256 of inputs/baseline.json."""

    __pydantic_config__: ClassVar = _STRICT
    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Connections opened to one address, for which names, and whether the host is ours."""

    __pydantic_config__: ClassVar = _STRICT
    target: str
    names: tuple[str, ...]
    connections: int
    ours: bool


@dataclass(frozen=True, slots=True)
class Connections:
    """The connection ledger: what was opened toward whom."""

    __pydantic_config__: ClassVar = _STRICT
    total: int = 0
    addresses: tuple[Ledger, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    __pydantic_config__: ClassVar = _STRICT
    subjects: int = 0
    observations: int = 0
    findings: int = 0
    by_status: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Previous:
    """The last full run of the same organisation, tied by its manifest."""

    __pydantic_config__: ClassVar = _STRICT
    run_id: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Run:
    """All of run.json. Times are UTC, RFC 3339. `evidence` maps files to their SHA-256 once the run is complete."""

    __pydantic_config__: ClassVar = _STRICT
    schema: int
    tool: Tool
    organisation: Organisation
    population: Population | None
    run_id: str
    scope: str  # full | subset
    only: tuple[str, ...]  # labels of the subjects chosen with --only
    label: str
    baseline: BaselineNote
    settings: Settings
    languages: tuple[str, ...]
    vantage_name: str
    vantage: tuple[VantageItem, ...]
    started: str
    finished: str
    state: str  # complete | partial
    counts: Counts
    connections: Connections
    evidence: Mapping[str, str]
    previous: Previous | None
    review_of: Previous | None = None  # the sealed run whose evidence is judged again here


def write(folder: Path, run: Run) -> None:
    """Write run.json."""
    write_json(folder / NAME, run)


def read(folder: Path) -> Run:
    """Read run.json; raises OSError if the folder is no run, ValueError if the file is not ours."""
    return read_json(folder / NAME, Run)


def fingerprint(folder: Path) -> str:
    """Give the run's fingerprint: `sha256sum run.json`, which in turn holds the hash of every piece of evidence."""
    return sha256(folder / NAME)


def stamp(moment: datetime) -> str:
    """Give a moment as the run folder writes it: UTC, RFC 3339, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def run_id(moment: datetime) -> str:
    """Give the run-id of a moment: `YYYYMMDDTHHMMSSZ`."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def previous_run(parent: Path, organisation: str, apart_from: str) -> Previous | None:
    """Find the last full, sealed run of the same organisation among the runs of a folder; the last by its time."""
    found: list[tuple[str, str, Path]] = []
    for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
        if folder.name == apart_from or not is_sealed(folder):
            continue
        try:
            run = read(folder)
        except (OSError, ValueError):
            continue
        if run.scope == "full" and run.state == "complete" and run.organisation.name == organisation:
            found.append((run.started, run.run_id, folder))
    last = max(found, default=None)
    return Previous(last[1], sha256(last[2] / MANIFEST)) if last else None
