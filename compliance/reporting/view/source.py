"""Reading a run folder: what every report is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compliance.model.finding import Finding
from compliance.model.observation import Observation
from compliance.model.requirement import Baseline, Requirement
from compliance.model.subject import Kind, Subject
from compliance.model.unlisted import Unlisted
from compliance.model.waiver import Statement, Waiver
from compliance.reporting.view.review import Review, read_review
from compliance.store import run as run_file
from compliance.store.files import read_json, read_lines

#: What we demand of the exchange with a partner is ours to answer for, though the subject is the partner.
OUR_DEMANDS = frozenset({"U02-1c-2", "U02-1c-3", "U02-1c-4"})


@dataclass(frozen=True)
class Source:
    """A run folder, read. `fingerprint` is the SHA-256 of run.json, hexadecimal; `review` where it judges another's."""

    run: run_file.Run
    fingerprint: str
    subjects: tuple[Subject, ...]
    waivers: tuple[Waiver, ...]
    statements: tuple[Statement, ...]
    baseline: Baseline
    findings: tuple[Finding, ...]
    observations: Mapping[str, Observation]
    review: Review | None = None
    unlisted: tuple[Unlisted, ...] = ()

    @cached_property
    def subject_by_label(self) -> Mapping[str, Subject]:
        """Subjects by label."""
        return {subject.label: subject for subject in self.subjects}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Where each requirement stands in the baseline."""
        return {requirement.id: number for number, requirement in enumerate(self.baseline.requirements)}

    @cached_property
    def requirements(self) -> Mapping[str, Requirement]:
        """Requirements by id."""
        return {requirement.id: requirement for requirement in self.baseline.requirements}

    @cached_property
    def own(self) -> tuple[Finding, ...]:
        """The findings of the own verdict."""
        return tuple(finding for finding in self.findings if is_own(finding))

    @cached_property
    def partners(self) -> tuple[Finding, ...]:
        """The findings of partner status."""
        return tuple(finding for finding in self.findings if not is_own(finding))

    @cached_property
    def dns(self) -> Mapping[tuple[str, str], Observation]:
        """Answers by name and type, as they were asked for."""
        return {(seen.target, seen.question): seen for seen in self.observations.values() if seen.probe == "dns"}

    def display(self, label: str) -> str:
        """Give a subject's name as people write it."""
        known = self.subject_by_label.get(label)
        return known.display if known else label

    def measure(self, requirement: str) -> str:
        """Give the part of the report a requirement belongs to."""
        known = self.requirements.get(requirement)
        return known.measure if known else "other"


def is_own(finding: Finding) -> bool:
    """Tell whether a finding is part of the own verdict (DESIGN 1: two verdicts, never mixed)."""
    return finding.kind is not Kind.PARTNER or finding.requirement in OUR_DEMANDS


def read_source(folder: Path) -> Source:
    """Read a run folder; raises OSError or ValueError naming the file."""
    inputs = folder / "inputs"
    observations = read_lines(folder / "observations.jsonl", Observation)
    return Source(
        run=run_file.read(folder),
        fingerprint=run_file.fingerprint(folder),
        subjects=read_json(inputs / "inventory.json", tuple[Subject, ...]),
        waivers=read_json(inputs / "waivers.json", tuple[Waiver, ...]),
        statements=read_json(inputs / "statements.json", tuple[Statement, ...]),
        baseline=read_json(inputs / "baseline.json", Baseline),
        findings=read_lines(folder / "findings.jsonl", Finding),
        observations={seen.id: seen for seen in observations},
        review=read_review(folder),
        unlisted=_unlisted(folder / "unlisted.json"),
    )


def _unlisted(path: Path) -> tuple[Unlisted, ...]:
    """A run made before this list was written has none."""
    return read_json(path, tuple[Unlisted, ...]) if path.is_file() else ()
