"""What a host's TLS accepts: accepted, refused, and what proves neither."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from compliance.checks.tls import (
    anonymous_suites,
    compression_renegotiation,
    forward_secrecy,
    tls13,
    tls_versions,
    weak_suites,
)
from compliance.model.observation import Observation
from compliance.records.tls_classes import KeyType
from compliance.records.tls_question import HelloQuestion
from tests.unit.checks.build import OFFER, Put, context, failure, good, heard, host_view, nothing, tls, told, walked
from tests.unit.records.tls_servers import BY_NAME, SOUND, Server

OLD, SSL2 = "hello ssl3_tls11", "hello ssl2"
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
WARNING = b"\x15\x03\x01\x00\x02\x01\x00"
GARBAGE = b"HTTP/1.0 400 Bad request\r\n\r\n"
SILENCE, RESET = (b"", "closed"), (b"", "reset")
ALL_OLD = ["SSLv3", "TLSv1", "TLSv1.1"]
GROUP_OF_1024 = 2**1023 + 1
NEW = ("TLSv1.2", "TLSv1.3")
BUSY, OUT_OF_BUDGET, BROKEN = failure("limited", "greeting"), failure("limited", "budget"), failure("defect", "")


def server_hello(minor: int, *, done: bool = True) -> bytes:
    body = bytes([3, minor]) + bytes(32) + b"\0" + b"\x00\x2f\x00"
    messages = b"\x02" + len(body).to_bytes(3) + body + (b"\x0e\0\0\0" if done else b"")
    return bytes([22, 3, minor]) + len(messages).to_bytes(2) + messages


def ssl2_hello(ciphers: bytes = b"\x01\x00\x80") -> bytes:
    body = b"\x04\x00\x01" + struct.pack("!HHHH", 2, 0, len(ciphers), 0) + ciphers
    return struct.pack("!H", 0x8000 | len(body)) + body


def suites(*names: str) -> tuple[int, ...]:
    return (*SOUND, *(BY_NAME[name] for name in names))


TAKES_SSL2 = Server(ssl2=ssl2_hello())
CBC = suites("ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE_RSA_WITH_AES_128_CBC_SHA")

Row = tuple[str, Server, Observation | None, Mapping[str, Put], str, list[str] | None]
VERSIONS: list[Row] = [
    ("an alert to each", Server(), None, {}, "pass only_new_tls", None),
    ("1.2 is new", Server(("TLSv1.2",)), good("TLSv1.2"), {}, "pass only_new_tls", None),
    ("1.1 accepted", Server((*NEW, "TLSv1.1"), CBC), None, {}, "fail old_tls_accepted", ["TLSv1.1"]),
    ("1.0 accepted", Server((*NEW, "TLSv1"), CBC), None, {}, "fail old_tls_accepted", ["TLSv1"]),
    (
        "each is named",
        Server((*NEW, "TLSv1", "TLSv1.1"), CBC, ssl2=ssl2_hello()),
        None,
        {},
        "fail old_tls_accepted",
        ["SSLv2", "TLSv1", "TLSv1.1"],
    ),
    ("SSLv2 accepted", TAKES_SSL2, None, {}, "fail old_tls_accepted", ["SSLv2"]),
    (
        "SSLv2 without a cipher",
        Server(),
        None,
        {SSL2: ssl2_hello(b"")},
        "not_tested theirs old_tls_unproven",
        ["SSLv2"],
    ),
    ("the session itself was old", Server(("TLSv1",), CBC), good("TLSv1"), {}, "fail old_tls_accepted", ["TLSv1"]),
    (
        "accepted with the smaller hello",
        Server((*NEW, "TLSv1.1"), CBC, hangs=lambda question: not question.is_small),
        None,
        {},
        "fail old_tls_accepted",
        ["TLSv1.1"],
    ),
    (
        "a ServerHello cut off",
        Server(),
        None,
        {OLD: (server_hello(2, done=False), "closed")},
        "not_tested theirs old_tls_unproven",
        ALL_OLD,
    ),
    ("silence, modern TLS afterwards", Server(), None, {OLD: SILENCE, SSL2: SILENCE}, "pass only_new_tls", None),
    ("resets, modern TLS afterwards", Server(), None, {OLD: RESET}, "pass only_new_tls", None),
    (
        "silence, no modern TLS afterwards",
        Server(modern=False),
        None,
        {OLD: SILENCE, SSL2: SILENCE},
        "not_tested theirs old_tls_unproven",
        ["SSLv2", *ALL_OLD],
    ),
    ("a warning is no refusal", Server(), None, {SSL2: WARNING}, "not_tested theirs old_tls_unproven", ["SSLv2"]),
    ("garbage", Server(), None, {SSL2: GARBAGE}, "not_tested theirs old_tls_unproven", ["SSLv2"]),
    ("a hello was not put", Server(), None, {SSL2: None}, "not_tested ours old_tls_unproven", ["SSLv2"]),
    ("no hello was put", Server(), None, {"hello": None}, "not_tested ours old_tls_unproven", ["SSLv2", *ALL_OLD]),
    ("they limited us", Server(), None, {SSL2: BUSY}, "not_tested theirs old_tls_unproven", ["SSLv2"]),
    (
        "they limited us from the first on",
        Server(),
        None,
        {"hello": BUSY},
        "not_tested theirs old_tls_unproven",
        ["SSLv2", *ALL_OLD],
    ),
    ("our budget was spent", Server(), None, {SSL2: OUT_OF_BUDGET}, "not_tested ours old_tls_unproven", ["SSLv2"]),
    ("a defect of ours", Server(), None, {SSL2: BROKEN}, "error defect", None),
]


@pytest.mark.parametrize("row", VERSIONS, ids=[row[0] for row in VERSIONS])
def test_old_versions_count_only_where_the_answer_proves_it(row: Row) -> None:
    _, server, session, instead, expected, versions = row
    verdict = tls_versions(host_view(context(walked(server, session, instead))), {})
    assert (told(verdict), verdict.values.get("versions")) == (expected, versions)


def test_without_a_session_nothing_is_concluded() -> None:
    run = context((nothing("timeout"), *walked(TAKES_SSL2)[1:]))
    assert told(tls_versions(host_view(run), {})) == "not_tested no_evidence not_recorded"


def test_one_host_of_a_pool_may_be_old() -> None:
    run = context((*walked(), good("TLSv1", again=True)))
    assert tls_versions(host_view(run), {}).values["versions"] == ["TLSv1"]


def test_another_of_a_pool_may_be_old_when_the_walk_comes_to_it() -> None:
    run = context(walked(instead={SSL2: (b"", "reset"), "session after": tls("TLSv1")}))
    verdict = tls_versions(host_view(run), {})
    assert (told(verdict), verdict.values.get("versions")) == ("fail old_tls_accepted", ["TLSv1"])
    assert "session after" in {run.evidence.by_id[key].question for key in verdict.evidence}


@dataclass(frozen=True)
class Troubled(Server):
    """A server that answers these questions by internal_error."""

    by: tuple[str, ...] = ()

    def __call__(self, question: HelloQuestion) -> bytes:
        return ALERT[:-1] + b"\x50" if question.question in self.by else Server.__call__(self, question)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (("hello weak12",), "fail weak_suites_accepted"),
        (("hello weak12", "hello weak12 smaller"), "pass no_weak_suites"),
    ],
)
def test_an_internal_error_refuses_only_when_it_is_met_twice(by: tuple[str, ...], expected: str) -> None:
    server = Troubled(suites=suites("RSA_WITH_RC4_128_SHA"), keys=(KeyType.ECDSA, KeyType.RSA), by=by)
    assert told(weak_suites(host_view(context(walked(server))), {})) == expected


def test_hellos_of_another_address_prove_nothing_here() -> None:
    moved = (replace(seen, target=seen.target.replace("192.0.2.1", "192.0.2.2")) for seen in walked()[1:])
    verdict = tls_versions(host_view(context((good(), *moved))), {})
    assert told(verdict) == "not_tested ours old_tls_unproven"


def test_an_answer_to_another_hello_proves_nothing() -> None:
    first, *rest = walked()
    other = heard(ehlo=OFFER, inside=replace(tls(), sni="mx.annet.example"))  # asked for under another name
    run = context((replace(first, facts=other.facts), *rest))
    assert told(weak_suites(host_view(run), {})) == "not_tested ours weak_suites_unproven"


def test_a_question_put_again_at_the_end_counts() -> None:
    refused = walked()
    lost = walked(instead={SSL2: BUSY})
    late = next(replace(seen, question=f"{SSL2} again") for seen in refused if seen.question == SSL2)
    assert told(tls_versions(host_view(context(lost)), {})) == "not_tested theirs old_tls_unproven"
    assert told(tls_versions(host_view(context((*lost, late))), {})) == "pass only_new_tls"


def test_a_verdict_on_versions_rests_on_the_hellos() -> None:
    run = context(walked())
    cited = [run.evidence.by_id[key].question for key in tls_versions(host_view(run), {}).evidence]
    assert cited == ["session", SSL2, OLD]


TLS13 = [
    ("accepted", (good("TLSv1.3"),), "pass tls13_accepted"),
    ("1.2 was chosen", (good("TLSv1.2"),), "fail tls13_not_accepted"),
    ("accepted once by a pool", (good("TLSv1.3"), good("TLSv1.2", again=True)), "pass tls13_accepted"),
    ("accepted when asked again", (nothing("timeout"), good("TLSv1.3", again=True)), "pass tls13_accepted"),
    ("no TLS heard", (nothing("timeout"),), "not_tested no_evidence not_recorded"),
]


@pytest.mark.parametrize(("case", "facts", "expected"), TLS13, ids=[row[0] for row in TLS13])
def test_tls13_is_what_the_session_chose(case: str, facts: tuple[Observation, ...], expected: str) -> None:
    assert told(tls13(host_view(context(facts)), {})) == expected


def judged(server: Server, instead: Mapping[str, Put] | None = None) -> list[str]:
    """Say what TLS-2, -3, -5 and -7 come to."""
    session = good("TLSv1.3" if "TLSv1.3" in server.versions else "TLSv1.2")
    view = host_view(context(walked(server, session, instead)))
    verdicts = (
        weak_suites(view, {}),
        forward_secrecy(view, {"dhe_bits": 2048}),
        compression_renegotiation(view, {}),
        anonymous_suites(view, {}),
    )
    return [told(verdict) for verdict in verdicts]


MET = ["pass no_weak_suites", "pass forward_secrecy_kept", "pass no_compression_safe_renegotiation"]
WELL = [*MET, "pass no_anonymous_suites"]
BOTH_KEYS = Server(keys=(KeyType.ECDSA, KeyType.RSA))
SHORT_GROUP = replace(BOTH_KEYS, suites=suites("DHE_RSA_WITH_AES_128_GCM_SHA256"), prime=GROUP_OF_1024)
SUITES: list[tuple[str, Server, Mapping[str, Put], dict[int, str]]] = [
    ("sound", Server(), {}, {}),
    ("NULL", Server(suites=suites("ECDHE_ECDSA_WITH_NULL_SHA")), {}, {0: "fail weak_suites_accepted"}),
    ("3DES", Server(suites=suites("ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA")), {}, {0: "fail weak_suites_accepted"}),
    (
        "weak at TLS 1.0 alone",
        Server((*NEW, "TLSv1"), old_suites=suites("ECDHE_ECDSA_WITH_RC4_128_SHA")),
        {},
        {0: "fail weak_suites_accepted"},
    ),
    ("a group of 1024 bits", SHORT_GROUP, {}, {1: "fail dhe_group_short"}),
    ("a group of 2048 bits", replace(SHORT_GROUP, prime=2**2047 + 1), {}, {}),
    (
        "static RSA",
        replace(BOTH_KEYS, suites=suites("RSA_WITH_AES_128_GCM_SHA256")),
        {},
        {1: "fail no_forward_secrecy"},
    ),
    ("compression", Server(compresses=True), {}, {2: "fail tls_compresses"}),
    ("no RFC 5746", Server(renegotiates=False), {}, {2: "fail renegotiation_insecure"}),
    ("TLS 1.3 alone", Server(("TLSv1.3",)), {}, {2: "not_applicable only_tls13"}),
    (
        "anonymous, its group judged nowhere",
        Server(suites=suites("DH_anon_WITH_AES_128_GCM_SHA256"), prime=GROUP_OF_1024),
        {},
        {3: "fail anonymous_suites_accepted"},
    ),
    (
        "busy",
        Server(),
        {"hello": BUSY},
        {
            0: "not_tested theirs weak_suites_unproven",
            1: "not_tested theirs forward_secrecy_unproven",
            2: "not_tested theirs negotiation_unproven",
            3: "not_tested theirs anonymous_suites_unproven",
        },
    ),
    (
        "not recorded",
        Server(),
        {"hello": None},
        {
            0: "not_tested ours weak_suites_unproven",
            1: "not_tested ours forward_secrecy_unproven",
            2: "not_tested ours negotiation_unproven",
            3: "not_tested ours anonymous_suites_unproven",
        },
    ),
    ("a defect", Server(), {"hello": BROKEN}, dict.fromkeys(range(4), "error defect")),
]


@pytest.mark.parametrize("row", SUITES, ids=[row[0] for row in SUITES])
def test_what_is_accepted_is_judged(row: tuple[str, Server, Mapping[str, Put], dict[int, str]]) -> None:
    _, server, instead, differing = row
    assert judged(server, instead) == [differing.get(at, verdict) for at, verdict in enumerate(WELL)]


def test_suites_are_named() -> None:
    view = host_view(context(walked(Server(suites=suites("ECDHE_ECDSA_WITH_NULL_SHA", "ECDH_anon_WITH_RC4_128_SHA")))))
    anonymous = anonymous_suites(view, {})
    assert anonymous.values["suites"] == ["TLS_ECDH_anon_WITH_RC4_128_SHA"]
    weak = weak_suites(view, {}).values["suites"]
    assert weak == ["TLS_ECDHE_ECDSA_WITH_NULL_SHA", "TLS_ECDH_anon_WITH_RC4_128_SHA"]
