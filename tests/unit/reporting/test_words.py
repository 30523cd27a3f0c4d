"""Words: dates, days, lists and code as each language writes them, and strangers' texts made harmless."""

import pytest
from markupsafe import Markup

from compliance.model.finding import Notice
from compliance.reporting.csv_rows import inert
from compliance.reporting.shown import shown
from compliance.reporting.words import Words
from tests.unit.reporting import fixture


@pytest.mark.parametrize(
    ("language", "value", "spec", "expected"),
    [
        ("nb", "2026-11-03T13:02:00Z", "date", "3. november 2026"),
        ("nn", "2026-11-03", "date", "3. november 2026"),
        ("en", "2026-11-03", "date", "3 November 2026"),
        ("nb", "2026-11-23T13:02:00Z", "time", "23. november 2026 kl. 14.02"),
        ("en", "2026-06-23T13:02:00Z", "time", "23 June 2026 at 15:02"),
        ("nb", "2026-10-31T23:30:00Z", "date", "1. november 2026"),
        ("nb", "no date", "date", "no date"),
        ("nb", 1, "days", "1 dag"),
        ("nn", 20, "days", "20 dagar"),
        ("en", 1, "days", "1 day"),
        ("nb", 1234, "count", "1\xa0234"),
        ("nb", ["a", "b", "c"], "list", "a, b og c"),
        ("en", ["a", "b"], "codes", "a and b"),
        ("nb", 3, "Word", "Tre"),
        ("nb", 13, "word", "13"),
        ("nb", 0.834, "percent", "83\xa0%"),
        ("nb", True, "", "ja"),
    ],
)
def test_values_are_written_as_the_language_writes_them(language: str, value: object, spec: str, expected: str) -> None:
    assert Words(language).f(value, spec) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b", "a\\x00b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
        ("\x85", "\\x85"),
        ("A" * 5000, "A" * 299 + "…"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 3),
    ],
)
def test_nothing_a_stranger_sends_acts(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_html_escapes_values_and_marks_code() -> None:
    words = Words("nb", html=True, texts=fixture.texts(), baseline=fixture.baseline())
    said = words.reason("policy_none", {"record": "<b>`x`</b>"})
    assert isinstance(said, Markup)
    assert "<code>&lt;b&gt;&#96;x&#96;&lt;/b&gt;</code>" in said
    assert "<code>certbot renew</code>" in words.remedy("U02-1b-4", "expired", {})[0]


def test_a_missing_text_shows_its_key() -> None:
    words = Words("nn")
    assert words.reason("never_heard_of", {}) == "never_heard_of"
    assert words.notice(Notice("never_heard_of")) == "never_heard_of"
    assert words.t("never_heard_of") == "never_heard_of"
    assert words.remedy("U02-9", "never_heard_of", {}) == ("", "")


def test_a_text_reaches_nothing_but_its_values() -> None:
    assert Words("nb").form.fill("{a.__class__} {b}", {"a": 1}) == "{a.__class__} {b}"


def test_needs_names_the_other_requirement() -> None:
    words = Words("nb", baseline=fixture.baseline())
    assert "U02-1b-1 «Alle e-posttjenere tilbyr STARTTLS»" in words.reason("needs U02-1b-1", {})


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_rows_of_text_hold_no_formula(cell: str) -> None:
    assert inert(cell).startswith("'")
