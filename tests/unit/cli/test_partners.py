"""`u02 partners` and `u02 import`: what they print and write, and that they write over nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from compliance.fleet.load import load_folder
from tests.unit.cli.conftest import Call
from tests.unit.outbound.build import log_file, sent, tls_to

RECENT = datetime.now(UTC) - timedelta(days=3)


@pytest.fixture
def mail_log(tmp_path: Path) -> Path:
    """A log of three days ago: the dates of a log are held against today."""
    head = f"{RECENT:%Y-%m-%dT%H:%M:%SZ} rele postfix/smtp[10]: "
    lines = [
        head + line for line in (tls_to(), sent(), tls_to(), sent(to="ola@etaten.example", queue="A1B2C3"), tls_to())
    ]
    return log_file(tmp_path, [*lines, "odd"], modified=datetime.now(UTC))


def test_partners_writes_a_workbook_entries_and_evidence(u02: Call, mail_log: Path, tmp_path: Path) -> None:
    done = u02("partners", "mail.log", "-o", "ut")

    assert done.code == 0
    assert "part.example: 1 sendt (100 % kryptert), 0 mottatt (? kryptert)" in done.out
    assert "1 linjer kunne ikke leses (no_header). Den første: odd" in done.out
    book = openpyxl.load_workbook(tmp_path / "ut" / "partners.xlsx")
    assert book.sheetnames == ["Motparter", "Logger"]
    assert [cell.value for cell in book["Motparter"][2]][:5] == ["etaten.example", None, "mx.part.example", 1, 1]
    (tmp_path / "ut" / "config.yaml").write_text("user_defined: {organisation: {name: Etaten}}\n")
    (tmp_path / "ut" / "partners.yaml").rename(tmp_path / "ut" / "hosts.yaml")
    assert [subject.volume for subject in load_folder(tmp_path / "ut", ()).subjects] == [1, 1]


def test_partners_leaves_out_what_the_inventory_has(u02: Call, mail_log: Path, inventory: object) -> None:
    inventory()  # type: ignore[operator]
    done = u02("partners", "mail.log", "-i", "inventory", "--json", "-o", "ut")
    told = json.loads(done.out)

    assert told["partners"] == []
    assert told["files"][0]["not_read"] == 1


def test_partners_writes_over_nothing(u02: Call, mail_log: Path, tmp_path: Path) -> None:
    (tmp_path / "partners.yaml").write_text("mine")
    done = u02("partners", "mail.log")

    assert (done.code, (tmp_path / "partners.yaml").read_text()) == (2, "mine")
    assert not (tmp_path / "partners.xlsx").exists()


@pytest.mark.parametrize(("word", "said"), [("nowhere.log", "finnes ikke"), ("notes.txt", "Ingen av filene")])
def test_partners_says_what_it_cannot_read(u02: Call, tmp_path: Path, word: str, said: str) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    done = u02("partners", word)

    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "partners.yaml").exists()


def test_import_prints_entries(u02: Call, tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_text("domene;navn\nbank.example;Banken\n", encoding="utf-8")
    done = u02("import", "liste.csv")

    assert done.code == 0
    assert done.out.startswith("# Samarbeidsparter fra liste.csv. Lim inn i hosts.yaml.\n\nbank.example:\n")


def test_import_names_each_bad_cell_and_writes_nothing(u02: Call, tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_text("domene;nivå\nbank.example;full\nbank;none\nannen.example;\n", encoding="utf-8")
    done = u02("import", "liste.csv", "-o", "ut.yaml")

    assert done.code == 2
    assert done.lines == [
        "liste.csv, rad 2, kolonne B: ikke none, encrypt, verify eller dane (full)",
        "liste.csv, rad 3, kolonne A: ikke et domenenavn (bank)",
    ]
    assert "Rader i orden: 1." in done.out
    assert not (tmp_path / "ut.yaml").exists()


def test_import_writes_a_file_that_is_not_there(u02: Call, tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_text("bank.example\n")

    assert u02("import", "liste.csv", "-o", "ut.yaml").code == 0
    assert u02("import", "liste.csv", "-o", "ut.yaml").code == 2
    assert u02("import", "nowhere.csv").code == 2
    assert "bank.example:" in (tmp_path / "ut.yaml").read_text()
