"""DER read by hand, for the keys the library refuses to load: what is too weak must still be measured (X.690)."""

_INTEGER, _BITS, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30
_VERSION = 0xA0
_RSA = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1, rsaEncryption
_MOST_BITS = 1 << 16


class DerFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """Octets that are not the structure looked for."""


def rsa_bits(der: bytes) -> int:
    """Give the modulus length of a SubjectPublicKeyInfo or a PKCS#1 RSAPublicKey; raises DerFault."""
    parts = _children(_only(der, _SEQUENCE))
    if len(parts) == 2 and parts[0][0] == _SEQUENCE and parts[1][0] == _BITS:
        algorithm = _children(parts[0][1])
        bits = parts[1][1]
        if not algorithm or algorithm[0] != (_OID, _RSA) or bits[:1] != b"\0":
            raise DerFault
        parts = _children(_only(bits[1:], _SEQUENCE))
    if [tag for tag, _ in parts] != [_INTEGER, _INTEGER]:
        raise DerFault
    modulus, exponent = (int.from_bytes(value, signed=True) for _, value in parts)
    if modulus <= 0 or exponent <= 1 or modulus.bit_length() > _MOST_BITS:
        raise DerFault
    return modulus.bit_length()


def subject_public_key_info(certificate: bytes) -> bytes:
    """Give the SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1); raises DerFault."""
    outer = _children(_only(certificate, _SEQUENCE))
    if not outer or outer[0][0] != _SEQUENCE:
        raise DerFault
    fields = _children(outer[0][1])
    at = 6 if fields and fields[0][0] == _VERSION else 5
    if len(fields) <= at or fields[at][0] != _SEQUENCE:
        raise DerFault
    content = fields[at][1]
    return bytes([_SEQUENCE]) + _length(len(content)) + content


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([0x80 | len(octets)]) + octets


def _only(der: bytes, wanted: int) -> bytes:
    tag, value, end = _element(der, 0)
    if tag != wanted or end != len(der):
        raise DerFault
    return value


def _children(der: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(der):
        tag, value, at = _element(der, at)
        found.append((tag, value))
        if len(found) > 20:
            raise DerFault
    return found


def _element(der: bytes, at: int) -> tuple[int, bytes, int]:
    head = der[at : at + 2]
    if len(head) < 2 or head[0] & 0x1F == 0x1F:
        raise DerFault
    size, start = head[1], at + 2
    if size & 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4 or len(der) < start + octets:
            raise DerFault
        size = int.from_bytes(der[start : start + octets])
        start += octets
    if start + size > len(der):
        raise DerFault
    return head[0], der[start : start + size], start + size
