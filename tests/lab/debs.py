"""Unpack the lab's servers into .lab/root: downloaded by apt, never installed (mail servers exclude each other).

Run as `python tests/lab/debs.py`; standard library only. Not root, no apt or no network: one clear line, and the lab
tests are skipped (under CI they fail), so this never stops the other tests.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LAB = REPO / ".lab"
ROOT = LAB / "root"
ARCHIVES = LAB / "archives"
STAMP = LAB / "stamp.json"

BIN = LAB / "bin"  # programs a printed command needs, for machines that have none: put it last on the path

#: What can be installed together: apt is asked about each group by itself.
GROUPS = (
    ("postfix", "unbound", "nsd", "openssl", "bind9-dnsutils", "opendkim", "swaks"),
    ("exim4-daemon-light",),
    ("opensmtpd",),
)
WANTED = tuple(name for group in GROUPS for name in group)
CLIENTS = ("dig", "openssl", "swaks")
PROGRAMS = (
    ROOT / "usr/lib/postfix/sbin/master",
    ROOT / "usr/sbin/exim4",
    ROOT / "usr/sbin/smtpd",
    ROOT / "usr/sbin/unbound",
    ROOT / "usr/sbin/nsd",
    ROOT / "usr/sbin/opendkim",
    *(BIN / name for name in CLIENTS),
)
#: A later Debian's OpenSMTPD with all it needs, in a root of its own: that of Debian 12 cannot sign with OpenSSL 3.
NEWER, NEWER_SUITE = LAB / "opensmtpd", "trixie"
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NEWER_PACKAGES = (
    *("opensmtpd", "libc6", "libssl3t64", "libevent-2.1-7t64", "zlib1g", "libzstd1", "libcrypt1"),
    *("libpam0g", "libaudit1", "libcap-ng0", "libdb5.3t64"),
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
    try:
        packages = [*packages, *_fetch_newer()]
    except Unready as trouble:  # a distribution that is not Debian: the tests of it say that they were not run
        print(f"lab: without a newer OpenSMTPD, {trouble}", file=sys.stderr)
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
    simulated = [_apt("install", "--simulate", "--yes", "--no-install-recommends", *group) for group in GROUPS]
    lines = [line for said in simulated for line in said.splitlines()]
    found = list(dict.fromkeys(f"{match[1]}={match[2]}" for line in lines if (match := _INST.match(line))))
    named = {entry.partition("=")[0].partition(":")[0] for entry in found}
    # A package already installed here is in no simulation; its files are wanted in .lab/root all the same.
    return found + [name for name in WANTED if name not in named]


def _download(packages: list[str]) -> None:
    try:
        _apt("download", *packages, cwd=ARCHIVES)
    except Unready:  # lists older than the archive name files that are gone
        _apt("update")
        _apt("download", *(entry.partition("=")[0] for entry in packages), cwd=ARCHIVES)


def _fetch_newer() -> list[str]:
    """Unpack the newer OpenSMTPD from where this Debian comes from; apt's own lists and state are left alone."""
    lines = _apt(
        "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|", "Created-By: Packages"
    ).splitlines()
    here = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    source = next((line.partition("|")[0] for line in lines if f"|{here}|main|" in line), "")
    if not source or not KEYS.exists():
        raise Unready("no Debian archive is among apt's sources")
    with tempfile.TemporaryDirectory(prefix="u02-apt-") as name:
        place = Path(name)
        for part in ("state/lists/partial", "cache/archives/partial", "debs"):
            (place / part).mkdir(parents=True)
        (place / "status").touch()
        (place / "sources").write_text(f"deb [signed-by={KEYS}] {source} {NEWER_SUITE} main\n")
        apart = {
            "Dir::Etc::SourceList": "sources",
            "Dir::Etc::SourceParts": "none",
            "Dir::State": "state",
            "Dir::State::status": "status",
            "Dir::Cache": "cache",
        }
        options = [word for key, value in apart.items() for word in ("-o", f"{key}={place / value}")]
        _apt("update", options=options)
        _apt("download", *NEWER_PACKAGES, cwd=place / "debs", options=options)
        shutil.rmtree(NEWER, ignore_errors=True)
        for archive in sorted((place / "debs").glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(archive), str(NEWER)], check=True)
    return [f"{name}/{NEWER_SUITE}" for name in NEWER_PACKAGES]


def _apt(*words: str, cwd: Path | None = None, options: Sequence[str] = ()) -> str:
    # The sandbox user of apt has no access to a clone in somebody's home.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", *options, *words]
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
