"""Versions of TLS: accepted, refused, and what proves neither."""

import struct

import pytest

from compliance.checks.tls import tls13, tls_versions
from compliance.model.observation import Observation
from compliance.records.tls_hello import Offer
from tests.unit.checks.build import context, good, hello, host_view, no_hello, nothing, told

OLD, SSL2 = Offer.SSL3_TLS11.value, Offer.SSL2.value
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
WARNING = b"\x15\x03\x01\x00\x02\x01\x00"
GARBAGE = b"HTTP/1.0 400 Bad request\r\n\r\n"
NO_SSL2 = hello(SSL2, ALERT)
NO_OLD = hello(OLD, ALERT)


def server_hello(minor: int, *, done: bool = True) -> bytes:
    body = bytes([3, minor]) + bytes(32) + b"\0" + b"\x00\x2f\x00"
    messages = b"\x02" + len(body).to_bytes(3) + body + (b"\x0e\0\0\0" if done else b"")
    return bytes([22, 3, minor]) + len(messages).to_bytes(2) + messages


def ssl2_hello(ciphers: bytes = b"\x01\x00\x80") -> bytes:
    body = b"\x04\x00\x01" + struct.pack("!HHHH", 2, 0, len(ciphers), 0) + ciphers
    return struct.pack("!H", 0x8000 | len(body)) + body


def silent(offer: str, ended: str = "closed") -> tuple[Observation, ...]:
    return hello(offer, b"", ended), hello(offer, b"", ended, again=True)


VERSIONS = [
    ("an alert to each", (good(), NO_OLD, NO_SSL2), "pass only_new_tls", None),
    ("1.2 is new", (good("TLSv1.2"), NO_OLD, NO_SSL2), "pass only_new_tls", None),
    ("1.1 accepted", (good(), hello(OLD, server_hello(2)), NO_SSL2), "fail old_tls_accepted", ["TLSv1.1"]),
    ("1.0 accepted", (good(), hello(OLD, server_hello(1)), NO_SSL2), "fail old_tls_accepted", ["TLSv1"]),
    ("SSLv3 accepted", (good(), hello(OLD, server_hello(0)), NO_SSL2), "fail old_tls_accepted", ["SSLv3"]),
    ("SSLv2 accepted", (good(), NO_OLD, hello(SSL2, ssl2_hello())), "fail old_tls_accepted", ["SSLv2"]),
    (
        "each is named",
        (good(), hello(OLD, server_hello(0)), hello(SSL2, ssl2_hello())),
        "fail old_tls_accepted",
        ["SSLv2", "SSLv3"],
    ),
    (
        "SSLv2 without a cipher",
        (good(), NO_OLD, hello(SSL2, ssl2_hello(b""))),
        "not_tested theirs old_tls_unproven",
        ["SSLv2"],
    ),
    ("the session itself was old", (good("TLSv1"), NO_OLD, NO_SSL2), "fail old_tls_accepted", ["TLSv1"]),
    (
        "one host of a pool was old, the other not",
        (good("TLSv1"), NO_OLD, NO_SSL2, good(again=True)),
        "fail old_tls_accepted",
        ["TLSv1"],
    ),
    (
        "refused at first, accepted with the smaller hello",
        (good(), hello(OLD), hello(OLD, server_hello(2), again=True), NO_SSL2),
        "fail old_tls_accepted",
        ["TLSv1.1"],
    ),
    (
        "a ServerHello cut off",
        (good(), hello(OLD, server_hello(2, done=False), "closed"), NO_SSL2),
        "not_tested theirs old_tls_unproven",
        ["SSLv3", "TLSv1", "TLSv1.1"],
    ),
    (
        "silent twice, modern TLS afterwards",
        (good(), *silent(OLD), *silent(SSL2), good(again=True)),
        "pass only_new_tls",
        None,
    ),
    (
        "reset twice, modern TLS afterwards",
        (good(), *silent(OLD, "reset"), NO_SSL2, good(again=True)),
        "pass only_new_tls",
        None,
    ),
    (
        "silent twice, modern TLS afterwards under another of its names",
        (good(), *silent(OLD), *silent(SSL2), good(name="a.annen.example", again=True)),
        "pass only_new_tls",
        None,
    ),
    (
        "silent twice, modern TLS afterwards at another address",
        (good(), *silent(OLD), NO_SSL2, good(address="192.0.2.2", again=True)),
        "not_tested theirs old_tls_unproven",
        ["SSLv3", "TLSv1", "TLSv1.1"],
    ),
    (
        "silent twice, no modern TLS afterwards",
        (good(), *silent(OLD), NO_SSL2, nothing("timeout", again=True)),
        "not_tested theirs old_tls_unproven",
        ["SSLv3", "TLSv1", "TLSv1.1"],
    ),
    (
        "silent twice, never asked afterwards",
        (good(), *silent(OLD, "timeout"), NO_SSL2),
        "not_tested theirs old_tls_unproven",
        ["SSLv3", "TLSv1", "TLSv1.1"],
    ),
    (
        "silent once, modern TLS afterwards",
        (good(), NO_OLD, hello(SSL2, b"", "closed"), good(again=True)),
        "not_tested theirs old_tls_unproven",
        ["SSLv2"],
    ),
    (
        "a warning is no refusal",
        (good(), NO_OLD, hello(SSL2, WARNING, "closed"), good(again=True)),
        "not_tested theirs old_tls_unproven",
        ["SSLv2"],
    ),
    ("garbage", (good(), NO_OLD, hello(SSL2, GARBAGE)), "not_tested theirs old_tls_unproven", ["SSLv2"]),
    (
        "garbage twice",
        (good(), NO_OLD, hello(SSL2, GARBAGE), hello(SSL2, GARBAGE, again=True), good(again=True)),
        "not_tested theirs old_tls_unproven",
        ["SSLv2"],
    ),
    (
        "garbage, then an alert",
        (good(), NO_OLD, hello(SSL2, GARBAGE), hello(SSL2, ALERT, again=True)),
        "pass only_new_tls",
        None,
    ),
    ("a hello was not put", (good(), NO_OLD), "not_tested ours old_tls_unproven", ["SSLv2"]),
    ("no hello was put", (good(),), "not_tested ours old_tls_unproven", ["SSLv3", "TLSv1", "TLSv1.1", "SSLv2"]),
    ("no hello was put, and the session was old", (good("TLSv1.1"),), "fail old_tls_accepted", ["TLSv1.1"]),
    (
        "they limited us",
        (good(), NO_OLD, no_hello(SSL2, "limited", "greeting")),
        "not_tested theirs old_tls_unproven",
        ["SSLv2"],
    ),
    (
        "our budget was spent",
        (good(), NO_OLD, no_hello(SSL2, "limited", "budget")),
        "not_tested ours old_tls_unproven",
        ["SSLv2"],
    ),
    ("a defect of ours", (good(), NO_OLD, no_hello(SSL2, "defect")), "error defect", None),
    ("no TLS heard", (nothing("timeout"), NO_OLD, NO_SSL2), "not_tested no_evidence not_recorded", None),
    (
        "hellos of another address prove nothing here",
        (good(), hello(OLD, ALERT, address="192.0.2.2"), NO_SSL2),
        "not_tested ours old_tls_unproven",
        ["SSLv3", "TLSv1", "TLSv1.1"],
    ),
]

