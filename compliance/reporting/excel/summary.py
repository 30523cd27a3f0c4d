"""The first sheet: the lead, the measures with a native chart, who must do what, and what the report covers."""

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.colors import ColorChoice
from openpyxl.drawing.fill import PatternFillProperties
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from compliance.reporting import phrases
from compliance.reporting.excel.cells import BOLD, HEAD, Content, put, table
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

_TITLE = Font(name="Calibri", size=18, bold=True, color="FF1A2433")
_SECTION = Font(name="Calibri", size=13, bold=True, color="FF1A2433")
_LEAD = Font(name="Calibri", size=12, color="FF1A2433")
_WIDTHS = (40, 11, 11, 11, 62, 10)
_SPAN = 6
_ACTIONS = 100
_LINE = 15
_CM_PER_POINT = 2.54 / 72


def summary_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write the summary top to bottom."""
    sheet = book.create_sheet(words.t("sheet_summary"))
    for number, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEF"[number]].width = width
    row = _front(sheet, report, words)
    row = _measures(sheet, report, words, row)
    row = _actions(sheet, report, words, row)
    sheet.row_breaks.append(Break(id=row - 1))
    row = _section(sheet, row, words.t("head_scope"))
    for line in phrases.scope(words, report):
        row = _wide(sheet, row, line)
    row = _wide(sheet, row, words.t("results_note", sheet=words.t("sheet_controls")))
    for item in report.not_assessed:
        row = _wide(sheet, row, f"{item.id} {words.text(item.title)}: {words.t(f'assessment_{item.assessment}')}")
    sheet.freeze_panes = "A2"
    sheet.sheet_view.showGridLines = False


def _front(sheet: Worksheet, report: Report, words: Words) -> int:
    run = report.source.run
    put(sheet, 1, 1, phrases.report_title(words, report.source), _TITLE).alignment = Alignment(wrap_text=False)
    sheet.row_dimensions[1].height = 28
    number = words.t("org_number", number=run.organisation.number) if run.organisation.number else ""
    facts: list[tuple[str, str]] = [
        (run.organisation.name, " · ".join(part for part in (number, run.organisation.marking) if part)),
        (words.t("fact_run"), run.label or run.run_id),
        (words.t("fact_measured"), words.form.span(run.started, run.finished or run.started)),
        (words.t("fact_vantage"), run.vantage_name),
        (words.t("fact_baseline"), f"{run.baseline.id} {run.baseline.version}"),
        (words.t("fact_fingerprint"), report.fingerprint[:19] + " …"),
    ]
    if report.source.review:
        facts.append((words.t("fact_review"), phrases.review(words, report)))
    row = 2
    for name, said in facts:
        put(sheet, row, 1, words.f(name), BOLD)
        put(sheet, row, 2, words.f(said)).alignment = Alignment(wrap_text=False, vertical="top")
        row += 1
    row = _section(sheet, row, words.t("head_summary"))
    lead = " ".join(words.say(said) for said in (*report.lead, *report.lead_more))
    row = _wide(sheet, row, lead, _LEAD, per_line=128)
    return _wide(sheet, row, phrases.must_line(words, report.must))


def _measures(sheet: Worksheet, report: Report, words: Words, row: int) -> int:
    """Write the numbers with the chart beside them, so that both stand on the first page."""
    row = _section(sheet, row, words.t("chart_title"))
    rows: list[list[Content]] = [
        [words.t(f"measure_{line.key}"), line.tally.met, line.tally.not_met, line.tally.unknown]
        for line in (*report.measures, *report.parts)
    ]
    heads = [words.t(key) for key in ("col_part", "col_met", "col_not_met", "col_unknown")]
    first, last = table(sheet, "Measures", heads, rows, top=row)
    for column in (2, 3, 4):
        sheet.cell(row=row, column=column).alignment = Alignment(horizontal="right", vertical="top")
    for number in range(row, last + 1):
        sheet.row_dimensions[number].height = _LINE + 1
    _chart(sheet, first, last, row)
    sheet.row_breaks.append(Break(id=last + 1))
    return last + 2


def _chart(sheet: Worksheet, first: int, last: int, at: int) -> None:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "percentStacked", 100, 60
    chart.add_data(Reference(sheet, min_col=2, max_col=4, min_row=first - 1, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first, max_row=last))
    chart.title = None
    for series, colour in zip(chart.series, ("2A8F54", "C43A36", ""), strict=True):
        if colour:
            series.graphicalProperties.solidFill = colour
            continue
        hatch = PatternFillProperties(prst="wdUpDiag")
        hatch.fgClr, hatch.bgClr = _colour("8A6A00"), _colour("FDF3D3")
        series.graphicalProperties = GraphicalProperties(pattFill=hatch)
        series.graphicalProperties.line.solidFill = "8A6A00"
    chart.x_axis.scaling.orientation = "maxMin"  # the first measure on top, as in the table
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.numFmt, chart.y_axis.majorGridlines = "0%", None
    chart.legend.position = "b"
    chart.width = 14
    chart.height = (last - at + 1) * (_LINE + 1) * _CM_PER_POINT
    sheet.add_chart(chart, f"E{at}")


def _colour(code: str) -> ColorChoice:
    made = ColorChoice()
    made.srgbClr = code
    return made


def _actions(sheet: Worksheet, report: Report, words: Words, row: int) -> int:
    row = _section(sheet, row, words.t("actions_caption"))
    if not report.actions:
        return _wide(sheet, row, words.t("no_actions")) + 1
    for column, key in ((1, "col_who"), (2, "col_what"), (_SPAN, "col_mends")):
        put(sheet, row, column, words.t(key), HEAD)
    for action in report.actions[:_ACTIONS]:
        row += 1
        put(sheet, row, 1, phrases.actor(words, action))
        said = phrases.act(words, action)
        put(sheet, row, 2, said)
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=_SPAN - 1)
        put(sheet, row, _SPAN, action.mends)
        sheet.row_dimensions[row].height = _LINE * (1 + len(said) // 90) + 2
    if len(report.actions) > _ACTIONS:
        row = _wide(sheet, row + 1, words.t("actions_more", sheet=words.t("sheet_results")))
    return row + 2


def _section(sheet: Worksheet, row: int, text: str) -> int:
    put(sheet, row, 1, text, _SECTION).alignment = Alignment(wrap_text=False)
    sheet.row_dimensions[row].height = 20
    return row + 1


def _wide(sheet: Worksheet, row: int, text: str, font: Font | None = None, per_line: int = 125) -> int:
    """Write a text over the whole width, as high as it needs."""
    put(sheet, row, 1, text, font or Font(name="Calibri", size=11))
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=_SPAN)
    sheet.row_dimensions[row].height = _LINE * (1 + len(text) // per_line) + 3
    return row + 1
