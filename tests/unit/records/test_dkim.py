"""DKIM key records, row by row (RFC 6376 section 3.6.1, RFC 8301, RFC 8463)."""

import base64
import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.der import DerFault, rsa_bits, subject_public_key_info
from compliance.records.dkim import DkimFault, parse

RSA = rsa.generate_private_key(65537, 1024).public_key()
SPKI = base64.b64encode(RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
PKCS1 = base64.b64encode(RSA.public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()
ED = base64.b64encode(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
EC = ec.generate_private_key(ec.SECP256R1()).public_key()
EC_SPKI = base64.b64encode(EC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def bare_rsa(bits: int, exponent: int = 65537) -> bytes:
    """A PKCS#1 key of any length, which the library would not make."""

    def integer(value: int) -> bytes:
        octets = value.to_bytes(value.bit_length() // 8 + 1)
        return b"\x02" + size(len(octets)) + octets

    def size(length: int) -> bytes:
        return bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2)

    content = integer((1 << (bits - 1)) | 1) + integer(exponent)
    return b"\x30" + size(len(content)) + content


def tiny(bits: int) -> str:
    return base64.b64encode(bare_rsa(bits)).decode()


READ = (
    ("usual", f"v=DKIM1; k=rsa; p={SPKI}", "rsa", 1024),
    ("bare", f"p={SPKI}", "rsa", 1024),
    ("PKCS#1", f"v=DKIM1;p={PKCS1};", "rsa", 1024),
    ("blanks within", f"v=DKIM1; p={SPKI[:50]} {SPKI[50:99]}\t{SPKI[99:]} ", "rsa", 1024),
    ("Ed25519", f"v=DKIM1; k=ed25519; p={ED}", "ed25519", 256),
    ("512 bits", f"v=DKIM1; p={tiny(512)}", "rsa", 512),
    ("384 bits", f"v=DKIM1; p={tiny(384)}", "rsa", 384),
    ("shorter than the library loads", f"v=DKIM1; p={base64.b64encode(bare_rsa(512, 4)).decode()}", "rsa", 512),
    ("unknown tags", f"v=DKIM1; g=*; x=y; n=a note; p={SPKI}", "rsa", 1024),
    ("revoked", "v=DKIM1; k=rsa; p=", "rsa", 0),
)


@pytest.mark.parametrize(("case", "text", "algorithm", "bits"), READ, ids=[row[0] for row in READ])
def test_a_key_is_read(case: str, text: str, algorithm: str, bits: int) -> None:
    key = parse(text)
    assert (key.algorithm, key.bits, key.revoked) == (algorithm, bits, bits == 0)


@pytest.mark.parametrize(("data", "bare"), [(SPKI, False), (PKCS1, True), (tiny(512), True), ("", False)])
def test_a_bare_rsa_key_is_told(data: str, bare: bool) -> None:
    assert parse(f"v=DKIM1; p={data}").bare is bare


REFUSED = (
    ("", "empty_tag"),
    ("v=spf1 -all", "version"),
    ("v=DKIM1; k=rsa", "no_key"),
    ("v=DKIM2; p=", "version"),
    ("v=dkim1; p=", "version"),
    (f"k=rsa; v=DKIM1; p={SPKI}", "version_place"),
    (f"v=DKIM1; k=RSA; p={SPKI}", "key_type"),
    (f"v=DKIM1; k=ml-dsa; p={SPKI}", "key_type"),
    (f"v=DKIM1; p={SPKI}; p={SPKI}", "repeated"),
    (f"v=DKIM1;; p={SPKI}", "empty_tag"),
    (f"v=DKIM1; oops; p={SPKI}", "no_equals"),
    (f"v=DKIM1; 1x=y; p={SPKI}", "tag_name"),
    ("v=DKIM1; p=\xe6", "character"),
    ("v=DKIM1; p=!!!", "base64"),
    (f"v=DKIM1; p={SPKI[:-5]}", "base64"),
    ("v=DKIM1; p=AAAA", "key"),
    (f"v=DKIM1; p={ED}", "key"),
    (f"v=DKIM1; p={EC_SPKI}", "key"),
    (f"v=DKIM1; k=ed25519; p={SPKI}", "ed25519_length"),
    (f"v=DKIM1; k=ed25519; p={ED[:-4]}", "ed25519_length"),
    (f"v=DKIM1; p={base64.b64encode(bare_rsa(2048, 4)).decode()}", "key"),
    (f"v=DKIM1; s=tlsrpt; p={SPKI}", "not_for_mail"),
    (f"v=DKIM1; h=md5; p={SPKI}", "no_hash"),
)


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_fault_is_named(text: str, why: str) -> None:
    with pytest.raises(DkimFault) as fault:
        parse(text)
    assert fault.value.why == why


def test_flags_hashes_and_services_are_told() -> None:
    key = parse(f"v=DKIM1; h=sha1 : x; s=tlsrpt:email; t=y:s; p={SPKI}")
    assert (key.only_sha1, key.testing, key.strict) == (True, True, True)
    plain = parse(f"h=sha1:sha256; s=*; p={SPKI}")
    assert (plain.only_sha1, plain.testing, plain.strict) == (False, False, False)


@pytest.mark.parametrize(
    "der", [bare_rsa(512)[:-1], bare_rsa(512) + b"\0", bare_rsa(512, 1), b"", b"0\x80", b"0\x84\xff"]
)
def test_what_is_no_rsa_key_is_refused(der: bytes) -> None:
    with pytest.raises(DerFault):
        rsa_bits(der)


@given(st.one_of(st.text(), st.binary().map(lambda raw: f"v=DKIM1; p={base64.b64encode(raw).decode()}")))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(DkimFault):
        parse(text)


@given(st.binary())
def test_any_octets_are_read_or_refused(der: bytes) -> None:
    for read in (rsa_bits, subject_public_key_info):
        with contextlib.suppress(DerFault):
            read(der)
