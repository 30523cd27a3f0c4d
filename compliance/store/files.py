"""Files of a run folder: written whole or not at all, readable by their owner only, and fingerprinted."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from compliance.strict import dump_json, load_json, to_data

T = TypeVar("T")


class Spoilt(ValueError):  # noqa: N818 - said of the file
    """A file of a run folder that has not the form it must have; `where` is the file, and the line of a line file."""

    def __init__(self, where: str, why: object) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file so that a reader sees the old one or the new one, never a half (rename is atomic)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path


def write_json(path: Path, value: object) -> Path:
    """Write one dataclass (or plain data) as indented JSON, letters as they are."""
    data = to_data(value) if hasattr(value, "__dataclass_fields__") else value
    return write_bytes(path, (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode())


def write_lines(path: Path, values: Iterable[object]) -> Path:
    """Write dataclasses as JSON lines."""
    return write_bytes(path, "".join(f"{dump_json(value)}\n" for value in values).encode())


def read_json(path: Path, kind: type[T]) -> T:
    """Read a dataclass back; raises Spoilt naming the file."""
    try:
        return load_json(kind, path.read_bytes())
    except ValueError as trouble:
        raise Spoilt(str(path), trouble) from trouble


def read_lines(path: Path, kind: type[T]) -> tuple[T, ...]:
    """Read JSON lines back; raises Spoilt naming file and line."""
    values = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            values.append(load_json(kind, line))
        except ValueError as trouble:
            raise Spoilt(f"{path}:{number}", trouble) from trouble
    return tuple(values)


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file, hexadecimal, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
