"""Verify: is a sealed run as it was sealed, and is every file of the form it must have."""

from collections.abc import Callable
from pathlib import Path

from compliance.evaluate import Summary
from compliance.model.finding import Finding
from compliance.pipeline.judge import FINDINGS, SUMMARY
from compliance.store import inputs as stored_inputs
from compliance.store import journal, manifest
from compliance.store import run as stored_run
from compliance.store.files import read_json, read_lines, sha256
from compliance.store.manifest import Difference


def verify(folder: Path) -> tuple[Difference, ...]:
    """Give what is wrong with a run folder: `changed`, `missing`, `added`, `malformed`, `unsealed`, `evidence`."""
    if not manifest.is_sealed(folder):
        return (Difference(manifest.NAME, "unsealed"),)
    try:
        found = list(manifest.differences(folder))
    except ValueError:
        return (Difference(manifest.NAME, "malformed"),)
    readers: dict[str, Callable[[], object]] = {
        journal.NAME: lambda: journal.read(folder),
        FINDINGS: lambda: read_lines(folder / FINDINGS, Finding),
        SUMMARY: lambda: read_json(folder / SUMMARY, Summary),
        stored_inputs.FOLDER: lambda: stored_inputs.read(folder),
        stored_run.NAME: lambda: stored_run.read(folder),
    }
    for name, read in readers.items():
        try:
            read()
        except (OSError, ValueError):
            found.append(Difference(name, "malformed"))
    return tuple(found) or _evidence(folder)


def _evidence(folder: Path) -> tuple[Difference, ...]:
    """The fingerprints in run.json tie reports to evidence; they must agree with the files too."""
    kept = stored_run.read(folder).evidence
    return tuple(
        Difference(name, "evidence")
        for name, digest in kept.items()
        if not (folder / name).is_file() or sha256(folder / name) != digest
    )
