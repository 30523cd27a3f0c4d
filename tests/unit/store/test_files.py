"""Files of a run folder are written whole or not at all, and their owner alone can read them."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from compliance.store import files
from compliance.store.run import BaselineNote, Tool

NOTE = BaselineNote("u02", "1", "blåbær")


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(autouse=True)
def _open_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


def test_files_are_0600_and_folders_0700_whatever_the_umask(tmp_path: Path) -> None:
    path = files.write_bytes(tmp_path / "run" / "a.json", b"x")

    assert _mode(path) == 0o600
    assert _mode(path.parent) == 0o700


def test_writing_over_a_file_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_bytes(path, b"first, and longer")
    files.write_bytes(path, b"second")

    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.write_bytes(tmp_path / "a.json", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_bytes(path, b"new")

    assert path.read_bytes() == b"old"


def test_what_is_written_can_be_read_back(tmp_path: Path) -> None:
    assert files.read_json(files.write_json(tmp_path / "a.json", NOTE), BaselineNote) == NOTE
    assert files.read_lines(files.write_lines(tmp_path / "a.jsonl", [NOTE, NOTE]), BaselineNote) == (NOTE, NOTE)
    assert "blåbær" in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_no_lines_are_an_empty_file(tmp_path: Path) -> None:
    path = files.write_lines(tmp_path / "a.jsonl", [])

    assert path.read_bytes() == b""
    assert files.read_lines(path, BaselineNote) == ()


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"id":1}', b'{"name":"a","version":"1","more":1}', b"\xff"])
def test_a_file_of_another_form_is_named(tmp_path: Path, spoilt: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(spoilt)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: "):
        files.read_json(path, Tool)

    path.write_bytes(b'{"name":"a","version":"1"}\n' + spoilt + b"\n")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}:2: "):
        files.read_lines(path, Tool)


def test_a_fingerprint_is_sha256(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "a").write_bytes(content)

    assert files.sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
