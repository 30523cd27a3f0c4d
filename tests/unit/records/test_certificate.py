"""Certificates summarised whatever is in them, and names matched (RFC 5280, RFC 9525)."""

import contextlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.certificate import CertificateFault, displayable, matches, read
from compliance.records.der import rsa_bits, subject_public_key_info
from compliance.reporting.shown import shown
from tests.unit.authorities import NOW, Wanted, leaf, make, name

ROOT = make(Wanted("Root"))
LEAF = leaf(ROOT)
RSA_KEY = rsa.generate_private_key(65537, 1024)


def test_a_leaf_is_summarised() -> None:
    seen = read(LEAF.der)
    assert (seen.subject, seen.issuer, seen.common_name) == ("CN=mx.example.com", "CN=Root", "mx.example.com")
    assert (seen.dns_names, seen.key_type, seen.key_bits, seen.curve) == (("mx.example.com",), "ec", 256, "secp256r1")
    assert (seen.signature_hash, seen.signature_algorithm) == ("sha256", "ecdsa_with_sha256")
    assert (seen.key_usage, seen.extended_usage) == (("digital_signature",), ("1.3.6.1.5.5.7.3.1",))
    assert (seen.self_signed, seen.key_algorithm) == (False, "ec_public_key")
    assert seen.fingerprint == LEAF.certificate.fingerprint(hashes.SHA256()).hex()
    assert seen.serial == f"{LEAF.certificate.serial_number:x}"
    assert seen.not_before.tzinfo is not None


def test_an_authority_is_summarised() -> None:
    seen = read(ROOT.der)
    assert (seen.key_usage, seen.self_signed, seen.extended_usage) == (("key_cert_sign", "crl_sign"), True, None)


KEYS = (
    (RSA_KEY, "rsa", 1024, "", "sha256"),
    (ec.generate_private_key(ec.SECP384R1()), "ec", 384, "secp384r1", "sha256"),
    (ed25519.Ed25519PrivateKey.generate(), "ed25519", 256, "", ""),
    (ed448.Ed448PrivateKey.generate(), "ed448", 456, "", ""),
)


@pytest.mark.parametrize(("key", "kind", "bits", "curve", "digest"), KEYS, ids=[row[1] for row in KEYS])
def test_each_kind_of_key_is_told(key: object, kind: str, bits: int, curve: str, digest: str) -> None:
    algorithm = None if kind.startswith("ed") else hashes.SHA256()
    builder = x509.CertificateBuilder(name("x"), name("x"), key.public_key(), 1, NOW, NOW)  # type: ignore[attr-defined]
    seen = read(builder.sign(key, algorithm).public_bytes(Encoding.DER))  # type: ignore[arg-type]
    assert (seen.key_type, seen.key_bits, seen.curve, seen.signature_hash) == (kind, bits, curve, digest)
    assert seen.self_signed


def test_the_same_octets_are_read_once() -> None:
    assert read(LEAF.der) is read(bytes(bytearray(LEAF.der)))


def test_the_key_of_a_certificate_is_found_by_hand() -> None:
    der = make(Wanted("short", key=RSA_KEY)).der
    assert rsa_bits(subject_public_key_info(der)) == 1024
    spki = RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert subject_public_key_info(der) == spki


@pytest.mark.parametrize("sign", ["\u00ad", "\u206a", "\u3164", "\U000e0041", "\u202e", "\u180e", "\U0001d173"])
def test_signs_that_show_nothing_are_shown(sign: str) -> None:
    assert displayable(f"a{sign}b") == "a\ufffdb"
    assert shown(f"a{sign}b").startswith("a\\")


def test_hostile_names_are_kept_and_shown_clean() -> None:
    hostile = "evil\x00.example\u202e\n<b>"
    seen = read(make(Wanted(hostile, names=("good.example\x00.evil.example",))).der)
    assert seen.common_name == hostile
    assert seen.dns_names == ("good.example\x00.evil.example",)
    assert not set("\x00\u202e\n") & set(seen.subject)
    assert not matches(seen.dns_names, "good.example")
    assert len(displayable("x" * 10_000)) == 256


def test_addresses_are_no_names() -> None:
    address = x509.IPAddress(ipaddress.ip_address("192.0.2.1"))
    seen = read(make(Wanted("x", more=((x509.SubjectAlternativeName([address]), False),))).der)
    assert (seen.dns_names, seen.ip_addresses) == ((), ("192.0.2.1",))


MATCHES = (
    ("mx.example.com", "mx.example.com", True),
    ("MX.Example.COM", "mx.example.com.", True),
    ("mx.example.com.", "mx.example.com", False),
    ("*.example.com", "mx.example.com", True),
    ("*.example.com", "example.com", False),
    ("*.example.com", "a.mx.example.com", False),
    ("*", "localhost", False),
    ("*.com", "example.com", False),
    ("*.*.com", "mx.example.com", False),
    ("m*.example.com", "mx.example.com", False),
    ("*x.example.com", "mx.example.com", False),
    ("mx.*.com", "mx.example.com", False),
    ("xn--*.example.com", "xn--mx.example.com", False),
    ("*.example.com", "xn--bl-zka.example.com", True),
    ("mx.example.com\x00.evil.com", "mx.example.com", False),
    ("mx.example.com\x00", "mx.example.com", False),
    ("mx.example.com\x00", "mx.example.com\x00", False),
    ("192.0.2.1", "192.0.2.1", False),
    ("*.0.2.1", "192.0.2.1", False),
    ("", "", False),
    (".example.com", "mx.example.com", False),
    (" mx.example.com", "mx.example.com", False),
)


@pytest.mark.parametrize(("presented", "host", "expected"), MATCHES)
def test_names_match_whole_labels(presented: str, host: str, expected: bool) -> None:
    assert matches((presented,), host) is expected
    assert matches(("other.example", presented), host) is expected


@given(st.binary())
def test_any_octets_are_a_certificate_or_a_fault(der: bytes) -> None:
    with contextlib.suppress(CertificateFault):
        read(der)


@given(st.integers(0, len(LEAF.der) - 1), st.integers(0, 255), st.booleans())
def test_a_certificate_with_an_octet_changed_is_survived(at: int, octet: int, cut: bool) -> None:
    der = LEAF.der[:at] + bytes([octet]) + (b"" if cut else LEAF.der[at + 1 :])
    with contextlib.suppress(CertificateFault):
        read(der)
