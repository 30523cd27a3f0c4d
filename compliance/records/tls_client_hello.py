"""ClientHellos that offer exactly what is asked about, in bytes (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2)."""

import os
from dataclasses import dataclass

from compliance.records.tls_classes import COMMON, KeyType
from compliance.records.tls_ssl2 import build_ssl2
from compliance.records.tls_wire import extension, numbers, vector

SSL2, SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
SMALL = 256
"""From this many bytes on some old load balancers stop answering; from 512 on they do again (RFC 7685)."""

_PADDED = 512
_RENEGOTIATION_SCSV = 0x00FF  # RFC 5746 section 3.3
_DEFLATE = b"\x02\x01\x00"  # DEFLATE (RFC 3749) before null
_FORMATS = extension(11, b"\x01\x00")
_STATUS_REQUEST = extension(5, b"\x01\x00\x00\x00\x00")
#: x25519, secp256r1, 384r1, 521r1, and the older curves old libraries knew (RFC 8422, 4492). No ffdhe group: naming
#: one would forbid a server any DHE group of its own (RFC 7919 section 4).
_GROUPS: tuple[int, ...] = (29, 23, 24, 25, 30, 22, 21, 19, 14, 13, 10, 9)
_FEW_GROUPS: tuple[int, ...] = (29, 23, 24, 25)
_OLD_GROUPS: tuple[int, ...] = (23, 24, 25, 29, 22, 21, 19, 14, 13, 10, 9)
_OLD_FEW_GROUPS: tuple[int, ...] = (23, 24)
#: Signature algorithms by key type (RFC 8446 section 4.2.3), SHA-1 included: weak ones are judged, not avoided.
_SIGNATURES: dict[KeyType, tuple[int, ...]] = {
    KeyType.ECDSA: (0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0303, 0x0203),
    KeyType.RSA: (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0809, 0x080A, 0x080B, 0x0301, 0x0201),
    KeyType.DSA: (0x0402, 0x0302, 0x0202),
}
_FEW_SIGNATURES: dict[KeyType, tuple[int, ...]] = {
    KeyType.ECDSA: (0x0403, 0x0503, 0x0203),
    KeyType.RSA: (0x0804, 0x0401, 0x0501, 0x0201),
    KeyType.DSA: (),
}


@dataclass(frozen=True, slots=True)
class HelloOffer:
    """What a hello offers. `version` is the highest, and with TLS13 the only one; SSL2 has nothing else to say.

    `keys` restricts the signature algorithms to one type of key, so that the certificate of that type is shown.
    `small` keeps to the suites servers really have, few groups and no stapling: below 256 bytes.
    """

    version: int
    suites: tuple[int, ...] = ()
    sni: str = ""
    compression: bool = True
    stapling: bool = False
    keys: KeyType | None = None
    small: bool = False

    @property
    def sent_suites(self) -> tuple[int, ...]:
        """The suites that go out; where none of them is common, the small form has them all."""
        return (self.small and tuple(each for each in self.suites if each in COMMON)) or self.suites


def build_hello(offer: HelloOffer, random: bytes | None = None) -> bytes:
    """Give the bytes of a hello; `random` (64 bytes) is what alone differs from one such hello to the next."""
    salt = os.urandom(64) if random is None else random
    if len(salt) != 64:
        raise ValueError("random: 64 bytes")
    if offer.version == SSL2:
        return build_ssl2(salt)
    suites = numbers((*offer.sent_suites, _RENEGOTIATION_SCSV))
    methods = _DEFLATE if offer.compression and offer.version != TLS13 else b"\x01\x00"
    body = min(offer.version, TLS12).to_bytes(2) + salt[:32] + b"\x20" + salt[32:] + vector(suites) + methods
    extensions = _extensions(offer, salt[32:])
    if extensions:
        body += vector(_padded(extensions, 9 + len(body) + 2, offer))
    # The record says SSLv3 or TLS 1.0: a peer older than the hello's own version reads it so (RFC 5246 appendix E.1).
    outer = b"\x16\x03\x00" if offer.version < TLS12 else b"\x16\x03\x01"
    return outer + vector(b"\x01" + vector(body, 3))


def salt_of(sent: bytes) -> bytes:
    """Give the `random` a hello was built with, so that it can be built again; zeros where it is no hello of ours."""
    salt = sent[11:43] + sent[44:76] if sent[:1] == b"\x16" else sent[-16:] + bytes(48)
    return salt if len(salt) == 64 else bytes(64)


def _extensions(offer: HelloOffer, share: bytes) -> bytes:
    if offer.version == SSL3:  # which had none
        return b""
    old = offer.version < TLS12
    # Never no groups: without them a peer may turn down every EC suite.
    few, many = (_OLD_FEW_GROUPS, _OLD_GROUPS) if old else (_FEW_GROUPS, _GROUPS)
    groups = few if offer.small else many
    name = b""
    if offer.sni:
        name = extension(0, vector(b"\x00" + vector(offer.sni.encode("ascii"))))
    found = name + extension(10, vector(numbers(groups))) + _FORMATS
    if old:
        return found
    found += extension(13, vector(numbers(_signatures(offer))))
    if offer.stapling and not offer.small:
        found += _STATUS_REQUEST
    if offer.version == TLS13:
        # Any 32 bytes are an x25519 share (RFC 7748 section 5), and this handshake is never completed.
        found += extension(43, b"\x02\x03\x04") + extension(51, vector(b"\x00\x1d" + vector(share)))
    return found


def _signatures(offer: HelloOffer) -> tuple[int, ...]:
    known = _FEW_SIGNATURES if offer.small else _SIGNATURES
    chosen = (offer.keys,) if offer.keys else tuple(known)
    return tuple(each for key in chosen for each in known[key])


def _padded(extensions: bytes, before: int, offer: HelloOffer) -> bytes:
    """Lift a hello out of the sizes that some load balancers hang on (RFC 7685)."""
    size = before + len(extensions)
    if offer.small or offer.version < TLS12 or not SMALL <= size < _PADDED:
        return extensions
    return extensions + extension(21, bytes(max(0, _PADDED - size - 4)))
