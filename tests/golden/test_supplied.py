"""Evidence supplied: read into a run, kept as a file of its own among the observations, and added to a sealed run."""

import hashlib
import json
from pathlib import Path

import openpyxl
import pytest

from tests.golden.conftest import Write, contents, here, journal
from tests.unit.outbound.build import log_file, sent, stamped, tls_to

HOSTS = "kommunen.example: {groups: [own_domain]}\n"


@pytest.fixture
def supplied(inventory: Write) -> Path:
    folder = inventory(HOSTS)
    (folder / "evidence" / "logs").mkdir(parents=True)
    _log(folder, "mail.log", 1)
    (folder / "evidence" / "logs" / "notes.txt").write_text("nothing to do with it\n")
    return folder


def _log(folder: Path, name: str, minute: int) -> None:
    log_file(folder / "evidence" / "logs", [stamped(0, tls_to()), stamped(minute, sent()), "odd"], name)


def _supplied(folder: Path) -> list[dict[str, object]]:
    return [seen for seen in journal(folder) if seen["origin"] == "supplied"]


def test_supplied_files_are_read_once_and_later_ones_into_a_review(supplied: Path, tmp_path: Path) -> None:
    done = here("run", "-i", supplied, "-o", tmp_path / "reports", "--run-id", "a", "--quiet")
    run = tmp_path / "reports" / "a"

    assert {(seen["target"], seen["probe"]) for seen in _supplied(run)} == {
        ("mail.log", "postfix_log"),
        ("notes.txt", "supplied"),
    }
    assert "mail.log (postfix_log): 3 linjer" in done.stdout
    assert "mail.log: 1 linjer kunne ikke leses (no_header). Den første: odd" in done.stdout
    assert "notes.txt: innholdet er ikke av noe slag programmet kjenner" in done.stdout
    page = (run / "report.nb.html").read_text(encoding="utf-8")
    assert "Dokumentasjon fra virksomheten" in page
    assert "3 linjer, 0 eldre enn perioden, 1 ikke lest" in page
    assert hashlib.sha256((supplied / "evidence" / "logs" / "mail.log").read_bytes()).hexdigest() in page
    method = openpyxl.load_workbook(run / "report.xlsx")["Metode"]
    told = [row[1].value for row in method.iter_rows() if row[0].value == "Dokumentasjon fra virksomheten"]
    assert len(told) == 3
    assert here("verify", run).returncode == 0
    before = contents(run)

    again = here("run", "-i", supplied, "-o", tmp_path / "reports", "--resume", "a", "--quiet")
    assert "ingen ny dokumentasjon" in again.stdout
    assert (again.returncode, contents(run)) == (done.returncode, before)

    _log(supplied, "mail.log.1", 5)
    here("run", "-i", supplied, "-o", tmp_path / "reports", "--resume", "a", "--quiet")
    first = run / "reviews" / "evidence"
    assert [seen["target"] for seen in _supplied(first)] == ["mail.log", "notes.txt", "mail.log.1"]
    assert here("verify", first).returncode == 0
    assert here("evaluate", first).returncode == 0
    assert {name: content for name, content in contents(run).items() if not name.startswith("reviews/")} == before

    _log(supplied, "mail.log.2", 9)
    here("run", "-i", supplied, "-o", tmp_path / "reports", "--resume", "a", "--quiet")
    second = run / "reviews" / "evidence-2"
    told = json.loads((second / "run.json").read_text())
    assert len(_supplied(second)) == 4
    assert (told["review_of"]["run_id"], told["counts"]["observations"]) == ("a", len(journal(second)))


def test_no_evidence_is_added_to_a_run_whose_seal_is_broken(supplied: Path, tmp_path: Path) -> None:
    here("run", "-i", supplied, "-o", tmp_path / "reports", "--run-id", "a", "--quiet")
    (tmp_path / "reports" / "a" / "summary.json").write_text("{}")
    _log(supplied, "mail.log.1", 5)
    done = here("run", "-i", supplied, "-o", tmp_path / "reports", "--resume", "a", "--quiet")

    assert done.returncode == 2
    assert "endret etter forseglingen" in done.stderr
    assert not (tmp_path / "reports" / "a" / "reviews").exists()


def test_a_folder_of_evidence_that_is_not_there_is_a_fault(supplied: Path, tmp_path: Path) -> None:
    done = here("run", "-i", supplied, "-o", tmp_path / "reports", "--evidence", tmp_path / "none")

    assert done.returncode == 2
    assert "--evidence" in done.stderr
    assert not (tmp_path / "reports").exists()
