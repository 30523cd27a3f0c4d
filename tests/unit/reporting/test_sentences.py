"""What is read aloud: the worst as a sentence, jobs in few words, and the answer of `u02 check`."""

from dataclasses import replace
from pathlib import Path

import pytest

from compliance.model.finding import Cause, Finding, Status
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting import check_lines, phrases
from compliance.reporting.rows import COLUMNS, result_rows
from compliance.reporting.view.lead import lead, lead_more
from compliance.reporting.view.report import Report, lay_out, read_report
from compliance.reporting.view.worst import _FAULTS, worst
from compliance.reporting.words import LANGUAGES, Words, shipped_texts
from tests.unit.reporting import fixture

_FAULTY = [(reasons[0], n) for reasons in _FAULTS.values() for n in (1, 2, 7)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return read_report(fixture.write_run(tmp_path_factory.mktemp("run")))


def _words(report: Report, language: str) -> Words:
    return Words(language, baseline=report.source.baseline)


def _like(report: Report, **changes: object) -> Finding:
    first = next(finding for finding in report.source.own if finding.requirement == "U02-1b-1")
    empty = {"targets": (), "coverage": {}, "notices": (), "waiver": None, "counted": True, "cause": None, "values": {}}
    return replace(first, **(empty | changes))  # type: ignore[arg-type]


def _failing(report: Report, reason: str, n: int, kind: Kind = Kind.OWN_DOMAIN) -> Report:
    found = [_like(report, status=Status.FAIL, reason=reason, subject=f"d{i}.example", kind=kind) for i in range(n)]
    return lay_out(replace(report.source, findings=tuple(found)))


def _lead(report: Report, language: str) -> str:
    words = _words(report, language)
    return " ".join(words.say(said) for said in (*lead(report.source), *lead_more(report.source)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "n"), _FAULTY)
def test_the_worst_is_a_whole_sentence(report: Report, reason: str, n: int, language: str) -> None:
    for kind in (Kind.OWN_DOMAIN, Kind.INBOUND_HOST, Kind.OUTBOUND_HOST, Kind.PARKED_DOMAIN):
        found = worst(_failing(report, reason, n, kind).source)
        assert found
        said = _words(report, language).say(found.said)
        assert said[0].isupper()
        assert said.endswith(".")
        assert "{" not in said
        assert ("d0.example" in said) is (n <= 3)


@pytest.mark.parametrize(
    ("n", "language", "expected"),
    [
        (1, "nb", "Ett domene, d0.example, tar imot e-post på en tjener med utløpt sertifikat."),
        (2, "nb", "To domener, d0.example og d1.example, tar imot e-post på tjenere med utløpt sertifikat."),
        (7, "nb", "Sju domener tar imot e-post på tjenere med utløpt sertifikat."),
        (7, "nn", "Sju domene tek imot e-post på tenarar med eit sertifikat som er gått ut."),
        (1, "en", "One domain, d0.example, receives mail on a server with an expired certificate."),
        (7, "en", "Seven domains receive mail on servers with an expired certificate."),
    ],
)
def test_the_worst_is_told_of_one_and_of_many(report: Report, n: int, language: str, expected: str) -> None:
    assert expected in _lead(_failing(report, "expired", n), language)


def test_the_worst_is_mail_in_clear_and_a_domain_without_mail_comes_last(report: Report) -> None:
    faults = [
        ("spf_parked_sends", Kind.PARKED_DOMAIN, Duty.MUST),
        ("dkim_weak_key", Kind.OWN_DOMAIN, Duty.MUST),
        ("expired", Kind.OWN_DOMAIN, Duty.MUST),
        ("starttls_not_offered", Kind.OWN_DOMAIN, Duty.SHOULD),
    ]
    found = [_like(report, status=Status.FAIL, reason=reason, kind=kind, level=level) for reason, kind, level in faults]
    order = []
    while found:
        chosen = worst(replace(report.source, findings=tuple(found)))
        assert chosen
        order.append(chosen.findings[0].reason)
        found = [finding for finding in found if finding not in chosen.findings]
    assert order == ["expired", "dkim_weak_key", "spf_parked_sends", "starttls_not_offered"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_all_is_well_the_lead_says_so(report: Report, language: str) -> None:
    fine = replace(report.source, findings=(_like(report, status=Status.PASS),))
    assert _words(report, language).t("lead_all_met") in _lead(lay_out(fine), language)
    assert _words(report, language).t("lead_no_own") in _lead(lay_out(replace(report.source, findings=())), language)


def test_what_could_not_be_tested_is_not_called_unsafe(report: Report) -> None:
    mixed = (
        _like(report, status=Status.FAIL, reason="expired", subject="a.example"),
        _like(report, status=Status.NOT_TESTED, cause=Cause.THEIRS, reason="no_reply", subject="b.example"),
    )
    said = _lead(lay_out(replace(report.source, findings=mixed)), "nb")
    assert "noen av de to domenene: 1 er ikke fullt sikret, og 1 kunne ikke kontrolleres." in said


def test_one_job_is_told_once_however_many_requirements_it_mends(report: Report) -> None:
    found = tuple(
        _like(report, status=Status.FAIL, reason="dkim_weak_key", requirement=key, level=level)
        for key, level in (("U02-3-1", Duty.MUST), ("U02-4-2", Duty.SHOULD))
    )
    changed = lay_out(replace(report.source, findings=found))
    (action,) = changed.actions
    assert (action.mends, action.basic) == (2, True)
    assert phrases.act(_words(report, "nb"), action) == "Bytt til DKIM-nøkkel på 2048 bit for kommunen.example"
    assert phrases.act(_words(report, "en"), action) == "Change to a DKIM key of 2048 bits for kommunen.example"


def test_the_way_on_from_an_untested_point_is_its_own_or_none(report: Report) -> None:
    words = _words(report, "nb")
    assert words.own_remedy("probe_never", {}) is None
    ours = words.own_remedy("dns_no_answer", {"name": "a.example", "rdtype": "MX"}, "ours")
    theirs = words.own_remedy("dns_no_answer", {"name": "a.example", "rdtype": "MX"}, "theirs")
    assert ours
    assert theirs
    assert "deres egen nettdrift" in ours[1]
    assert "domenets DNS" in theirs[1]


def test_what_the_tool_cannot_judge_yet_comes_after_what_it_tried(report: Report) -> None:
    left = [
        _like(report, status=Status.NOT_TESTED, cause=Cause.NOT_BUILT, reason="not_built", subject=f"d{i}.example")
        for i in range(9)
    ]
    tried = _like(report, status=Status.NOT_TESTED, cause=Cause.THEIRS, reason="limited_us", subject="z.example")
    failing = _like(report, status=Status.FAIL, reason="expired")
    laid = lay_out(replace(report.source, findings=(*left, tried, failing)))
    rows = result_rows(laid, Words("nb", texts=shipped_texts()))
    assert [row.mark for row in rows] == ["fail", *["not_tested"] * 10]
    subjects = [row.cells[COLUMNS.index("subject")] for row in rows]
    assert subjects[1] == "z.example"
    assert len(set(subjects[2:])) == 9  # each by its name: a sum over the rows is that of the requirement


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_of_check_fits_a_terminal(tmp_path: Path, language: str) -> None:
    run = fixture.write_run(tmp_path)
    lines = check_lines(run, language, fixture.texts())
    assert max(map(len, lines)) <= 80
    said = "\n".join(lines)
    assert "✕ mx.fylke.example: " in said
    assert Words(language).t("letter_clear").split(". ")[0] in " ".join(said.split())
