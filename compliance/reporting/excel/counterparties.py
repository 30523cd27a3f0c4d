"""The workbook of counterparties: a row for each domain, and what it was counted from."""

import io
from collections.abc import Iterable
from datetime import datetime

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from compliance.model.supplied import Counterparty, Flow, SuppliedFile
from compliance.reporting.excel.cells import Content, fit, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.excel.seal import steady
from compliance.reporting.words import Words

_FLOW = ("col_messages", "col_encrypted", "col_authenticated", "col_in_clear", "col_not_told")
_PERCENT = "0 %"


def render_counterparties(
    parties: Iterable[Counterparty], files: Iterable[SuppliedFile], language: str, moment: datetime
) -> bytes:
    """Give the workbook in one language: the same bytes for the same logs and moment."""
    words = Words(language)
    book = Workbook()
    if first := book.active:
        book.remove(first)
    _parties(book.create_sheet(words.t("sheet_counterparties")), list(parties), words)
    _files(book.create_sheet(words.t("sheet_files")), list(files), words)
    for sheet in book.worksheets:
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9  # A4
    made = io.BytesIO()
    book.save(made)
    return steady(made.getvalue(), moment)


def _parties(sheet: Worksheet, parties: list[Counterparty], words: Words) -> None:
    heads = [words.t(key) for key in ("col_domain", "col_supplier", "col_hosts", "col_messages_both")]
    for direction in ("col_direction_to", "col_direction_from"):
        heads += [words.t(direction, head=words.t(key)) for key in _FLOW]
    heads += [words.t("col_tls_versions"), words.t("col_certificates")]
    rows: list[list[Content]] = [
        [
            party.domain,
            party.supplier,
            "\n".join(party.hosts),
            party.messages,
            *_flow(party.to),
            *_flow(party.from_),
            *_kinds(party.to),
        ]
        for party in parties
    ]
    _, last = table(sheet, "Counterparties", heads, rows)
    for column in (6, 7, 11, 12):
        for row in range(2, last + 1):
            sheet.cell(row=row, column=column).number_format = _PERCENT
    freeze(sheet, "B2", 1)
    fit(sheet, (34, 16, 34, *(13,) * 11, 30, 30))


def _flow(flow: Flow) -> list[Content]:
    """Shares are of what the log tells; where it tells nothing there is none."""
    told = flow.encrypted + flow.clear
    shares: list[Content] = [flow.encrypted / told, flow.authenticated / told] if told else [None, None]
    return [flow.messages, *shares, flow.clear, flow.unknown]


def _kinds(flow: Flow) -> list[Content]:
    """TLS versions, and kinds of certificate as the log names them, of what was sent."""
    versions: dict[str, int] = {}
    kinds: dict[str, int] = {}
    for tally in flow.tls:
        versions[tally.version] = versions.get(tally.version, 0) + tally.count
        kinds[tally.trust] = kinds.get(tally.trust, 0) + tally.count
    return ["\n".join(f"{name}: {count}" for name, count in sorted(each.items()) if name) for each in (versions, kinds)]


def _files(sheet: Worksheet, files: list[SuppliedFile], words: Words) -> None:
    keys = ("col_file", "col_from", "col_until", "col_lines", "col_lines_older", "col_lines_unread", "col_sha256")
    rows: list[list[Content]] = [
        [
            file.name,
            words.f(file.first, "time") if file.first else "",
            words.f(file.last, "time") if file.last else "",
            file.lines,
            file.older,
            "\n".join([str(file.not_read), *(f"{each.kind}: {each.count} ({each.example})" for each in file.unread)]),
            file.sha256,
        ]
        for file in files
    ]
    table(sheet, "Files", [words.t(key) for key in keys], rows)
    freeze(sheet, "B2", 1)
    fit(sheet, (34, 22, 22, 12, 14, 50, 34))
