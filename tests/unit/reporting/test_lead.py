"""What the lead may claim: by what a domain is safe, what else is asked of it, and why the rest is unknown."""

from dataclasses import replace
from pathlib import Path

import pytest

from compliance.model.finding import Cause, Finding, Status
from compliance.model.observation import Origin
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting import phrases, write_reports
from compliance.reporting.rows import COLUMNS, result_rows
from compliance.reporting.view.lead import lead, lead_more
from compliance.reporting.view.report import Report, lay_out, read_report
from compliance.reporting.words import LANGUAGES, Words
from compliance.store.files import write_lines
from tests.unit.reporting import fixture


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return read_report(fixture.write_run(tmp_path_factory.mktemp("run")))


def _finding(report: Report, requirement: str, status: Status, **changes: object) -> Finding:
    first = next(finding for finding in report.source.own if finding.requirement == "U02-1b-1")
    empty = {"targets": (), "coverage": {}, "notices": (), "waiver": None, "counted": True, "cause": None, "values": {}}
    told = {"requirement": requirement, "status": status, "level": Duty.MUST, "subject": "a.example"}
    return replace(first, **(empty | told | changes))  # type: ignore[arg-type]


def _said(report: Report, *findings: Finding, language: str = "nb") -> str:
    source = lay_out(replace(report.source, findings=findings)).source
    words = Words(language, baseline=source.baseline)
    return " ".join(words.say(said) for said in (*lead(source), *lead_more(source)))


def test_what_else_is_asked_of_transport_is_told_in_the_same_breath(report: Report) -> None:
    met = _finding(report, "U02-1b-1", Status.PASS)
    assert _said(report, met).startswith("Innkommende e-post er kryptert med tiltrodd sertifikat på domenet. ")
    failing = _said(report, met, _finding(report, "U02-TLS-1", Status.FAIL))
    assert "på domenet, men ett annet grunnleggende kontrollpunkt for transporten er ikke oppfylt overalt." in failing
    unknown = _said(report, met, _finding(report, "U02-TLS-1", Status.NOT_TESTED, cause=Cause.NOT_BUILT))
    assert "transporten er ikke kontrollert overalt." in unknown
    demanded = _finding(report, "U02-1c-3", Status.FAIL, kind=Kind.PARTNER, subject="part.example")
    assert "på domenet, men ett annet grunnleggende kontrollpunkt for transporten" in _said(report, met, demanded)
    lesser = _finding(report, "U02-TLS-4", Status.FAIL, level=Duty.SHOULD)
    assert ", men " not in _said(report, met, lesser)


def test_what_is_met_through_dane_is_told_and_counted_apart(report: Report) -> None:
    findings = (
        _finding(report, "U02-1b-2", Status.PASS),
        _finding(report, "U02-1b-2", Status.PASS, subject="b.example", reason="met_through_dane"),
        _finding(report, "U02-1b-3", Status.PASS, subject="b.example", reason="met_through_dane"),
    )
    laid = lay_out(replace(report.source, findings=findings))
    assert [result.mark for result in laid.results] == ["pass", "dane_only", "dane"]
    assert "tiltrodd sertifikat på 1 av 2 domener og bare gjennom DANE på 1." in _said(report, *findings)
    assert "bare gjennom DANE på 1 av 1 domener." in _said(report, *findings[1:])
    words = Words("nb", baseline=laid.source.baseline)
    assert phrases.must_line(words, laid.must).endswith("Herav oppfylt gjennom DANE: 2.")
    assert result_rows(laid, words)[1].cells[0] == "✓ Oppfylt gjennom DANE, ingen tiltrodd utsteder"


