"""Hellos that offer what is asked about, and first flights read to the last message, hostile ones too."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.model.observation import HelloFacts, Observation, Origin
from compliance.records.tls_answer import KeyExchange, read_tls
from compliance.records.tls_classes import (
    COMMON,
    SUITES_12,
    SUITES_13,
    SUITES_OLD,
    SUITES_SSL3,
    KeyType,
    SuiteClass,
    classes,
    key_type,
)
from compliance.records.tls_client_hello import SSL2, SSL3, TLS11, TLS12, TLS13, HelloOffer, build_hello, salt_of
from compliance.records.tls_hello import HelloFault
from compliance.records.tls_question import HelloQuestion, Outcome, answer_of, hello_answer
from compliance.records.tls_suites import NAMES
from compliance.records.tls_wire import read_extensions
from tests.unit.records.tls_servers import BY_NAME, CHAINS, FATAL, OCSP, SOUND, Server, message, record

RANDOM = bytes(range(64))
SNI = "mottak.example.no"
DHE = BY_NAME["DHE_RSA_WITH_AES_128_GCM_SHA256"]

CLASSES = [
    ("RSA_WITH_NULL_MD5", {"static_rsa", "null", "md5"}, KeyType.RSA),
    ("RSA_EXPORT_WITH_RC4_40_MD5", {"static_rsa", "export", "rc4", "md5"}, KeyType.RSA),
    ("DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", {"dhe", "export"}, KeyType.RSA),
    ("DHE_DSS_WITH_DES_CBC_SHA", {"dhe", "des"}, KeyType.DSA),
    ("RSA_WITH_3DES_EDE_CBC_SHA", {"static_rsa", "3des"}, KeyType.RSA),
    ("ECDHE_ECDSA_WITH_RC4_128_SHA", {"ecdhe_ecdsa", "rc4"}, KeyType.ECDSA),
    ("ECDHE_RSA_WITH_AES_128_GCM_SHA256", {"ecdhe_rsa"}, KeyType.RSA),
    ("ECDH_anon_WITH_NULL_SHA", {"anonymous", "null"}, None),
    ("DH_anon_EXPORT_WITH_RC4_40_MD5", {"anonymous", "export", "rc4", "md5"}, None),
    ("ECDH_ECDSA_WITH_AES_128_CBC_SHA", {"static_dh"}, None),
    ("DH_RSA_WITH_AES_128_CBC_SHA", {"static_dh"}, None),
    ("AES_128_GCM_SHA256", set(), None),
]


@pytest.mark.parametrize(("name", "of", "key"), CLASSES, ids=[row[0] for row in CLASSES])
def test_a_suite_belongs_to_its_classes(name: str, of: set[str], key: KeyType | None) -> None:
    assert (classes(BY_NAME[name]), key_type(BY_NAME[name])) == (of, key)


def test_every_suite_of_tls_12_has_one_key_exchange() -> None:
    exchanges = set(SuiteClass) - {"null", "export", "des", "3des", "rc4", "md5"}
    assert all(len(classes(suite) & exchanges) == 1 for suite in NAMES if suite not in SUITES_13)
    assert {*SUITES_12, *SUITES_13} >= COMMON
    assert set(SUITES_SSL3) < set(SUITES_OLD) < set(SUITES_12)
    assert classes(0xFAFA) == frozenset()


def extensions_of(sent: bytes) -> dict[int, bytes]:
    at = 76 + 2 + int.from_bytes(sent[76:78])
    at += 1 + sent[at]
    assert at + 2 + int.from_bytes(sent[at : at + 2]) == len(sent)
    return read_extensions(sent[at + 2 :])


OFFERS = [
    HelloOffer(TLS12, SUITES_12, SNI, stapling=True),
    HelloOffer(TLS12, SUITES_12, SNI, small=True),
    HelloOffer(TLS12, SOUND, compression=False),
    HelloOffer(TLS12, SOUND, SNI, keys=KeyType.RSA),
    HelloOffer(TLS13, SUITES_13, SNI),
    HelloOffer(TLS13, SUITES_13, SNI, small=True, keys=KeyType.ECDSA),
    HelloOffer(TLS11, SUITES_OLD),
    HelloOffer(SSL3, SUITES_SSL3, small=True),
    HelloOffer(SSL2),
]


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: f"{offer.version:04x}{offer.small}")
def test_a_hello_adds_up_and_can_be_built_again(offer: HelloOffer) -> None:
    sent = build_hello(offer, RANDOM)
    assert build_hello(offer, salt_of(sent)) == sent != build_hello(offer)
    assert len(sent) < 256 or not (offer.small or len(sent) < 512)
    if sent[0] == 22:
        assert int.from_bytes(sent[3:5]) == len(sent) - 5
        assert int.from_bytes(sent[6:9]) == len(sent) - 9
        assert offer.version == SSL3 or extensions_of(sent)


def test_what_is_asked_for_stands_in_the_extensions() -> None:
    sent = build_hello(OFFERS[0], RANDOM)
    found = extensions_of(sent)
    assert found[0].endswith(SNI.encode())
    assert (found[5], 21 in found or len(sent) >= 512) == (b"\x01\x00\x00\x00\x00", True)
    assert 0 not in extensions_of(build_hello(OFFERS[2], RANDOM))
    algorithms = extensions_of(build_hello(OFFERS[3], RANDOM))[13]
    assert {0x0804, 0x0401} <= {int.from_bytes(algorithms[at : at + 2]) for at in range(2, len(algorithms), 2)}
    assert b"\x04\x03" not in [algorithms[at : at + 2] for at in range(2, len(algorithms), 2)]
    newest = extensions_of(build_hello(OFFERS[4], RANDOM))
    assert (newest[43], len(newest[51])) == (b"\x02\x03\x04", 38)


def flight(suite: int, version: str = "TLSv1.2", **change: object) -> bytes:
    server = replace(Server(("TLSv1.2",), (suite,)), staples=True, asks_certificate=True, **change)  # type: ignore[arg-type]
    return server.flight(version, suite, HelloQuestion("x", OFFERS[0]))


def test_a_first_flight_is_read_to_the_end() -> None:
    answer = read_tls(flight(DHE, compresses=True, renegotiates=False))
    assert answer.hello is not None
    assert (answer.accepted, answer.hello.suite, answer.hello.compression) == ("TLSv1.2", DHE, 1)
    assert not answer.hello.secure_renegotiation
    assert answer.certificates == CHAINS[KeyType.RSA]
    assert (answer.ocsp, answer.certificate_asked) == (OCSP, True)
    assert answer.key_exchange == KeyExchange("dhe", "", 2048)
    assert read_tls(flight(SOUND[0])).key_exchange == KeyExchange("ecdhe", "secp256r1", 0)


OAKLEY = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)


def test_a_prime_everybody_knows_is_named() -> None:
    assert read_tls(flight(DHE, prime=OAKLEY)).key_exchange == KeyExchange("dhe", "modp1024", 1024)


def test_a_bad_part_inside_takes_nothing_back() -> None:
    sent = message(2, b"\x03\x03" + bytes(32) + b"\x00" + DHE.to_bytes(2) + b"\x00")
    for kind, body in ((11, b"\xff\xff\xff\xff\xff\xff\xff"), (12, b"\xff\xff\x00\x00"), (22, b"\x01\xff\xff\xff")):
        answer = read_tls(record(22, sent + message(kind, body) + message(14, b"")))
        assert (answer.accepted, answer.certificates, answer.key_exchange, answer.ocsp) == ("TLSv1.2", (), None, b"")


def test_a_hello_retry_request_accepts_tls_13() -> None:
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    body = b"\x03\x03" + retry + b"\x00\x13\x01\x00" + b"\x00\x06\x00\x2b\x00\x02\x03\x04"
    answer = read_tls(record(22, message(2, body)))
    assert answer.hello is not None
    assert (answer.accepted, answer.hello.retry, answer.complete) == ("TLSv1.3", True, True)


NORMAL = HelloQuestion("weak12", OFFERS[0])
OUTCOMES = [
    ("accepted", flight(DHE), "answered", Outcome.ACCEPTED),
    ("refused", FATAL + b"\x28", "answered", Outcome.REFUSED),
    ("nothing", b"", "closed", Outcome.SILENT),
    ("warning and close", b"\x15\x03\x01\x00\x02\x01\x00", "closed", Outcome.SILENT),
    ("cut off", flight(DHE)[:300], "timeout", Outcome.GARBAGE),
    ("text", b"554 5.7.1 no\r\n", "answered", Outcome.GARBAGE),
    ("not offered", flight(DHE).replace(DHE.to_bytes(2), b"\x00\xa8", 1), "answered", Outcome.GARBAGE),
    ("name not known", FATAL + b"\x70", "answered", Outcome.GARBAGE),
]


@pytest.mark.parametrize(
    ("received", "ended", "outcome"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES]
)
def test_bytes_are_worth_what_they_prove(received: bytes, ended: str, outcome: Outcome) -> None:
    assert hello_answer(NORMAL, received, ended).outcome is outcome


def test_an_answer_to_another_hello_is_no_answer() -> None:
    sent = NORMAL.build(RANDOM)
    facts = HelloFacts("hello", SNI, "192.0.2.1", 25, "weak12", (), sent, flight(DHE), "answered", 1)
    seen = Observation("o-1", "hello", "", NORMAL.question, "", 0.0, "", "", Origin.WIRE, facts, None)
    assert answer_of(NORMAL, seen).outcome is Outcome.ACCEPTED
    assert answer_of(replace(NORMAL, offer=OFFERS[2]), seen).outcome is Outcome.NOT_OBTAINED
    assert answer_of(NORMAL, None).outcome is Outcome.NOT_OBTAINED
    assert answer_of(NORMAL, replace(seen, facts=replace(facts, sent=b""))).outcome is Outcome.NOT_OBTAINED


def test_questions_have_their_names_in_the_evidence() -> None:
    second = replace(NORMAL, number=2)
    assert (NORMAL.question, second.question) == ("hello weak12", "hello weak12 2")
    assert second.smaller().question == "hello weak12 2 smaller"
    assert second.once_more("mx.example", ()).question == "hello weak12 2 smaller late"


@given(st.data())
def test_a_broken_flight_is_an_answer_or_a_fault(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([flight(DHE), flight(SOUND[0]), flight(BY_NAME["RSA_EXPORT_WITH_RC4_40_MD5"])]))
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 3)) :]
    try:
        answer = read_tls(broken)
    except HelloFault:
        return
    assert not (answer.accepted and answer.refused)


@given(st.lists(st.tuples(st.sampled_from([2, 11, 12, 13, 14, 22]), st.binary(max_size=80)), max_size=6))
def test_any_messages_are_an_answer_or_a_fault(messages: list[tuple[int, bytes]]) -> None:
    sent = record(22, b"".join(message(kind, body) for kind, body in messages))
    assert hello_answer(NORMAL, sent, "closed").outcome in Outcome
