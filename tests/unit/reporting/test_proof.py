"""What an auditor counts and repeats: sums that agree, days told once, sources as they were read, commands that run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from compliance.baseline.load import load
from compliance.model.finding import Finding, Reperform, Status, TargetResult
from compliance.model.requirement import Basis, Requirement, Source
from compliance.reporting import phrases, write_reports
from compliance.reporting.excel.lists import controls_sheet
from compliance.reporting.rows import COLUMNS, result_rows
from compliance.reporting.view.hosts import _certificate
from compliance.reporting.view.report import Report, lay_out, read_report
from compliance.reporting.words import LANGUAGES, Words, shipped_texts
from tests.unit.reporting import fixture


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def report(run: Path) -> Report:
    return read_report(run)


@pytest.fixture(scope="module")
def written(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    write_reports(run, out, ("nb",), ("html", "xlsx"), texts=fixture.texts())
    return out


@pytest.mark.parametrize(
    ("before", "days", "expired"),
    [
        (timedelta(days=20, hours=3), 20, False),
        (timedelta(hours=3), 0, False),
        (timedelta(0), 0, False),
        (-timedelta(hours=3), 0, True),
        (-timedelta(days=20, hours=3), -20, True),
    ],
)
def test_days_left_are_whole_days_as_the_judge_counts_them(
    report: Report, before: timedelta, days: int, expired: bool
) -> None:
    der = fixture.certificate("mx.a.example", 30)
    seen = next(iter(report.source.observations.values()))
    moment = fixture.NOW + timedelta(days=30) - before
    made = _certificate(der, replace(seen, started=moment.isoformat()), ("mx.a.example",), own=True)
    assert (made.days_left, made.expired) == (days, expired)
    assert ("utløpt" in phrases.left(Words("nb"), made)) is expired


def test_the_table_of_hosts_and_the_card_tell_the_same_days(written: Path) -> None:
    page = (written / "report.nb.html").read_text(encoding="utf-8")
    assert "utløpt 20 dager før målingen" in page
    assert "Sertifikatet utløp 3. november 2026, 20 dager før målingen." in page


def test_the_greeting_of_a_host_keeps_its_code(report: Report) -> None:
    assert report.hosts
    assert all(host.greeting.startswith("220 ") for host in report.hosts if host.greeting)


def test_what_was_sent_to_our_own_hosts_and_to_others_is_told_apart(report: Report) -> None:
    own, others = report.sent
    assert (own.ours, others.ours) == (True, False)
    assert own.verbs
    assert others.verbs
    lines = report.source.run.connections.addresses
    ours, theirs = ({line.target for line in lines if line.ours is mine} for mine in (True, False))
    assert ours
    assert theirs
    assert not ours & theirs
    assert own.connections + others.connections == report.source.run.connections.total
    assert all(": ." not in line for line in phrases.sent_lines(Words("nb"), report))


def test_the_rows_of_results_add_up_to_the_counts_of_the_requirements(report: Report, written: Path) -> None:
    rows = result_rows(report, Words("nb", baseline=report.source.baseline, texts=fixture.texts()))
    number, overall = COLUMNS.index("number"), COLUMNS.index("overall")
    told = {row.cells[number]: row.cells[overall] for row in rows}
    assert len(told) == len(report.source.findings)
    for row in rows:  # one overall status to a result, however many lines it has
        assert row.cells[overall] == told[row.cells[number]]
    counted = Counter(status for status in told.values())
    assert counted["✕ Ikke oppfylt"] == sum(finding.status is Status.FAIL for finding in report.source.findings)
    book = openpyxl.load_workbook(written / "report.xlsx")
    assert "Resultat nr." in [cell.value for cell in book["Resultater"][1]]
    notes = [str(cell.value) for sheet in ("Sammendrag", "Metode") for row in book[sheet].iter_rows() for cell in row]
    assert sum("Tell hvert nummer én gang" in note for note in notes) == 2


def test_every_requirement_of_the_baseline_stands_in_the_sheet(report: Report) -> None:
    left = report.source.findings[0].requirement
    findings = tuple(finding for finding in report.source.findings if finding.requirement != left)
    book = openpyxl.Workbook()
    controls_sheet(book, lay_out(replace(report.source, findings=findings)), Words("nb"))
    sheet = book["Kontrollpunkter"]
    listed = [sheet.cell(row=row, column=1).value for row in range(2, sheet.max_row + 1)]
    assert listed == [requirement.id for requirement in report.source.baseline.requirements]
    row = listed.index(left) + 2
    assert [sheet.cell(row=row, column=column).value for column in range(5, 11)] == [0] * 6


_READ = {"RFC1": "X", "RFC2": "S", "RFC3": "P", "RFC4": "P", "RFC5": "P"}
_NOTES = {"RFC4": "Lest som utkast 23.", "RFC5": "Brødteksten er ikke lest."}


def _asked(report: Report, basis: Basis, measure: str, threshold: str, *sources: str) -> tuple[Report, str]:
    first = report.source.baseline.requirements[0]
    one: Requirement = replace(first, basis=basis, measure=measure, threshold=threshold, sources=sources)
    documents = tuple(
        Source(key, fixture.same(key), "IETF", read, fixture.same(""), fixture.same(_NOTES.get(key, "Lest.")))
        for key, read in _READ.items()
    )
    baseline = replace(report.source.baseline, requirements=(one,), sources=documents)
    return lay_out(replace(report.source, baseline=baseline, findings=())), one.id


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        ("RFC1", "Terskelen er hentet fra RFC 1 (kilden er ikke lest), ikke fra NSMs tekst."),
        ("RFC2", "Terskelen er hentet fra RFC 2 (gjenfortalt), ikke fra NSMs tekst."),
        ("RFC3", "Terskelen er hentet fra RFC 3, ikke fra NSMs tekst."),
        ("RFC4", "Terskelen er hentet fra RFC 4 (utkast lest), ikke fra NSMs tekst."),
        ("", "Terskelen er vår egen, ikke NSMs."),
    ],
)
def test_a_threshold_tells_how_its_source_was_read(report: Report, threshold: str, expected: str) -> None:
    changed, key = _asked(report, Basis.DERIVED, "1b", threshold, "RFC3")
    assert phrases.basis(Words("nb"), changed.source, key).endswith(expected)


def test_what_rests_on_nsm_without_a_measure_names_its_source(report: Report) -> None:
    changed, key = _asked(report, Basis.NSM, "organisation", "", "RFC2 2.8.1", "RFC5")
    assert phrases.basis(Words("nb"), changed.source, key) == (
        "NSM RFC 2 2.8.1 (gjenfortalt) og RFC 5 (brødteksten er ikke lest)"
    )


def test_official_titles_are_not_translated() -> None:
    for source in load("u02", Path()).sources:
        assert len(set(source.title.values())) == 1, source.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_a_source_was_read_is_the_same_in_all_languages(language: str) -> None:
    read = {source.key: phrases.grade_key(Words(language), source) for source in load("u02", Path()).sources}
    assert (read["U-02"], read["RFC9325"], read["GP-2.8"], read["RFC7672"]) == ("part", "X", "S", "P")
    assert {key for key, grade in read.items() if grade == "draft"} == {"RFC9989", "RFC9990", "RFC8460"}


def _target(name: str, command: str | None, evidence: str) -> TargetResult:
    again = Reperform(command, "svar", ("dig", "openssl") if command else ())
    return TargetResult(name, Status.FAIL, None, "expired", _VALUES, (), (evidence,), again)


_VALUES: Mapping[str, str | int | float | bool | list[str]] = {"not_after": "2026-11-03T13:02:00Z", "days": 20}


def _failing(report: Report, *targets: TargetResult, subject: str = "a.example") -> Finding:
    first = next(finding for finding in report.source.own if finding.status is Status.FAIL)
    return replace(
        first, subject=subject, requirement="U02-1b-4", reason="expired", values=_VALUES, targets=targets, waiver=None
    )


def test_a_card_of_many_gives_each_its_own_command_and_evidence(report: Report) -> None:
    findings = (
        _failing(report, _target("mx.a.example[192.0.2.1]:25", "dig a", "o-1")),
        _failing(report, _target("mx.b.example[192.0.2.2]:25", "dig b", "o-2"), subject="b.example"),
    )
    laid = lay_out(replace(report.source, findings=findings))
    (card,) = laid.cards
    assert [(proof.name, proof.evidence) for proof in card.proofs] == [
        ("mx.a.example [192.0.2.1]", ("o-1",)),
        ("mx.b.example [192.0.2.2]", ("o-2",)),
    ]
    one = lay_out(replace(report.source, findings=(_failing(report, *(t for f in findings for t in f.targets)),)))
    (row,) = result_rows(one, Words("nb", baseline=one.source.baseline))
    again = row.cells[COLUMNS.index("again")]
    assert again.startswith("Kjør i mappen til kjøringen. Trenger dig og openssl.\n")
    assert "mx.a.example [192.0.2.1]: dig a\n→ svar" in again
    assert "mx.b.example [192.0.2.2]: dig b\n→ svar" in again


def test_a_command_is_printed_with_where_it_runs_and_what_it_needs(written: Path) -> None:
    page = (written / "report.nb.html").read_text(encoding="utf-8")
    assert "Kjør i mappen til kjøringen. Trenger openssl. <code>openssl s_client" in page


@pytest.mark.parametrize(
    ("language", "expected"), [("nb", "«a b» og «c»"), ("nn", "«a b» og «c»"), ("en", "“a b” og “c”")]
)
def test_a_cell_shows_no_backticks_of_ours(language: str, expected: str) -> None:
    assert Words(language).form.fill("`a {x}` og `c`", {"x": "b"}) == expected
    assert Words(language).form.fill("{x}", {"x": "`a`"}) == "`a`"  # a stranger's word stands as it came


def test_a_party_named_in_what_to_do_is_not_named_twice(report: Report) -> None:
    words = Words("nb", baseline=report.source.baseline)
    action = next(action for action in report.actions if action.party)
    assert phrases.actor(words, replace(action, places=("mx.other.example",))).endswith(f"({action.party})")
    assert phrases.actor(words, replace(action, places=(action.party,))) == "Samarbeidspart"


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_root_is_told_as_well_as_many(language: str) -> None:
    said = Words(language, texts=shipped_texts()).selftest(
        "roots_ok", {"count": "1", "bundle": "x", "newest": "2026-01-01"}
    )
    assert said
    assert ": 1 (x)" in said


def test_the_reason_of_a_waiver_is_a_sentence_of_its_own(written: Path) -> None:
    page = (written / "report.nb.html").read_text(encoding="utf-8")
    assert "Unntak: Byttes ut i januar. Ansvarlig: IT-drift." in page
