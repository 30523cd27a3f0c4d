"""Diffie-Hellman primes everybody knows: the MODP groups (RFC 2409, RFC 3526) and those of RFC 7919.

Known by the first half of the SHA-256 of the prime (big-endian, no leading zeros), so that no prime stands here.
"""

import hashlib

_KNOWN = {
    "b52ba6a3026520a6c49d37e458760180": "modp768",
    "3f35a3f5f6c4376a744acad409bb22f8": "modp1024",
    "64fcc83ec403930bf18393dbc883ccaa": "modp1536",
    "d66436f79bbd6b2e38c0ffbd079be904": "modp2048",
    "48cf8b092fbce4359d9871abf74f98e2": "modp3072",
    "4ee95187682bcb230ad26a95205f6920": "modp4096",
    "d1bfe6d0925ce7e4da262b62861514a7": "modp6144",
    "39ab4feab950a3128fb71accb9fc3965": "modp8192",
    "9cd3b7f336872f46c09428d1bbc19877": "ffdhe2048",
    "0eaf67db3a839156d5013494a5318a77": "ffdhe3072",
    "4648414224ac881b3d0dc59b466f96d0": "ffdhe4096",
    "227ac9066b3ddd9e193670cda2388fa8": "ffdhe6144",
    "770b14efaf6f049929c523113b3fa99a": "ffdhe8192",
}

#: Named curves of the registry of supported groups (RFC 8422 section 5.1.1, RFC 7027).
CURVES = {
    9: "sect283k1", 10: "sect283r1", 13: "sect571k1", 14: "sect571r1", 19: "secp192r1", 21: "secp224r1",
    22: "secp256k1", 23: "secp256r1", 24: "secp384r1", 25: "secp521r1", 26: "brainpoolP256r1",
    27: "brainpoolP384r1", 28: "brainpoolP512r1", 29: "x25519", 30: "x448",
}  # fmt: skip


def known_prime(prime: bytes) -> str:
    """Give the name of a well-known prime (`ffdhe2048`, `modp1024`), `` for any other."""
    return _KNOWN.get(hashlib.sha256(prime.lstrip(b"\x00")).hexdigest()[:32], "")


def curve_name(number: int) -> str:
    """Give a named curve's name; one that is not known here is given by its number, `0x0123`."""
    return CURVES.get(number, f"0x{number:04X}")
