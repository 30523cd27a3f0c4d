"""The seal tells what was changed, removed or added; `sha256sum -c` says the same."""

import subprocess
from pathlib import Path

import pytest

from compliance.store import manifest
from compliance.store.manifest import NAME, Difference


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sealed folder with files on two floors."""
    (tmp_path / "inputs").mkdir()
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "inputs" / "roots.pem").write_text("pem")
    (tmp_path / "LES-MEG.txt").write_text("les meg")
    manifest.seal(tmp_path)
    return tmp_path


def _sha256sum(folder: Path) -> int:
    done = subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", NAME], cwd=folder, capture_output=True, check=False
    )
    return done.returncode


def test_an_untouched_folder_has_no_differences(folder: Path) -> None:
    assert manifest.differences(folder) == ()
    assert set(manifest.listed(folder)) == {"run.json", "inputs/roots.pem", "LES-MEG.txt"}
    assert _sha256sum(folder) == 0


def test_sealing_twice_gives_the_same(folder: Path) -> None:
    before = (folder / NAME).read_bytes()
    manifest.seal(folder)

    assert (folder / NAME).read_bytes() == before


def test_a_changed_file_is_told(folder: Path) -> None:
    (folder / "run.json").write_text("[]")

    assert manifest.differences(folder) == (Difference("run.json", "changed"),)
    assert _sha256sum(folder) == 1


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "inputs" / "roots.pem").unlink()

    assert manifest.differences(folder) == (Difference("inputs/roots.pem", "missing"),)
    assert _sha256sum(folder) == 1


@pytest.mark.parametrize("name", ["new.txt", ".hidden", "inputs/new.pem", "inputs/out", f"inputs/{NAME}", "a b\n.txt"])
def test_an_added_file_is_told(folder: Path, name: str) -> None:
    (folder / name).write_text("x")

    assert manifest.differences(folder) == (Difference(name, "added"),)


def test_all_differences_are_told_at_once_in_order(folder: Path) -> None:
    (folder / "run.json").write_text("[]")
    (folder / "inputs" / "roots.pem").rename(folder / "inputs" / "a.pem")

    assert manifest.differences(folder) == (
        Difference("inputs/a.pem", "added"),
        Difference("inputs/roots.pem", "missing"),
        Difference("run.json", "changed"),
    )


@pytest.mark.parametrize("room", ["out", "reviews"])
def test_redrawn_reports_and_reviews_are_outside_the_seal(folder: Path, room: str) -> None:
    (folder / room / "a").mkdir(parents=True)
    (folder / room / "a" / "report.csv").write_text("x")

    assert manifest.differences(folder) == ()


@pytest.mark.parametrize("to", ["nowhere", "inputs", "run.json"])
def test_a_file_turned_into_a_link_is_told(folder: Path, to: str) -> None:
    """A link has no bytes of its own: what it leads to can change behind the seal."""
    (folder / "LES-MEG.txt").unlink()
    (folder / "LES-MEG.txt").symlink_to(to)

    assert manifest.differences(folder) == (Difference("LES-MEG.txt", "changed"),)


def test_an_added_link_that_leads_nowhere_is_told(folder: Path) -> None:
    (folder / "link").symlink_to("nowhere")

    assert manifest.differences(folder) == (Difference("link", "added"),)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        f"{'0' * 64}",
        f"{'0' * 64} run.json",
        f"{'0' * 63}  run.json",
        f"{'x' * 64}  run.json",
        f"{'0' * 64}  ",
        f"{'0' * 64}  /etc/passwd",
        f"{'0' * 64}  ../other/run.json",
        f"{'0' * 64}  inputs/../../run.json",
    ],
)
def test_a_line_that_is_none_is_named(folder: Path, line: str) -> None:
    with (folder / NAME).open("a") as file:
        file.write(f"{line}\n")

    with pytest.raises(ValueError, match=rf"^{NAME}:4: "):
        manifest.differences(folder)


def test_a_name_listed_twice_is_named(folder: Path) -> None:
    """Else a second line would hide the first from us, and not from sha256sum."""
    content = (folder / NAME).read_text()
    (folder / NAME).write_text(f"{'0' * 64}  run.json\n{content}")

    with pytest.raises(ValueError, match=rf"^{NAME}:4: "):
        manifest.differences(folder)
    assert _sha256sum(folder) == 1


def test_a_manifest_that_is_no_text_is_no_manifest(folder: Path) -> None:
    (folder / NAME).write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is told as a malformed manifest
        manifest.differences(folder)


def test_a_folder_without_manifest_is_not_sealed(tmp_path: Path) -> None:
    assert not manifest.is_sealed(tmp_path)
