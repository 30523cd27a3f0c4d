"""All that judging needs beside the evidence, kept in the run folder's `inputs/`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compliance.model.requirement import Baseline
from compliance.model.subject import Subject
from compliance.model.waiver import Statement, Waiver
from compliance.store.files import read_json, write_bytes, write_json
from compliance.strict import to_data

FOLDER = "inputs"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Who is judged, by what, with which roots (PEM); `suffixes` is the public suffix list."""

    subjects: tuple[Subject, ...]
    waivers: tuple[Waiver, ...]
    statements: tuple[Statement, ...]
    baseline: Baseline
    roots: bytes
    extra_roots: bytes
    suffixes: bytes


def write(run: Path, inputs: Inputs) -> None:
    """Write `inputs/` of a run folder."""
    folder = run / FOLDER
    _write_list(folder / "inventory.json", inputs.subjects)
    _write_list(folder / "waivers.json", inputs.waivers)
    _write_list(folder / "statements.json", inputs.statements)
    write_json(folder / "baseline.json", inputs.baseline)
    write_bytes(folder / "roots.pem", inputs.roots)
    write_bytes(folder / "extra-roots.pem", inputs.extra_roots)
    write_bytes(folder / "public_suffix_list.dat", inputs.suffixes)


def read(run: Path) -> Inputs:
    """Read `inputs/` back; raises ValueError or OSError naming the file."""
    folder = run / FOLDER
    return Inputs(
        subjects=read_json(folder / "inventory.json", tuple[Subject, ...]),
        waivers=read_json(folder / "waivers.json", tuple[Waiver, ...]),
        statements=read_json(folder / "statements.json", tuple[Statement, ...]),
        baseline=read_json(folder / "baseline.json", Baseline),
        roots=(folder / "roots.pem").read_bytes(),
        extra_roots=(folder / "extra-roots.pem").read_bytes(),
        suffixes=(folder / "public_suffix_list.dat").read_bytes(),
    )


def _write_list(path: Path, values: Sequence[object]) -> None:
    write_json(path, [to_data(value) for value in values])
