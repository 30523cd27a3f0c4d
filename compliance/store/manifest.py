"""The seal: MANIFEST.sha256, checked by plain `sha256sum -c`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compliance.store.files import sha256, write_bytes

NAME = "MANIFEST.sha256"
#: Folders that may grow after the seal: redrawn reports and later reviews.
UNSEALED = frozenset({"out", "reviews"})
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that is not as it was sealed: changed, missing or added."""

    file: str
    what: str


def sealed_files(folder: Path) -> tuple[str, ...]:
    """Give the names of all files the manifest must list, sorted."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    names = (file.as_posix() for file in files if file.parts[0] not in UNSEALED)
    return tuple(sorted(name for name in names if name != NAME))


def seal(folder: Path) -> Path:
    """Write the manifest over everything in the folder."""
    lines = "".join(f"{sha256(folder / name)}  {name}\n" for name in sealed_files(folder))
    return write_bytes(folder / NAME, lines.encode())


def is_sealed(folder: Path) -> bool:
    """Tell whether the folder carries a manifest."""
    return (folder / NAME).is_file()


def listed(folder: Path) -> Mapping[str, str]:
    """Read the manifest: file to SHA-256; raises ValueError for a line that is none, or a file listed twice."""
    entries: dict[str, str] = {}
    for number, line in enumerate((folder / NAME).read_text(encoding="utf-8").splitlines(), 1):
        digest, gap, name = line.partition("  ")
        outside = name.startswith("/") or ".." in Path(name).parts
        if not gap or not name or not _DIGEST.fullmatch(digest) or outside or name in entries:
            raise ValueError(f"{NAME}:{number}: not a manifest line")
        entries[name] = digest
    return entries


def differences(folder: Path) -> tuple[Difference, ...]:
    """Compare the folder with its manifest; an empty answer says that nothing was changed, removed or added."""
    entries = listed(folder)
    present = set(sealed_files(folder))
    found = [Difference(name, "missing") for name in entries if name not in present]
    found += [Difference(name, "added") for name in present if name not in entries]
    found += [
        Difference(name, "changed")
        for name, digest in entries.items()
        if name in present and _digest(folder / name) != digest
    ]
    return tuple(sorted(found, key=lambda difference: difference.file))


def _digest(path: Path) -> str:
    """A link has no bytes of its own, and what it leads to may change behind the seal: it equals no digest."""
    return "" if path.is_symlink() else sha256(path)
