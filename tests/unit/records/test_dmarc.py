"""DMARC records and the walk to the one that applies (RFC 9989)."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.dmarc import DmarcFault, DmarcWalk, parse, policy_walk, walk_names
from compliance.records.dmarc_older import older_reading
from compliance.records.dmarc_write import merged, repaired
from compliance.records.dns_walk import drive
from tests.unit.records.answers import Zone, answering

POLICIES = (
    ("v=DMARC1; p=reject", "reject", "reject", "reject"),
    ("v=DMARC1;p=none;sp=quarantine", "none", "quarantine", "quarantine"),
    ("v = DMARC1 ; p = Quarantine ; np=reject;", "quarantine", "quarantine", "reject"),
    ("V=DMARC1; p=reject; t=y", "quarantine", "quarantine", "quarantine"),
    ("v=DMARC1; p=quarantine; np=reject; t=y", "none", "none", "quarantine"),
    ("v=DMARC1; sp=reject; p=reject; t=n; t=y", None, "", "repeated"),
    ("v=DMARC1; p=reject; p=none", None, "", "repeated"),
    ("v=DMARC1; p=reject; p=n\xe6", None, "", "repeated"),
    ("v=DMARC1; p=reject; sp=none; sp=reject", None, "", "repeated"),
    ("v=DMARC1; p=reject; np=none; np=reject", None, "", "repeated"),
    ("v=DMARC1; p=reject; psd=y; psd=n", None, "", "repeated"),
    ("V=DMARC1; p=reject; v=DMARC1", None, "", "repeated"),
    ("v=DMARC1; p=reject; ri=1; ri=2; x=y; x=z", "reject", "reject", "reject"),
    ("v=DMARC1; rua=mailto:a@b.example", "none", "none", "none"),
    ("v=DMARC1; p=all; rua=mailto:a@b.example!10m", "none", "none", "none"),
    ("v=DMARC1; p=reject; sp=bad", None, "", "bad_policy"),
    ("v=DMARC1; p=reject; np=", None, "", "bad_policy"),
    ("v=DMARC1; p=reject; sp=n\xe6", None, "", "bad_policy"),
    ("v=DMARC1; p=reject; sp=bad; rua=mailto:a@b.example", "none", "none", "none"),
    ("v=DMARC1; p=reject; np=n\xe6; rua=mailto:a@b.example", "none", "none", "none"),
    ("v=DMARC1; p=reject;; junk; =x; 1=2; \xe6=y", "reject", "reject", "reject"),
    ("v=DMARC1", None, "", "no_policy"),
    ("v=DMARC1; p=", None, "", "bad_policy"),
    ("v=DMARC1; p=bad; rua=https://b.example", None, "", "bad_policy"),
    ("v=DMARC1; P=reject", None, "", "no_policy"),
    ("v=dmarc1; p=reject", None, "", "not_dmarc"),
    (" v=DMARC1; p=reject", None, "", "not_dmarc"),
    ("v=DMARC10; p=reject", None, "", "not_dmarc"),
    ("p=reject; v=DMARC1", None, "", "not_dmarc"),
    ("v=DMARC1 p=reject", None, "", "not_dmarc"),
    ("", None, "", "not_dmarc"),
)


@pytest.mark.parametrize(("text", "p", "sp", "np"), POLICIES)
def test_policies_take_effect(text: str, p: str | None, sp: str, np: str) -> None:
    if p is None:
        with pytest.raises(DmarcFault) as fault:
            parse(text)
        assert fault.value.why == np
        return
    record = parse(text)
    assert (record.policy("p"), record.policy("sp"), record.policy("np")) == (p, sp, np)


def test_what_is_passed_over_is_listed() -> None:
    record = parse("v=DMARC1; p=reject; pct=50; ri=1; x=y; adkim=q; aspf=s; fo=1:d; psd=maybe; rua=mailto:x,ftp")
    assert record.removed == (("pct", "50"), ("ri", "1"))
    assert record.unknown == (("x", "y"),)
    assert record.bad == ("adkim=q", "psd=maybe", "rua=mailto:x", "rua=ftp")
    assert (record.adkim, record.aspf, record.fo, record.psd, record.pct) == ("r", "s", "1:d", "u", 50)


@pytest.mark.parametrize(
    ("value", "pct"), [("0", 0), ("100", 100), ("101", None), ("-1", None), ("x", None), ("", None)]
)
def test_pct_is_read_as_rfc_7489_did(value: str, pct: int | None) -> None:
    assert parse(f"v=DMARC1; p=none; pct={value}").pct == pct


def test_report_addresses_are_taken_apart() -> None:
    record = parse(
        "v=DMARC1; p=none; rua=mailto:a%2Cb@B.Example.!10m , MAILTO:c@d.example?subject=x,https://e.example/f"
    )
    assert [(uri.scheme, uri.address, uri.domain) for uri in record.rua] == [
        ("mailto", "a,b@B.Example.", "b.example"),
        ("mailto", "c@d.example", "d.example"),
        ("https", "", ""),
    ]


def test_size_limits_are_told() -> None:
    assert parse("v=DMARC1; p=none; rua=mailto:a@b.example!10m, mailto:c@d.example").sized == ("10m",)
    assert parse("v=DMARC1; p=none; rua=mailto:a!b@b.example").sized == ()


def test_the_walk_asks_eight_names_at_most() -> None:
    assert walk_names("c.b.a.example") == ("c.b.a.example", "b.a.example", "a.example", "example")
    names = walk_names("1.2.3.4.5.6.7.8.9.example")
    assert (len(names), names[1]) == (8, "4.5.6.7.8.9.example")
    assert walk_names("2.3.4.5.6.7.8.9")[1] == "3.4.5.6.7.8.9"
    assert walk_names("example") == ("example",)


OWN, UP, TOP = "_dmarc.b.a.example", "_dmarc.a.example", "_dmarc.example"
RECORD = ("v=DMARC1; p=reject; sp=quarantine; np=none",)
WALKS: tuple[tuple[str, Zone, str, str, str, list[str]], ...] = (
    ("own", {OWN: RECORD}, "record", "", "reject", [OWN]),
    ("own beside others", {OWN: ("v=spf1 -all", *RECORD)}, "record", "", "reject", [OWN]),
    ("inherited", {OWN: (), UP: RECORD}, "record", "a.example", "quarantine", [OWN, UP, TOP]),
    ("fewest labels", {OWN: (), UP: RECORD, TOP: ("v=DMARC1; p=none",)}, "record", "example", "none", [OWN, UP, TOP]),
    (
        "psd=n ends it",
        {OWN: (), UP: ("v=DMARC1; p=reject; psd=n",), TOP: RECORD},
        "record",
        "a.example",
        "reject",
        [OWN, UP],
    ),
    (
        "below psd=y",
        {OWN: (), UP: RECORD, TOP: ("v=DMARC1; p=none; psd=y",)},
        "record",
        "a.example",
        "quarantine",
        [OWN, UP, TOP],
    ),
    ("psd=y alone", {OWN: (), TOP: ("v=DMARC1; p=reject; psd=y",)}, "record", "example", "reject", [OWN, UP, TOP]),
    ("two", {OWN: (*RECORD, "v=DMARC1; p=none"), UP: RECORD}, "several", "", "", [OWN]),
    (
        "two above count for none",
        {OWN: (), UP: (*RECORD, *RECORD), TOP: RECORD},
        "record",
        "example",
        "quarantine",
        [OWN, UP, TOP],
    ),
    ("two above alone", {OWN: (), UP: (*RECORD, *RECORD)}, "several", "a.example", "", [OWN, UP, TOP]),
    (
        "junk at the top breaks nothing",
        {OWN: (), UP: RECORD, TOP: ("v=DMARC1; p=junk",)},
        "record",
        "a.example",
        "quarantine",
        [OWN, UP, TOP],
    ),
    (
        "junk between breaks nothing",
        {OWN: (), UP: ("v=DMARC1; p=junk",), TOP: RECORD},
        "record",
        "example",
        "quarantine",
        [OWN, UP, TOP],
    ),
    ("junk above alone", {OWN: (), UP: ("v=DMARC1; p=junk",)}, "syntax", "a.example", "", [OWN, UP, TOP]),
    ("own without policy", {OWN: ("v=DMARC1;",), UP: RECORD}, "syntax", "", "", [OWN]),
    ("nearly one", {OWN: ("v=dmarc1; p=reject",)}, "syntax", "", "", [OWN, UP, TOP]),
    ("nothing", {OWN: (), UP: "NXDOMAIN"}, "none", "", "", [OWN, UP, TOP]),
    ("own unanswered", {OWN: None, UP: RECORD}, "unresolved", "", "", [OWN]),
    ("above unanswered", {OWN: (), UP: "SERVFAIL", TOP: RECORD}, "unresolved", "", "", [OWN, UP]),
    ("domain exists", {"b.a.example": ()}, "none", "", "", [OWN, "b.a.example", UP, TOP]),
    ("no such domain", {UP: RECORD}, "no_domain", "", "", [OWN, "b.a.example"]),
)


@pytest.mark.parametrize(("case", "zone", "state", "inherited", "p", "asked"), WALKS, ids=[row[0] for row in WALKS])
def test_the_walk_finds_what_applies(
    case: str, zone: Zone, state: str, inherited: str, p: str, asked: list[str]
) -> None:
    heard: list[str] = []
    walk: DmarcWalk = drive(policy_walk("b.a.example"), answering(zone, heard))
    assert (walk.state, walk.inherited_from, walk.p) == (state, inherited, p)
    assert heard == asked
    assert list(walk.observations) == [f"o-{name}" for name in asked]
    assert bool(walk.unanswered) == (state == "unresolved")
    assert walk.owner == f"_dmarc.{inherited or 'b.a.example'}"


@given(st.one_of(st.text(), st.text().map("v=DMARC1; p=none; {}".format), st.text().map("v=DMARC1; rua={}".format)))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(DmarcFault):
        record = parse(text)
        assert record.policy("np") in {"none", "quarantine", "reject"}
        assert record.pct is None or 0 <= record.pct <= 100


OLDER = [
    ({"b.a.example": ("v=DMARC1; p=reject; sp=none; np=reject; t=y",)}, ("b.a.example", "reject", "none")),
    ({"a.example": ("v=DMARC1; p=reject; sp=none",)}, ("a.example", "none", "none")),
    ({"b.a.example": ("v=spf1 -all",), "a.example": ("v=DMARC1; p=reject",)}, ("a.example", "reject", "reject")),
    ({"a.example": ("v=DMARC1; p=reject", "v=DMARC1; p=none")}, ("", "", "")),
    ({"b.a.example": ("v=DMARC1; p=reject", "v=DMARC1; p=none"), "a.example": ("v=DMARC1; p=none",)}, ("", "", "")),
    ({"a.example": ("v=DMARC1; p=reject; sp=bad",)}, ("", "", "")),
    ({"a.example": ("v=DMARC1; p=reject; sp=bad; rua=mailto:a@b.example",)}, ("a.example", "none", "none")),
    ({"a.example": ("v=DMARC1; p=reject; np=bad",)}, ("a.example", "reject", "reject")),
    ({"example": ("v=DMARC1; p=reject",)}, ("", "", "")),
]


@pytest.mark.parametrize(("zone", "expected"), OLDER)
def test_rfc_7489_looks_at_the_name_and_the_registered_domain(
    zone: dict[str, tuple[str, ...]], expected: tuple[str, str, str]
) -> None:
    found = older_reading("b.a.example", "a.example", lambda name: zone.get(name, ()))
    assert found is not None
    assert (found.domain, found.p, found.sp) == expected
    assert older_reading("b.a.example", "a.example", lambda _: None) is None


@given(st.lists(st.one_of(st.text(), st.text().map("v=DMARC1; p=reject; {}".format)), min_size=1, max_size=3))
def test_what_is_written_anew_is_a_record_of_plain_signs(texts: list[str]) -> None:
    for written in (merged(texts, "a.example"), repaired(texts[0], "a.example")):
        assert parse(written).bad == ()
        assert re.fullmatch(r"[A-Za-z0-9=:;,@._+ -]+", written)
