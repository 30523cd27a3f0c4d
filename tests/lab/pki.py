"""The lab's certificates: a root, an intermediate, one leaf for each fault. Made anew each session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey
EXPIRED_DAYS = 20
_STATUS = {"revoked": ocsp.OCSPCertStatus.REVOKED, "unknown": ocsp.OCSPCertStatus.UNKNOWN}


class Leaf(StrEnum):
    """The kinds of certificate a mail host of the lab can carry."""

    SOUND = "sound"  # RSA 2048, SHA-256, leaf and intermediate sent
    STRONG = "strong"  # RSA 3072
    ECDSA = "ecdsa"  # P-256
    ECDSA_EXPIRED = "ecdsa_expired"
    DSA = "dsa"
    SELF_SIGNED = "self_signed"
    EXPIRED = "expired"
    WRONG_NAME = "wrong_name"
    NO_INTERMEDIATE = "no_intermediate"


@dataclass(frozen=True)
class Files:
    """Where a host's key, chain and the issuers above it lie, and what a DANE-EE record says of its key."""

    chain: Path
    key: Path
    issuers: Path
    tlsa: str


class Pki:
    """A lab CA and the files written of it. `roots` is the trust bundle to judge with."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self._root_key = rsa.generate_private_key(65537, 3072)
        self._middle_key = rsa.generate_private_key(65537, 3072)
        self._root = self._authority("Lab Root", self._root_key, "Lab Root", self._root_key, path_length=1)
        self._middle = self._authority("Lab Intermediate", self._middle_key, "Lab Root", self._root_key, path_length=0)
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(_pem(self._root))
        self.issuers = folder / "issuers.pem"
        self.issuers.write_bytes(_pem(self._middle))

    def leaf(self, kind: Leaf, name: str, tag: str, also: Sequence[str] = ()) -> Files:
        """Write key and chain of a host called `name`, and `also` otherwise, as `tag`.key and `tag`.pem."""
        key = self._keys[kind]
        certificate = self._leaf(kind, (name, *also), key)
        alone = kind in (Leaf.SELF_SIGNED, Leaf.NO_INTERMEDIATE)
        chain, key_file = self.folder / f"{tag}.pem", self.folder / f"{tag}.key"
        chain.write_bytes(_pem(certificate) + (b"" if alone else _pem(self._middle)))
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return Files(chain, key_file, self.issuers, f"3 1 1 {sha256(public).hexdigest()}")

    def staple(self, chain: Path, status: str) -> Path:
        """Write an OCSP answer about the leaf of a chain (RFC 6960): good, revoked, unknown, or good but outdated."""
        leaf, issuer = x509.load_pem_x509_certificates(chain.read_bytes())
        begun = self.now - timedelta(days=90 if status == "outdated" else 1)
        answer = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf,
            issuer=issuer,
            algorithm=hashes.SHA1(),  # what responders name a certificate by
            cert_status=_STATUS.get(status, ocsp.OCSPCertStatus.GOOD),
            this_update=begun,
            next_update=begun + timedelta(days=7),
            revocation_time=self.now - timedelta(days=3) if status == "revoked" else None,
            revocation_reason=None,
        )
        signed = answer.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer).sign(self._middle_key, hashes.SHA256())
        file = chain.with_suffix(".ocsp")
        file.write_bytes(signed.public_bytes(serialization.Encoding.DER))
        return file

    def client(self, folder: Path, password: bytes) -> tuple[Path, Path]:
        """Write our own client certificate with its chain, and its key, encrypted; gives both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = self.now + timedelta(days=180)
        builder = self._builder("probe.example", key, "Lab Intermediate", self._middle_key, self.now, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        certificate, private = folder / "client.pem", folder / "client.key"
        certificate.write_bytes(_pem(builder.sign(self._middle_key, hashes.SHA256())) + _pem(self._middle))
        sealed = serialization.BestAvailableEncryption(password)
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed))
        return certificate, private

    @cached_property
    def _keys(self) -> Mapping[Leaf, PrivateKey]:
        common = rsa.generate_private_key(65537, 2048)  # one for all: making keys is most of the lab's start
        special: dict[Leaf, PrivateKey] = {
            Leaf.STRONG: rsa.generate_private_key(65537, 3072),
            Leaf.ECDSA: (short := ec.generate_private_key(ec.SECP256R1())),
            Leaf.ECDSA_EXPIRED: short,
            Leaf.DSA: dsa.generate_private_key(1024),
        }
        return {kind: special.get(kind, common) for kind in Leaf}

    def _leaf(self, kind: Leaf, names: Sequence[str], key: PrivateKey) -> x509.Certificate:
        shown = ("mx.elsewhere.example",) if kind is Leaf.WRONG_NAME else names
        own = kind is Leaf.SELF_SIGNED
        late = kind in (Leaf.EXPIRED, Leaf.ECDSA_EXPIRED)
        end = self.now + timedelta(days=-EXPIRED_DAYS if late else 180)
        issuer, signer = (shown[0], key) if own else ("Lab Intermediate", self._middle_key)
        builder = self._builder(shown[0], key, issuer, signer, end - timedelta(days=365), end)
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, shown))), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return builder.sign(signer, hashes.SHA256())

    def _authority(
        self, name: str, key: rsa.RSAPrivateKey, issuer: str, signer: rsa.RSAPrivateKey, path_length: int
    ) -> x509.Certificate:
        builder = self._builder(
            name, key, issuer, signer, self.now - timedelta(days=900), self.now + timedelta(days=900)
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        return builder.add_extension(usage, critical=True).sign(signer, hashes.SHA256())

    def _builder(
        self, name: str, key: PrivateKey, issuer: str, signer: PrivateKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(end)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
