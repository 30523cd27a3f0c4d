"""Unpack the lab's servers into .lab/root: downloaded by apt, never installed (postfix and exim exclude each other).

Run as `python tests/lab/debs.py`; standard library only. Not root, no apt or no network: one clear line, and the lab
tests are skipped (under CI they fail), so this never stops the other tests.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LAB = REPO / ".lab"
ROOT = LAB / "root"
ARCHIVES = LAB / "archives"
STAMP = LAB / "stamp.json"

BIN = LAB / "bin"  # programs a printed command needs, for machines that have none: put it last on the path

WANTED = ("postfix", "unbound", "nsd", "openssl", "bind9-dnsutils")
CLIENTS = ("dig", "openssl")
PROGRAMS = (
    ROOT / "usr/lib/postfix/sbin/master",
    ROOT / "usr/sbin/unbound",
    ROOT / "usr/sbin/nsd",
    *(BIN / name for name in CLIENTS),
)
_INST = re.compile(r"^Inst (\S+)(?: \[[^]]*])? \((\S+)")


class Unready(Exception):  # noqa: N818 - a state of the machine, not a mistake
    """The packages cannot be had here; the text says why."""


def missing() -> str:
    """Say why the lab cannot start on this machine, or nothing when it can."""
    if sys.platform != "linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root (port 25, users of the mail daemons)"
    absent = [program.name for program in PROGRAMS if not os.access(program, os.X_OK)]
    return f"the lab's packages are not unpacked ({', '.join(absent)}): make lab" if absent else ""


def prepare() -> list[str]:
    """Download and unpack what is wanted and not installed here; gives the packages, and does nothing twice."""
    if STAMP.exists() and not missing():
        return list(json.loads(STAMP.read_text())["packages"])
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise Unready(f"{tool} is not on this machine")
    if not _lists_are_there():
        _apt("update")
    packages = _needed()
    shutil.rmtree(ROOT, ignore_errors=True)
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    _download(packages)
    for archive in sorted(ARCHIVES.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(archive), str(ROOT)], check=True)
    shutil.rmtree(ARCHIVES)
    _wrap_clients()
    if still := missing():
        raise Unready(still)
    STAMP.write_text(json.dumps({"packages": packages}, indent=1) + "\n")
    return packages


def libraries() -> dict[str, str]:
    """Where packages not installed on this machine left their libraries, as the environment of a child process."""
    folders = [folder for folder in (ROOT / "usr/lib").glob("*-linux-gnu*") if folder.is_dir()]
    return {"LD_LIBRARY_PATH": ":".join(str(folder) for folder in folders)} if folders else {}


def _wrap_clients() -> None:
    """Put the programs into BIN, each with its own libraries: the shell that runs them keeps the machine's."""
    shutil.rmtree(BIN, ignore_errors=True)
    BIN.mkdir()
    said = "".join(f'{name}="{value}" ' for name, value in libraries().items())
    for name in CLIENTS:
        (BIN / name).write_text(f'#!/bin/sh\n{said}exec "{ROOT / "usr/bin" / name}" "$@"\n')
        (BIN / name).chmod(0o755)


def _lists_are_there() -> bool:
    answer = subprocess.run(["apt-cache", "policy", *WANTED], capture_output=True, text=True, check=False)
    return answer.stdout.count("Candidate:") == len(WANTED) and "Candidate: (none)" not in answer.stdout


def _needed() -> list[str]:
    """Ask apt what installing would bring: a simulation, so that conflicts with an MTA already here do no harm."""
    simulated = _apt("install", "--simulate", "--yes", "--no-install-recommends", *WANTED)
    found = [f"{match[1]}={match[2]}" for line in simulated.splitlines() if (match := _INST.match(line))]
    named = {entry.partition("=")[0].partition(":")[0] for entry in found}
    # A package already installed here is in no simulation; its files are wanted in .lab/root all the same.
    return found + [name for name in WANTED if name not in named]


def _download(packages: list[str]) -> None:
    try:
        _apt("download", *packages, cwd=ARCHIVES)
    except Unready:  # lists older than the archive name files that are gone
        _apt("update")
        _apt("download", *(entry.partition("=")[0] for entry in packages), cwd=ARCHIVES)


def _apt(*words: str, cwd: Path | None = None) -> str:
    # The sandbox user of apt has no access to a clone in somebody's home.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", *words]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    if done.returncode:
        raise Unready(f"apt-get {words[0]} failed: {(done.stderr.strip() or done.stdout.strip())[-400:]}")
    return done.stdout


def main() -> int:
    """Prepare, and say in one line how it went; the tests decide what a lab that cannot start means."""
    if os.geteuid() != 0:
        print("lab: not root, so no packages are fetched and the lab tests are skipped")
        return 0
    try:
        packages = prepare()
    except (Unready, OSError, subprocess.CalledProcessError) as trouble:
        print(f"lab: not ready, {trouble}", file=sys.stderr)
        return 0
    print(f"lab: {', '.join(packages)} in {ROOT.relative_to(REPO)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
