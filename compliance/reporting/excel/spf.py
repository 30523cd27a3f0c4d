"""The SPF trees: a row for each name a receiver comes to, indented as deep as it lies."""

from openpyxl import Workbook

from compliance.reporting.excel.cells import Content, fit, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

_INDENT = "    "


def spf_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write every branch of every own domain's tree: what it costs, the sum so far, and what is wrong there."""
    sheet = book.create_sheet(words.t("sheet_spf"))
    keys = ("col_subject", "col_spf_name", "col_spf_record", "col_spf_count", "col_spf_total", "col_spf_note")
    rows: list[list[Content]] = [
        [
            words.f(drawing.domain),
            f"{_INDENT * depth}{words.f(branch.name)}",
            "\n".join(words.f(text) for text in branch.texts),
            branch.count,
            branch.total,
            "\n".join(str(words.say(note)) for note in branch.notes),
        ]
        for drawing in report.spf
        for depth, branch in drawing.root.walk()
    ]
    table(sheet, "Spf", [words.t(key) for key in keys], rows)
    freeze(sheet, "B2", 1)
    fit(sheet, (30, 44, 60, 12, 14, 60))
