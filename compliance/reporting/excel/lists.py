"""The plain lists: requirements with counts, certificates."""

from openpyxl import Workbook

from compliance.reporting import phrases
from compliance.reporting.excel.cells import Content, fit, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.view.numbers import Tally
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

_COUNTS = (
    "col_met_long", "col_not_met_long", "col_untested_long", "col_error_long", "col_na_long", "col_waived_long",
    "col_share_long", "col_dane_long", "col_stated_long",
)  # fmt: skip


def controls_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write a row for each requirement of the baseline, those asked of nobody too: basis, and counts by side."""
    sheet = book.create_sheet(words.t("sheet_controls"))
    own = {row.key: row.tally for row in report.requirements}
    others = {row.key: row.tally for row in report.partner_requirements}
    plain = [words.t(key) for key in ("col_requirement", "col_title", "col_part", "col_basis")]
    partner = [words.t("col_partner_prefix", head=words.t(key)) for key in _COUNTS]
    rows: list[list[Content]] = []
    known = report.source.order
    for key in sorted(known.keys() | own.keys() | others.keys(), key=lambda key: known.get(key, 999)):
        measure = words.t(f"measure_{report.source.measure(key)}")
        said: list[Content] = [key, words.title(key), measure, phrases.basis(words, report.source, key)]
        rows.append([*said, *_counts(own.get(key, Tally())), *_counts(others.get(key, Tally()))])
    _, last = table(sheet, "Requirements", [*plain, *(words.t(key) for key in _COUNTS), *partner], rows)
    for column in (11, 20):
        for row in range(2, last + 1):
            sheet.cell(row=row, column=column).number_format = "0 %"
    freeze(sheet, "C2", 1)
    fit(sheet, (18, 36, 24, 34, *(11,) * 6, 12, 12, 13, *(16,) * 9))


def _counts(tally: Tally) -> list[Content]:
    return [
        tally.met, tally.not_met, tally.untested, tally.error, tally.not_applicable, tally.waived, tally.share,
        tally.dane, tally.stated,
    ]  # fmt: skip


def certificates_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write every certificate once."""
    sheet = book.create_sheet(words.t("sheet_certificates"))
    keys = ("col_host", "col_part", "cert_subject", "cert_names", "cert_issuer", "cert_from", "cert_valid_to")
    more = ("cert_days_left", "cert_key_only", "cert_signature", "cert_fingerprint", "measured", "head_row_evidence")
    rows: list[list[Content]] = [
        [
            "\n".join(words.f(host) for host in item.hosts[:20]),
            words.t("own_verdict") if item.own else words.t("partner_status"),
            words.f(item.subject) if item.days_left is not None else words.t("unreadable"),
            "\n".join(words.f(name) for name in item.names[:20]),
            words.f(item.issuer),
            words.f(item.not_before, "date"),
            words.f(item.not_after, "date"),
            item.days_left,
            words.f(item.key),
            words.f(item.signature),
            item.fingerprint,
            words.f(item.seen, "time"),
            ", ".join(item.evidence[:20]),
        ]
        for item in report.certificates
    ]
    table(sheet, "Certificates", [words.t(key) for key in (*keys, *more)], rows)
    freeze(sheet, "B2", 1)
    fit(sheet, (40, 16, 34, 40, 34, 20, 20, 13, 16, 24, 34, 24, 24))
