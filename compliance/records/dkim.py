"""DKIM key records (RFC 6376 section 3.6.1, with RFC 8301 and RFC 8463)."""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from compliance.records.der import DerFault, is_bare_rsa, rsa_bits
from compliance.records.tag_list import BLANKS, TagList, read_tags

_LEAST_LOADED = 1024  # the library may refuse shorter keys; those are read by hand, to be told by their length
_ED25519_BYTES = 32


class DkimFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no usable key record.

    `why`: empty_tag, no_equals, tag_name, character, repeated, version, version_place, no_key, key_type, base64, key,
    ed25519_length, not_for_mail, no_hash.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key record. `bits` is the RSA modulus or 256 for Ed25519, 0 when revoked; empty `hashes` = all."""

    text: str
    algorithm: str  # rsa | ed25519
    bits: int
    hashes: tuple[str, ...]
    services: tuple[str, ...]
    flags: tuple[str, ...]
    revoked: bool  # p= is empty
    notes: str = ""
    bare: bool = False  # the RSAPublicKey that RFC 6376 names, where all publish what its erratum 3017 says instead

    @property
    def testing(self) -> bool:
        """Whether `t=y` says that the domain only tries it out: receivers must not treat its mail better."""
        return "y" in self.flags

    @property
    def strict(self) -> bool:
        """Whether `t=s` forbids subdomains in `i=`."""
        return "s" in self.flags

    @property
    def only_sha1(self) -> bool:
        """Whether `h=` leaves SHA-1 alone, which RFC 8301 forbids."""
        return bool(self.hashes) and "sha256" not in self.hashes


def parse(text: str) -> DkimKey:
    """Read one key record; raises DkimFault with the fault's key."""
    tags = read_tags(text)
    if tags.flaws:
        raise DkimFault(tags.flaws[0].why)
    version = tags.get("v")
    if version is not None and version != "DKIM1":
        raise DkimFault("version")
    if version is not None and tags.tags[0].name != "v":
        raise DkimFault("version_place")
    algorithm = tags.get("k") or "rsa"
    data = tags.get("p")
    if data is None:
        raise DkimFault("no_key")
    if algorithm not in {"rsa", "ed25519"}:
        raise DkimFault("key_type")
    services = _list(tags, "s") or ("*",)
    hashes = _list(tags, "h")
    if not {"*", "email"} & set(services):
        raise DkimFault("not_for_mail")
    if hashes and not {"sha1", "sha256"} & set(hashes):
        raise DkimFault("no_hash")
    der = _decoded(data)
    bits = _bits(algorithm, der) if data else 0
    bare = algorithm == "rsa" and is_bare_rsa(der)
    return DkimKey(text, algorithm, bits, hashes, services, _list(tags, "t"), not data, tags.get("n") or "", bare)


def _list(tags: TagList, name: str) -> tuple[str, ...]:
    value = tags.get(name)
    return tuple(part.strip(BLANKS) for part in value.split(":")) if value else ()


def _decoded(data: str) -> bytes:
    """Read base64; blanks may stand anywhere in it."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise DkimFault("base64") from fault


def _bits(algorithm: str, data: bytes) -> int:
    if algorithm == "ed25519":  # RFC 8463 section 4: the bare key, not SubjectPublicKeyInfo
        if len(data) != _ED25519_BYTES:
            raise DkimFault("ed25519_length")
        return 256
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        return _short_bits(data)
    if not isinstance(key, rsa.RSAPublicKey):
        raise DkimFault("key")
    return key.key_size


def _short_bits(data: bytes) -> int:
    try:
        bits = rsa_bits(data)
    except DerFault as fault:
        raise DkimFault("key") from fault
    if bits >= _LEAST_LOADED:
        raise DkimFault("key")
    return bits
