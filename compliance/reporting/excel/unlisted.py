"""The sheet of what the inventory does not have: a list to go through, no verdict."""

from openpyxl import Workbook

from compliance.reporting.excel.cells import Content, fit, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

_HEADS = ("col_unlisted", "col_unlisted_role", "col_unlisted_by", "col_unlisted_holder", "head_row_evidence")


def unlisted_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write a row for each name or address that own records lead to and no entry stands for."""
    sheet = book.create_sheet(words.t("sheet_unlisted"))
    rows: list[list[Content]] = [
        [
            words.f(line.name),
            "; ".join(words.t(f"role_{role}") for role in line.roles),
            "\n".join(words.f(report.source.display(label)) for label in line.named_by[:20]),
            words.f(line.holder),
            ", ".join(line.evidence[:20]),
        ]
        for line in report.source.unlisted
    ]
    table(sheet, "Unlisted", [words.t(key) for key in _HEADS], rows)
    freeze(sheet, "B2", 1)
    fit(sheet, (44, 44, 40, 30, 24))