TLS13 = [
    ("accepted", (good("TLSv1.3"),), "pass tls13_accepted"),
    ("1.2 was chosen", (good("TLSv1.2"),), "fail tls13_not_accepted"),
    ("accepted once by a pool", (good("TLSv1.3"), good("TLSv1.2", again=True)), "pass tls13_accepted"),
    ("accepted when asked again", (nothing("timeout"), good("TLSv1.3", again=True)), "pass tls13_accepted"),
    ("no TLS heard", (nothing("timeout"),), "not_tested no_evidence not_recorded"),
]


@pytest.mark.parametrize(("case", "facts", "expected", "versions"), VERSIONS, ids=[row[0] for row in VERSIONS])
def test_old_versions_count_only_where_the_answer_proves_it(
    case: str, facts: tuple[Observation, ...], expected: str, versions: list[str] | None
) -> None:
    verdict = tls_versions(host_view(context(facts)), {})
    assert (told(verdict), verdict.values.get("versions")) == (expected, versions)


def test_a_verdict_on_versions_rests_on_the_hellos() -> None:
    assert tls_versions(host_view(context([good(), NO_OLD, NO_SSL2])), {}).evidence == (
        "o-000001",
        "o-000002",
        "o-000003",
    )


@pytest.mark.parametrize(("case", "facts", "expected"), TLS13, ids=[row[0] for row in TLS13])
def test_tls13_is_what_the_session_chose(case: str, facts: tuple[Observation, ...], expected: str) -> None:
    assert told(tls13(host_view(context(facts)), {})) == expected
