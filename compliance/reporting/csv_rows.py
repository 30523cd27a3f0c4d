"""Results as comma-separated values (RFC 4180), for those who count in other programs."""

import csv
import io

from compliance.reporting.rows import heads, result_rows
from compliance.reporting.view.report import Report
from compliance.reporting.words import Texts, Words

_LIVE = ("=", "+", "-", "@", "\t", "\r")


def render_csv(report: Report, language: str, texts: Texts | None = None) -> str:
    """Give the rows of the sheet of results as CSV."""
    words = Words(language, baseline=report.source.baseline, texts=texts)
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(heads(words))
    for row in result_rows(report, words):
        writer.writerow([inert(cell) for cell in row.cells])
    return sheet.getvalue()


def inert(cell: str) -> str:
    """Give a cell that no spreadsheet takes for a formula: an apostrophe before what would start one."""
    return f"'{cell}" if cell.startswith(_LIVE) else cell
