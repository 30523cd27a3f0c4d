"""Files of this machine as one server alone sees them: bound over in a mount namespace that ends with it.

Exim and OpenSMTPD run as accounts whose names are built into them, and OpenSMTPD below paths that are. Nothing of that
is made on the machine.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.lab.debs import NEWER, libraries, missing

_BIND = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"'
_UNSHARE = ("unshare", "--mount", "--propagation", "private")
_FIRST_ID = 64100


@cache
def refused() -> str:
    """Say why this machine gives no mount namespace, or nothing when it does."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return ""  # the whole lab is skipped
    if shutil.which("unshare") is None:
        return "unshare is not on this machine"
    tried = subprocess.run([*_UNSHARE, "mount", "--bind", "/tmp", "/tmp"], capture_output=True, text=True, check=False)
    return f"no mount namespace here: {tried.stderr.strip()}" if tried.returncode else ""


def left_out(daemon: str) -> str:
    """Say why a mail server cannot be started here, or nothing when it can."""
    if daemon not in {"exim", "opensmtpd", "packaged_opensmtpd"}:
        return ""
    newer = daemon != "opensmtpd" or NEWER.exists()
    return refused() or ("" if newer or missing() else "no newer OpenSMTPD was fetched: make lab")


def command(*words: str | Path, bound: Mapping[str, Path]) -> Sequence[str | Path]:
    """Give the command that runs an unpacked program with `bound` over this machine's paths, as the same process."""
    environment = [f"{key}={value}" for key, value in libraries().items()]
    return _bind(bound, "env", *environment, *words)


def command_below(root: Path, *words: str | Path, bound: Mapping[str, Path]) -> Sequence[str | Path]:
    """Give the command that runs a program inside `root`, with `bound` over paths of it."""
    return _bind({f"{root}{place}": own for place, own in bound.items()}, "chroot", root, *words)


def _bind(bound: Mapping[str, Path], *words: str | Path) -> Sequence[str | Path]:
    binds = [word for place, own in bound.items() for word in (own, Path(place))]
    return (*_UNSHARE, "sh", "-ec", _BIND, "sh", *binds, "--", *words)


def accounts(folder: Path, *names: str) -> tuple[dict[str, Path], dict[str, int]]:
    """Write the machine's accounts with some more; gives what to bind over, and the ids: user and group are one."""
    ids = {name: _FIRST_ID + number for number, name in enumerate(names)}
    users = "".join(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n" for name, number in ids.items())
    groups = "".join(f"{name}:x:{number}:\n" for name, number in ids.items())
    bound = {}
    for place, more in (("/etc/passwd", users), ("/etc/group", groups)):
        bound[place] = folder / Path(place).name
        bound[place].write_text(Path(place).read_text() + more)
    return bound, ids


def give(path: Path, owner: int) -> Path:
    """Make a folder of somebody's own."""
    path.mkdir(parents=True)
    os.chown(path, owner, owner)
    return path
