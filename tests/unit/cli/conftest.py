"""The program as a person runs it, in this process: what it prints, and the code it ends with."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from compliance.cli import main, say
from compliance.pipeline import observe

SOUND = {
    "config.yaml": "user_defined:\n  organisation: {name: Etaten}\n  baseline: u02\n",
    "hosts.yaml": "etaten.example: {groups: [own_domain]}\npart.example: {groups: [partner]}\n",
}


@dataclass(frozen=True)
class Done:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What was said about faults."""
        return self.err.splitlines()


Call = Callable[..., Done]


@pytest.fixture
def u02(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Call `u02 ...` in tmp_path; asking the network ends the test."""

    def probed(*_arguments: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(observe, "_ask_all", probed)
    monkeypatch.setattr(say, "_current", ["nb"])
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["u02", *words])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(code if isinstance(code, int) else 0, said.out, said.err)

    return call


@pytest.fixture
def inventory(tmp_path: Path) -> Callable[..., Path]:
    """Write the sound inventory below tmp_path, and over it the files given (hosts="..." is hosts.yaml)."""

    def write(**files: str) -> Path:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        for name, text in {**SOUND, **{f"{name}.yaml": text for name, text in files.items()}}.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return write
