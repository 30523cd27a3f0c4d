"""The other programs: fetched into a folder that is thrown away, run as programs, not imported, not installed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.debs import ROOT
from tests.lab.postfix import LIBRARIES

_FETCH_WITHIN = 240.0


class Absent(Exception):  # noqa: N818 - a state of the machine, not a mistake
    """The program cannot be had or run here; the text says why."""


@dataclass(frozen=True)
class Aim:
    """A mail host as the other programs are shown it: its name, and the address and port it is to be found at."""

    name: str
    address: str
    port: int


def run(commands: Sequence[Sequence[str]], within: float, environment: Mapping[str, str] | None = None) -> list[str]:
    """Run commands at the same time; gives what each printed. Raises Absent if one is not over in time."""
    deadline = time.monotonic() + within
    running = [
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
            start_new_session=True,
        )
        for command in commands
    ]
    try:
        return [each.communicate(timeout=max(0.1, deadline - time.monotonic()))[0] for each in running]
    except subprocess.TimeoutExpired:
        raise Absent(f"not over after {within:.0f} s") from None
    finally:
        for each in running:
            if each.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, signal.SIGKILL)
                each.wait()


class Sslyze:
    """sslyze in an environment of its own: its default scan."""

    name = "sslyze"

    def __init__(self, folder: Path) -> None:
        self._json = folder / "sslyze.json"
        place = folder / "sslyze"
        self._program = str(place / "bin/sslyze")
        _fetched([sys.executable, "-m", "venv", str(place)])
        _fetched([str(place / "bin/python"), "-m", "pip", "install", "--quiet", "sslyze"])
        shown = _fetched([str(place / "bin/python"), "-m", "pip", "list", "--format", "json", "--no-index"])
        self.version = next(
            each["version"] for line in shown.splitlines() if line[:1] == "["
            for each in json.loads(line) if each["name"] == "sslyze"
        )  # fmt: skip
        begun = time.monotonic()
        _fetched([self._program, "--help"])
        self.remark = f" (its start alone takes {time.monotonic() - begun:.2f} s)"

    def ask(self, aims: Sequence[Aim], within: float, options: Sequence[str] = ()) -> None:
        """Scan them all in one call, as it does by itself, or what `options` name alone."""
        self._json.unlink(missing_ok=True)
        targets = [f"{aim.name}:{aim.port}{{{aim.address}}}" for aim in aims]
        said = run([[self._program, "--starttls=smtp", f"--json_out={self._json}", *options, *targets]], within)[0]
        if not self._json.exists():
            raise Absent(f"no result: {said[-300:]}")

    def accepted(self) -> dict[str, set[tuple[str, str]]]:
        """Give the (version, suite) pairs it saw accepted, by the host's name. Raises Absent if a scan failed."""
        found = {}
        for name, (pairs, troubles) in self.seen().items():
            if troubles:
                raise Absent(f"{name}: {', '.join(troubles.values())}")
            found[name] = pairs
        return found

    def seen(self) -> dict[str, tuple[set[tuple[str, str]], dict[str, str]]]:
        """Give the same for each host, and beside it why a version of it, or all (by an empty name), was not told."""
        found = {}
        for server in json.loads(self._json.read_text())["server_scan_results"]:
            name, scan = server["server_location"]["hostname"], server["scan_result"]
            found[name] = _pairs(scan) if scan else (set(), {"": _why(server)})
        return found


def _why(server: Mapping[str, Any]) -> str:
    trace = (server["connectivity_error_trace"] or "").strip().splitlines()
    return f"{server['scan_status']} {trace[-1] if trace else ''}"[:300]


_VERSIONS = {
    "ssl_2_0": "SSLv2",
    "ssl_3_0": "SSLv3",
    "tls_1_0": "TLSv1",
    "tls_1_1": "TLSv1.1",
    "tls_1_2": "TLSv1.2",
    "tls_1_3": "TLSv1.3",
}


def _pairs(scan: Mapping[str, Any]) -> tuple[set[tuple[str, str]], dict[str, str]]:
    pairs, troubles = set(), {}
    for key, version in _VERSIONS.items():
        part = scan[f"{key}_cipher_suites"]
        if part["result"]:
            pairs |= {(version, each["cipher_suite"]["name"]) for each in part["result"]["accepted_cipher_suites"]}
        else:
            trace = (part["error_trace"] or "").strip().splitlines()
            troubles[version] = f"{version}: {part['status']} {part['error_reason']} {trace[-1] if trace else ''}"[:300]
    return pairs, troubles


class Testssl:
    """testssl.sh of Debian's package, unpacked: its default scan, one process for each host, at the same time."""

    name, remark = "testssl.sh", ""
    __test__ = False

    def __init__(self, folder: Path) -> None:
        place = folder / "testssl"
        place.mkdir()
        # hexdump is in the second package, dig in the third; the programs of this machine go before them.
        packages = ("testssl.sh", "bsdextrautils", "bind9-dnsutils")
        _fetched(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages], place)
        for archive in place.glob("*.deb"):
            _fetched(["dpkg", "-x", str(archive), str(place)])
        self.version = _fetched(["dpkg-deb", "-f", str(next(place.glob("testssl*.deb"))), "Version"]).strip()
        self._program = str(place / "usr/bin/testssl")
        self._environment = {
            "PATH": f"{os.environ['PATH']}:{place / 'usr/bin'}",
            "TESTSSL_INSTALL_DIR": str(place / "etc/testssl"),
        }

    def ask(self, aims: Sequence[Aim], within: float) -> None:
        """Scan; without DNS, since only the lab knows the names."""
        options = ["--starttls", "smtp", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none"]
        commands = [[self._program, *options, "--ip", aim.address, f"{aim.name}:{aim.port}"] for aim in aims]
        for said in run(commands, within, self._environment):
            if "Done " not in said:
                raise Absent(f"no result: {said[-300:]}")


class Finger:
    """posttls-finger of the unpacked Postfix: one session with one handshake, for scale."""

    name = "posttls-finger"
    version, remark = "", ""

    def __init__(self, configuration: Path) -> None:
        self._program = ROOT / "usr/sbin/posttls-finger"
        if not os.access(self._program, os.X_OK):
            raise Absent("not in the unpacked Postfix")
        self._environment = {"LD_LIBRARY_PATH": str(LIBRARIES), "MAIL_CONFIG": str(configuration)}
        told = run([[str(ROOT / "usr/sbin/postconf"), "-dh", "mail_version"]], 10, self._environment)
        self.version = f"Postfix {told[0].strip()}"

    def ask(self, aims: Sequence[Aim], within: float) -> None:
        """Shake hands once with each."""
        commands = [[str(self._program), "-c", "-l", "may", f"[{aim.address}]:{aim.port}"] for aim in aims]
        for said in run(commands, within, self._environment):
            if "TLS connection established" not in said:
                raise Absent(f"no handshake: {said[-300:]}")


def _fetched(command: Sequence[str], folder: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_FETCH_WITHIN
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise Absent(f"{command[0]}: {trouble}") from trouble
    if done.returncode:
        raise Absent(f"{Path(command[0]).name} {command[1]}: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout
