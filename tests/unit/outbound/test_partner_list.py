"""Partner lists: good rows become entries that an inventory takes, bad ones are named, hostile files stop early."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from compliance.fleet.load import load_folder
from compliance.outbound import partner_list
from compliance.outbound.list_entries import list_entries
from compliance.outbound.partner_list import BadCell, Entry, ListFault, read_list


def csv_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "liste.csv"
    path.write_bytes(text.encode(encoding))
    return path


def xlsx_file(folder: Path, *sheets: tuple[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    for number, (title, rows) in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        sheet.title = title
        for row in rows:
            sheet.append(row)
    path = folder / "liste.xlsx"
    book.save(path)
    return path


GOOD = [
    ("domains alone, as the Bits list", "bank.example\nannen.example\n", ["bank.example", "annen.example"]),
    (
        "with empty lines and a mark of order",
        "\ufeffbank.example\n\n\nannen.example",
        ["bank.example", "annen.example"],
    ),
    ("headed", "Navn;Domene\nBanken;bank.example\n", ["bank.example"]),
    ("written behind an @", "@bank.example\n", ["bank.example"]),
    ("in capitals, with a last dot", "BANK.Example.\n", ["bank.example"]),
    ("with Norwegian letters", "blåbær.example\n", ["xn--blbr-roah.example"]),
    ("with tabs", "domain\tphone\nbank.example\t22 00 00 00\n", ["bank.example"]),
]


@pytest.mark.parametrize(("text", "domains"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_a_list_is_read(tmp_path: Path, text: str, domains: list[str]) -> None:
    found = read_list(csv_file(tmp_path, text))

    assert [entry.domain for entry in found.entries] == domains
    assert found.bad == []


def test_a_file_saved_by_excel_in_norway_is_read(tmp_path: Path) -> None:
    found = read_list(csv_file(tmp_path, "domene;navn\nbank.example;Blåbærbanken\n", "cp1252"))

    assert found.entries == [Entry("bank.example", name="Blåbærbanken")]


def test_all_columns_of_a_workbook_are_read(tmp_path: Path) -> None:
    head = ["Virksomhet", "Domene", "Kontakt", "Tlf", "E-post", "Nivå", "Merknad"]
    row = ["Banken", "bank.example", "Vakt", "22 00 00 00", "vakt@bank.example", "Verify", "x"]
    found = read_list(xlsx_file(tmp_path, ("A", [head, row]), ("B", [["annen.example"]])))

    assert found.entries == [
        Entry("bank.example", "Banken", "Vakt", "22 00 00 00", "vakt@bank.example", "verify"),
        Entry("annen.example"),
    ]


BAD: list[tuple[str, str, BadCell]] = [
    ("no domain", "domene;navn\nbank;x\n", BadCell("liste.csv", 2, "A", "cell_no_domain", "bank")),
    (
        "an address for a domain",
        "kari@bank.example\n",
        BadCell("liste.csv", 1, "A", "cell_no_domain", "kari@bank.example"),
    ),
    ("a shell's words", "$(id).example\n", BadCell("liste.csv", 1, "A", "cell_no_domain", "$(id).example")),
    ("an IP address", "192.0.2.1\n", BadCell("liste.csv", 1, "A", "cell_no_domain", "192.0.2.1")),
    ("twice", "a.example\nA.example\n", BadCell("liste.csv", 2, "A", "cell_again", "A.example")),
    (
        "a level there is none of",
        "domene;nivå\na.example;full\n",
        BadCell("liste.csv", 2, "B", "cell_no_level", "full"),
    ),
    ("a formula", "=1+1\n", BadCell("liste.csv", 1, "A", "cell_formula", "=1+1")),
    ("what does not show", "domene;navn\na.example;x\u202ey\n", BadCell("liste.csv", 2, "B", "cell_odd_text", "x?y")),
    ("too long", f"domene;navn\na.example;{'x' * 300}\n", BadCell("liste.csv", 2, "B", "cell_odd_text", "x" * 60)),
    ("no address", "domene;e-post\na.example;vakt\n", BadCell("liste.csv", 2, "B", "cell_no_address", "vakt")),
]


@pytest.mark.parametrize(("text", "bad"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_cell_is_named(tmp_path: Path, text: str, bad: BadCell) -> None:
    assert read_list(csv_file(tmp_path, text)).bad == [bad]


def test_a_cell_of_a_workbook_is_named_by_its_sheet(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, ("Første", [["a.example"]]), ("Andre", [[None, "x"], ["Navn", "Domene"], ["B", "=A1"]]))
    found = read_list(path)

    assert [(cell.sheet, cell.row, cell.column, cell.key) for cell in found.bad] == [
        ("Andre", 1, "A", "cell_no_domain"),
        ("Andre", 2, "A", "cell_no_domain"),
        ("Andre", 3, "A", "cell_no_domain"),
    ]


def test_a_formula_in_a_workbook_is_no_value(tmp_path: Path) -> None:
    found = read_list(xlsx_file(tmp_path, ("A", [["Domene"], ['=HYPERLINK("http://x","a.example")']])))

    assert [(cell.row, cell.key) for cell in found.bad] == [(2, "cell_formula")]


def test_entries_are_taken_by_an_inventory(tmp_path: Path) -> None:
    """Whatever a list holds is text there: quotes, colons and braces are nothing of YAML's."""
    odd = 'Banken "A": {x} # no & yes'
    rows = Entry("bank.example", odd, "no", "+47 22: 1", "vakt@bank.example", "verify"), Entry("annen.example")
    (tmp_path / "hosts.yaml").write_text(list_entries(rows, "two\nlines"), encoding="utf-8")
    (tmp_path / "config.yaml").write_text("user_defined: {organisation: {name: Etaten}}\n", encoding="utf-8")
    first, second = load_folder(tmp_path, ()).subjects

    assert (first.hostname, first.name, second.hostname) == ("bank.example", odd, "annen.example")
    assert first.contact is not None
    assert (first.contact.name, first.contact.phone, first.contact.email) == ("no", "+47 22: 1", "vakt@bank.example")
    assert first.require_tls is not None
    assert (first.require_tls.to, first.require_tls.from_) == ("verify", "verify")


def test_a_workbook_that_unpacks_to_too_much_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bombe.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(1 << 21))
    monkeypatch.setattr(partner_list, "UNPACKED", 1 << 20)

    with pytest.raises(ListFault, match="list_too_large"):
        read_list(path)


def test_a_sheet_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner_list, "MOST_ROWS", 5)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.cell(row=1_000_000, column=1, value="a.example")
    book.save(tmp_path / "a.xlsx")

    with pytest.raises(ListFault, match="list_too_large"):
        read_list(tmp_path / "a.xlsx")
    with pytest.raises(ListFault, match="list_too_large"):
        read_list(csv_file(tmp_path, "a.example\n" * 9))


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing", b"a\0b", b"\xff\xfe\0\0"])
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "liste.xlsx"
    path.write_bytes(content)

    with pytest.raises(ListFault, match="list_unreadable"):
        read_list(path)
