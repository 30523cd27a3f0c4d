"""Stored evidence judged again: the same bytes without a network, or beside the sealed run by other rules."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import certifi
import openpyxl
import pytest

from compliance.store import manifest
from compliance.store import run as stored_run
from compliance.store.files import sha256
from tests.golden.conftest import Demo, contents, findings, here, verdicts

_BLOCKED = """\
import socket, sys
def refuse(*a, **k):
    raise SystemExit("a socket was opened")
socket.socket.__init__ = refuse
socket.getaddrinfo = refuse
sys.argv = ["u02", "evaluate", sys.argv[1]]
from compliance.cli import main
main()
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_findings_are_reproduced_byte_for_byte_without_a_network(demo: Demo, seed: str) -> None:
    before = contents(demo.folder)
    done = subprocess.run(
        [sys.executable, "-c", _BLOCKED, str(demo.folder)],
        env={"PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland", "LC_ALL": "C", "PATH": ""},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(demo.folder) == before


def test_findings_that_are_not_ours_are_not_reproduced(sealed: Path) -> None:
    text = (sealed / "findings.jsonl").read_text(encoding="utf-8")
    (sealed / "findings.jsonl").write_text(text.replace('"fail"', '"pass"', 1), encoding="utf-8")
    before = contents(sealed)
    done = here("evaluate", sealed)

    assert done.returncode == 1
    assert contents(sealed) == before


_WAIVER = "- {requirement: U02-2-3, subject: havn.example, reason: a, owner: b, approver: c, expires: 2999-01-31}\n"
_BASELINE = 'id: "../../stray"\nversion: "1"\ntitle: {nb: a, nn: a, en: a}\nrequirements: [{id: U02-1b-1}]\n'


@dataclass(frozen=True)
class Reviewed:
    """A sealed run judged by other rules, four times over; `before` is what the run held until then."""

    folder: Path
    before: Mapping[str, bytes]

    def of(self, name: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The findings of a review by subject and requirement."""
        return {(line["subject"], line["requirement"]): line for line in findings(self.folder / "reviews" / name)}


@pytest.fixture(scope="module")
def reviewed(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    place = tmp_path_factory.mktemp("reviewed")
    folder = Path(shutil.copytree(demo.folder, place / "sealed"))
    before = contents(folder)
    (place / "unntak.yaml").write_text(_WAIVER, encoding="utf-8")
    (place / "eget.yaml").write_text(_BASELINE, encoding="utf-8")
    (place / "rot.pem").write_bytes(Path(certifi.where()).read_bytes())
    for words in (
        ["--baseline", "u02-2013"],
        ["--baseline", "u02-2013"],
        ["--waivers", place / "unntak.yaml"],
        ["--trust", place / "rot.pem"],
        ["--baseline", place / "eget.yaml"],
    ):
        done = here("evaluate", folder, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    return Reviewed(folder, before)


def test_other_rules_leave_the_sealed_run_untouched(reviewed: Reviewed) -> None:
    now = contents(reviewed.folder)

    assert {name: content for name, content in now.items() if not name.startswith("reviews/")} == reviewed.before
    assert here("verify", reviewed.folder).returncode == 0
    assert [path.name for path in reviewed.folder.parent.iterdir() if path.is_dir()] == ["sealed"]


def test_no_review_is_written_over_another_or_elsewhere(reviewed: Reviewed) -> None:
    """A baseline may call itself `../../stray`."""
    places = sorted(path.name for path in (reviewed.folder / "reviews").iterdir())

    assert places == ["rot", "stray", "u02-2013", "u02-2013-2", "unntak"]


@pytest.mark.parametrize("name", ["u02-2013", "u02-2013-2", "unntak", "rot", "stray"])
def test_a_review_is_sealed_and_tied_to_the_run_it_is_of(reviewed: Reviewed, name: str) -> None:
    review = reviewed.folder / "reviews" / name
    origin = json.loads((review / "run.json").read_text(encoding="utf-8"))["review_of"]

    assert origin == {
        "run_id": "a",
        "manifest_sha256": hashlib.sha256(reviewed.before["MANIFEST.sha256"]).hexdigest(),
    }
    assert here("verify", review).returncode == 0
    assert here("evaluate", review).returncode == 0
    assert (review / "observations.jsonl").read_bytes() == reviewed.before["observations.jsonl"]
    assert review.stat().st_mode & 0o777 == 0o700
    assert [path for path in review.rglob("*") if path.stat().st_mode & 0o077] == []


def test_another_baseline_asks_what_it_asks(reviewed: Reviewed) -> None:
    assert reviewed.of("u02-2013") == reviewed.of("u02-2013-2")
    assert {requirement for _, requirement in reviewed.of("stray")} == {"U02-1b-1"}
    assert len(reviewed.of("u02-2013")) < len(findings(reviewed.folder))


def test_other_waivers_change_what_counts_and_no_status(reviewed: Reviewed) -> None:
    old = {(line["subject"], line["requirement"]): line for line in findings(reviewed.folder)}
    new = reviewed.of("unntak")
    key = ("havn.example", "U02-2-3")

    assert {place: line["status"] for place, line in old.items()} == {p: line["status"] for p, line in new.items()}
    assert (old[key]["status"], old[key]["counted"]) == ("fail", True)
    assert (new[key]["status"], new[key]["counted"]) == ("fail", False)


def test_other_roots_change_whom_is_trusted(reviewed: Reviewed) -> None:
    assert verdicts(reviewed.folder)["ecdsa.example", "U02-1b-2"] == "pass issuer_trusted"
    assert reviewed.of("rot")["ecdsa.example", "U02-1b-2"]["status"] == "fail"


@pytest.mark.parametrize(
    "words",
    [
        ["--baseline", "nope"],
        ["--waivers", "nope.yaml"],
        ["--trust", "nope.pem"],
        ["--trust", __file__],
    ],
)
def test_rules_that_cannot_be_used_leave_no_review(sealed: Path, words: list[str]) -> None:
    done = here("evaluate", sealed, *words)

    assert done.returncode == 2
    assert words[1] in done.stderr
    assert not (sealed / "reviews").exists()


# ---- verify


def _change(folder: Path) -> None:
    with (folder / "observations.jsonl").open("r+b") as file:
        file.seek(200)
        file.write(b"0")


def _remove(folder: Path) -> None:
    (folder / "inputs" / "waivers.json").unlink()


def _add(folder: Path) -> None:
    (folder / "inputs" / "new").write_text("x")


def _unseal(folder: Path) -> None:
    (folder / "MANIFEST.sha256").unlink()


def _spoil_manifest(folder: Path) -> None:
    (folder / "MANIFEST.sha256").write_bytes(b"\xff")


def _spoil_run(folder: Path) -> None:
    (folder / "run.json").write_text("{")


def _reseal(folder: Path) -> None:
    """Whoever changes the evidence and makes the manifest anew still has run.json against him."""
    text = (folder / "findings.jsonl").read_text(encoding="utf-8")
    (folder / "findings.jsonl").write_text(text.replace('"fail"', '"pass"', 1), encoding="utf-8")
    manifest.seal(folder)


@pytest.mark.parametrize("spoil", [_change, _remove, _add, _unseal, _spoil_manifest, _spoil_run, _reseal])
def test_verify_tells_what_is_not_as_it_was_sealed(sealed: Path, spoil: Callable[[Path], None]) -> None:
    spoil(sealed)
    done = here("verify", sealed)

    assert done.returncode == 1
    assert done.stdout.strip()
    assert done.stderr == ""


def _as_told(folder: Path, name: str, edit: Callable[[bytes], bytes]) -> None:
    """Change a file and write every fingerprint of the folder anew, as one who knows how would."""
    (folder / name).write_bytes(edit((folder / name).read_bytes()))
    kept = stored_run.read(folder)
    stored_run.write(folder, replace(kept, evidence={each: sha256(folder / each) for each in kept.evidence}))
    manifest.seal(folder)


def test_a_report_the_evidence_does_not_give_is_named_though_all_was_sealed_anew(sealed: Path) -> None:
    _as_told(sealed, "report.nn.html", lambda page: page.replace(b"</body>", b"<p>x</p></body>"))
    done = here("verify", sealed)

    assert done.returncode == 1
    assert done.stdout.splitlines() == ["report.nn.html: målingene gir en annen rapport enn denne"]


def test_findings_the_evidence_does_not_give_are_named_though_all_was_sealed_anew(sealed: Path) -> None:
    _as_told(sealed, "findings.jsonl", lambda lines: lines.replace(b'"status":"fail"', b'"status":"pass"', 1))
    done = here("verify", sealed)

    assert done.returncode == 1
    assert done.stdout.startswith("findings.jsonl: ")


def test_a_list_of_the_unlisted_that_the_evidence_does_not_give_is_told(sealed: Path) -> None:
    _as_told(sealed, "unlisted.json", lambda text: text.replace(b'"Microsoft"', b'"Ingen"', 1))

    assert here("verify", sealed).returncode == 1


def test_a_report_that_was_taken_away_is_missed(sealed: Path) -> None:
    (sealed / "report.en.xlsx").unlink()
    manifest.seal(sealed)

    assert here("verify", sealed).stdout == "report.en.xlsx: mangler\n"


def test_what_another_version_wrote_is_not_redrawn_and_that_is_said(sealed: Path) -> None:
    kept = stored_run.read(sealed)
    stored_run.write(sealed, replace(kept, tool=replace(kept.tool, version="0.0.1")))
    manifest.seal(sealed)
    done = here("verify", sealed)

    assert done.returncode == 0
    assert sha256(sealed / manifest.NAME) in done.stdout
    assert "0.0.1" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["run.json", "observations.jsonl", "findings.jsonl", "inputs/baseline.json"])
@pytest.mark.parametrize("verb", ["evaluate", "report"])
def test_a_spoilt_file_is_named_in_one_line(sealed: Path, verb: str, name: str) -> None:
    with (sealed / name).open("ab") as file:
        file.write(b"{\n")
    done = here(verb, sealed)

    if (verb, name) == ("evaluate", "findings.jsonl"):
        assert done.returncode == 1  # nothing is read of it but its bytes
    elif (verb, name) != ("report", "inputs/baseline.json") or done.returncode:
        assert done.returncode == 2, done.stdout
        assert name in done.stderr
        assert len(done.stderr.splitlines()) == 1


# ---- report


def test_reports_are_redrawn_into_out(sealed: Path) -> None:
    before = contents(sealed)
    done = here("report", sealed, "--format", "csv,html", "--lang", "en")

    assert done.returncode == 0
    assert {path.name for path in (sealed / "out").iterdir()} >= {"report.en.html"}
    assert [path for path in (sealed / "out").iterdir() if path.suffix == ".csv"]
    assert {key: value for key, value in contents(sealed).items() if not key.startswith("out/")} == before
    assert here("verify", sealed).returncode == 0


def test_a_redrawn_page_is_the_sealed_page(sealed: Path) -> None:
    here("report", sealed, "--format", "html", "--lang", "nb")

    assert (sealed / "out" / "report.nb.html").read_bytes() == (sealed / "report.nb.html").read_bytes()


def test_contacts_can_be_left_out(sealed: Path) -> None:
    here("report", sealed, "--format", "xlsx", "--lang", "nb", "--no-contacts")
    kept, left_out = (openpyxl.load_workbook(sealed / name) for name in ("report.xlsx", "out/report.xlsx"))

    assert "Kontakter" in kept.sheetnames
    assert "Kontakter" not in left_out.sheetnames
    words = [str(cell.value) for sheet in left_out for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [word for word in words if "Kari Nordmann" in word or "vakt@departement" in word]
