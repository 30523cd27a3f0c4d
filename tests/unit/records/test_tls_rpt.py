"""TLS-RPT records (RFC 8460 section 3): one version, and addresses a report can be sent to."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.tls_rpt import TlsRptFault, candidates, is_usable, parse

GOOD = "v=TLSRPTv1; rua=mailto:tls@a.example"
RECORDS = (
    (GOOD, "mailto:tls@a.example"),
    ("v=TLSRPTv1;rua=https://r.a.example/v1", "https://r.a.example/v1"),
    (
        "v=TLSRPTv1; rua=mailto:a@b.example , https://c.example:8443/x?y#z;",
        "mailto:a@b.example https://c.example:8443/x?y#z",
    ),
    ("v=TLSRPTv1; rua=MAILTO:a@b.example?subject=x", "MAILTO:a@b.example?subject=x"),
    ("v=TLSRPTv1; rua=mailto:a%21b@c.example", "mailto:a%21b@c.example"),
    ("v=TLSRPTv1; x=1; rua=mailto:a@b.example; y-z.1=2", "mailto:a@b.example"),
    ("v=TLSRPTv1; rua=mailto:a@b.example; rua=junk", "mailto:a@b.example"),
    ("v=TLSRPTv1; rua=mailto:a@b.example,ftp://c.example", "mailto:a@b.example"),
    ("v=TLSRPTv1; rua=mailto:a!b@c.example", "!rua_unusable"),
    ("v=TLSRPTv1; rua=mailto:a%2@c.example", "!rua_unusable"),
    ("v=TLSRPTv1; rua=mailto:a@", "!rua_unusable"),
    ("v=TLSRPTv1; rua=mailto:@b.example", "!rua_unusable"),
    ("v=TLSRPTv1; rua=mailto:a@localhost", "!rua_unusable"),
    ("v=TLSRPTv1; rua=a@b.example", "!rua_unusable"),
    ("v=TLSRPTv1; rua=http://b.example", "!rua_unusable"),
    ("v=TLSRPTv1; rua=https://", "!rua_unusable"),
    ("v=TLSRPTv1; rua=https:/b.example", "!rua_unusable"),
    ("v=TLSRPTv1; rua=https://u@b.example/", "!rua_unusable"),
    ("v=TLSRPTv1; rua=", "!rua_unusable"),
    ("v=TLSRPTv1; rua =mailto:a@b.example", "!name"),
    ("v=TLSRPTv1; x=1", "!rua_missing"),
    ("v=TLSRPTv1; RUA=mailto:a@b.example", "!rua_missing"),
    ("v=TLSRPTv1;", "!empty"),
    ("v=TLSRPTv1", "!version"),
    ("v=TLSRPTV1; rua=mailto:a@b.example", "!version"),
    ("v=TLSRPTv1 rua=mailto:a@b.example", "!version"),
    ("v=TLSRPTv1; mailto:a@b.example", "!no_equals"),
)


@pytest.mark.parametrize(("text", "expected"), RECORDS)
def test_a_record_gives_its_usable_addresses_or_why_it_has_none(text: str, expected: str) -> None:
    try:
        assert " ".join(parse(text).rua) == expected
    except TlsRptFault as fault:
        assert f"!{fault.why}" == expected  # noqa: PT017


def test_what_is_left_out_is_told() -> None:
    record = parse("v=TLSRPTv1; x=1; rua=mailto:a@b.example,,mailto:c")
    assert (record.unusable, record.extensions) == (("", "mailto:c"), ("x",))
    assert candidates((GOOD, "v=TLSRPTv1", "other", GOOD)) == (GOOD, GOOD)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for tried in (text, f"v=TLSRPTv1;{text}", f"v=TLSRPTv1; rua={text}", f"{GOOD}{text}", f"{GOOD},mailto:{text}"):
        with contextlib.suppress(TlsRptFault):
            assert parse(tried).rua
    assert is_usable(text) in {True, False}


@pytest.mark.parametrize("piece", ["a", "a.", "%41", ",", "mailto:", "; x=1", "@", "é"])
def test_a_large_record_is_read_in_linear_time(piece: str) -> None:
    begun = time.process_time()
    for start in ("v=TLSRPTv1; rua=mailto:", "v=TLSRPTv1; rua=mailto:a@", "v=TLSRPTv1; rua=https://"):
        with contextlib.suppress(TlsRptFault):
            parse(start + piece * 60_000)
    assert time.process_time() - begun < 2.0
