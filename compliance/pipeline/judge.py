"""Judge: from a run folder's evidence and inputs to findings and summary; no network, no clock."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from compliance.evaluate import context_of, evaluate, summarise, unlisted
from compliance.model.finding import Finding
from compliance.model.unlisted import Unlisted
from compliance.store import inputs as stored_inputs
from compliance.store import journal, manifest
from compliance.store import run as stored_run
from compliance.store.files import read_json, sha256, write_bytes, write_json, write_lines
from compliance.store.inputs import Inputs
from compliance.store.run import BaselineNote, Previous, Run
from compliance.strict import dump_json, to_data

FINDINGS = "findings.jsonl"
SUMMARY = "summary.json"
REVIEWS = "reviews"
UNLISTED = "unlisted.json"
_UNSAFE = re.compile(r"[^\w.-]+")


def findings_of(folder: Path, run: Run, inputs: Inputs) -> tuple[Finding, ...]:
    """Judge the evidence of a run folder by the inputs given."""
    started = datetime.fromisoformat(run.started)
    return evaluate(inputs, journal.read(folder), run.settings, started, run.only)


def unlisted_of(folder: Path, run: Run, inputs: Inputs) -> tuple[Unlisted, ...]:
    """List what the evidence names and the inventory does not."""
    started = datetime.fromisoformat(run.started)
    return unlisted(context_of(inputs, journal.read(folder), run.settings, started), run.only)


def judge(folder: Path) -> tuple[Finding, ...]:
    """Judge a run by its own inputs and write findings.jsonl, summary.json and unlisted.json."""
    run, inputs = stored_run.read(folder), stored_inputs.read(folder)
    findings = findings_of(folder, run, inputs)
    write_lines(folder / FINDINGS, findings)
    write_json(folder / SUMMARY, summarise(findings, inputs.baseline))
    write_json(folder / UNLISTED, [to_data(line) for line in unlisted_of(folder, run, inputs)])
    return findings


def reproduces(folder: Path) -> bool:
    """Tell whether judging again by the run's own inputs gives the findings that stand there, byte for byte.

    And the list of what nobody has entered, where the run has one.
    """
    run, inputs = stored_run.read(folder), stored_inputs.read(folder)
    lines = "".join(f"{dump_json(finding)}\n" for finding in findings_of(folder, run, inputs))
    if (folder / FINDINGS).read_bytes() != lines.encode():
        return False
    listed = folder / UNLISTED
    return not listed.is_file() or read_json(listed, tuple[Unlisted, ...]) == unlisted_of(folder, run, inputs)


def review(folder: Path, inputs: Inputs, name: str) -> tuple[Path, tuple[Finding, ...]]:
    """Judge a sealed run's evidence by other inputs, into `reviews/<name>/`: a run folder, not yet sealed."""
    place = begin_review(folder, inputs, name)
    return place, judge(place)


def begin_review(folder: Path, inputs: Inputs, name: str, evidence: Path | None = None) -> Path:
    """Make `reviews/<name>/` of a sealed run, with its evidence or that of another review of it; not yet judged."""
    place = _free(folder / REVIEWS, name)
    place.mkdir(parents=True, mode=0o700)
    write_bytes(place / journal.NAME, ((evidence or folder) / journal.NAME).read_bytes())
    stored_inputs.write(place, inputs)
    baseline = inputs.baseline
    first = stored_run.read(folder)
    note = BaselineNote(baseline.id, baseline.version, sha256(place / stored_inputs.FOLDER / "baseline.json"))
    origin = Previous(first.run_id, sha256(folder / manifest.NAME))
    stored_run.write(place, replace(first, baseline=note, review_of=origin, evidence={}))
    return place


def _free(parent: Path, name: str) -> Path:
    """Give a folder not yet taken: a review is never written over another, nor outside `parent`."""
    plain = _UNSAFE.sub("-", name).strip("-.") or "review"
    count, place = 1, parent / plain
    while place.exists():
        count += 1
        place = parent / f"{plain}-{count}"
    return place


def count_by_status(findings: Sequence[Finding]) -> dict[str, int]:
    """Count findings by status, for run.json."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.status.value] = counts.get(finding.status.value, 0) + 1
    return dict(sorted(counts.items()))
