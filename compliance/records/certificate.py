"""Certificates as frozen summaries, whatever strangers put into them (RFC 5280), and names matched (RFC 9525)."""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    NameOID,
    ObjectIdentifier,
    PublicKeyAlgorithmOID,
    SignatureAlgorithmOID,
)

from compliance.model.hidden import HIDDEN
from compliance.records.der import (
    DerFault,
    attributes,
    names,
    rsa_bits,
    subject_public_key_info,
    with_one_extension,
)

_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_CA_USAGES = ("key_cert_sign", "crl_sign")
_ALGORITHMS, _KEY_ALGORITHMS = (
    {oid.dotted_string: name.lower() for name, oid in vars(known).items() if isinstance(oid, ObjectIdentifier)}
    for known in (SignatureAlgorithmOID, PublicKeyAlgorithmOID)
)
#: ML-DSA and SLH-DSA hash within (RFC 9881, RFC 9909).
_POST_QUANTUM = frozenset(f"2.16.840.1.101.3.4.3.{number}" for number in range(17, 32))
_RSA_KEY = "1.2.840.113549.1.1.1"
_UNSAFE = re.compile(f"[{HIDDEN}]")
_COMMON_NAME = "2.5.4.3"
_SHORT = {_COMMON_NAME: "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU"}
_MOST_SHOWN = 256
_MOST_KEPT = 4096  # summaries: hosts of one operator show the same few, and each is read by many checks
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")

T = TypeVar("T", bound=x509.ExtensionType)


class CertificateFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """Octets that are no certificate; `why`: der (no certificate at all), content (a part that cannot be read)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. `subject` and `issuer` are safe to show; names are kept as they stand.

    `signature_hash` is `` for schemes that hash within (EdDSA, ML-DSA) and `unknown` where it is not known.
    """

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    common_name: str
    key_type: str  # rsa | ec | ed25519 | ed448 | dsa | other
    key_algorithm: str  # the public key algorithm's name, its dotted OID where there is none
    key_bits: int
    curve: str
    signature_hash: str
    signature_algorithm: str
    key_usage: tuple[str, ...] | None  # None: the extension is absent
    extended_usage: tuple[str, ...] | None  # dotted OIDs; None: the extension is absent
    fingerprint: str  # SHA-256, lower-case hex
    self_signed: bool  # in its own name, and its own key did not fail to verify its signature
    names_issuer_url: bool  # it says where its issuer's certificate is to be had (caIssuers), as public CAs' do
    unread: tuple[str, ...] = ()  # dotted OIDs of the extensions above that it has, and that cannot be read


def displayable(text: str) -> str:
    """Give a stranger's text without what moves or hides text on a screen, and no longer than can be read."""
    cleaned = _UNSAFE.sub("\ufffd", text)
    return cleaned if len(cleaned) <= _MOST_SHOWN else f"{cleaned[: _MOST_SHOWN - 1]}…"


