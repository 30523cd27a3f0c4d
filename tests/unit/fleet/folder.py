"""Inventory folders for tests: a sound one, of which each test spoils what it is about."""

from pathlib import Path

from compliance.fleet.load import load_folder
from compliance.strict import Fault, Faulty

REQUIREMENTS = ("U02-1b-1", "U02-INT-1")
SOUND = {
    "config.yaml": "user_defined:\n  organisation: {name: Etaten}\n",
    "hosts.yaml": "etaten.example: {groups: [own_domain]}\n",
}


def write(folder: Path, **files: str) -> Path:
    """Write the sound files, and over them those given (config="..." is config.yaml)."""
    for name, text in {**SOUND, **{f"{name}.yaml": text for name, text in files.items()}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[Fault]:
    """Give the faults of a folder; none if it loads."""
    try:
        load_folder(folder, REQUIREMENTS)
    except Faulty as trouble:
        return list(trouble.faults)
    return []


def told(folder: Path, file: str) -> list[tuple[int, str]]:
    """Give (line, key) of each fault; all must be of one file."""
    found = faults(folder)
    assert {Path(fault.file).name for fault in found} <= {f"{file}.yaml"}
    return [(fault.line, fault.key) for fault in found]