def test_why_nothing_is_known_of_outgoing_mail(report: Report) -> None:
    out = {"kind": Kind.OUTBOUND_HOST, "reason": "x"}
    for cause, expected in (
        (Cause.NOT_BUILT, "Utgående kryptering kan verktøyet ikke måle ennå."),
        (Cause.NO_EVIDENCE, "Utgående kryptering er ikke dokumentert for avsendertjeneren."),
        (Cause.OURS, "Utgående kryptering kunne ikke kontrolleres."),
    ):
        assert expected in _said(report, _finding(report, "U02-1a-1", Status.NOT_TESTED, cause=cause, **out))
    said = _said(report, _finding(report, "U02-1a-1", Status.FAIL, **out))
    assert "Utgående kryptering er ikke i orden for 1 av 1 avsendertjenere." in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sum_of_what_is_untested_is_that_of_the_number_below(report: Report, language: str) -> None:
    findings = tuple(
        _finding(report, "U02-2-1", Status.NOT_TESTED, subject=f"{cause}{number}.example", cause=cause)
        for cause in Cause
        for number in range(3)
    )
    laid = lay_out(replace(report.source, findings=(*findings, _finding(report, "U02-2-3", Status.ERROR))))
    assert laid.must.unknown == 19
    said = _said(report, *laid.source.findings, language=language)
    assert said.count("3 ") == 6
    assert "19 " in said
    assert "why_" not in said


def test_our_own_server_is_no_other_party(report: Report) -> None:
    own = _finding(report, "U02-2-1", Status.NOT_TESTED, cause=Cause.THEIRS)
    other = _finding(report, "U02-1c-2", Status.NOT_TESTED, cause=Cause.THEIRS, kind=Kind.PARTNER)
    assert "der tjeneren avviste oss" in _said(report, own)
    assert "motparten" not in _said(report, own)
    assert "der motparten avviste oss" in _said(report, other)
    laid = lay_out(replace(report.source, findings=(own, other)))
    assert {group.cause for group in laid.untested} == {"theirs_own", "theirs"}
    rows = result_rows(laid, Words("nb", baseline=laid.source.baseline))
    assert {row.cells[COLUMNS.index("what_is")].split("\n")[1] for row in rows} == {
        "Avvist av tjeneren.",
        "Avvist av motparten.",
    }


def test_what_somebody_said_stays_out_of_the_percentage(report: Report, tmp_path: Path) -> None:
    run = fixture.write_run(tmp_path)
    stated = _finding(
        report, "U02-INT-1", Status.PASS, kind=Kind.ORGANISATION, subject="Eksempel kommune", origin=Origin.DECLARED
    )
    measured = _finding(report, "U02-2-1", Status.PASS)
    write_lines(run / "findings.jsonl", [stated, measured])
    laid = read_report(run)
    assert (laid.must.met, laid.must.stated) == (1, 1)
    assert "I tillegg oppgitt av virksomheten og ikke målt: 1." in phrases.must_line(Words("nb"), laid.must)
    write_reports(run, tmp_path / "out", ("nb",), ("html", "xlsx"))
    page = (tmp_path / "out" / "report.nb.html").read_text(encoding="utf-8")
    assert '<span class="chip stated_pass"><span aria-hidden="true">✓</span> Oppgitt av virksomheten: oppfylt' in page


def test_what_the_tool_cannot_judge_is_never_a_partners_headline(report: Report) -> None:
    who = {"kind": Kind.PARTNER, "subject": "departement.example"}
    left = _finding(report, "U02-1b-1", Status.NOT_TESTED, cause=Cause.NOT_BUILT, **who)
    met = _finding(report, "U02-2-1", Status.PASS, **who)
    row = next(row for row in lay_out(replace(report.source, findings=(left, met))).partners if row.tally.met)
    assert row.worst
    assert row.worst.finding == met
    assert all(row.worst is None for row in lay_out(replace(report.source, findings=(left,))).partners)


def test_only_own_domains_and_servers_are_counted_as_left_out(report: Report) -> None:
    many = [_finding(report, "U02-2-1", Status.PASS, subject=f"d{number}.example") for number in range(50)]
    partners = [_finding(report, "U02-1c-2", Status.PASS, kind=Kind.PARTNER, subject=f"p{n}.example") for n in range(9)]
    whole = _finding(report, "U02-INT-1", Status.PASS, kind=Kind.ORGANISATION, subject="Eksempel kommune")
    laid = lay_out(replace(report.source, findings=(*many, *partners, whole)))
    assert laid.matrices.left_out == 50
