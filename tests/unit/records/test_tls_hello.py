"""Old hellos: the bytes that are sent, and every kind of answer, hostile ones too."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.tls_hello import Alert, Answer, HelloFault, Offer, build, closing_alert, read_answer

TLS, SSL2 = Offer.SSL3_TLS11, Offer.SSL2
RANDOM = bytes(range(64))


def record(kind: int, content: bytes, version: int = 0x0301) -> bytes:
    return struct.pack("!BHH", kind, version, len(content)) + content


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def server_hello(version: int = 0x0301, suite: int = 0xC013, extensions: bytes = b"") -> bytes:
    tail = len(extensions).to_bytes(2) + extensions if extensions else b""
    return message(2, version.to_bytes(2) + bytes(32) + b"\x02ab" + suite.to_bytes(2) + b"\x00" + tail)


CERTIFICATE = message(11, bytes(3000))
DONE = message(14, b"")
FLIGHT = server_hello() + CERTIFICATE + DONE
SSL2_BODY = b"\x04\x00\x01\x00\x02" + struct.pack("!HHH", 4, 6, 16) + b"CERT" + b"\x01\x00\x80\x07\x00\xc0" + bytes(16)
SSL2_HELLO = struct.pack("!H", 0x8000 | len(SSL2_BODY)) + SSL2_BODY

ROWS = [
    ("nothing", TLS, b"", "", False, False),
    ("whole flight in one record", TLS, record(22, FLIGHT), "TLSv1", False, True),
    ("message a record", TLS, record(22, server_hello(0x0302)) + record(22, CERTIFICATE) + record(22, DONE), "TLSv1.1", False, True),  # noqa: E501
    ("a byte a record", TLS, b"".join(record(22, bytes([byte])) for byte in server_hello(0x0300) + DONE), "SSLv3", False, True),  # noqa: E501
    ("ServerHello alone proves nothing", TLS, record(22, server_hello()), "", False, False),
    ("done without hello", TLS, record(22, DONE), "", False, False),
    ("cut in the certificate", TLS, record(22, FLIGHT)[:500], "", False, False),
    ("fatal alert 70", TLS, record(21, b"\x02\x46"), "", True, True),
    ("fatal alert after ServerHello", TLS, record(22, server_hello()) + record(21, b"\x02\x28"), "", True, True),
    ("warning", TLS, record(21, b"\x01\x00"), "", False, False),
    ("warning, then flight", TLS, record(21, b"\x01\x70") + record(22, FLIGHT), "TLSv1", False, True),
    ("SSLv2", SSL2, SSL2_HELLO, "SSLv2", False, True),
    ("SSLv2 cut", SSL2, SSL2_HELLO[:20], "", False, False),
    ("SSLv2 without ciphers", SSL2, b"\x80\x0b\x04\x00\x01\x00\x02" + bytes(6), "", False, True),
    ("SSLv2 error", SSL2, b"\x80\x03\x00\x00\x01", "", True, True),
    ("alert to SSLv2", SSL2, record(21, b"\x02\x46"), "", True, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("offer", "received", "accepted", "refused", "complete"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_an_answer_is_read(offer: Offer, received: bytes, accepted: str, refused: bool, complete: bool) -> None:
    answer = read_answer(offer, received)
    assert (answer.accepted, answer.refused, answer.complete) == (accepted, refused, complete)


FAULTS = [
    ("SMTP text", TLS, b"502 5.5.2 what?\r\n"),
    ("HTTP", SSL2, b"HTTP/1.1 400 Bad Request\r\n"),
    ("record too long", TLS, b"\x16\x03\x01\xff\xff"),
    ("message too long", TLS, record(22, b"\x0b\xff\xff\xff")),
    ("short ServerHello", TLS, record(22, message(2, b"\x03\x01"))),
    ("unknown version", TLS, record(22, server_hello(0x0909))),
    ("SSLv2 that does not add up", SSL2, b"\x80\x0b\x04\x00\x01\x00\x02\xff\xff\xff\xff\xff\xff"),
    ("far too much", TLS, bytes(100_000)),
]


@pytest.mark.parametrize(("offer", "received"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_is_no_answer_is_a_fault(offer: Offer, received: bytes) -> None:
    with pytest.raises(HelloFault):
        read_answer(offer, received)


def test_a_server_hello_is_kept_whole() -> None:
    extensions = b"\xff\x01\x00\x01\x00"
    hello = read_answer(TLS, record(22, server_hello(extensions=extensions))).hello
    assert hello is not None
    assert (hello.suite_name, hello.compression, hello.session_id) == ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 0, b"ab")
    assert hello.secure_renegotiation


def test_tls_13_tells_its_version_in_an_extension() -> None:
    hello = read_answer(TLS, record(22, server_hello(0x0303, 0x1301, b"\x00\x2b\x00\x02\x03\x04"))).hello
    assert hello is not None
    assert (hello.version, hello.suite_name) == ("TLSv1.3", "TLS_AES_128_GCM_SHA256")


def test_what_comes_encrypted_is_not_read() -> None:
    received = record(22, server_hello(0x0303)) + record(20, b"\x01") + record(22, b"\xff" * 40)
    assert read_answer(TLS, received).hello is not None


def test_an_unknown_suite_is_named_by_its_number() -> None:
    hello = read_answer(TLS, record(22, server_hello(suite=0xFAFA))).hello
    assert hello is not None
    assert hello.suite_name == "0xFAFA"


def test_the_first_fatal_alert_stands() -> None:
    assert read_answer(TLS, record(21, b"\x02\x46") + record(21, b"\x01\x00")) == Answer(alert=Alert(2, 70))


def test_the_hello_offers_tls_11_in_an_ssl3_record_without_sni_or_fallback() -> None:
    sent = build(TLS, random=RANDOM)
    assert sent[:3] == b"\x16\x03\x00"
    assert int.from_bytes(sent[3:5]) == len(sent) - 5 < 256  # some old load balancers hang from 256 bytes on
    assert sent[5] == 1
    assert int.from_bytes(sent[6:9]) == len(sent) - 9
    assert sent[9:11] == b"\x03\x02"
    assert sent[43] == 32
    size = int.from_bytes(sent[76:78])
    suites = set(struct.unpack(f"!{size // 2}H", sent[78 : 78 + size]))
    assert {0x0005, 0x000A, 0x0003, 0x0034, 0x002F, 0xC013, 0xC009, 0x00FF} <= suites
    assert 0x5600 not in suites
    extensions = sent[78 + size + 4 :]
    assert extensions[:2] == b"\x00\x0a"
    assert b"\x00\x00\x00" not in extensions[:1]


def test_the_smaller_hello_still_names_groups() -> None:
    sent = build(TLS, smaller=True, random=RANDOM)
    size = int.from_bytes(sent[76:78])
    assert sent[78 + size :] == bytes.fromhex("0100 0010 000a0006 0004 0017 0018 000b0002 0100")
    assert len(sent) < len(build(TLS)) / 1.5


def test_the_sslv2_hello_adds_up() -> None:
    sent = build(SSL2, random=RANDOM)
    assert sent[:5] == bytes([0x80, len(sent) - 2, 1, 0, 2])
    ciphers, identity, challenge = struct.unpack_from("!HHH", sent, 5)
    assert (ciphers % 3, identity, challenge, 11 + ciphers + challenge) == (0, 0, 16, len(sent))


def test_hellos_differ_from_each_other() -> None:
    assert build(TLS) != build(TLS)
    assert closing_alert()[0] == 21
    with pytest.raises(ValueError, match="64"):
        build(TLS, random=b"")


@given(st.sampled_from(Offer), st.binary(max_size=400))
def test_any_bytes_give_an_answer_or_a_fault(offer: Offer, received: bytes) -> None:
    _read(offer, received)


@given(st.data())
def test_a_broken_flight_gives_an_answer_or_a_fault(data: st.DataObject) -> None:
    offer, whole = data.draw(st.sampled_from([(TLS, record(22, server_hello() + DONE)), (SSL2, SSL2_HELLO)]))
    at = data.draw(st.integers(0, len(whole) - 1))
    _read(offer, whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 3)) :])


@given(st.integers(0, len(SSL2_HELLO)))
def test_a_cut_answer_is_never_a_fault(at: int) -> None:
    assert read_answer(SSL2, SSL2_HELLO[:at]).refused is False
    assert read_answer(TLS, record(22, FLIGHT)[: at * 20]).refused is False


def _read(offer: Offer, received: bytes) -> None:
    try:
        answer = read_answer(offer, received)
    except HelloFault:
        return
    assert not (answer.accepted and answer.refused)
