"""Every reader of a stranger's words gives its own error or none, whatever it is given, however long."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, Parser

#: Longer than a TXT record, a policy file or a chain may be; what is not read in about one pass takes minutes here.
LONG = 60_000


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.a.example")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=90))
    names = x509.SubjectAlternativeName([x509.DNSName("mx.a.example"), x509.DNSName("*.a.example")])
    return made.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


CERTIFICATE = _certificate()


def _read(parser: Parser, octets: bytes) -> None:
    with contextlib.suppress(parser.fault):
        parser.read(octets)


def _pieces(name: str) -> tuple[bytes, ...]:
    return PARSERS[name].pieces or (CERTIFICATE,)


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_anything_at_all_is_read_or_refused(name: str, data: st.DataObject) -> None:
    _read(PARSERS[name], data.draw(st.binary(max_size=300)))


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_a_sound_text_with_a_piece_changed_is_read_or_refused(name: str, data: st.DataObject) -> None:
    pieces = _pieces(name)
    whole = pieces[0]
    at = data.draw(st.integers(0, len(whole)))
    inside = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from(pieces)))
    _read(PARSERS[name], whole[:at] + inside + whole[at + data.draw(st.integers(0, 4)) :])


LONGEST = [(name, number) for name in PARSERS for number in range(len(_pieces(name)))]


@pytest.mark.parametrize(("name", "number"), LONGEST)
def test_a_long_text_is_read_or_refused(name: str, number: int) -> None:
    whole, part = _pieces(name)[0], _pieces(name)[number]
    for octets in (part * (LONG // len(part)), whole + part * (LONG // len(part)), b" " * LONG, whole + b"\0" * LONG):
        _read(PARSERS[name], octets)
