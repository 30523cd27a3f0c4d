"""The SPF grammar, row by row (RFC 7208 section 12)."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.spf import SpfFault, parse, select

VALID = (
    "v=spf1",
    "v=spf1 ",
    "V=SPF1 -ALL",
    "v=spf1 -all  ",
    "v=spf1  a  mx  ~all",
    "v=spf1 a:mail.example.com/24//64 mx/24 mx//64 a/0//0",
    "v=spf1 a:mx.mx-1.example. ptr ptr:example.com",
    "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/0 ip4:255.255.255.255/32",
    "v=spf1 ip6:2001:db8::/32 IP6:::1 ip6:::ffff:192.0.2.1/128 ip6:::/0",
    "v=spf1 include:_spf.example.com exists:%{ir}.%{v}._spf.%{d2} ?all",
    "v=spf1 exists:%{L1R-+}%{o}%%%_%- -all",
    "v=spf1 redirect=_spf.%{d}",
    "v=spf1 redirect=%{d2} exp=explain._spf.%{d}",
    "v=spf1 unknown=%{c}!? x.y-z_= a=b -all",
    "v=spf1 a:example.1-1 a:.com include:a/b.example.com",
    "v=spf1 a:a!b}c.example",
    "v=spf1 -all all redirect=example.com",
)


@pytest.mark.parametrize("text", VALID)
def test_a_record_of_the_grammar_is_read(text: str) -> None:
    assert parse(text).text == text


REFUSED = (
    ("", 0, "not_spf"),
    (" v=spf1 -all", 0, "not_spf"),
    ("v=spf10 -all", 0, "not_spf"),
    ("v=spf1\t-all", 0, "not_spf"),
    ("v=spf1;-all", 0, "not_spf"),
    ("v=spf1 -all\t", 11, "character"),
    ("v=spf1 a:ex\xe6mple.com", 11, "character"),
    ("v=spf1 foo -all", 7, "mechanism"),
    ("v=spf1 --all", 7, "mechanism"),
    ("v=spf1 - all", 7, "mechanism"),
    ("v=spf1 ip4=192.0.2.1 ipv4:192.0.2.1", 21, "mechanism"),
    ("v=spf1 +redirect=example.com", 7, "mechanism"),
    ("v=spf1 all:example.com", 10, "argument"),
    ("v=spf1 all/8", 10, "argument"),
    ("v=spf1 include", 14, "argument"),
    ("v=spf1 include:", 15, "argument"),
    ("v=spf1 include/24", 14, "argument"),
    ("v=spf1 a:", 9, "argument"),
    ("v=spf1 ptr/24", 10, "argument"),
    ("v=spf1 redirect=", 16, "argument"),
    ("v=spf1 ip4", 10, "argument"),
    ("v=spf1 a:example", 9, "domain"),
    ("v=spf1 a:example.com..", 20, "domain"),
    ("v=spf1 a:192.0.2.1", 16, "domain"),
    ("v=spf1 a:example.-com", 16, "domain"),
    ("v=spf1 exists:%{i}com", 18, "domain"),
    ("v=spf1 include:example.com/24", 22, "domain"),
    ("v=spf1 a:%", 9, "macro"),
    ("v=spf1 a:%{d", 9, "macro"),
    ("v=spf1 a:%{}.com", 9, "macro"),
    ("v=spf1 a:%{d2x}", 9, "macro"),
    ("v=spf1 a:x%.com", 10, "macro"),
    ("v=spf1 a:%{z}.com", 9, "macro_letter"),
    ("v=spf1 a:%{c}.com", 9, "macro_letter"),
    ("v=spf1 x=%{z}", 9, "macro_letter"),
    ("v=spf1 a:%{d0}", 9, "macro_digits"),
    ("v=spf1 ip4:256.0.0.1", 11, "address4"),
    ("v=spf1 ip4:192.0.2", 11, "address4"),
    ("v=spf1 ip4:192.0.02.1", 11, "address4"),
    ("v=spf1 ip4:2001:db8::1", 11, "address4"),
    ("v=spf1 ip4:", 11, "address4"),
    ("v=spf1 ip6:192.0.2.1", 11, "address6"),
    ("v=spf1 ip6:::1%eth0", 11, "address6"),
    ("v=spf1 ip6:1::2::3", 11, "address6"),
    ("v=spf1 ip4:192.0.2.0/33", 20, "cidr"),
    ("v=spf1 ip4:192.0.2.0/08", 20, "cidr"),
    ("v=spf1 ip4:192.0.2.0/", 20, "cidr"),
    ("v=spf1 ip6:::/129", 13, "cidr"),
    ("v=spf1 a/33", 8, "cidr"),
    ("v=spf1 a//129", 8, "cidr"),
    ("v=spf1 a:example.com/", 20, "cidr"),
    ("v=spf1 mx/24/64", 12, "cidr"),
    ("v=spf1 mx/24/8", 9, "cidr"),
    ("v=spf1 redirect=a.example -all redirect=b.example", 31, "repeated"),
    ("v=spf1 exp=a.example EXP=b.example", 21, "repeated"),
)


@pytest.mark.parametrize(("text", "position", "why"), REFUSED)
def test_a_fault_is_named_with_its_place(text: str, position: int, why: str) -> None:
    with pytest.raises(SpfFault) as fault:
        parse(text)
    assert (fault.value.position, fault.value.why) == (position, why)


def test_only_v_spf1_and_a_blank_or_the_end_is_spf() -> None:
    texts = ["v=spf1", "V=Spf1 -all", "v=spf1 x", " v=spf1 -all", "v=spf10", "v=spf1\t-all", "v=spf2.0/pra -all"]
    assert select(texts) == ["v=spf1", "V=Spf1 -all", "v=spf1 x"]


def test_parts_of_a_term_are_kept() -> None:
    record = parse("v=spf1 ~MX:mx.Example.com/24//64 -ip4:192.0.2.77/24 exists:%{i}.x.example")
    mx, ip4, exists = record.terms
    assert (mx.qualifier, mx.mechanism, mx.domain, mx.cidr4, mx.cidr6) == ("~", "mx", "mx.Example.com", 24, 64)
    assert (ip4.qualifier, str(ip4.network)) == ("-", "192.0.2.0/24")
    assert (exists.qualifier, exists.has_macro) == ("+", True)


def test_what_stands_behind_all_or_beside_it_does_not_count() -> None:
    record = parse("v=spf1 a -all mx redirect=x.example")
    assert [term.mechanism for term in record.reached] == ["a", "all"]
    assert record.redirect is None


@given(st.one_of(st.text(), st.text(alphabet="v=spf1 aminclude:%{}d/2.+-~?x*\t").map("v=spf1 {}".format)))
def test_any_text_is_read_or_refused_with_a_fault_inside_it(text: str) -> None:
    position = 0
    try:
        parse(text)
    except SpfFault as fault:
        position = fault.position
    assert 0 <= position <= len(text)


LONG = 65_000  # no TXT record holds more


@pytest.mark.parametrize(
    "rest",
    [
        "a" * LONG,
        "a:" + "/1" * LONG,
        "a:" + "a-" * LONG,
        "exists:" + "%{d}" * LONG,
        "ip6:" + ":" * LONG,
        "ip4:" + "1." * LONG,
        "a " * LONG,
        "x=" * LONG,
        "a/" + "1" * LONG,
        "=" * LONG,
        "%{d" + "1" * LONG,
    ],
)
def test_a_long_hostile_record_costs_little(rest: str) -> None:
    began = time.process_time()
    with contextlib.suppress(SpfFault):
        parse(f"v=spf1 {rest}")
    assert time.process_time() - began < 5
