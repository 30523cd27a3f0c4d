"""How a sheet prints: landscape A4, as wide as the page, heads repeated, and whose it is at the foot."""

from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from compliance.reporting import phrases
from compliance.reporting.shown import shown
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words


def finish_page(sheet: Worksheet, report: Report, words: Words) -> None:
    """Set print and view of a sheet."""
    setup = sheet.page_setup
    setup.orientation, setup.paperSize = "landscape", 9  # 9 is A4
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.page_margins.top, sheet.page_margins.bottom = 0.6, 0.75
    run = report.source.run
    whose = " · ".join(part for part in (run.organisation.name, run.organisation.marking) if part)
    foot = sheet.HeaderFooter.oddFooter or HeaderFooterItem()
    foot.left.text = _foot(whose)
    middle = (run.run_id, report.fingerprint[:19], phrases.review_short(words, report))
    foot.center.text = _foot(" · ".join(part for part in middle if part))
    foot.right.text = words.t("footer_page", page="&P", pages="&N")
    for part in (foot.left, foot.center, foot.right):
        part.size = 8
    sheet.HeaderFooter.oddFooter = foot
    sheet.HeaderFooter.scaleWithDoc = False  # readable however many columns are squeezed in
    view = sheet.sheet_view
    view.zoomScale = view.zoomScaleNormal = 100
    view.tabSelected = sheet.title == words.t("sheet_summary")


def freeze(sheet: Worksheet, cell: str, heads: int) -> None:
    """Keep the head in sight, on the screen and on each page."""
    sheet.freeze_panes = cell
    sheet.print_title_rows = f"{heads}:{heads}"


def _foot(text: str) -> str:
    return shown(text, 100).replace("&", "&&")  # & starts a code in a footer
