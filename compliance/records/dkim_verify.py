"""Whether a DKIM signature verifies (RFC 6376 section 6.1, RFC 8301, RFC 8463): the key is asked for, never fetched."""

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from compliance.records.der import DerFault, rsa_bits
from compliance.records.dkim import DkimFault, DkimKey, parse
from compliance.records.dkim_selector import selector_owner
from compliance.records.dkim_signature import Signature
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.tag_list import read_tags

_LEAST_BITS, _MOST_BITS = 1024, 8192  # RFC 8301 section 3.2; above, a stranger would make us work
_MOST_KEYS = 8


class DkimState(StrEnum):
    """What verifying came to (RFC 8601 section 2.7.1)."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class DkimResult:
    """How one signature fared. `why` is a fixed word, `` of a pass.

    fail: body_hash, signature, partly_signed (bytes were added behind what `l=` covers). permerror: expired, sha1,
    no_key, revoked, key, key_type, key_hash, short_key, strict. temperror: no_answer.
    """

    state: DkimState
    why: str = ""
    testing: bool = False
    key_bits: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """What of a signed message its verdict rests on: hashes, the signature's value, and when the message came.

    Nobody's words can be had back from it, so it may be kept and verified later, when the key is known.
    """

    domain: str
    selector: str
    algorithm: str
    identity_domain: str
    value: bytes
    header_hash: bytes  # SHA-256 of the header in the form it was signed in, whatever the algorithm says
    body_hash_right: bool
    covers_all: bool
    expires: int | None
    at: float  # seconds since 1970


def held(signature: Signature, header: bytes, body_hash: bytes, *, covers_all: bool, at: float) -> Signed:
    """Hold a signature against the bytes of the header and the body's hash, for a message that came at `at`."""
    return Signed(
        signature.domain,
        signature.selector,
        signature.algorithm,
        signature.identity_domain,
        signature.value,
        hashlib.sha256(header).digest(),
        body_hash == signature.body_hash,
        covers_all,
        signature.expires,
        at,
    )


def verify(signed: Signed) -> Walk[DkimResult]:
    """Verify one signature; asks TXT of `<selector>._domainkey.<domain>`."""
    if signed.algorithm == "rsa-sha1":
        return _bad("sha1")
    if signed.expires is not None and signed.expires < signed.at:
        return _bad("expired")
    answer = yield DnsQuestion(selector_owner(signed.selector, signed.domain), "TXT")
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return DkimResult(DkimState.TEMPERROR, "no_answer")
    worst = _bad("no_key")
    for text in texts(seen)[:_MOST_KEYS]:
        found = _by_key(signed, text)
        if found.state is DkimState.PASS:
            return found
        worst = found
    return worst


def _bad(why: str) -> DkimResult:
    return DkimResult(DkimState.PERMERROR, why)


def _by_key(signed: Signed, text: str) -> DkimResult:
    try:
        key = parse(text)
    except DkimFault:
        return _bad("key")
    if why := _unfit(signed, key):
        return _bad(why)
    noted = partial(DkimResult, testing=key.testing, key_bits=key.bits)
    if not signed.body_hash_right:
        return noted(DkimState.FAIL, "body_hash")
    try:
        _check(signed, _raw(text))
    except InvalidSignature:
        return noted(DkimState.FAIL, "signature")
    except (ValueError, UnsupportedAlgorithm):
        return _bad("key")
    if not signed.covers_all:
        return noted(DkimState.FAIL, "partly_signed")
    return noted(DkimState.PASS)


def _unfit(signed: Signed, key: DkimKey) -> str:
    """Why a key may not be used for a signature, `` if it may (RFC 6376 section 6.1.2, RFC 8301)."""
    if key.revoked:
        return "revoked"
    if key.algorithm != signed.algorithm.partition("-")[0]:
        return "key_type"
    if key.hashes and "sha256" not in key.hashes:
        return "key_hash"
    if key.strict and signed.identity_domain != signed.domain:
        return "strict"
    return "short_key" if key.algorithm == "rsa" and key.bits < _LEAST_BITS else ""


def _raw(text: str) -> bytes:
    return base64.b64decode("".join((read_tags(text).get("p") or "").split()))


def _check(signed: Signed, raw: bytes) -> None:
    """Raises InvalidSignature, or ValueError for a key that cannot be used."""
    if signed.algorithm == "ed25519-sha256":
        ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(signed.value, signed.header_hash)
        return
    try:
        if rsa_bits(raw) > _MOST_BITS:
            raise ValueError("too long")
    except DerFault:
        pass  # the library says what it thinks of it
    key = load_der_public_key(raw)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size > _MOST_BITS:
        raise ValueError("no RSA key of a usable length")
    key.verify(signed.value, signed.header_hash, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
