"""Certificates to order for chain tests, made with EC keys, and OpenSSL's own verdict on a chain."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
CA_USAGE = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
LEAF_USAGE = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


@dataclass(frozen=True)
class Made:
    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Wanted:
    name: str
    signer: Made | None = None
    ca: bool | None = True
    length: int | None = None
    usage: x509.KeyUsage | None = CA_USAGE
    extended: x509.ExtendedKeyUsage | None = None
    names: Sequence[str] = ()
    since: int = -30
    until: int = 300
    key: Any = None
    claims: str = ""  # the issuer's name, where it is not the signer's
    identified: bool = True
    more: Sequence[tuple[x509.ExtensionType, bool]] = field(default_factory=tuple)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def make(wanted: Wanted) -> Made:
    key = wanted.key or ec.generate_private_key(ec.SECP256R1())
    signer = wanted.signer
    issuer = name(wanted.claims) if wanted.claims else signer.certificate.subject if signer else name(wanted.name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(wanted.name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=wanted.since))
        .not_valid_after(NOW + timedelta(days=wanted.until))
    )
    extensions: list[tuple[x509.ExtensionType, bool]] = list(wanted.more)
    if wanted.identified:
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
        above = signer.key if signer else key
        extensions.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), False))
    if wanted.ca is not None:
        extensions.append((x509.BasicConstraints(wanted.ca, wanted.length if wanted.ca else None), True))
    if wanted.usage:
        extensions.append((wanted.usage, True))
    if wanted.extended:
        extensions.append((wanted.extended, False))
    if wanted.names:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(each) for each in wanted.names]), False))
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return Made(builder.sign(signer.key if signer else key, hashes.SHA256()), key)


def leaf(signer: Made | None, **changes: Any) -> Made:
    standard: dict[str, Any] = {"ca": False, "usage": LEAF_USAGE, "extended": SERVER, "names": ("mx.example.com",)}
    return make(Wanted("mx.example.com", signer, **(standard | changes)))


def openssl_trusts(folder: Path, chain: Sequence[Made], roots: Sequence[Made]) -> bool:
    """Ask `openssl verify` as a sender's mail server would; the leaf's own dates are valid in all that is made here."""
    for file, content in (("leaf", chain[:1]), ("chain", chain[1:]), ("roots", roots)):
        (folder / file).write_bytes(b"".join(made.pem for made in content))
    command = ["openssl", "verify", "-purpose", "sslserver", "-no-CApath", "-no-CAstore", "-CAfile", folder / "roots"]
    command += ["-untrusted", folder / "chain"] if len(chain) > 1 else []
    done = subprocess.run([*command, folder / "leaf"], capture_output=True, check=False, timeout=20)
    return done.returncode == 0
