"""The commented inventory that `u02 init` writes: what to fill in stands in it, what is optional is commented out."""

import errno
import os
from importlib.resources import files
from pathlib import Path

NAMES = ("config.yaml", "hosts.yaml", "groups.yaml", "defaults.yaml", "waivers.yaml", "statements.yaml")
EVIDENCE = ("logs", "exchange", "messages", "policy", "canary")


def write_starter(folder: Path) -> tuple[Path, ...]:
    """Write the starter inventory and give the files written; raises FileExistsError rather than overwrite any."""
    wanted = [folder / name for name in NAMES]
    for path in wanted:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    folder.mkdir(parents=True, exist_ok=True)
    for kind in EVIDENCE:
        (folder / "evidence" / kind).mkdir(parents=True, exist_ok=True)
    source = files("compliance.fleet") / "starter"
    for path in wanted:
        with path.open("x", encoding="utf-8") as file:
            file.write((source / path.name).read_text(encoding="utf-8"))
    return tuple(wanted)
