"""The sheet of results, with columns of the auditor's own that stay writable."""

from openpyxl import Workbook
from openpyxl.styles import Protection
from openpyxl.utils import get_column_letter

from compliance.reporting.excel.cells import fit, paint, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.rows import COLUMNS, heads, result_rows
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

_AUDITOR = ("audit_verdict", "audit_comment", "audit_owner", "audit_due", "audit_case")
_WIDTHS = (18, 14, 15, 30, 24, 30, 44, 36, 60, 16, 18, 11, 15, 30, 22, 58, 30, 16, 22, 14, 10, 10)


def results_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write every result, not met first. The sheet is protected without a password; sorting and filtering work."""
    sheet = book.create_sheet(words.t("sheet_results"))
    found = result_rows(report, words)
    empty = ("",) * len(_AUDITOR)
    names = (*heads(words), *(words.t(key) for key in _AUDITOR))
    first, last = table(sheet, "Results", names, [(*row.cells, *empty) for row in found])
    for number, result in enumerate(found, first):
        paint(sheet.cell(row=number, column=1), result.mark)
    open_cell = Protection(locked=False)
    for row in range(first, last + 1):
        for column in range(len(COLUMNS) + 1, len(names) + 1):
            sheet.cell(row=row, column=column).protection = open_cell
    freeze(sheet, "E2", 1)
    # On paper up to who must act: commands to copy and cells to write in are no use there, and would double the pages.
    sheet.print_area = f"A1:{get_column_letter(COLUMNS.index('responsible') + 1)}{last}"
    fit(sheet, _WIDTHS)
    guard = sheet.protection
    guard.sheet = True
    guard.sort = guard.autoFilter = guard.formatColumns = guard.formatRows = False  # False = not forbidden
