"""The partners: status of each, and for those encryption is required with the four proofs, linked to their results."""

from collections.abc import Mapping
from typing import cast

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from compliance.reporting import phrases
from compliance.reporting.excel.cells import Content, fit, paint, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.register_words import register_verdict
from compliance.reporting.rows import result_places, waiver_text
from compliance.reporting.view.partners import Partner
from compliance.reporting.view.register import PROOFS, RegisterRow
from compliance.reporting.view.report import Report
from compliance.reporting.view.results import Result
from compliance.reporting.words import Words

_STATUS = (
    "col_partner", "col_asked", "head_row_overall", "head_row_title", "col_what_is", "col_responsible",
    "col_met_long", "col_not_met_long", "col_untested_long", "col_error_long", "head_row_waiver",
)  # fmt: skip
_REGISTER = (
    "register_verdict",
    "head_register",
    *(f"register_{name}" for name in PROOFS.values()),
    "register_reviewed",
)
_WORST = 3
_FIRST = len(_STATUS) + 1  # the register's first column
_WIDTHS = (30, 22, 18, 32, 46, 16, 10, 10, 13, 12, 20, 18, 36, 28, 28, 28, 28, 18)


def partners_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write a row for each partner, apart from our own numbers."""
    sheet = book.create_sheet(words.t("sheet_partners"))
    listed = {row.subject.label: row for row in report.register}
    rows = [[*_partner(words, row), *_listed(words, listed.get(row.subject.label))] for row in report.partners]
    table(sheet, "Partners", [words.t(key) for key in (*_STATUS, *_REGISTER)], rows)
    places = result_places(report)
    for number, row in enumerate(report.partners, 2):
        if row.worst:
            paint(sheet.cell(row=number, column=_WORST), row.worst.mark)
        if row.subject.label in listed:
            _finish(sheet, number, listed[row.subject.label], places, words)
    freeze(sheet, "B2", 1)
    fit(sheet, _WIDTHS)


def _partner(words: Words, row: Partner) -> list[Content]:
    counts: list[Content] = [row.tally.met, row.tally.not_met, row.tally.untested, row.tally.error]
    start: list[Content] = [words.f(row.name), phrases.demand(words, row.subject)]
    if row.worst is None:
        return [*start, "", "", "", "", *counts, ""]
    finding, group = row.worst.finding, row.worst.worst
    said = (
        words.t("partner_all_met") if row.worst.finding.status == "pass" else words.reason(group.reason, group.values)
    )
    title = f"{finding.requirement} {words.title(finding.requirement)}"
    who = words.t(f"who_{finding.responsible}")
    return [*start, _status(words, row.worst.mark), title, said, who, *counts, waiver_text(words, finding.waiver)]


def _listed(words: Words, row: RegisterRow | None) -> list[Content]:
    if row is None:
        return [""] * len(_REGISTER)
    reviewed = words.f(row.reviewed, "date") if row.reviewed else ""
    proofs = [_proof(words, proof) for proof in row.proofs]
    return [_status(words, row.mark), "\n".join(register_verdict(words, row)), *proofs, reviewed]


def _proof(words: Words, proof: Result | None) -> str:
    """Give a proof's status and its number among the results: a link goes astray where somebody sorts them."""
    if proof is None:
        return _status(words, "not_tested")
    return words.t("register_number", status=_status(words, proof.mark), n=proof.number)


def _status(words: Words, mark: str) -> str:
    return f"{words.t(f'sign_{mark}')} {words.t(f'status_{mark}')}"


def _finish(sheet: Worksheet, number: int, row: RegisterRow, places: Mapping[int, int], words: Words) -> None:
    """Give the verdict and the proofs their colours, and each proof a link to its row among the results."""
    paint(sheet.cell(row=number, column=_FIRST), row.mark)
    for column, proof in enumerate(row.proofs, _FIRST + 2):
        cell = cast("Cell", sheet.cell(row=number, column=column))
        paint(cell, proof.mark if proof else "not_tested")
        if proof:
            place = f"'{words.t('sheet_results')}'!A{places[proof.number] + 2}"
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place)
