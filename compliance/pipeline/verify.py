"""Verify: is a sealed run as it was sealed, is every file of its form, and are the reports those of the evidence."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from compliance import __version__
from compliance.evaluate import Summary
from compliance.model.finding import Finding
from compliance.model.unlisted import Unlisted
from compliance.pipeline.judge import FINDINGS, SUMMARY, UNLISTED, reproduces
from compliance.reporting import write_reports
from compliance.store import inputs as stored_inputs
from compliance.store import journal, manifest
from compliance.store import run as stored_run
from compliance.store.files import read_json, read_lines, sha256
from compliance.store.manifest import Difference


def verify(folder: Path) -> tuple[Difference, ...]:
    """Give what is wrong with a run folder: `changed`, `missing`, `added`, `malformed`, `unsealed`, `evidence`.

    Made by this version, also `judgement` and `report`: findings or a report that the evidence does not give again.
    """
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
        UNLISTED: lambda: read_json(folder / UNLISTED, tuple[Unlisted, ...]) if (folder / UNLISTED).is_file() else (),
        stored_inputs.FOLDER: lambda: stored_inputs.read(folder),
        stored_run.NAME: lambda: stored_run.read(folder),
    }
    for name, read in readers.items():
        try:
            read()
        except (OSError, ValueError):
            found.append(Difference(name, "malformed"))
    return tuple(found) or _evidence(folder) or _drawn_again(folder)


def is_redrawn(folder: Path) -> bool:
    """Tell whether judging and drawing again can be held against the folder: only the same version writes the same."""
    return stored_run.read(folder).tool.version == __version__


def _drawn_again(folder: Path) -> tuple[Difference, ...]:
    """A manifest is soon written anew: what was judged and drawn must also come of the evidence once more."""
    languages = stored_run.read(folder).languages
    names = [name for language in languages for name in _report_names(language, languages)]
    if absent := [name for name in names if not (folder / name).is_file()]:
        return tuple(Difference(name, "missing") for name in absent)
    if not is_redrawn(folder):
        return ()
    if not reproduces(folder):
        return (Difference(FINDINGS, "judgement"),)
    sealed = {name: (folder / name).read_bytes() for name in names}
    differing = set(names)
    for contacts in (True, False):  # a run may have been sealed without its sheet of contacts
        with TemporaryDirectory() as place:
            write_reports(folder, Path(place), languages, ("html", "xlsx"), contacts=contacts)
            differing -= {name for name in names if (Path(place) / name).read_bytes() == sealed[name]}
        if not differing:
            break
    return tuple(Difference(name, "report") for name in names if name in differing)


def _report_names(language: str, languages: Sequence[str]) -> tuple[str, str]:
    return f"report.{language}.html", "report.xlsx" if language == languages[0] else f"report.{language}.xlsx"


def _evidence(folder: Path) -> tuple[Difference, ...]:
    """The fingerprints in run.json tie reports to evidence; they must agree with the files too."""
    kept = stored_run.read(folder).evidence
    return tuple(
        Difference(name, "evidence")
        for name, digest in kept.items()
        if not (folder / name).is_file() or sha256(folder / name) != digest
    )
