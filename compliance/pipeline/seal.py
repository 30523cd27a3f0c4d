"""Report and seal: fingerprints into run.json, reports beside it, and the manifest over everything."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from compliance.evaluate import context_of, exit_code, vantage_items
from compliance.model.finding import Finding
from compliance.model.observation import VantageItem
from compliance.pipeline.judge import FINDINGS, SUMMARY, UNLISTED, count_by_status
from compliance.reporting import write_readme, write_reports
from compliance.store import inputs as stored_inputs
from compliance.store import journal, manifest
from compliance.store import run as stored_run
from compliance.store.files import read_lines, sha256
from compliance.store.run import Run


def seal(folder: Path, findings: Sequence[Finding], *, contacts: bool = True) -> tuple[Path, ...]:
    """Tie the evidence into run.json, write the reports, and close the folder with its manifest; gives the reports."""
    run = stored_run.read(folder)
    counts = replace(run.counts, findings=len(findings), by_status=count_by_status(findings))
    kept = replace(run, counts=counts, vantage=_vantage(folder, run), evidence=_evidence(folder))
    stored_run.write(folder, kept)
    reports = write_reports(folder, folder, run.languages, ("html", "xlsx"), contacts=contacts)
    write_readme(folder, run.languages[0])
    manifest.seal(folder)
    return reports


def _vantage(folder: Path, run: Run) -> tuple[VantageItem, ...]:
    started = datetime.fromisoformat(run.started)
    return vantage_items(context_of(stored_inputs.read(folder), journal.read(folder), run.settings, started))


def _evidence(folder: Path) -> dict[str, str]:
    kept = sorted((folder / stored_inputs.FOLDER).iterdir())
    names = [*(f"{stored_inputs.FOLDER}/{path.name}" for path in kept), FINDINGS, journal.NAME, SUMMARY, UNLISTED]
    return {name: sha256(folder / name) for name in names}


def outcome(folder: Path) -> int:
    """Give the exit code of a run as its folder tells it."""
    run = stored_run.read(folder)
    return exit_code(read_lines(folder / FINDINGS, Finding), run.vantage, run.state)
