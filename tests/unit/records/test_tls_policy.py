"""Postfix's policy table: entries, keys, names, and which of them decides for a domain."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.model.supplied import PolicyEntry
from compliance.records.tls_policy import TlsPolicyFault, covering, logical_lines, parse_entry


@pytest.mark.parametrize(
    ("text", "pattern", "level", "names"),
    [
        ("part.example encrypt", "part.example", "encrypt", ()),
        (
            "part.example\tsecure match=mx1.part.example:mx2.part.example",
            "part.example",
            "secure",
            ("mx1.part.example", "mx2.part.example"),
        ),
        (
            "part.example   secure   match=a.example match=b.example",
            "part.example",
            "secure",
            ("a.example", "b.example"),
        ),
        (".Part.Example verify ciphers=high", "*.part.example", "verify", ()),
        ("part.example secure match=nexthop:.part.example", "part.example", "secure", ("nexthop", ".part.example")),
        ("[mail.part.example]:25 encrypt", "", "encrypt", ()),
        ("part.example dane-only", "part.example", "dane-only", ()),
        ("part.example secure match=$(id).x", "part.example", "secure", ()),
    ],
)
def test_an_entry_is_read(text: str, pattern: str, level: str, names: tuple[str, ...]) -> None:
    assert parse_entry(text) == PolicyEntry(pattern, level, names)


@pytest.mark.parametrize("text", ["part.example", "part.example always", "encrypt", "", "a b c"])
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(TlsPolicyFault):
        parse_entry(text)


def test_lines_are_joined_and_comments_left_out_as_postfix_does() -> None:
    text = "# head\n\npart.example secure\n  # inside\n  match=mx.part.example\n\nother.example may"
    assert [(line.number, line.text) for line in logical_lines(text.split("\n"))] == [
        (3, "part.example secure match=mx.part.example"),
        (7, "other.example may"),
    ]


TABLE = [
    PolicyEntry("part.example", "secure"),
    PolicyEntry("*.part.example", "encrypt"),
    PolicyEntry("*.example", "may"),
    PolicyEntry("*", "none"),
    PolicyEntry("part.example", "verify"),
]


@pytest.mark.parametrize(
    ("domain", "levels"),
    [
        ("part.example", ["secure", "verify"]),
        ("post.part.example", ["encrypt"]),
        ("a.b.part.example", ["encrypt"]),
        ("mypart.example", ["may"]),
        ("part.test", ["none"]),
    ],
)
def test_the_nearest_entry_decides(domain: str, levels: list[str]) -> None:
    assert [entry.level for entry in covering(TABLE, domain)] == levels


def test_nobody_decides_where_there_is_no_entry() -> None:
    assert covering(TABLE[:2], "other.example") == ()


@given(st.text(max_size=200))
def test_whatever_stands_in_a_table_is_an_entry_or_refused(text: str) -> None:
    with contextlib.suppress(TlsPolicyFault):
        parse_entry(text)
    list(logical_lines(text.split("\n")))
