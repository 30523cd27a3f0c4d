"""Values in sentences: dates, times, days, lists and code as each language writes them.

Texts hold `{name}` or `{name:spec}`. Attribute access, indexing and conversions are not understood, so a text can
reach nothing but its values. Unknown names stay visible as `{name}`: a sentence with a hole beats no report.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter as _Parser
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from compliance.reporting.shown import shown

OSLO = ZoneInfo("Europe/Oslo")
_LOCALES = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}
_CODE = re.compile("`([^`]+)`")
_COMMAND = 4000  # a command cut short is worse than a long one
SPECS = frozenset(
    {"", "code", "codes", "command", "count", "date", "days", "list", "long", "percent", "time", "word", "Word"}
)


class Said(str):
    """A text already in its language and safe as it stands: put into another sentence unchanged."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The few words formatting itself needs: `and`, day and days, yes and no, the numbers from two to twelve."""

    language: str
    conjunction: str
    day: str
    days: str
    yes: str
    no: str
    numbers: tuple[str, ...]


class Formatter:
    """Fill texts for one language, as HTML or as plain text."""

    def __init__(self, lexicon: Lexicon, *, html: bool) -> None:
        self.words = lexicon
        self.html = html
        self.locale = _LOCALES[lexicon.language]
        self._specs: dict[str, Callable[[object], str]] = {
            "": self._plain,
            "code": self._code,
            "codes": lambda value: self._join([self._code(item) for item in _items(value)]),
            "command": lambda value: self._safe(shown(str(value), _COMMAND)),
            "count": self._number,
            "date": lambda value: self._safe(self.date(value)),
            "days": self._days,
            "list": lambda value: self._join([self._plain(item) for item in _items(value)]),
            "long": lambda value: self._safe(shown(str(value), _COMMAND)),
            "percent": self._percent,
            "time": lambda value: self._safe(self.time(value)),
            "word": self._word,
            "Word": lambda value: self._word(value)[:1].upper() + self._word(value)[1:],
        }

    def fill(self, template: str, values: Mapping[str, object]) -> str:
        """Give a text with its values in place; in HTML every value escaped and backticks made <code>, else quoted."""
        parts = []
        opened = False
        for literal, name, spec, _ in _Parser().parse(template):
            said, opened = (literal, opened) if self.html else self._quoted(literal, opened)
            parts.append(self._safe(said))
            if name is None:
                continue
            known = name in values
            parts.append(self.value(values[name], spec or "") if known else self._safe(f"{{{name}}}"))
        text = "".join(parts)
        return Markup(_CODE.sub(r"<code>\1</code>", text)) if self.html else text  # noqa: S704 - escaped part by part

    def _quoted(self, literal: str, opened: bool) -> tuple[str, bool]:
        """Give our own words with quotation marks for the backticks of code, where there is no <code>."""
        marks = "“”" if self.words.language == "en" else "«»"
        first, *rest = literal.split("`")
        text = first
        for part in rest:
            text += marks[opened] + part
            opened = not opened
        return text, opened

    def value(self, value: object, spec: str = "") -> str:
        """Give one value by one spec; in HTML as Markup."""
        text = self._specs.get(spec, self._plain)(value)
        return Markup(text) if self.html else text  # noqa: S704 - every spec escapes what it is given

    def date(self, value: object) -> str:
        """Give an RFC 3339 time or date as «3. november 2026», in Norwegian time; anything else as it stands."""
        moment = read_time(value)
        if moment is None:
            return shown(str(value))
        return format_date(moment, format="long", locale=self.locale)

    def time(self, value: object) -> str:
        """Give an RFC 3339 time as date and clock, Europe/Oslo."""
        moment = read_time(value)
        if not isinstance(moment, datetime):
            return self.date(value)
        return f"{self.date(value)} {self._at}{self.clock(value)}"

    def clock(self, value: object) -> str:
        """Give the hours and minutes of an RFC 3339 time, Europe/Oslo."""
        moment = read_time(value)
        mark = ":" if self.words.language == "en" else "."
        return moment.strftime(f"%H{mark}%M") if isinstance(moment, datetime) else ""

    def span(self, first: object, last: object) -> str:
        """Give two times as one: the date once if it is the same day."""
        if self.date(first) != self.date(last):
            return f"{self.time(first)} – {self.time(last)}"
        end = self.clock(last)
        return self.time(first) if end == self.clock(first) else f"{self.time(first)}–{end}"

    @property
    def _at(self) -> str:
        return "at " if self.words.language == "en" else "kl. "

    def _safe(self, text: str) -> str:
        if not self.html:
            return text
        return str(escape(text))

    def _plain(self, value: object) -> str:
        if isinstance(value, Said):
            return str(value)
        if isinstance(value, bool):
            return self.words.yes if value else self.words.no
        if isinstance(value, list | tuple):
            return ", ".join(self._plain(item) for item in value)
        text = self._safe(shown(str(value)))
        return text.replace("`", "&#96;") if self.html else text  # a stranger's backtick opens no <code>

    def _code(self, value: object) -> str:
        text = self._plain(value)
        return f"<code>{text}</code>" if self.html else text

    def _join(self, items: list[str]) -> str:
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.words.conjunction} {items[-1]}"

    def _number(self, value: object) -> str:
        if not isinstance(value, int | float):
            return self._plain(value)
        return format_decimal(value, locale=self.locale)

    def _percent(self, value: object) -> str:
        if not isinstance(value, int | float):
            return self._plain(value)
        return f"{round(value * 100)}%" if self.words.language == "en" else f"{round(value * 100)}\u00a0%"

    def _days(self, value: object) -> str:
        if not isinstance(value, int | float):
            return self._plain(value)
        return f"{self._number(round(value))} {self.words.day if round(value) == 1 else self.words.days}"

    def _word(self, value: object) -> str:
        if isinstance(value, int) and 2 <= value < 2 + len(self.words.numbers):
            return self.words.numbers[value - 2]
        return self._number(value)


def read_time(value: object) -> datetime | date | None:
    """Read an RFC 3339 time (as Oslo's) or date; None for anything else."""
    if isinstance(value, datetime):
        return value.astimezone(OSLO)
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).astimezone(OSLO)
    except (ValueError, OverflowError):
        return None


def placeholders(template: str) -> frozenset[tuple[str, str]]:
    """Give the (name, spec) pairs of a text: what a test compares among languages."""
    return frozenset((name, spec or "") for _, name, spec, _ in _Parser().parse(template) if name is not None)


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
