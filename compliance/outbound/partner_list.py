"""A list of partners, as xlsx or CSV: names of domains, one a row, and beside them a contact and a level if headed.

The plain form is that of the Bits list: a column of domain names. A workbook is a stranger's: it is read without its
formulas, and no more of it than a list can have.
"""

import csv
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
from openpyxl.utils import get_column_letter

from compliance.model.hidden import HIDDEN
from compliance.model.names import NameFault, is_domain, to_ascii
from compliance.model.subject import Level

MOST_ROWS, MOST_COLUMNS, MOST_SHEETS, LARGEST, UNPACKED = 20_000, 40, 20, 20 << 20, 100 << 20
_LONGEST = 200
_HIDDEN = re.compile(f"[{HIDDEN}]")
_ADDRESS = re.compile(r"[^\s@<>\"]{1,64}@([^\s@<>\"]{1,253})")
#: What a column is called, in lower case.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "domain": ("domene", "domenenavn", "domain", "domain name", "e-postdomene", "maildomene", "epostdomene"),
    "name": ("navn", "namn", "name", "organisasjon", "organization", "organisation", "virksomhet", "verksemd", "bank"),
    "contact": ("kontakt", "kontaktperson", "contact", "contact person"),
    "phone": ("telefon", "tlf", "phone", "telephone", "mobil"),
    "email": ("e-post", "epost", "e-mail", "email", "mail"),
    "level": ("nivå", "level", "kryptering", "encryption", "tls"),
}


class ListFault(ValueError):  # noqa: N818 - a fault of the input
    """A list that cannot be read at all; `args[0]` is the key of the text that says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that holds a partner."""

    domain: str
    name: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class BadCell:
    """One cell that cannot be used: where it stands, what is wrong (a key of the texts), and what stood there."""

    sheet: str
    row: int
    column: str
    key: str
    value: str


@dataclass
class PartnerList:
    """What a file came to."""

    entries: list[Entry] = field(default_factory=list)
    bad: list[BadCell] = field(default_factory=list)


Cell = tuple[str, bool]
"""A cell's text, and whether it is a formula."""
Row = tuple[str, int, tuple[Cell, ...]]


def read_list(path: Path) -> PartnerList:
    """Read a partner list; raises ListFault for a file that is none, or is larger than a list can be."""
    if path.stat().st_size > LARGEST:
        raise ListFault("list_too_large")
    with path.open("rb") as file:
        workbook = file.read(4) == b"PK\x03\x04"
    found, heads, where = PartnerList(), None, ""
    seen: dict[str, str] = {}
    for sheet, number, cells in _workbook(path) if workbook else _csv(path):
        if sheet != where:
            heads, where = None, sheet
        if not any(text for text, _ in cells):
            continue
        if heads is None:
            heads = _heads(cells)
            if heads:
                continue
            heads = {"domain": 0}
        _row(found, heads, seen, sheet, number, cells)
    return found


def _heads(cells: tuple[Cell, ...]) -> dict[str, int] | None:
    """Read a row as heads of columns; None if no column of domains is among them."""
    known: dict[str, int] = {}
    for place, (text, _) in enumerate(cells):
        for what, words in _HEADS.items():
            if text.strip().lower().rstrip(":") in words:
                known.setdefault(what, place)
    return known if "domain" in known else None


def _row(
    found: PartnerList, heads: Mapping[str, int], seen: dict[str, str], sheet: str, number: int, cells: tuple[Cell, ...]
) -> None:
    before = len(found.bad)
    values = {}

    def bad(what: str, key: str) -> None:
        place = heads[what]
        value = _HIDDEN.sub("?", cells[place][0])[:60] if place < len(cells) else ""
        found.bad.append(BadCell(sheet, number, get_column_letter(place + 1), key, value))

    for what, place in heads.items():
        text, formula = cells[place] if place < len(cells) else ("", False)
        values[what] = text.strip()
        if formula:
            bad(what, "cell_formula")
        elif len(text) > _LONGEST or _HIDDEN.search(text):
            bad(what, "cell_odd_text")
    if len(found.bad) > before:
        return
    domain = _domain(values["domain"])
    level = values.get("level", "").lower()
    if not domain:
        bad("domain", "cell_no_domain")
    elif domain in seen:
        bad("domain", "cell_again")
    if level and level not in set(Level):
        bad("level", "cell_no_level")
    if values.get("email") and not _ADDRESS.fullmatch(values["email"]):
        bad("email", "cell_no_address")
    if len(found.bad) == before:
        seen[domain] = domain
        found.entries.append(Entry(**{**values, "domain": domain, "level": level}))


def _domain(text: str) -> str:
    """Give the wire form of a domain, written alone or behind an @; `` if it is none."""
    try:
        name = to_ascii(text.removeprefix("@"))
    except NameFault:
        return ""
    return name if is_domain(name) else ""


def _workbook(path: Path) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise ListFault("list_too_large")
        book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except ListFault:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a broken part makes it raise
        raise ListFault("list_unreadable") from None
    try:
        if len(book.sheetnames) > MOST_SHEETS:
            raise ListFault("list_too_large")
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what a file says of its own size is not believed
            for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
                if number > MOST_ROWS:
                    raise ListFault("list_too_large")
                yield sheet.title, number, tuple(_cell(cell.value, cell.data_type) for cell in row)
    except ListFault:
        raise
    except Exception:  # noqa: BLE001 - as above: the rows are read as they are asked for
        raise ListFault("list_unreadable") from None
    finally:
        book.close()


def _cell(value: object, kind: str) -> Cell:
    text = "" if value is None else str(value)
    return text, kind == "f" or text.startswith("=")


def _csv(path: Path) -> Iterator[Row]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # as Excel in Norway saves it
    if "\0" in text:
        raise ListFault("list_unreadable")
    first = next((line for line in text.splitlines() if line.strip()), "")
    mark = max(";,\t", key=first.count)
    csv.field_size_limit(1 << 17)
    try:
        for number, row in enumerate(csv.reader(text.splitlines(keepends=True), delimiter=mark), 1):
            if number > MOST_ROWS:
                raise ListFault("list_too_large")
            yield path.name, number, tuple((cell, cell.startswith("=")) for cell in row[:MOST_COLUMNS])
    except csv.Error:
        raise ListFault("list_unreadable") from None
