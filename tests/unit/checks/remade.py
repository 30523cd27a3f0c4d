"""Certificates the library would not make: a part exchanged, and the whole signed anew."""

import base64
import textwrap
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from compliance.records import der
from tests.unit.authorities import Made

_SEQUENCE, _INTEGER, _BITS = 0x30, 0x02, 0x03
_ECDSA_SHA256 = "06082a8648ce3d040302"
#: SHA-256, MGF1 with SHA-256, a salt of 32 octets.
_PSS = (
    "06092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)
#: AlgorithmIdentifiers without their tag (RFC 8017 appendix A.2), and the digest.
_RSA: dict[str, tuple[str, Any]] = {
    "md5": ("06092a864886f70d0101040500", hashes.MD5()),
    "sha1": ("06092a864886f70d0101050500", hashes.SHA1()),
    "sha256": ("06092a864886f70d01010b0500", hashes.SHA256()),
    "sha384": ("06092a864886f70d01010c0500", hashes.SHA384()),
    "pss": (_PSS, hashes.SHA256()),
}


@dataclass(frozen=True)
class Remade:
    """A certificate as octets, since the library may not read it, and its key."""

    der: bytes
    key: Any

    @property
    def pem(self) -> bytes:
        lines = textwrap.fill(base64.b64encode(self.der).decode("ascii"), 64)
        return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n".encode("ascii")


def remade(
    made: Made,
    signer: Made,
    *,
    serial: bytes | None = None,
    subject: x509.Name | None = None,
    public_key: bytes | None = None,
    digest: str = "sha256",
    spoilt: bool = False,
) -> Remade:
    """Exchange parts of a certificate and have its signer sign it again; `public_key` is a SubjectPublicKeyInfo."""
    by_rsa = isinstance(signer.key, rsa.RSAPrivateKey)
    algorithm = (_SEQUENCE, bytes.fromhex(_RSA[digest][0] if by_rsa else _ECDSA_SHA256))
    fields = der._to_be_signed(made.der)
    fields[2] = algorithm
    if serial is not None:
        fields[1] = (_INTEGER, serial)
    if subject is not None:
        fields[5] = (_SEQUENCE, der._only(subject.public_bytes(), _SEQUENCE))
    if public_key is not None:
        fields[6] = (_SEQUENCE, der._only(public_key, _SEQUENCE))
    signed = der._made(_SEQUENCE, b"".join(der._made(*each) for each in fields))
    signature = _signature(signer.key, signed, digest)
    if spoilt:
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    whole = signed + der._made(*algorithm) + der._made(_BITS, b"\0" + signature)
    return Remade(der._made(_SEQUENCE, whole), made.key)


def _signature(key: Any, signed: bytes, digest: str) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(signed, ec.ECDSA(hashes.SHA256()))
    fill: Any = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if digest == "pss" else padding.PKCS1v15()
    signature: bytes = key.sign(signed, fill, _RSA[digest][1])
    return signature


def rsa_key_of(bits: int) -> bytes:
    """The SubjectPublicKeyInfo of an RSA key of so many bits, which nobody has the other half of."""
    modulus = (1 << bits) - 1
    number = der._made(_INTEGER, b"\0" * (bits % 8 == 0) + modulus.to_bytes((bits + 7) // 8))
    pair = der._made(_SEQUENCE, number + b"\x02\x03\x01\x00\x01")
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return der._made(_SEQUENCE, algorithm + der._made(_BITS, b"\0" + pair))
