"""Cells: every text typed as text, so that no formula of a stranger's can come alive; one look for all sheets."""

from collections.abc import Iterable, Sequence
from copy import copy
from math import ceil

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from compliance.reporting.shown import shown_lines

LIMIT = 32767  # what a cell may hold
WIDEST = 60
_TALLEST = 409.0  # points: what Excel lets a row be
_LINE = 15.0
FONT = Font(name="Calibri", size=11)
BOLD = Font(name="Calibri", size=11, bold=True)
HEAD = Font(name="Calibri", size=11, bold=True, color="FF1A2433")
WRAP = Alignment(wrap_text=True, vertical="top")
RULE = Border(bottom=Side(style="thin", color="FFD9DEE5"))
#: Text and ground of each status: those of the page, which pass WCAG AA.
COLOURS = {
    "pass": ("FF1B6B3A", "FFE3F3E8"),
    "fail": ("FFA3201D", "FFFBE6E4"),
    "not_tested": ("FF6B5200", "FFFDF3D3"),
    "partly": ("FF6B5200", "FFFDF3D3"),
    "not_applicable": ("FF56606D", "FFECEFF3"),
    "dane": ("FF1B6B3A", "FFE3F3E8"),
    "dane_only": ("FF1B6B3A", "FFE3F3E8"),
    "stated_pass": ("FF56606D", "FFECEFF3"),
    "stated_fail": ("FFA3201D", "FFFBE6E4"),
    "error": ("FF1A2433", "FFFFFFFF"),
}
Content = str | int | float | None


def put(
    sheet: Worksheet, row: int, column: int, content: Content, font: Font = FONT, like: StyleArray | None = None
) -> Cell | MergedCell:
    """Write a cell. A text is typed as text whatever it begins with, its control characters shown as escapes."""
    cell = sheet.cell(row=row, column=column)
    if like is None:
        cell.font, cell.alignment = font, WRAP
    else:  # setting fonts cell by cell takes most of a large workbook's time
        cell._style = copy(like)  # type: ignore[union-attr] # noqa: SLF001 - openpyxl has no other way to share a look
    if isinstance(content, str):
        text = shown_lines(content, LIMIT)[: LIMIT - 1]
        cell.value = text
        cell.data_type = "s"  # openpyxl takes a leading = for a formula; this is a stranger's word
        if text[:1] in {"=", "+", "-", "@"}:
            cell.quotePrefix = True
    else:
        cell.value = content
    return cell


def paint(cell: Cell | MergedCell, mark: str) -> None:
    """Give a cell the colours of a status; its word and sign stand in it already."""
    ink, ground = COLOURS[mark]
    cell.font = Font(name="Calibri", size=11, bold=True, color=ink)
    cell.fill = PatternFill("solid", start_color=ground, end_color=ground)


def table(
    sheet: Worksheet, name: str, heads: Sequence[str], rows: Iterable[Sequence[Content]], top: int = 1
) -> tuple[int, int]:
    """Write an Excel table with filters; gives its first and last row. An empty one keeps one empty row."""
    for number, head in enumerate(_unique(heads), 1):
        cell = put(sheet, top, number, head, HEAD)
        cell.fill = PatternFill("solid", start_color="FFECEFF3", end_color="FFECEFF3")
    look = put(sheet, top + 1, 1, None)
    look.border = RULE
    style = copy(look._style)  # type: ignore[union-attr] # noqa: SLF001 - as above
    last = top
    for last, row in enumerate(rows, top + 1):
        for number, content in enumerate(row, 1):
            put(sheet, last, number, content, like=style)
    last = max(last, top + 1)
    reference = f"A{top}:{get_column_letter(len(heads))}{last}"
    made = Table(displayName=name, ref=reference)
    made.tableStyleInfo = TableStyleInfo(name=None, showRowStripes=False)
    sheet.add_table(made)
    return top + 1, last


def fit(sheet: Worksheet, widths: Sequence[int], first: int = 1) -> None:
    """Set widths from content within their limits, and heights that show every line."""
    chosen = []
    for number, limit in enumerate(widths, 1):
        longest = 6
        for row in range(first, sheet.max_row + 1):
            text = str(sheet.cell(row=row, column=number).value or "")
            longest = max(longest, *(len(line) for line in text.split("\n")))
        width = min(longest + 3, limit, WIDEST)
        sheet.column_dimensions[get_column_letter(number)].width = width
        chosen.append(width)
    for row in range(first, sheet.max_row + 1):
        lines = max(_lines(sheet.cell(row=row, column=number).value, width) for number, width in enumerate(chosen, 1))
        sheet.row_dimensions[row].height = min(_TALLEST, lines * _LINE + 2)


def _lines(value: object, width: int) -> int:
    # Calibri sets about 1.05 letters to the unit of width; words break early, so a line is taken as shorter.
    lines = str(value if value is not None else "").split("\n")
    # A word that does not fit starts a line of its own first.
    return sum(max(1, ceil(len(line) * 1.05 / width)) + (_longest_word(line) > width * 0.8) for line in lines)


def _longest_word(line: str) -> int:
    return max((len(word) for word in line.split()), default=0)


def _unique(heads: Sequence[str]) -> list[str]:
    """Give heads a table accepts: no two alike."""
    seen: list[str] = []
    for head in heads:
        seen.append(head if head not in seen else f"{head} ({seen.count(head) + 1})")
    return seen