def _load(der: bytes) -> x509.Certificate:
    """Load a certificate; raises CertificateFault. Its parts may still prove unreadable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # strangers' serial numbers and the like are not ours to warn of
            return x509.load_der_x509_certificate(bytes(der))
    except Exception as fault:
        raise CertificateFault("der") from fault


@lru_cache(maxsize=_MOST_KEPT)
def read(der: bytes) -> Certificate:
    """Read a certificate; raises CertificateFault, and nothing else whatever the octets."""
    certificate = _load(der)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _summary(certificate, bytes(der))
    except Exception as fault:
        # The library reads parts when they are asked for and raises a dozen unrelated kinds.
        raise CertificateFault("content") from fault


def _summary(certificate: x509.Certificate, der: bytes) -> Certificate:
    key_type, key_bits, curve = _key(certificate, der)
    unread: list[str] = []
    alternatives = _extension(certificate, der, x509.SubjectAlternativeName, unread)
    extended = _extension(certificate, der, x509.ExtendedKeyUsage, unread)
    usage = _extension(certificate, der, x509.KeyUsage, unread)
    issuer, subject = names(der)
    return Certificate(
        subject=displayable(_name(lambda: certificate.subject, subject)),
        issuer=displayable(_name(lambda: certificate.issuer, issuer)),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        dns_names=tuple(alternatives.get_values_for_type(x509.DNSName)) if alternatives else (),
        ip_addresses=tuple(map(str, alternatives.get_values_for_type(x509.IPAddress))) if alternatives else (),
        common_name=_common_name(certificate, subject),
        key_type=key_type,
        key_algorithm=_KEY_ALGORITHMS.get(oid := certificate.public_key_algorithm_oid.dotted_string, oid),
        key_bits=key_bits,
        curve=curve,
        signature_hash=_signature_hash(certificate),
        signature_algorithm=_ALGORITHMS.get(oid := certificate.signature_algorithm_oid.dotted_string, oid),
        key_usage=_usage(usage),
        extended_usage=tuple(usage.dotted_string for usage in extended) if extended is not None else None,
        fingerprint=hashlib.sha256(der).hexdigest(),
        self_signed=subject == issuer and not _is_forged(certificate),
        names_issuer_url=_names_issuer_url(certificate, der),
        unread=tuple(unread),
    )


def _name(read_by_library: Callable[[], x509.Name], raw: bytes) -> str:
    """Write a name as RFC 4514 does; where its strings are not what they say they are, as Latin-1."""
    try:
        return read_by_library().rfc4514_string()
    except Exception:  # noqa: BLE001 - a T61String in Latin-1, and whatever else; OpenSSL minds none of it
        pairs = (f"{_SHORT.get(oid, oid)}={_text(value)}" for oid, value in reversed(attributes(raw)))
        return ",".join(pairs)


def _common_name(certificate: x509.Certificate, raw: bytes) -> str:
    try:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(common[-1].value) if common else ""
    except Exception:  # noqa: BLE001 - as above
        return next((_text(value) for oid, value in reversed(attributes(raw)) if oid == _COMMON_NAME), "")


def _text(octets: bytes) -> str:
    """Latin-1 where it is text, else hex as RFC 4514 section 2.4 has it."""
    text = octets.decode("latin-1")
    return f"#{octets.hex()}" if _UNSAFE.search(text) else text


def _names_issuer_url(certificate: x509.Certificate, der: bytes) -> bool:
    access = _extension(certificate, der, x509.AuthorityInformationAccess, [])
    return access is not None and any(each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access)


def _extension(certificate: x509.Certificate, der: bytes, kind: type[T], unread: list[str]) -> T | None:
    """Give an extension's value, None where it is absent, or malformed: then it is noted among the `unread`.

    The library reads all at once, so that any malformed one hides the rest: then it is read alone.
    """
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except Exception:  # noqa: BLE001 - one of them, of any sort
        oid = kind.oid.dotted_string
    try:
        alone = with_one_extension(der, oid)
        return _load(alone).extensions.get_extension_for_class(kind).value if alone else None
    except Exception:  # noqa: BLE001 - this one
        unread.append(oid)
        return None


def _is_forged(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate in its own name shows a signature that its own key did not make."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except InvalidSignature:
        return True
    except Exception:  # noqa: BLE001 - an algorithm or key the library does not take: ValueError, TypeError, many more
        return False
    return False


def is_signed_by(der: bytes, public_key: bytes) -> bool:
    """Tell whether a certificate's signature is of a key (SubjectPublicKeyInfo); what cannot be read or done is not."""
    try:
        certificate, key = _load(der), load_der_public_key(public_key)
        signature, signed = certificate.signature, certificate.tbs_certificate_bytes
        match key, certificate.signature_algorithm_parameters:
            case rsa.RSAPublicKey(), padding.AsymmetricPadding() as scheme if certificate.signature_hash_algorithm:
                key.verify(signature, signed, scheme, certificate.signature_hash_algorithm)
            case ec.EllipticCurvePublicKey(), ec.ECDSA() as scheme:
                key.verify(signature, signed, scheme)
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey(), _:
                key.verify(signature, signed)
            case _:
                return False
    except Exception:  # noqa: BLE001 - a forged one, and as above
        return False
    return True


def _key(certificate: x509.Certificate, der: bytes) -> tuple[str, int, str]:
    """Give type, length and curve; an RSA key too short for the library is measured by hand."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        if certificate.public_key_algorithm_oid.dotted_string != _RSA_KEY:
            return "other", 0, ""
        try:
            return "rsa", rsa_bits(subject_public_key_info(der)), ""
        except DerFault:
            return "other", 0, ""
    match key:
        case rsa.RSAPublicKey():
            return "rsa", key.key_size, ""
        case ec.EllipticCurvePublicKey():
            return "ec", key.curve.key_size, key.curve.name
        case dsa.DSAPublicKey():
            return "dsa", key.key_size, ""
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256, ""
        case ed448.Ed448PublicKey():
            return "ed448", 456, ""
        case _:
            return "other", 0, ""


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "" if certificate.signature_algorithm_oid.dotted_string in _POST_QUANTUM else "unknown"
    return algorithm.name if algorithm else ""


def _usage(usage: x509.KeyUsage | None) -> tuple[str, ...] | None:
    return None if usage is None else tuple(name for name in (*_USAGES, *_CA_USAGES) if getattr(usage, name))


def matches(names: Iterable[str], host: str) -> bool:
    """Tell whether a dNSName is the host's (RFC 9525 section 6.3): a wildcard is the whole leftmost label, and one.

    A dNSName that ends in a dot is nobody's: no verifier takes it (RFC 5280 section 4.2.1.6).
    """
    wanted = host.lower().removesuffix(".").split(".")
    return _is_name(wanted) and any(_matches(name.lower().split("."), wanted) for name in names)


def _matches(presented: list[str], wanted: list[str]) -> bool:
    if not _is_name(presented[1:] if presented[0] == "*" else presented) or len(presented) != len(wanted):
        return False
    if presented[0] == "*":
        return len(presented) > 2 and presented[1:] == wanted[1:]  # `*.no` would be everybody's
    return presented == wanted


def _is_name(labels: list[str]) -> bool:
    return bool(labels) and not labels[-1].isdigit() and all(_LABEL.fullmatch(label) for label in labels)
