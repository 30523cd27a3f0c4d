"""What every lab needs of the machine: its addresses to itself, new folders, and YAML files."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.lab.debs import LAB


@contextmanager
def alone(lock: str = "lock") -> Iterator[None]:
    """Let a second test run wait, as the addresses are the same; a lab with its own addresses has its own lock."""
    LAB.mkdir(exist_ok=True)
    with (LAB / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fresh(folder: Path) -> Path:
    """Make a folder that was not there."""
    folder.mkdir()
    return folder


def write_yaml(path: Path, data: Any) -> None:
    """Write a YAML file."""
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(data, file)
