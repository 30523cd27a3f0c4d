"""Certificates of the golden world, made when it starts: a trusted lab root, an unknown one, and one fault each."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_SIGNING = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
_SERVING = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that signs others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Order:
    """What certificate is wanted. Days are counted from now; `names` empty = the host's own name."""

    key: str = "ec"  # ec | rsa | weak
    signer: str = "intermediate"  # intermediate | stranger | itself
    since: int = -10
    until: int = 80
    names: tuple[str, ...] = ()
    common_name: str = ""
    organisation: str = ""
    has_names: bool = True
    sends_intermediate: bool = True


#: Every kind of certificate a host of the golden world can present: each has one fault, or none.
ORDERS = {
    "sound": Order(),
    "rsa": Order(key="rsa"),
    "expired": Order(since=-385, until=-20),
    "rsa_expired": Order(key="rsa", since=-385, until=-20),
    "not_yet": Order(since=20, until=110),
    "expiring": Order(since=-355, until=10),
    "self_signed": Order(signer="itself"),
    "stranger": Order(signer="stranger"),
    "wrong_name": Order(names=("www.leverandor.example",)),
    "wildcard": Order(names=("*.{parent}",)),
    "cn_only": Order(has_names=False),
    "no_intermediate": Order(sends_intermediate=False),
    "weak_rsa": Order(key="weak"),
    "policies": Order(names=tuple(f"mta-sts.{name}.example" for name in ("kommunen", "tilsyn", "ecdsa"))),
    "hostile": Order(common_name="<script>alert(1)</script>", organisation="=cmd|'/c calc'!A0"),
}


class Pki:
    """Makes keys and certificates in a folder; keys are shared between hosts where they do not matter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.root = self._authority("Eksempel rot", None)
        self.intermediate = self._authority("Eksempel utsteder", self.root)
        self.stranger = self._authority("Ukjent rot", None)
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(self.root.certificate.public_bytes(Encoding.PEM))
        self._made: dict[tuple[str, str], x509.Certificate] = {}
        self._files: dict[tuple[str, str], Path] = {}
        self._keys: dict[tuple[str, str], ec.EllipticCurvePrivateKey] = {}

    @cached_property
    def rsa_key(self) -> rsa.RSAPrivateKey:
        """An RSA 2048 key, for certificates and for DKIM."""
        return rsa.generate_private_key(65537, 2048)

    @cached_property
    def weak_key(self) -> rsa.RSAPrivateKey:
        """An RSA 1024 key: too small for a certificate, just enough for DKIM (RFC 8301)."""
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 - the fault it shows

    @cached_property
    def ed25519_key(self) -> ed25519.Ed25519PrivateKey:
        """An Ed25519 key for DKIM (RFC 8463)."""
        return ed25519.Ed25519PrivateKey.generate()

    def certificate(self, kind: str, host: str) -> x509.Certificate:
        """Give the certificate of a kind in ORDERS for a host, the same one each time."""
        if (kind, host) not in self._made:
            self._made[kind, host] = self._leaf(ORDERS[kind], host, self._key(kind, host))
        return self._made[kind, host]

    def file(self, kind: str, host: str) -> Path:
        """Give a PEM file with key and presented chain, as a server loads it."""
        if (kind, host) not in self._files:
            order = ORDERS[kind]
            chain = [self.certificate(kind, host)]
            if order.signer == "intermediate" and order.sends_intermediate:
                chain.append(self.intermediate.certificate)
            key = self._key(kind, host).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            path = self.folder / f"{host}.{kind}.pem"
            path.touch(mode=0o600)
            path.write_bytes(key + b"".join(link.public_bytes(Encoding.PEM) for link in chain))
            self._files[kind, host] = path
        return self._files[kind, host]

    def tlsa(self, kind: str, host: str) -> str:
        """Give the hex of a `3 1 1` record's data: SHA-256 over the public key (RFC 6698 section 2.1)."""
        key = self.certificate(kind, host).public_key()
        return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def dkim(self, kind: str) -> str:
        """Give the `p=` value of a DKIM key: rsa2048 and rsa1024 as SubjectPublicKeyInfo, ed25519 as the bare key."""
        if kind == "ed25519":
            raw = self.ed25519_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            key = {"rsa2048": self.rsa_key, "rsa1024": self.weak_key}[kind].public_key()
            raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(raw).decode("ascii")

    def _key(self, kind: str, host: str) -> Key:
        match ORDERS[kind].key:
            case "rsa":
                return self.rsa_key
            case "weak":
                return self.weak_key
        # An EC key costs next to nothing, and TLSA records must tell hosts apart.
        return self._keys.setdefault((kind, host), ec.generate_private_key(ec.SECP256R1()))

    def _leaf(self, order: Order, host: str, key: Key) -> x509.Certificate:
        signers = {"intermediate": self.intermediate, "stranger": self.stranger}
        signer = signers.get(order.signer)
        subject = _name(order.common_name or host, order.organisation)
        parent = host.partition(".")[2]
        names = tuple(name.format(parent=parent) for name in order.names) or (host,)
        issuer = signer.certificate if signer else None
        builder = self._builder(subject, issuer, key.public_key(), order.since, order.until)
        builder = builder.add_extension(x509.BasicConstraints(False, None), True)
        builder = builder.add_extension(_SERVING, True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        if order.has_names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        return builder.sign(signer.key if signer else key, hashes.SHA256())

    def _authority(self, name: str, signer: Authority | None) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(
            _name(name, "Eksempel"), signer.certificate if signer else None, key.public_key(), -400, 3650
        )
        builder = builder.add_extension(x509.BasicConstraints(True, 0 if signer else 1), True)
        builder = builder.add_extension(_SIGNING, True)
        return Authority(builder.sign(signer.key if signer else key, hashes.SHA256()), key)

    def _builder(
        self,
        subject: x509.Name,
        issuer: x509.Certificate | None,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        since: int,
        until: int,
    ) -> x509.CertificateBuilder:
        signing = issuer.public_key() if issuer else key
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=since))
            .not_valid_after(self.now + timedelta(days=until))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing), False)  # type: ignore[arg-type]
        )


def _name(common_name: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)
