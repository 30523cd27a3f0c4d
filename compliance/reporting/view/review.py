"""A review: the evidence of a sealed run judged again, with other waivers, roots or another baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compliance.store import run as run_file
from compliance.store.files import sha256
from compliance.store.inputs import FOLDER

_USED = ("roots.pem", "waivers.json", "baseline.json")


@dataclass(frozen=True, slots=True)
class Review:
    """Of which run, by the SHA-256 of its manifest, and by what it was judged here.

    Nothing is read outside the folder: a review moved away from its run must give the same report.
    """

    run_id: str
    manifest: str
    used: Mapping[str, str]


def read_review(folder: Path) -> Review | None:
    """Tell what a run folder reviews; None where it is a run of its own."""
    origin = run_file.read(folder).review_of
    if origin is None:
        return None
    return Review(origin.run_id, origin.manifest_sha256, {name: sha256(folder / FOLDER / name) for name in _USED})
