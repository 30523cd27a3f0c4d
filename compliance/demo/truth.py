"""The truth table of the golden world: what every verdict must be, written down before it is measured."""

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from compliance.model.finding import Finding
from compliance.pipeline.judge import FINDINGS
from compliance.store.files import read_lines
from compliance.strict import plain, read_yaml

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One verdict that is not as the table has it; `wanted` and `found` are `status reason`."""

    subject: str
    requirement: str
    wanted: str
    found: str


def truth() -> dict[tuple[str, str], str]:
    """Read the table: (subject, requirement) to `status reason`; what is sound is laid under each subject's faults."""
    with as_file(files("compliance.demo") / "data" / "truth.yaml") as path:
        table = plain(read_yaml(path, "truth.yaml").data)
    wanted: dict[tuple[str, str], str] = {}
    for subject, faults in table["subjects"].items():
        expected = dict(table["sound"][faults.pop("kind")])
        for named, verdict in faults.items():
            expected |= dict.fromkeys(table["groups"].get(named, [named]), verdict)
        wanted |= {(subject, key): verdict for key, verdict in expected.items() if verdict != ABSENT}
    return wanted


def verdicts(folder: Path) -> dict[tuple[str, str], str]:
    """Give every verdict of a run, in the table's form."""
    return {
        (finding.subject, finding.requirement): f"{finding.status} {finding.reason}"
        for finding in read_lines(folder / FINDINGS, Finding)
    }


def compare(folder: Path) -> tuple[tuple[Difference, ...], int]:
    """Give the verdicts of a run that differ from the table, missing and surplus ones too, and how many there are."""
    wanted, found = truth(), verdicts(folder)
    keys = sorted(wanted.keys() | found.keys())
    pairs = [(key, wanted.get(key, ABSENT), found.get(key, ABSENT)) for key in keys]
    return tuple(Difference(*key, want, have) for key, want, have in pairs if want != have), len(keys)
