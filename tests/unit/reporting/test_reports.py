"""The reports of a run full of hostile strangers: complete, deterministic, and with nothing alive in them."""

import io
import shutil
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from compliance.model.finding import Cause, Status
from compliance.model.subject import Kind
from compliance.model.unlisted import Role, Unlisted
from compliance.reporting import check_lines, summary_lines, write_readme, write_reports
from compliance.reporting.view.actions import front
from compliance.reporting.view.lead import lead, lead_more
from compliance.reporting.view.report import Report, lay_out, read_report
from compliance.reporting.words import Words
from compliance.store import run as run_file
from compliance.strict import dump_json
from tests.unit.reporting import fixture

LANGUAGES = ("nb", "nn", "en")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def written(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    write_reports(run, out, LANGUAGES, ("html", "xlsx", "csv"), texts=fixture.texts())
    return out


@pytest.fixture(scope="module")
def report(run: Path) -> Report:
    return read_report(run)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_nothing_that_runs_or_loads(written: Path, language: str) -> None:
    text = (written / f"report.{language}.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert not {"script", "iframe", "object", "img", "link", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "action"}]
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert not [letter for letter in text if ord(letter) < 32 and letter != "\n"]
    assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert ("lang", language) in page.attributes


def test_the_links_of_the_page_lead_somewhere_and_ids_are_unique(written: Path) -> None:
    page = _Page((written / "report.nb.html").read_text(encoding="utf-8"))
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in page.attributes if name == "href"} <= set(ids)


def test_the_workbook_holds_no_formula(written: Path) -> None:
    with zipfile.ZipFile(written / "report.xlsx") as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]
    assert sheets
    assert not [sheet for sheet in sheets if b"<f>" in sheet or b"<f " in sheet]
    book = openpyxl.load_workbook(written / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    alive = [cell for cell in cells if str(cell.value or "").startswith("=")]
    assert alive
    assert all(cell.quotePrefix for cell in alive)


def test_the_workbook_reads_in_order_and_leaves_the_auditor_room(written: Path) -> None:
    book = openpyxl.load_workbook(written / "report.xlsx")
    assert book.sheetnames == [
        "Sammendrag", "Kontrollpunkter", "Resultater", "Samarbeidsparter", "SPF", "Sertifikater", "Ikke ført opp",
        "Kontakter", "Metode",
    ]  # fmt: skip
    assert book.active is not None
    assert book.active.title == "Sammendrag"
    sheet = book["Resultater"]
    heads = [cell.value for cell in sheet[1]]
    assert heads[-5:] == ["Revisors vurdering", "Kommentar", "Ansvarlig", "Frist", "Saksnr."]
    assert sheet.protection.sheet
    assert not sheet.protection.sort
    assert not sheet.protection.autoFilter
    assert all(cell.protection.locked is (number < len(heads) - 5) for number, cell in enumerate(sheet[2]))
    statuses = [sheet.cell(row=row, column=1).value for row in range(2, sheet.max_row + 1)]
    assert statuses == sorted(statuses, key=lambda text: "✕!?✓–".index(str(text)[0]))
    assert all("Unntatt offentlighet" in (page.oddFooter.left.text or "") for page in book)


def test_what_the_inventory_lacks_is_a_list_of_its_own(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    line = Unlisted("=etaten-kampanje.example", (Role.SPF, Role.REPORTS), ("kommunen.example",), "", ("o-000001",))
    (tmp_path / "run" / "unlisted.json").write_text(f"[{dump_json(line)}]")
    write_reports(tmp_path / "run", tmp_path, ("nb",), ("xlsx", "html"))
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Ikke ført opp"]
    cells = [cell.value for cell in sheet[2]]
    assert cells[:3] == [
        "=etaten-kampanje.example",
        "styrer hvem som får sende (SPF); får rapporter (DMARC)",
        "kommunen.example",
    ]
    assert sheet["A2"].data_type == "s"
    page = (tmp_path / "report.nb.html").read_text(encoding="utf-8")
    assert "=etaten-kampanje.example" in page
    assert "ingen har ført det opp i hosts.yaml" in page


def test_contacts_can_be_left_out(run: Path, tmp_path: Path) -> None:
    write_reports(run, tmp_path, ("nb",), ("xlsx",), contacts=False)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert "Kontakter" not in book.sheetnames
    with zipfile.ZipFile(tmp_path / "report.xlsx") as parts:
        assert not [name for name in parts.namelist() if b"22 00 00 00" in parts.read(name)]


def test_the_same_run_gives_the_same_bytes(run: Path, written: Path, tmp_path: Path) -> None:
    for path in write_reports(run, tmp_path, LANGUAGES, ("html", "xlsx", "csv"), texts=fixture.texts()):
        assert path.read_bytes() == (written / path.name).read_bytes(), path.name


def test_waived_is_shown_beside_the_real_status(written: Path) -> None:
    text = (written / "report.nb.html").read_text(encoding="utf-8")
    assert "Godkjent unntak til 31. januar 2027" in text


def _lead(report: Report, language: str = "nb") -> str:
    words = Words(language, baseline=report.source.baseline, texts=fixture.texts())
    return " ".join(words.say(said) for said in (*lead(report.source), *lead_more(report.source)))


def test_the_lead_tells_what_is_safe_what_is_not_and_what_is_unknown(report: Report) -> None:
    assert _lead(report) == (
        "Innkommende e-post er kryptert med tiltrodd sertifikat på 1 av 3 domener, men av de andre "
        "grunnleggende kontrollpunktene for transporten er 2 ikke oppfylt overalt og 1 ikke kontrollert overalt. "
        "Ett domene, kommunen.example, tar imot e-post på en tjener med utløpt sertifikat. "
        "Utgående kryptering er ikke dokumentert for avsendertjeneren. "
        "Åtte grunnleggende kontroller er ikke kontrollert: fire der tjeneren avviste oss eller ikke svarte, "
        "to der dokumentasjon for perioden mangler, én som må vurderes av en person og "
        "én stanset av feil i verktøyet. "
        "I tillegg er to grunnleggende kontroller ikke oppfylt. "
        "Én kontroll som ikke er oppfylt, har godkjent unntak: «Bare TLS 1.2 og nyere» for kommunen.example."
    )


def test_the_lead_leaves_partners_out(report: Report) -> None:
    others = tuple(
        replace(finding, status=Status.FAIL, counted=True) for finding in report.source.partners for _ in range(9)
    )
    changed = lay_out(replace(report.source, findings=(*report.source.own, *others)))
    assert _lead(changed) == _lead(report)


def test_a_closed_port_is_told_first(tmp_path: Path) -> None:
    report = read_report(fixture.closed_port(tmp_path))
    assert _lead(report).startswith("Port 25 er stengt fra målestedet")


def test_untested_is_never_safe(report: Report) -> None:
    untested = tuple(replace(finding, status=Status.NOT_TESTED, cause=Cause.OURS) for finding in report.source.findings)
    changed = lay_out(replace(report.source, findings=untested))
    assert "Innkommende e-post kunne ikke kontrolleres for noe domene." in _lead(changed)
    assert changed.must.share is None


def test_an_action_at_a_host_counts_all_it_mends(report: Report) -> None:
    first = report.actions[0]
    record = next(action for action in report.actions if action.requirement == "U02-4-2")
    assert (first.requirement, first.places, first.mends) == ("U02-1b-4", ("mx2.kommunen.example",), 2)
    assert record.places == ("kommunen.example", "skole.example", "blåbær.example")
    assert (record.basic, record.mends) == (False, 3)  # what is only recommended comes after what is basic


def test_what_we_ask_of_partners_is_one_job_at_all_our_hosts(report: Report) -> None:
    like = next(finding for finding in report.source.own if finding.targets)
    hosts = ("mx1.a.example[192.0.2.1]:25", "mx2.a.example[192.0.2.2]:25")
    failing = tuple(
        replace(like.targets[0], target=host, status=Status.FAIL, cause=None, reason="plain_accepted") for host in hosts
    )
    found = tuple(
        replace(
            like, subject=partner, kind=Kind.PARTNER, requirement="U02-1c-3", status=Status.FAIL, cause=None,
            reason="plain_accepted", targets=failing, waiver=None, counted=True, responsible="own",
        )
        for partner in ("a.part.example", "b.part.example")
    )  # fmt: skip
    (action,) = lay_out(replace(report.source, findings=found)).actions
    assert (action.mends, action.places) == (2, ("mx1.a.example", "mx2.a.example"))


def test_the_front_page_names_our_own_jobs_and_a_partners(report: Report) -> None:
    order = [(not action.own, not action.basic) for action in report.actions]
    assert order == sorted(order)
    assert [action.own for action in front(report.actions, most=2)] == [True, False]


def test_percent_is_of_what_was_tested(report: Report) -> None:
    assert report.must.tested == report.must.met + report.must.not_met
    assert report.must.unknown > 0


def test_waivers_are_used_expired_or_unused(report: Report) -> None:
    assert [row.state for row in report.waivers] == ["expired", "used", "unused"]


def test_an_unreadable_certificate_is_shown_as_one(report: Report) -> None:
    assert [item.days_left for item in report.certificates].count(None) == 1


def test_the_fingerprint_is_that_of_run_json(run: Path, report: Report) -> None:
    assert report.fingerprint.replace(" ", "") == run_file.fingerprint(run)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_gets_no_control_characters(run: Path, language: str) -> None:
    lines = [*summary_lines(run, language, fixture.texts()), *check_lines(run, language, fixture.texts())]
    assert len(summary_lines(run, language, fixture.texts())) == 5
    assert not [line for line in lines if any(ord(letter) < 32 or letter == "\u202e" for letter in line)]


def test_the_readme_says_how_to_check(run: Path) -> None:
    text = write_readme(run, "nb").read_bytes()
    assert b"sha256sum -c MANIFEST.sha256" in text
    assert b"Get-FileHash $f" in text
    assert b"{" in text
    assert io.BytesIO(text).read().count(b"\r\n") > 5
