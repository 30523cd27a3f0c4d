"""What would stop if encryption were required: the sums, and a row for each domain the logs name."""

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from compliance.reporting.excel.cells import Content, fit, put, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.register_words import call_lines, fate_said, traffic_lines, traffic_name
from compliance.reporting.view.fate import LEVELS, Fate
from compliance.reporting.view.report import Report
from compliance.reporting.view.what_if import FROM, TO, Outcome, Traffic, WhatIf
from compliance.reporting.words import Words

_NAMES = 20
_MOST = 5000  # domains, those with most messages: strangers who write to us make up as many as they like
_WIDTHS = (30, 22, 22, *(16,) * 9, 50)


def what_if_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write the sheet where a log was supplied; without one the page says what to supply."""
    found = report.what_if
    if found is None:
        return
    sheet = book.create_sheet(words.t("what_if_sheet"))
    said = [*traffic_lines(words, found), words.t("what_if_intro", first=found.first, last=found.last)]
    if len(found.traffic) > _MOST:
        said.append(words.t("what_if_more", n=len(found.traffic) - _MOST))
    for row, line in enumerate([*said, words.t("what_if_note")], 1):
        put(sheet, row, 1, line).alignment = Alignment(wrap_text=False)
    _, last = _outcomes(sheet, found, words, len(said) + 3)
    head = last + 2
    _domains(sheet, found, words, head)
    freeze(sheet, "B1", head)
    fit(sheet, _WIDTHS, first=len(said) + 3)


def _outcomes(sheet: Worksheet, found: WhatIf, words: Words, top: int) -> tuple[int, int]:
    heads = [words.t(key) for key in ("what_if_required", "what_if_whom", "what_if_direction", "what_if_total")]
    for key in ("what_if_messages", "what_if_domains"):
        heads += [words.t(key, head=words.t(f"what_if_fate_{fate}")) for fate in Fate]
    rows = [_outcome(words, outcome) for outcome in found.outcomes]
    return table(sheet, "WhatIf", [*heads, words.t("what_if_who_stops")], rows, top)


def _outcome(words: Words, outcome: Outcome) -> list[Content]:
    names = words.f(list(outcome.stopped[:_NAMES]), "list")
    rest = len(outcome.stopped) - _NAMES
    return [
        words.t(f"what_if_level_{outcome.level}"),
        words.t(f"what_if_scope_{outcome.scope}"),
        words.t(f"what_if_{outcome.direction}"),
        sum(outcome.messages.values()),
        *(outcome.messages.get(fate, 0) for fate in Fate),
        *(outcome.domains.get(fate, 0) for fate in Fate),
        names if rest <= 0 else words.t("names_and_more", names=list(outcome.stopped[:_NAMES]), n=rest),
    ]


def _domains(sheet: Worksheet, found: WhatIf, words: Words, top: int) -> None:
    heads = [words.t("col_domain"), words.t("what_if_is_partner")]
    heads += [words.t("what_if_level", level=words.t(f"what_if_level_{level}")) for level in LEVELS]
    for direction in (TO, FROM):
        kinds = ("what_if_encrypted", "what_if_clear", "what_if_untold")
        heads += [words.t(key, head=words.t(f"what_if_{direction}")) for key in kinds]
    heads += [words.t("what_if_share"), words.t("what_if_found")]
    rows = [_domain(words, found, row) for row in found.traffic[:_MOST]]
    first, last = table(sheet, "Traffic", heads, rows, top)
    share = 2 + len(LEVELS) + 6 + 1
    for row in range(first, last + 1):
        sheet.cell(row=row, column=share).number_format = "0 %"


def _domain(words: Words, found: WhatIf, row: Traffic) -> list[Content]:
    partner = words.f(row.subject is not None)
    fates: list[Content] = [fate_said(words, row, level) for level in LEVELS]
    counts: list[Content] = [
        count for flow in (row.to, row.from_) for count in (flow.encrypted, flow.clear, flow.unknown)
    ]
    share = row.to.clear / found.sent.clear if found.sent.clear else None
    known = " ".join(call_lines(words, row)) if row.domain and row.to.clear else ""
    return [traffic_name(words, row), partner, *fates, *counts, share, known]
