"""ClientHellos read back: those we build, those of this machine's OpenSSL, and bytes that are none."""

import contextlib
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.tls_client_hello import TLS10, TLS12, TLS13, HelloOffer, build_hello
from compliance.records.tls_offer import ClientOffer, is_whole, read_offer
from compliance.records.tls_wire import HelloFault

AES, OLD = 0xC02F, 0x000A


def of_openssl(newest: ssl.TLSVersion, name: str) -> bytes:
    """What this machine's OpenSSL says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, newest
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(inward, outward, server_hostname=name).do_handshake()
    return outward.read()


@pytest.mark.parametrize(
    ("hello", "wanted"),
    [
        (HelloOffer(TLS12, (AES, OLD), "mx.a.example"), ClientOffer(("TLSv1.2",), (AES, OLD), "mx.a.example", False)),
        (HelloOffer(TLS10, (OLD,)), ClientOffer(("TLSv1",), (OLD,), "", False)),
        (HelloOffer(TLS13, (0x1301,), "mx.a.example"), ClientOffer(("TLSv1.3",), (0x1301,), "mx.a.example", True)),
    ],
)
def test_what_we_offer_is_read_back(hello: HelloOffer, wanted: ClientOffer) -> None:
    assert read_offer(build_hello(hello)) == wanted


def test_a_hello_of_openssl_names_its_versions_and_whom_it_asks_for() -> None:
    found = read_offer(of_openssl(ssl.TLSVersion.TLSv1_3, "mx.a.example"))

    assert (found.versions, found.newest, found.sni) == (("TLSv1.3", "TLSv1.2"), "TLSv1.3", "mx.a.example")
    assert {0x1301, 0x1302, 0xC02F} <= set(found.suites)
    assert not {0x00FF, 0x5600} & set(found.suites)


def test_a_client_that_knows_no_tls13_offers_its_highest_version() -> None:
    found = read_offer(of_openssl(ssl.TLSVersion.TLSv1_2, "mx.a.example"))

    assert (found.versions, found.names_versions) == (("TLSv1.2",), False)


def test_grease_is_no_offer() -> None:
    sent = build_hello(HelloOffer(TLS12, (0x1A1A, AES, 0xFAFA)))

    assert read_offer(sent).suites == (AES,)


def test_a_name_that_is_no_host_name_is_left_out() -> None:
    sent = build_hello(HelloOffer(TLS12, (AES,), "mx.example")).replace(b"mx.example", b"$(id).xmpl")

    assert read_offer(sent).sni == ""


def test_a_hello_split_over_records_is_read_whole() -> None:
    sent = build_hello(HelloOffer(TLS12, (AES,), "mx.a.example"))
    message = sent[5:]
    split = b"".join(sent[:3] + len(part).to_bytes(2) + part for part in (message[:3], message[3:50], message[50:]))

    assert read_offer(split).sni == "mx.a.example"
    assert is_whole(split)
    assert not is_whole(split[:40])


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_hello_cut_short_is_no_hello(cut: int) -> None:
    sent = build_hello(HelloOffer(TLS12, (AES,), "mx.a.example"))

    with pytest.raises(HelloFault):
        read_offer(sent[:cut])


@given(st.binary(max_size=300), st.integers(0, 140), st.integers(0, 255))
def test_nothing_but_a_hello_fault_is_raised(rest: bytes, place: int, value: int) -> None:
    sent = bytearray(build_hello(HelloOffer(TLS12, (AES,), "mx.a.example"), bytes(64)))
    sent[place % len(sent)] = value
    for content in (rest, b"\x16\x03\x01" + rest, bytes(sent), bytes(sent) + rest):
        with contextlib.suppress(HelloFault):
            read_offer(content)
