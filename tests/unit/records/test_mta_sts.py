"""MTA-STS records and policies (RFC 8461 section 3): what senders take, refuse, and whatever strangers send."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.mta_sts import (
    MAX_POLICY,
    Mode,
    StsFault,
    candidates,
    is_pattern,
    meant,
    mx_matches,
    parse_policy,
    parse_record,
)

RECORDS = (
    ("v=STSv1; id=20160831085700Z;", "20160831085700Z"),
    ("v=STSv1;id=1", "1"),
    ("v=STSv1 ;id=1", "version"),
    ("v=STSv1; id=" + "a" * 32, "a" * 32),
    ("v=STSv1; id=" + "a" * 33, "bad_id"),
    ("v=STSv1; id=2026-11-01", "bad_id"),
    ("v=STSv1; id=", "value"),
    ("v=STSv1; id = 1", "name"),
    ("v=STSv1; id=1; id=-", "1"),
    ("v=STSv1; x-y.z_1=what:ever; id=2 ;", "2"),
    ("v=STSv1; x=a=b; id=2", "value"),
    ("v=STSv1; mode=enforce", "id_missing"),
    ("v=STSv1;; id=1", "empty"),
    ("v=STSv1;", "empty"),
    ("v=STSv1", "version"),
    ("v=stsv1; id=1", "version"),
    (" v=STSv1; id=1", "version"),
    ("v=STSv10; id=1", "version"),
    ("v=STSv1; junk; id=1", "no_equals"),
    ("v=STSv1; \xe6=1; id=1", "name"),
    ("v=STSv1; id=\xe6", "value"),
    ("", "version"),
)


@pytest.mark.parametrize(("text", "expected"), RECORDS)
def test_a_record_gives_its_id_or_why_it_is_none(text: str, expected: str) -> None:
    try:
        assert parse_record(text) == expected
    except StsFault as fault:
        assert fault.why == expected  # noqa: PT017 - rows of both kinds stand in one table


def test_senders_count_only_records_that_begin_as_they_must() -> None:
    found = ("v=STSv1; id=1", "V=STSV1; id=2", "v=STSv1", "other", "v=STSv1;id=3")
    assert candidates(found) == ("v=STSv1; id=1", "v=STSv1;id=3")
    assert meant(found) == (found[0], found[1], found[2], found[4])


GOOD = "version: STSv1\nmode: enforce\nmx: mx.a.example\nmx: *.b.example\nmax_age: 604800\n"
POLICIES = (
    (GOOD, ""),
    (GOOD.replace("\n", "\r\n"), ""),
    (GOOD.removesuffix("\n"), ""),
    (GOOD.replace(": ", ":"), ""),
    (GOOD.replace(": ", ": \t ").replace("\n", " \t\n"), ""),
    ("max_age: 0\nmode: none\nversion: STSv1", ""),
    (GOOD + "x-y_z.1: what \xe6 ever\n", ""),
    (GOOD + "\n", ""),
    (GOOD + "mode: bogus\n", ""),
    (GOOD.replace("604800", "31557600"), ""),
    (GOOD.replace("604800", "31557601"), "bad_max_age 5"),
    (GOOD.replace("604800", "99999999999"), "bad_max_age 5"),
    (GOOD.replace("604800", "-1"), "bad_max_age 5"),
    (GOOD.replace("604800", "1e6"), "bad_max_age 5"),
    (GOOD.replace("604800", "\xb2"), "bad_max_age 5"),
    (GOOD.replace("604800", ""), "bad_max_age 5"),
    (GOOD.replace("STSv1", "stsv1"), "bad_version 1"),
    (GOOD.replace("enforce", "Enforce"), "bad_mode 2"),
    (GOOD.replace("version: STSv1\n", ""), "no_version 0"),
    (GOOD.replace("mode: enforce\n", ""), "no_mode 0"),
    (GOOD.replace("max_age: 604800\n", ""), "no_max_age 0"),
    ("version: STSv1\nmode: testing\nmax_age: 1", "no_mx 0"),
    (GOOD.replace("mx.a.example", "mx.*.example"), "bad_mx 3"),
    (GOOD.replace("mx.a.example", "*"), "bad_mx 3"),
    (GOOD.replace("mx.a.example", "mx.a.example."), "bad_mx 3"),
    (GOOD.replace("mx.a.example", "192.0.2.1"), "bad_mx 3"),
    (GOOD.replace("mx.a.example", ""), "bad_mx 3"),
    (GOOD.replace("mx.a.example", "$(id).x"), "bad_mx 3"),
    (GOOD.replace("mx.a.example", "bl\xe5.example"), "bad_mx 3"),
    (GOOD.replace("\nmx", "\rmx"), "character 2"),
    (GOOD.replace("STSv1", "STSv1\0"), "character 1"),
    ("\xef\xbb\xbf" + GOOD, "key 1"),
    (" " + GOOD, "key 1"),
    (GOOD + "junk\n", "line 6"),
    ("<!DOCTYPE html>\n<html>: </html>", "line 1"),
    ("", "no_version 0"),
    ("\0" * 10, "line 1"),
    (GOOD + "x" * MAX_POLICY, "too_long 0"),
)


@pytest.mark.parametrize(("body", "expected"), POLICIES)
def test_a_policy_reads_or_names_the_line_at_fault(body: str, expected: str) -> None:
    try:
        parse_policy(body)
    except StsFault as fault:
        assert f"{fault.why} {fault.line}" == expected  # noqa: PT017
    else:
        assert expected == ""


def test_of_a_key_given_twice_the_first_counts_and_it_is_told() -> None:
    policy = parse_policy(GOOD + "mode: none\nmax_age: 1\nx: 1\nx: 2\n\nMX: y\n")
    assert (policy.mode, policy.max_age, policy.mx) == (Mode.ENFORCE, 604800, ("mx.a.example", "*.b.example"))
    assert (policy.repeated, policy.unknown, policy.blank_lines) == (("mode", "max_age", "x"), ("x", "MX"), 1)


MATCHES = (
    ("mx.a.example", "mx.a.example", True),
    ("MX.a.example", "mx.A.example.", True),
    ("*.a.example", "mx.a.example", True),
    ("*.a.example", "a.example", False),
    ("*.a.example", "x.mx.a.example", False),
    ("*.a.example", ".a.example", False),
    ("a.example", "mx.a.example", False),
    ("*.a.example", "mx.b.example", False),
    ("*.example", "a.example", True),
)


@pytest.mark.parametrize(("pattern", "host", "expected"), MATCHES)
def test_a_wildcard_is_one_leftmost_label(pattern: str, host: str, expected: bool) -> None:
    assert mx_matches(pattern, host) is expected


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=400))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (parse_record, parse_policy):
        for tried in (text, "v=STSv1;" + text, GOOD + text, text + GOOD):
            with contextlib.suppress(StsFault):
                read(tried)
    assert isinstance(is_pattern(text), bool)
    assert isinstance(mx_matches(text, text), bool)


@given(
    st.lists(st.sampled_from(["mx", "mode", "max_age", "version", "x", ":", " ", "\r", "\n", "*.", "a.b", "enforce"]))
)
def test_what_is_accepted_is_whole(parts: list[str]) -> None:
    with contextlib.suppress(StsFault):
        policy = parse_policy("".join(parts))
        assert policy.mx or policy.mode is Mode.NONE


@pytest.mark.parametrize("piece", ["mx: a.example\n", "x" * 30 + "\n", "\n", "a:", "mx: " + "a." * 120 + "\n"])
def test_the_largest_policy_is_read_in_linear_time(piece: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(StsFault):
        parse_policy((piece * (MAX_POLICY // len(piece)))[:MAX_POLICY])
    assert time.process_time() - begun < 1.0
