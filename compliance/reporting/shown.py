"""A stranger's text made safe to show: control characters, bidi overrides and lone surrogates as visible escapes."""

import re
import unicodedata

from compliance.model.hidden import HIDDEN

LONG = 300
_CONTROLS = re.compile(f"[{HIDDEN}]")


def shown(text: str, limit: int = LONG) -> str:
    """Give a text with nothing in it that acts: each such character as `\\x1b` or `\\u202e`, cut with an ellipsis."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return _no_towers(_CONTROLS.sub(_escape, cut))


def shown_lines(text: str, limit: int = LONG) -> str:
    """Give a text of ours that may hold a stranger's words: as `shown`, its line breaks kept."""
    return "\n".join(shown(line, limit) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _no_towers(text: str) -> str:
    """Drop combining marks beyond three in a row: more only serve to cover the lines above and below."""
    if text.isascii():
        return text
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= 3:
            kept.append(letter)
    return "".join(kept)
