"""Certificates for rows: issued by one root, their days counted from the time of the run."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from compliance.checks.trust import Roots
from tests.unit.authorities import CA_USAGE
from tests.unit.checks.build import AT, MX


@cache
def key(kind: str) -> Any:
    """Make a key once: `rsa2048`, `secp256r1`."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    return ec.generate_private_key({"secp256r1": ec.SECP256R1, "secp224r1": ec.SECP224R1}[kind]())


@dataclass(frozen=True)
class Paper:
    """A certificate to be made: `since` and `until` are days from the run's time."""

    names: Sequence[str] = (MX,)
    common: str = MX
    since: float = -100
    until: float = 265
    kind: str = "secp256r1"
    own_root: bool = False  # signed by itself
    more: str = ""  # the OID of an extension that is malformed

    def made(self) -> bytes:
        issuer, signer = (self.common, self.kind) if self.own_root else ("Root", "secp256r1")
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key(self.kind).public_key())
            .serial_number(1000)
            .not_valid_before(AT + timedelta(days=self.since))
            .not_valid_after(AT + timedelta(days=self.until))
        )
        if self.names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in self.names])
            builder = builder.add_extension(alternatives, critical=False)
        if self.more:
            oid = x509.ObjectIdentifier(self.more)
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, b"\x30\x03\x02\x01"), critical=False)
        if self.common == "Root":
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            builder = builder.add_extension(CA_USAGE, critical=True)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(b"Root", None, None), critical=False)
        return builder.sign(key(signer), hashes.SHA256()).public_bytes(Encoding.DER)


ROOT = Paper((), "Root", -1000, 1000, own_root=True).made()
PEM = x509.load_der_x509_certificate(ROOT).public_bytes(Encoding.PEM)
PUBLIC, PRIVATE = Roots(PEM), Roots(b"", PEM)


def leaf(**wanted: Any) -> tuple[bytes, ...]:
    """Give the chain a host presents: one certificate."""
    return (Paper(**wanted).made(),)


POLICIES, ALTERNATIVES = "2.5.29.32", "2.5.29.17"
SOUND = leaf()
SELF_SIGNED = leaf(own_root=True)
STRANGE = leaf(own_root=True, names=("annet.example",), since=-400, until=-2.5)


def ee(chain: Sequence[bytes], usage: int = 3) -> str:
    """Give the TLSA record of a chain's leaf: usage, whole certificate, SHA-256."""
    return f"{usage} 0 1 {hashlib.sha256(chain[0]).hexdigest()}"
