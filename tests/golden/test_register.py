"""The demo's register of required encryption, and what would stop: rows as its servers and its log were made to be."""

import re
from pathlib import Path

import openpyxl

from tests.golden.conftest import Demo

_PARTLY = "Delvis kontrollert"
_MET, _NOT, _UNTESTED, _NONE = "Oppfylt", "Ikke oppfylt", "Ikke kontrollert", "Ikke relevant"
#: They can receive, we require it, we refuse unencrypted, contact routine; and the whole.
REGISTER = {
    "direktorat.example": (_NOT, _NOT, _NOT, _NOT, _NOT),  # no STARTTLS; nine messages in clear; contact of long ago
    "fylke.example": (_NOT, _UNTESTED, _NONE, _NOT, _NOT),  # self-signed; nothing asked of what they send
    "sykehus.example": (_NOT, _UNTESTED, _NOT, _MET, _NOT),  # a certificate for another name
    "tilsyn.example": (_MET, _UNTESTED, _NOT, _NOT, _NOT),  # nobody to ring
    "universitet.example": (_NOT, _UNTESTED, _NONE, _NOT, _NOT),  # TLSA that cannot be looked up
    # A log supports, and proves nothing; one of the hosts that receive is a supplier's, and not asked.
    "departement.example": (_MET, _UNTESTED, _PARTLY, _MET, _UNTESTED),
}


def test_each_partner_of_the_register_has_its_four_proofs_on_the_page(demo: Demo) -> None:
    part = _section(demo, "register")
    chips = {
        name: tuple(re.findall(r'<span class="chip \w+"><span aria-hidden="true">.</span> ([^<]*)</span>', row))
        for name, row in re.findall(r'<tr><th scope="row">([^<]*)<(.*?)</tr>', part)
    }

    assert list(chips.items()) == list(REGISTER.items())
    assert part.count('href="#r') == 4 * len(REGISTER)


def test_each_partner_of_the_register_has_its_four_proofs_in_the_workbook(demo: Demo) -> None:
    sheet = _book(demo)["Samarbeidsparter"]
    first = [cell.value for cell in sheet[1]].index("Samlet")
    told = {row[0]: row[first : first + 6] for row in sheet.iter_rows(min_row=2, values_only=True) if row[first]}
    statuses = {
        name: tuple(re.sub(r"^. |, nr\. \d+$", "", str(cell)) for cell in (*cells[2:], cells[0]))
        for name, cells in told.items()
    }

    assert statuses == REGISTER


def test_what_would_stop_is_counted_from_the_log_and_the_run(demo: Demo) -> None:
    part = _section(demo, "what-if")
    sums = {
        row[:3]: row[3:8] for row in _book(demo)["Hva om"].iter_rows(values_only=True) if row[2] in {"Sendt", "Mottatt"}
    }

    assert "10 av 16 meldinger ut gikk ukryptert" in part
    assert part.index("direktorat.example") < part.index("bedrift.example")
    # In all, goes, stops, may stop, unknown.
    assert sums == {
        ("kryptering", "samarbeidspartene", "Sendt"): (15, 6, 9, 0, 0),
        ("tiltrodd sertifikat", "samarbeidspartene", "Sendt"): (15, 3, 11, 0, 1),
        ("DANE", "samarbeidspartene", "Sendt"): (15, 2, 13, 0, 0),
        ("kryptering", "samarbeidspartene", "Mottatt"): (4, 3, 1, 0, 0),
        ("kryptering", "alle", "Sendt"): (16, 6, 10, 0, 0),
        ("tiltrodd sertifikat", "alle", "Sendt"): (16, 3, 12, 0, 1),
        ("DANE", "alle", "Sendt"): (16, 2, 14, 0, 0),
        ("kryptering", "alle", "Mottatt"): (4, 3, 1, 0, 0),
    }


def _section(demo: Demo, name: str) -> str:
    page = Path(demo.folder / "report.nb.html").read_text(encoding="utf-8")
    return page.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def _book(demo: Demo) -> openpyxl.Workbook:
    return openpyxl.load_workbook(demo.folder / "report.xlsx")
