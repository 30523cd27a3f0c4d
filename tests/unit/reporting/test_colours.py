"""Every text of the page passes WCAG AA on its ground (4.5:1), graphics 3:1, in light, dark and print."""

import re
from pathlib import Path

import pytest

import compliance.reporting

_CSS = (Path(compliance.reporting.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
_SCHEMES = [
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block)) for block in re.findall(r":root \{(.*?)\}", _CSS, re.DOTALL)
]
_TEXTS = [
    ("ink", "ground"), ("soft", "ground"), ("link", "ground"), ("ink", "quiet"), ("soft", "quiet"), ("ok", "ok-ground"),
    ("not", "not-ground"), ("un", "un-ground"), ("na", "na-ground"), ("not", "ground"),
]  # fmt: skip
_GRAPHICS = [("bar-met", "ground"), ("bar-not", "ground"), ("hatch", "ground"), ("hatch", "hatch-ground")]


def _light(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", range(3))
def test_colours_can_be_read(scheme: int) -> None:
    colours = _SCHEMES[scheme]
    poor = [(ink, ground) for ink, ground in _TEXTS if _contrast(colours[ink], colours[ground]) < 4.5]
    poor += [(ink, ground) for ink, ground in _GRAPHICS if _contrast(colours[ink], colours[ground]) < 3]
    assert poor == []


def test_there_are_three_schemes() -> None:
    assert len(_SCHEMES) == 3
