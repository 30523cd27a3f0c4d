"""Everything that reads what a stranger wrote: each reader, the one error it may raise, and texts to begin from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.records import dkim, dmarc_older, dmarc_record, dmarc_write, mta_sts, received, spf, tls_rpt, tlsa
from compliance.records.certificate import CertificateFault
from compliance.records.certificate import read as read_certificate
from compliance.records.spf_domain import SpfFault
from compliance.records.tls_hello import HelloFault, Offer, read_answer

KEY = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMK7ByetFuHUqVkcDLJbJ07onsVuMn6IS0LIaQ5w7VYrKBBAFKQFlMY79DZB9Z1pIWEGP8bBxBkEqUYhqLOBQjUCAwEAAQ=="  # noqa: E501


@dataclass(frozen=True)
class Parser:
    """A reader of octets. `pieces` are what its inputs are made of: whole ones to change, and parts to repeat."""

    read: Callable[[bytes], object]
    fault: type[Exception]
    pieces: tuple[bytes, ...]


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda octets: read(octets.decode("latin-1"))  # as TXT strings are kept


def _dmarc(text: str) -> object:
    dmarc_older.older_reading("a.example", "a.example", lambda _: (text,))
    return dmarc_write.rewritten(dmarc_record.parse(text))


def _pieces(*texts: str) -> tuple[bytes, ...]:
    return tuple(text.encode("latin-1") for text in texts)


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.a.example")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=90))
    names = x509.SubjectAlternativeName([x509.DNSName("mx.a.example"), x509.DNSName("*.a.example")])
    return made.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


PARSERS: Mapping[str, Parser] = {
    "spf": Parser(
        _text(spf.parse),
        SpfFault,
        _pieces(
            "v=spf1 a:%{d1r.-}.b.example/24//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 exp=x.example -all", " a", "%{d}"
        ),
    ),
    "dkim": Parser(
        _text(dkim.parse),
        dkim.DkimFault,
        _pieces(f"v=DKIM1; k=rsa; h=sha256:sha1; s=email:*; t=y:s; n=x; p={KEY}", "; p=", "t=y;", ":", "A"),
    ),
    "dmarc": Parser(
        _text(_dmarc),
        dmarc_record.DmarcFault,
        _pieces(
            "v=DMARC1; p=reject; sp=none; np=none; t=y; psd=n; pct=50; rua=mailto:a%2Cb@c.example!10m,https://d.example",
            "; rua=mailto:a@b.example",
            ",mailto:a@b.example!1k",
            "!",
        ),
    ),
    "sts_record": Parser(_text(mta_sts.parse_record), mta_sts.StsFault, _pieces("v=STSv1; id=20261101; x=y", "; a=b")),
    "sts_policy": Parser(
        _text(mta_sts.parse_policy),
        mta_sts.StsFault,
        _pieces("version: STSv1\r\nmode: enforce\r\nmax_age: 86400\r\nmx: *.a.example\r\n", "mx: a.example\n", "\n"),
    ),
    "tls_rpt": Parser(
        _text(tls_rpt.parse),
        tls_rpt.TlsRptFault,
        _pieces("v=TLSRPTv1; rua=mailto:a%2C@b.example,https://[2001:db8::1]:443/x?y", ",mailto:a@b.example", "; x=y"),
    ),
    "tlsa": Parser(_text(tlsa.parse), tlsa.TlsaFault, _pieces(f"3 1 1 {'ab' * 32}", "ab", " ")),
    "tls_hello": Parser(
        lambda octets: [read_answer(offer, octets) for offer in Offer],
        HelloFault,
        (
            bytes.fromhex("16030100310200002d0301")
            + bytes(32)
            + bytes.fromhex("0000050000050000000016030100040e000000"),
            b"\x15\x03\x01\x00\x02\x02\x28",
            b"\x80\x14\x04\x00\x01\x00\x02\x00\x00\x00\x03\x00\x06",
            b"\x16\x03\x01\x00\x04\x0e\x00\x00\x00",
        ),
    ),
    "received": Parser(
        received.parse,
        ValueError,
        (
            b" from a (b [192.0.2.1])\r\n\t(using TLSv1.3 with cipher X (1)) by c with SMTPS; 2 Nov 2026 08:00:00 Z",
            b" from [192.0.2.1] (helo=a.example) by c.example with esmtps (TLS1.3) tls X (Exim 4.96)",
            b"(version=TLS1_2, cipher=X)",
            b" by c.example",
            b"(",
            b"; 1 Jan 9999 23:59:59 -9999",
        ),
    ),
    "certificate": Parser(read_certificate, CertificateFault, (_certificate(),)),
}
