"""Every reader of a stranger's words gives its own error or none, whatever it is given, however long."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, Parser

#: Longer than a TXT record, a policy file or a chain may be; what is not read in about one pass takes minutes here.
LONG = 60_000


def _read(parser: Parser, octets: bytes) -> None:
    with contextlib.suppress(parser.fault):
        parser.read(octets)


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_anything_at_all_is_read_or_refused(name: str, data: st.DataObject) -> None:
    _read(PARSERS[name], data.draw(st.binary(max_size=300)))


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_a_sound_text_with_a_piece_changed_is_read_or_refused(name: str, data: st.DataObject) -> None:
    pieces = PARSERS[name].pieces
    whole = pieces[0]
    at = data.draw(st.integers(0, len(whole)))
    inside = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from(pieces)))
    _read(PARSERS[name], whole[:at] + inside + whole[at + data.draw(st.integers(0, 4)) :])


LONGEST = [(name, number) for name in PARSERS for number in range(len(PARSERS[name].pieces))]


@pytest.mark.parametrize(("name", "number"), LONGEST)
def test_a_long_text_is_read_or_refused(name: str, number: int) -> None:
    whole, part = PARSERS[name].pieces[0], PARSERS[name].pieces[number]
    for octets in (part * (LONG // len(part)), whole + part * (LONG // len(part)), b" " * LONG, whole + b"\0" * LONG):
        _read(PARSERS[name], octets)
