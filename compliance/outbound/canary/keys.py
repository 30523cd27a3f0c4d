"""Keys and certificates of the personas: keys are kept, so that TLSA records stay true; certificates are made anew."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compliance.outbound.canary.personas import Certificate
from compliance.outbound.canary.plan import PlanFault, Setup
from compliance.outbound.canary.tls import Identity
from compliance.store.files import write_bytes

AUTHORITY = "ca.pem"
_YEARS = timedelta(days=3650)
_LEAF = timedelta(days=90)
_SIGNING = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
_SERVING = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
Names = Sequence[str]


class Keys:
    """The keys below a canary's folder. `ca.pem` is the root of the certificates that are not from outside."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        self._folder = folder / "keys"
        self._setup = setup
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._root = _authority("Canary root", self._key("root"), self._now)
        self._stranger = _authority("Canary stranger", self._key("stranger"), self._now)
        write_bytes(folder / AUTHORITY, self._root.public_bytes(Encoding.PEM))
        self._outside = _supplied(setup)

    def identity(self, persona: str) -> Identity | None:
        """Give what a persona presents; None for one that does no TLS."""
        kind = self._setup.behaviour(persona).certificate
        if kind is Certificate.NONE:
            return None
        # A certificate from outside names the sound hosts and not the wrong one, so it serves both.
        if self._outside and kind in {Certificate.SOUND, Certificate.WRONG_NAME}:
            return self._outside
        key = self._key(persona)
        name = f"elsewhere.{self._setup.base}" if kind is Certificate.WRONG_NAME else self._setup.host(persona)
        end = self._now - timedelta(days=10) if kind is Certificate.EXPIRED else self._now + _LEAF
        issuer, signer = self._root, self._key("root")
        if kind is Certificate.UNTRUSTED:
            issuer, signer = self._stranger, self._key("stranger")
        return Identity((_leaf(name, key, issuer, signer, end), issuer), key)

    def tlsa(self, persona: str) -> str:
        """Give the data of a `3 1 1` record that is true: SHA-256 over the public key (RFC 6698 section 2.1)."""
        found = self.identity(persona)
        if found is None:
            return ""
        public = found.chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"3 1 1 {sha256(public).hexdigest()}"

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        path = self._folder / f"{name}.key"
        if path.exists():
            found = load_pem_private_key(path.read_bytes(), None)
            if isinstance(found, ec.EllipticCurvePrivateKey):
                return found
        key = ec.generate_private_key(ec.SECP256R1())
        write_bytes(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return key


def _supplied(setup: Setup) -> Identity | None:
    """Read the certificate from outside; raises PlanFault."""
    if not setup.certificate:
        return None
    try:
        chain = x509.load_pem_x509_certificates(Path(setup.certificate).read_bytes())
        key = load_pem_private_key(Path(setup.key).read_bytes(), None)
    except (OSError, ValueError, TypeError) as trouble:
        raise PlanFault("canary_certificate", why=str(trouble)) from trouble
    if key.public_key() != chain[0].public_key():
        raise PlanFault("canary_certificate", why=f"{setup.key}, {setup.certificate}")
    return Identity(tuple(chain), key)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _authority(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    builder = _builder(_name(name), _name(name), key, key, now - timedelta(days=1), now + _YEARS)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), True).add_extension(_SIGNING, True)
    return builder.sign(key, hashes.SHA256())


def _leaf(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
    end: datetime,
) -> x509.Certificate:
    builder = _builder(_name(name), issuer.subject, key, signer, end - _LEAF - timedelta(days=1), end)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    builder = builder.add_extension(x509.BasicConstraints(False, None), True).add_extension(_SERVING, True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    return builder.sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
