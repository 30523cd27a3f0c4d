"""A review: the evidence of a sealed run judged again, with other waivers, roots or another baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compliance.store import run as run_file
from compliance.store.files import sha256
from compliance.store.inputs import FOLDER
from compliance.store.manifest import NAME as MANIFEST

#: What a review may change, in the order it is told.
_INPUTS = {"waivers": ("waivers.json",), "roots": ("roots.pem", "extra-roots.pem"), "baseline": ("baseline.json",)}
_USED = ("roots.pem", "waivers.json", "baseline.json")


@dataclass(frozen=True, slots=True)
class Review:
    """Of which run, and by what it was judged here.

    `fingerprint` is that of the run's run.json where the run stands around the review as it was sealed, else that
    of its manifest (`of_manifest`). `changed` are the inputs that differ; empty where the run is not there to see.
    """

    run_id: str
    fingerprint: str
    of_manifest: bool
    changed: tuple[str, ...]
    used: Mapping[str, str]


def read_review(folder: Path) -> Review | None:
    """Tell what a run folder reviews; None where it is a run of its own."""
    origin = run_file.read(folder).review_of
    if origin is None:
        return None
    used = {name: sha256(folder / FOLDER / name) for name in _USED}
    first = folder.resolve().parent.parent
    manifest = first / MANIFEST
    if not manifest.is_file() or sha256(manifest) != origin.manifest_sha256:
        return Review(origin.run_id, origin.manifest_sha256, True, (), used)
    changed = tuple(what for what, names in _INPUTS.items() if any(_differs(folder, first, name) for name in names))
    return Review(origin.run_id, run_file.fingerprint(first), False, changed, used)


def _differs(folder: Path, first: Path, name: str) -> bool:
    here, there = folder / FOLDER / name, first / FOLDER / name
    return not there.is_file() or sha256(here) != sha256(there)
