"""The workbook: the same view as sheets an auditor sorts, filters and writes in."""

import io

from openpyxl import Workbook

from compliance.reporting import phrases
from compliance.reporting.excel.contacts import contacts_sheet
from compliance.reporting.excel.lists import certificates_sheet, controls_sheet
from compliance.reporting.excel.method import method_sheet
from compliance.reporting.excel.page import finish_page
from compliance.reporting.excel.partners import partners_sheet
from compliance.reporting.excel.results import results_sheet
from compliance.reporting.excel.seal import steady
from compliance.reporting.excel.spf import spf_sheet
from compliance.reporting.excel.summary import summary_sheet
from compliance.reporting.excel.unlisted import unlisted_sheet
from compliance.reporting.excel.what_if import what_if_sheet
from compliance.reporting.formatter import read_time
from compliance.reporting.view.report import Report
from compliance.reporting.words import Texts, Words


def render_xlsx(report: Report, language: str, *, contacts: bool = True, texts: Texts | None = None) -> bytes:
    """Give the workbook in one language: the same bytes for the same run."""
    words = Words(language, baseline=report.source.baseline, texts=texts)
    book = Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    summary_sheet(book, report, words)
    controls_sheet(book, report, words)
    results_sheet(book, report, words)
    partners_sheet(book, report, words)
    what_if_sheet(book, report, words)
    spf_sheet(book, report, words)
    certificates_sheet(book, report, words)
    unlisted_sheet(book, report, words)
    if contacts:
        contacts_sheet(book, report, words)
    method_sheet(book, report, words)
    for sheet in book.worksheets:
        finish_page(sheet, report, words)
    book.active = 0
    run = report.source.run
    book.properties.title = phrases.report_title(words, report.source)
    book.properties.creator = f"{run.tool.name} {run.tool.version}"
    file = io.BytesIO()
    book.save(file)
    return steady(file.getvalue(), read_time(run.finished or run.started))
