"""The register of required encryption: a row for each partner, four proofs, one verdict by rule."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from compliance.model.finding import Status
from compliance.model.subject import Kind, Level, RequireTls, Subject
from compliance.reporting import write_reports
from compliance.reporting.register_words import register_verdict
from compliance.reporting.view.register import PROOFS, RegisterRow, register
from compliance.reporting.view.report import Report, lay_out, read_report
from compliance.reporting.view.results import results
from compliance.reporting.words import Words
from tests.unit.reporting import fixture
from tests.unit.reporting.judged import partner_finding

MET, NOT, UNTESTED, NONE, BROKEN = (
    Status.PASS, Status.FAIL, Status.NOT_TESTED, Status.NOT_APPLICABLE, Status.ERROR,
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return read_report(fixture.write_run(tmp_path_factory.mktemp("run")))


def rows(report: Report, statuses: Sequence[Status | None], asked: RequireTls | None) -> tuple[RegisterRow, ...]:
    findings = [partner_finding(key, status) for key, status in zip(PROOFS, statuses, strict=True) if status]
    partner = Subject("part.example", "part.example", (Kind.PARTNER,), require_tls=asked)
    source = replace(report.source, subjects=(partner,), findings=tuple(findings))
    return register(source, results(source))


BOTH = RequireTls(Level.ENCRYPT, Level.ENCRYPT)


@pytest.mark.parametrize(
    ("statuses", "mark", "said"),
    [
        ((MET, MET, MET, MET), "pass", "Alle fire er oppfylt."),
        ((MET, MET, NONE, MET), "pass", "Alle som gjelder parten, er oppfylt: tre av fire."),
        ((NONE, NONE, MET, NONE), "pass", "Det ene som gjelder parten, er oppfylt."),
        ((NONE, NONE, NONE, NONE), "not_applicable", "Ingen av de fire gjelder parten."),
        ((MET, NOT, MET, MET), "fail", "Ikke oppfylt: vi krever det."),
        ((NOT, UNTESTED, MET, MET), "fail", "Ikke oppfylt: de kan ta imot. Ikke kontrollert: vi krever det."),
        ((MET, MET, UNTESTED, MET), "not_tested", "Ikke kontrollert: vi avviser ukryptert."),
        ((MET, MET, None, MET), "not_tested", "Ikke kontrollert: vi avviser ukryptert."),
        ((MET, BROKEN, UNTESTED, MET), "error", "Ikke kontrollert: vi krever det og vi avviser ukryptert."),
    ],
)  # fmt: skip
def test_the_verdict_is_met_only_where_all_that_concern_the_partner_are(
    report: Report, statuses: Sequence[Status | None], mark: str, said: str
) -> None:
    (row,) = rows(report, statuses, BOTH)

    assert (row.mark, " ".join(register_verdict(Words("nb"), row))) == (mark, said)


@pytest.mark.parametrize(
    ("asked", "statuses"),
    [
        (None, (MET, MET, MET, MET)),
        (RequireTls(), (MET, MET, MET, MET)),
        (BOTH, (None, None, None, None)),
    ],
)
def test_who_nothing_is_required_of_or_asked_about_is_not_listed(
    report: Report, asked: RequireTls | None, statuses: Sequence[Status | None]
) -> None:
    assert rows(report, statuses, asked) == ()


def test_what_is_not_met_comes_first(report: Report) -> None:
    assert [(row.name, row.mark) for row in report.register] == [
        ("departement.example", "fail"),
        ("fylke.example", "fail"),
    ]
    assert [row.reviewed for row in report.register] == ["2026-10-01", ""]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_each_proof_on_the_page_leads_to_its_result(report: Report, tmp_path: Path, language: str) -> None:
    write_reports(fixture.write_run(tmp_path / "run"), tmp_path, (language,), ("html",), texts=fixture.texts())
    page = (tmp_path / f"report.{language}.html").read_text(encoding="utf-8")
    part = page.partition('<section id="register">')[2].partition("</section>")[0]

    anchors = [proof.anchor for row in report.register for proof in row.proofs if proof]
    assert len(anchors) == 4
    for anchor in anchors:
        assert f'href="#{anchor}"' in part
        assert page.count(f'id="{anchor}"') == 1
    assert page.index('id="hosts"') < page.index('id="register"') < page.index('id="what-if"')
    assert page.index('id="what-if"') < page.index('id="partners"')
    assert "+47 22 00 00 00" not in page
    assert "Driftsvakt" not in part


def test_the_sheet_of_partners_has_the_register_and_links_to_results(report: Report, tmp_path: Path) -> None:
    write_reports(fixture.write_run(tmp_path / "run"), tmp_path, ("nb",), ("xlsx",), texts=fixture.texts())
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    sheet, listed = book["Samarbeidsparter"], book["Resultater"]
    heads = [cell.value for cell in sheet[1]]
    first = heads.index("Samlet")
    by_name = {row[0].value: row[first:] for row in sheet.iter_rows(min_row=2)}

    assert heads[first + 2 :] == [
        "De kan ta imot", "Vi krever det", "Vi avviser ukryptert", "Kontaktrutine", "Kontakt gått gjennom",
    ]  # fmt: skip
    told = by_name["departement.example"]
    assert [cell.value for cell in (told[0], told[2], told[-1])] == [
        "✕ Ikke oppfylt", "? Ikke kontrollert", "1. oktober 2026",
    ]  # fmt: skip
    assert [cell.value for cell in by_name["sykehus.example"]] == [None] * len(told)
    columns = [cell.value for cell in listed[1]]
    links = [(name, cell) for name, cells in by_name.items() for cell in cells if cell.hyperlink]
    assert len(links) == 4
    for name, cell in links:
        sheet_name, _, place = cell.hyperlink.location.partition("!")
        row = [each.value for each in listed[int(place.removeprefix("A"))]]
        assert (sheet_name, row[columns.index("Gjelder")]) == ("'Resultater'", name)
        assert f"nr. {row[columns.index('Resultat nr.')]}" in str(cell.value)


def test_a_run_with_nothing_required_has_no_register(report: Report) -> None:
    free = tuple(replace(subject, require_tls=None) for subject in report.source.subjects)
    laid = lay_out(replace(report.source, subjects=free))

    assert laid.register == ()
    assert laid.what_if is None
