"""From findings to what people read: texts, page, workbook, rows of text, terminal."""

from collections.abc import Collection, Sequence
from pathlib import Path

from compliance.reporting.csv_rows import render_csv
from compliance.reporting.excel import render_xlsx
from compliance.reporting.html import render_html
from compliance.reporting.readme import write_readme
from compliance.reporting.terminal import check_lines, summary_lines
from compliance.reporting.view.report import read_report
from compliance.reporting.words import Texts
from compliance.store.files import write_bytes

__all__ = ["check_lines", "summary_lines", "write_readme", "write_reports"]


def write_reports(
    run_folder: Path,
    out: Path,
    languages: Sequence[str],
    formats: Collection[str],
    contacts: bool = True,
    texts: Texts | None = None,
) -> tuple[Path, ...]:
    """Write the reports of a run folder to `out`; gives their paths. Formats: html, xlsx, csv.

    The workbook of the first language is `report.xlsx`, of the others `report.<lang>.xlsx`. `contacts=False`
    leaves out the one sheet with names and telephone numbers. Raises OSError or ValueError naming the file.
    """
    report = read_report(run_folder)
    written = []
    for number, language in enumerate(languages):
        if "html" in formats:
            page = render_html(report, language, texts).encode()
            written.append(write_bytes(out / f"report.{language}.html", page))
        if "xlsx" in formats:
            name = "report.xlsx" if number == 0 else f"report.{language}.xlsx"
            written.append(write_bytes(out / name, render_xlsx(report, language, contacts=contacts, texts=texts)))
        if "csv" in formats:
            rows = render_csv(report, language, texts).encode("utf-8-sig")
            written.append(write_bytes(out / f"findings.{language}.csv", rows))
    return tuple(written)
