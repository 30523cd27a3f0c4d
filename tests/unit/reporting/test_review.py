"""A review says whose evidence it judges and by what, wherever it is looked at; and how it is checked."""

import hashlib
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from compliance.reporting import write_readme, write_reports
from compliance.reporting.view.report import in_fours
from compliance.store import run as run_file
from tests.unit.reporting import fixture


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """A run, sealed in name, and within it the same evidence judged with other roots and waivers."""
    first = fixture.write_run(tmp_path / "run")
    (first / "MANIFEST.sha256").write_text("sealed\n", encoding="utf-8")
    place = fixture.write_run(first / "reviews" / "other")
    (place / "inputs" / "roots.pem").write_bytes(b"other roots")
    (place / "inputs" / "waivers.json").write_text("[]", encoding="utf-8")
    origin = run_file.Previous("20261123T130200Z", hashlib.sha256(b"sealed\n").hexdigest())
    run_file.write(place, replace(run_file.read(place), review_of=origin))
    return place


def test_a_review_says_so_in_head_lead_foot_and_method(review: Path, tmp_path: Path) -> None:
    write_reports(review, tmp_path / "out", ("nb",), ("html", "xlsx"), texts=fixture.texts())
    page = (tmp_path / "out" / "report.nb.html").read_text(encoding="utf-8")
    mark = in_fours(hashlib.sha256(b"sealed\n").hexdigest())[:19]
    said = f"kjøring 20261123T130200Z (manifestets fingeravtrykk {mark} …), med andre unntak, røtter eller"
    head, _, rest = page.partition("<main>")
    assert said in head
    assert "Dette er en ny vurdering av målingene fra kjøring" in rest
    assert said in rest
    assert hashlib.sha256(b"other roots").hexdigest() in rest
    book = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")
    assert any(said in str(cell.value) for row in book["Sammendrag"].iter_rows() for cell in row)
    method = [str(cell.value) for row in book["Metode"].iter_rows() for cell in row]
    assert any(said in text for text in method)
    assert f"SHA-256 {hashlib.sha256(b'[]').hexdigest()}" in method
    assert all("ny vurdering av" in (sheet.oddFooter.center.text or "") for sheet in book)


def test_a_review_does_not_tell_of_the_roots_of_the_run(review: Path) -> None:
    run = run_file.read(review)
    item = replace(
        run.vantage[0], item="roots", values={"count": "7", "bundle": "/the/other.pem", "newest": "2026-01-01"}
    )
    run_file.write(review, replace(run, vantage=(*run.vantage, item)))
    out = review.parent / "out"
    write_reports(review, out, ("nb",), ("html",))
    assert "/the/other.pem" not in (out / "report.nb.html").read_text(encoding="utf-8")
    run_file.write(review, replace(run, vantage=(*run.vantage, item), review_of=None))
    write_reports(review, out, ("nb",), ("html",))
    assert "/the/other.pem" in (out / "report.nb.html").read_text(encoding="utf-8")


def test_a_review_away_from_its_run_gives_the_same_report(review: Path, tmp_path: Path) -> None:
    write_reports(review, tmp_path / "there", ("nb",), ("html", "xlsx"))
    away = review.rename(tmp_path / "away")
    for path in write_reports(away, tmp_path / "here", ("nb",), ("html", "xlsx")):
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes()


def test_the_readme_says_what_the_fingerprint_covers_and_where_people_stand(review: Path) -> None:
    text = write_readme(review, "nb").read_bytes().decode()
    for said in (
        "u02 verify .\r\n",
        "sha256sum run.json\r\n",
        "findings.jsonl",
        "summary.json",
        "inputs/inventory.json",
    ):
        assert said in text
    assert "ny vurdering av målingene fra kjøring 20261123T130200Z" in text


def test_the_page_prints_a_command_that_works_in_the_folder(review: Path) -> None:
    write_reports(review, review / "out", ("nb", "nn", "en"), ("html",))
    for language in ("nb", "nn", "en"):
        text = (review / "out" / f"report.{language}.html").read_text(encoding="utf-8")
        assert "<code>u02 verify .</code>" in text
