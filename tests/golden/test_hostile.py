"""What a stranger sends stays text: in the page, the workbook, the table, the terminal, the commands and file names."""

import csv
import io
import json
import re
import shlex
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from compliance.demo.world import World
from tests.golden.conftest import Demo, Write, findings, here, journal

LANGUAGES = ("nb", "nn", "en")
WORKBOOKS = ("report.xlsx", "report.nn.xlsx", "report.en.xlsx")


def test_the_hostile_text_was_met(demo: Demo) -> None:
    """Else what follows tests nothing."""
    evidence = json.dumps([seen for seen in journal(demo.folder) if "fiendtlig" in seen["target"]], ensure_ascii=False)

    for text in (
        "=cmd|'/c calc'!A0",
        "<script>",
        "\\u001b",
        "\\u0000",
        "onerror=",
        "$\\\\(id\\\\).example",
        "{{7*7}}",
        "\xff\xfe",
    ):
        assert text in evidence, text


# ---- the page


@dataclass
class _Page(HTMLParser):
    """What in a page could run, load or lead away."""

    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


@pytest.fixture(params=LANGUAGES)
def page(demo: Demo, request: pytest.FixtureRequest) -> str:
    return (demo.folder / f"report.{request.param}.html").read_text(encoding="utf-8")


def test_nothing_in_the_page_runs_or_loads(page: str) -> None:
    parsed = _Page()
    parsed.feed(page)
    active = {"script", "iframe", "object", "embed", "img", "link", "base", "form", "video", "audio", "applet", "frame"}

    assert "&lt;script&gt;alert(1)" in page  # it came that far, as text
    assert parsed.tags & active == set()
    assert [found for found in parsed.attributes if found[1].startswith("on")] == []
    for tag, name, value in parsed.attributes:
        if name in {"src", "srcset", "data", "action", "formaction", "poster", "background", "ping", "xlink:href"}:
            pytest.fail(f"<{tag} {name}={value!r}> loads")
        if name == "href":
            assert value.startswith("#") or (tag == "a" and value.startswith("https://")), value
        if name == "style":
            assert "url(" not in value
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\(\s*['\"]?(?:https?:|//)", page)


def test_the_page_has_no_character_that_is_not_shown(page: str) -> None:
    assert _controls(page) == set()


# ---- the workbook

_PROGRAMS = re.compile(r"vba|externalLink|embeddings|activeX|connections|query", re.IGNORECASE)
_OUR_CELLS = re.compile(r"'?[\w ]+'?!\$?[A-Z]+\$?\d+(:\$?[A-Z]+\$?\d+)?")


@pytest.fixture(params=WORKBOOKS)
def workbook(demo: Demo, request: pytest.FixtureRequest) -> Path:
    return demo.folder / str(request.param)


def test_no_cell_can_come_alive(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]

    assert any("fiendtlig.example" in str(cell.value) for cell in cells)
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert [cell.coordinate for cell in cells if cell.hyperlink and cell.hyperlink.target] == []


def test_the_workbook_s_own_xml_has_no_formula_no_link_and_no_program(workbook: Path) -> None:
    with zipfile.ZipFile(workbook) as archive:
        names = archive.namelist()
        parts = {name: archive.read(name) for name in names if name.endswith((".xml", ".rels"))}

    assert [name for name in names if _PROGRAMS.search(name)] == []
    for name, content in parts.items():
        elements = {(element.tag.rpartition("}")[2], element.text or "") for element in ET.fromstring(content).iter()}
        tags = {tag for tag, _ in elements}
        assert tags & {"oleObject", "ddeLink", "control", "webPublishItem", "calculatedColumnFormula"} == set(), name
        assert b'TargetMode="External"' not in content, name
        formulas = {text for tag, text in elements if tag == "f"}
        if name.startswith("xl/charts/"):  # a chart says there which of our own cells it draws
            assert all(_OUR_CELLS.fullmatch(text) for text in formulas), formulas
        else:
            assert formulas == set(), name


# ---- the table


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_cell_of_the_table_begins_as_a_formula(sealed: Path, lang: str) -> None:
    assert here("report", sealed, "--format", "csv", "--lang", lang).returncode == 0
    text = (sealed / "out" / f"findings.{lang}.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))

    assert any("fiendtlig.example" in cell for row in rows for cell in row)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert _controls(text) <= {"\r"}


_LIVE = ("=cmd|", "+47 22", "@SUM(1)")
_HOSTS = """\
kommunen.example: {groups: [own_domain]}
mx2.skole.example: {groups: [inbound_host], data: {receives_for: [kommunen.example], managed_by: "@SUM(1)"}}
ecdsa.example: {groups: [partner], data: {contact: {name: "=cmd|'/c calc'!A0", phone: "+47 22 00 00 00"}}}
"""


def test_a_cell_that_begins_as_a_formula_is_text(inventory: Write, tmp_path: Path) -> None:
    here("run", "-i", inventory(_HOSTS), "-o", tmp_path, "--run-id", "a", "--quiet")
    assert here("report", tmp_path / "a", "--format", "csv").returncode == 0
    book = openpyxl.load_workbook(tmp_path / "a" / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    shown = [cell for cell in cells if str(cell.value).startswith(_LIVE)]
    text = (tmp_path / "a" / "out" / "findings.nb.csv").read_text(encoding="utf-8-sig")
    table = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]

    assert {live for live in _LIVE for cell in shown if str(cell.value).startswith(live)} >= {"=cmd|", "+47 22"}
    assert {(cell.data_type, cell.hyperlink, cell.quotePrefix) for cell in shown} == {("s", None, True)}
    assert [cell for cell in table if cell.startswith(_LIVE)] == []


# ---- the terminal


def test_the_terminal_gets_no_control_characters(demo: Demo, world: World) -> None:
    checked = here("check", "fiendtlig.example", "-i", world.inventory)

    assert "fiendtlig.example" in checked.stdout
    assert checked.returncode in {0, 1, 3}
    for said in (checked.stdout, checked.stderr, *demo.done[1:]):
        assert _controls(said) == set()


def _controls(text: str) -> set[str]:
    """The control, format and unassigned characters of a text, but for newline; soft hyphens are typography."""
    return {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cs", "Cn", "Cf"}} - {"\n", "\u00ad"}


# ---- the commands

_OUR_PIPE = re.compile(r" 2>/dev/null \| openssl x509 -noout( -[A-Za-z]+| subjectAltName| RFC2253)+$")
_OUR_DIGEST = re.compile(
    r" 2>/dev/null \| openssl x509( -outform DER| -noout -pubkey \| openssl pkey -pubin -outform DER)"
    r" \| openssl dgst -sha256$"
)
_OUR_ENDING = '; echo "exit $?"'
_PLAIN = re.compile(r"[A-Za-z0-9._:/@=+-]+|\[[0-9a-f:.]+\]:\d+")


def test_commands_hold_plain_names_and_addresses_alone(demo: Demo) -> None:
    commands = {target["reperform"]["command"] for line in findings(demo.folder) for target in line["targets"]} - {None}

    assert len(commands) > 100
    for command in commands:
        piped = _OUR_DIGEST.sub("", _OUR_PIPE.sub("", command)).removesuffix(_OUR_ENDING).removesuffix(" </dev/null")
        for ours in piped.split("; "):  # the records, and the certificate that is held against them
            words = shlex.split(ours)
            words = words[2:] if words[0] == "timeout" else words
            assert words[0] in {"openssl", "dig", "curl", "swaks"}, command
            assert [word for word in words if not _PLAIN.fullmatch(word)] == [], command
            assert not set("$`;|<>&(){}\\\n") & set(ours), command


def test_a_name_that_is_not_plain_gets_no_command(demo: Demo) -> None:
    found = [line for line in findings(demo.folder) if line["requirement"] == "U02-1b-1"]
    unsafe = [target for line in found for target in line["targets"] if "$" in target["target"]]

    assert unsafe
    assert {(target["reason"], target["reperform"]["command"]) for target in unsafe} == {("unsafe_name", None)}


# ---- file names


def test_no_file_is_named_by_a_stranger(demo: Demo) -> None:
    names = {path.relative_to(demo.folder).as_posix() for path in demo.folder.rglob("*")}

    assert names == {
        "LES-MEG.txt",
        "MANIFEST.sha256",
        "findings.jsonl",
        "observations.jsonl",
        "run.json",
        "summary.json",
        "unlisted.json",
        "inputs",
        *(f"inputs/{name}.json" for name in ("baseline", "inventory", "statements", "waivers")),
        *(f"inputs/{name}" for name in ("roots.pem", "extra-roots.pem", "public_suffix_list.dat")),
        *(f"report.{lang}.html" for lang in LANGUAGES),
        *WORKBOOKS,
    }


def test_an_endless_reply_costs_little(demo: Demo) -> None:
    """The EHLO of mx2.fiendtlig.example is 10 MB long."""
    assert (demo.folder / "observations.jsonl").stat().st_size < 2_000_000
