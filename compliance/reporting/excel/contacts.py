"""The one sheet with people in it, so that it can be left out."""

from openpyxl import Workbook

from compliance.reporting.excel.cells import Content, fit, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

_HEADS = (
    "col_partner", "contact_name", "contact_role", "contact_phone", "contact_email", "contact_reviewed",
)  # fmt: skip


def contacts_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write whom to ring at each partner."""
    sheet = book.create_sheet(words.t("sheet_contacts"))
    rows: list[list[Content]] = []
    for row in report.partners:
        contact = row.subject.contact
        if contact:
            reviewed = words.f(contact.reviewed, "date") if contact.reviewed else ""
            said = (contact.name, contact.role, contact.phone, contact.email)
            rows.append([words.f(row.name), *(words.f(text) for text in said), reviewed])
    table(sheet, "Contacts", [words.t(key) for key in _HEADS], rows)
    freeze(sheet, "B2", 1)
    fit(sheet, (34, 34, 30, 22, 40, 22))
