"""The golden world measured once for all: `u02 demo`, and beside it a world that stays up for runs of one's own."""

import contextlib
import io
import json
import os
import shutil
import string
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from compliance.cli import main, say
from compliance.demo.world import World

U02 = (sys.executable, "-m", "compliance")
SECONDS = 120

#: A quick configuration over the golden world; what is not said is as in its own.
CONFIG = string.Template("""\
inventory: {plugin: u02, options: {folder: .}}
runner: {plugin: threaded, options: {num_workers: 16}}
user_defined:
  organisation: {name: Eksempel kommune, number: "999999999"}
  languages: [nb]
  ehlo: probe.kommunen.example
  resolver: {nameservers: ["$dns"], port: $dns_port, trust_ad: true, timeout: 1.5}
  self_test: {signed: signert.example, broken: brutt.example}
  trust: {bundle: roots.pem}
  smtp: {port: $smtp_port, session_timeout: 4, greeting_timeout: 3, connect_timeout: 2}
""")


def u02(*words: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a person does, without colours."""
    return subprocess.run(
        [*U02, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@dataclass(frozen=True)
class Said:
    """What a call of the program came to."""

    returncode: int
    stdout: str
    stderr: str


def here(*words: object) -> Said:
    """Call the program in this process, which saves its start."""
    out, err = io.StringIO(), io.StringIO()
    say.speak("nb")
    with (
        mock.patch.object(sys, "argv", ["u02", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code
    return Said(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


def findings(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text(encoding="utf-8").split("\n") if line]


def verdicts(folder: Path) -> dict[tuple[str, str], str]:
    return {(line["subject"], line["requirement"]): f"{line['status']} {line['reason']}" for line in findings(folder)}


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "observations.jsonl").read_bytes().split(b"\n") if line]


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file of a folder, to see that nothing was touched."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@dataclass(frozen=True)
class Demo:
    """A finished `u02 demo`: its run folder, and what it printed."""

    folder: Path
    process: "subprocess.Popen[str]"

    @cached_property
    def done(self) -> tuple[int, str, str]:
        """The exit code, standard output, standard error."""
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


@pytest.fixture(scope="session")
def demo_started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`u02 demo` in three languages, started: most of its time it waits for tarpits, and others can work meanwhile."""
    place = tmp_path_factory.mktemp("demo")
    words = ["demo", "-o", "reports", "--run-id", "a", "--lang", "nb,nn,en", "--quiet"]
    process = subprocess.Popen([*U02, *words], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield Demo(place / "reports" / "a", process)
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def demo(demo_started: Demo) -> Demo:
    """`u02 demo`, finished."""
    code, out, err = demo_started.done
    assert code in {0, 1}, out + err
    assert (demo_started.folder / "MANIFEST.sha256").is_file(), out + err
    return demo_started


@pytest.fixture
def sealed(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the demo's run folder, to spoil."""
    return Path(shutil.copytree(demo.folder, tmp_path / "sealed"))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A golden world that stays up; its own inventory is in `world.inventory`."""
    with World.start(tmp_path_factory.mktemp("world")) as running:
        yield running


Write = Callable[..., Path]


@pytest.fixture
def inventory(world: World, tmp_path: Path) -> Write:
    """Write a small inventory over the world: `hosts` is hosts.yaml, `smtp_port` another port than the world's."""

    def write(hosts: str, smtp_port: int = 0, **files: str) -> Path:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        config = CONFIG.substitute(
            dns=world.dns_address, dns_port=world.dns_port, smtp_port=smtp_port or world.smtp_port
        )
        for name, text in {"config": config, "hosts": hosts, **files}.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        shutil.copyfile(world.inventory / "roots.pem", folder / "roots.pem")
        return folder

    return write
