"""DER read by hand, for the keys the library refuses to load: what is too weak must still be measured (X.690)."""

_INTEGER, _BITS, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30
_VERSION, _EXTENSIONS = 0xA0, 0xA3
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


def is_bare_rsa(der: bytes) -> bool:
    """Tell whether octets are a PKCS#1 RSAPublicKey, without the SubjectPublicKeyInfo round it (RFC 8017 A.1.1)."""
    try:
        return [tag for tag, _ in _children(_only(der, _SEQUENCE))] == [_INTEGER, _INTEGER]
    except DerFault:
        return False


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


def is_public_key(der: bytes) -> bool:
    """Tell whether octets have the form of a SubjectPublicKeyInfo (RFC 5280 section 4.1); raises DerFault."""
    return [tag for tag, _ in _children(_only(der, _SEQUENCE))] == [_SEQUENCE, _BITS]


def names(certificate: bytes) -> tuple[bytes, bytes]:
    """Give issuer and subject of a certificate as they stand (RFC 5280 section 4.1); raises DerFault."""
    fields = _to_be_signed(certificate)
    at = 1 if fields[0][0] == _VERSION else 0
    if len(fields) < at + 5:
        raise DerFault
    return fields[at + 2][1], fields[at + 4][1]


def attributes(name: bytes) -> tuple[tuple[str, bytes], ...]:
    """Give the attributes of a name: dotted OID and octets, whatever kind of string they are; raises DerFault."""
    found = []
    for _, together in _children(name):
        for _, pair in _children(together):
            parts = _children(pair)
            if len(parts) != 2 or parts[0][0] != _OID:
                raise DerFault
            found.append((_dotted(parts[0][1]), parts[1][1]))
    return tuple(found)


def with_one_extension(certificate: bytes, oid: str) -> bytes | None:
    """Give the certificate with one of its extensions alone, None if it has not that one; raises DerFault.

    So that one malformed extension does not hide the others. Its signature is of no more worth.
    """
    fields = _to_be_signed(certificate)
    if fields[-1][0] != _EXTENSIONS:
        return None
    for tag, content in _children(_only(fields[-1][1], _SEQUENCE), most=100):
        parts = _children(content)
        if parts and parts[0][0] == _OID and _dotted(parts[0][1]) == oid:
            alone = _made(_EXTENSIONS, _made(_SEQUENCE, _made(tag, content)))
            kept = b"".join(_made(*field) for field in fields[:-1])
            behind = _children(_only(certificate, _SEQUENCE))[1:]
            return _made(_SEQUENCE, _made(_SEQUENCE, kept + alone) + b"".join(_made(*part) for part in behind))
    return None


def _to_be_signed(certificate: bytes) -> list[tuple[int, bytes]]:
    outer = _children(_only(certificate, _SEQUENCE))
    if not outer or outer[0][0] != _SEQUENCE:
        raise DerFault
    fields = _children(outer[0][1])
    if not fields:
        raise DerFault
    return fields


def _dotted(octets: bytes) -> str:
    """Write an object identifier's octets with dots (X.690 section 8.19)."""
    numbers, number = [], 0
    for octet in octets:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        raise DerFault
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _made(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + _length(len(content)) + content


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


def _children(der: bytes, most: int = 20) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(der):
        tag, value, at = _element(der, at)
        found.append((tag, value))
        if len(found) > most:
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
