"""A stapled OCSP response that says revoked (RFC 6960), believed only where the certificate's issuer vouches for it."""

import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID


def revoked(chain: Sequence[bytes], staples: Iterable[bytes]) -> datetime | None:
    """Give when the leaf of a presented chain was revoked, if a staple says so; None for all else, whatever the bytes.

    Whether a response is fresh is not asked: the host that it speaks against stapled it itself.
    """
    return next((since for staple in staples if (since := _read(chain, staple))), None)


def _read(chain: Sequence[bytes], staple: bytes) -> datetime | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _revoked(chain, staple)
    except Exception:  # noqa: BLE001 - the library reads a stranger's parts late and raises a dozen unrelated kinds
        return None


def _revoked(chain: Sequence[bytes], staple: bytes) -> datetime | None:
    if not staple or len(chain) < 2:
        return None
    response = ocsp.load_der_ocsp_response(staple)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return None
    leaf, *company = (x509.load_der_x509_certificate(der) for der in chain)
    issuer = next((each for each in company if _issued(each, leaf)), None)
    if issuer is None or not _is_vouched_for(response, issuer):
        return None
    for single in response.responses:
        about_it = single.serial_number == leaf.serial_number and _names(single, issuer)
        if about_it and single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            return single.revocation_time_utc
    return None


def _issued(issuer: x509.Certificate, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _names(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    """Whether an answer is about a certificate of this issuer (RFC 6960 section 4.1.1)."""
    digest = hashes.Hash(single.hash_algorithm)
    digest.update(issuer.subject.public_bytes())
    return digest.finalize() == single.issuer_name_hash


def _is_vouched_for(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """Whether the issuer signed it, or a responder the issuer made for it (RFC 6960 section 4.2.2.2)."""
    deputies = [each for each in response.certificates if _is_deputy(each, issuer)]
    return any(_signed(response, each) for each in (issuer, *deputies))


def _is_deputy(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if not _issued(issuer, certificate):
        return False
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    if algorithm is None:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
