"""What each cipher suite of TLS 1.2 and older is: its weaknesses, its key exchange, the certificate it needs.

All of it stands in the suite's IANA name: `TLS_<key exchange>_WITH_<cipher>_<mac or hash>`.
"""

from enum import StrEnum
from functools import cache

from compliance.records.tls_suites import NAMES


class SuiteClass(StrEnum):
    """A class of suites; one suite may belong to several. PSK, SRP and Kerberos are in none: they are not offered."""

    NULL = "null"
    EXPORT = "export"
    DES = "des"  # single DES; the 40-bit form is `export` alone
    TRIPLE_DES = "3des"
    RC4 = "rc4"
    MD5 = "md5"
    ANONYMOUS = "anonymous"
    STATIC_RSA = "static_rsa"  # no forward secrecy
    STATIC_DH = "static_dh"  # DH or ECDH with the key in the certificate: no forward secrecy either
    DHE = "dhe"
    ECDHE_RSA = "ecdhe_rsa"
    ECDHE_ECDSA = "ecdhe_ecdsa"


class KeyType(StrEnum):
    """The kind of key a server's certificate holds, as suites tell them apart (EdDSA goes with ECDSA: RFC 8422)."""

    RSA = "rsa"
    ECDSA = "ecdsa"
    DSA = "dsa"


WEAK = (
    SuiteClass.NULL,
    SuiteClass.EXPORT,
    SuiteClass.DES,
    SuiteClass.TRIPLE_DES,
    SuiteClass.RC4,
    SuiteClass.MD5,
)
"""What U-02 names as weak, apart from anonymous suites, which are judged by themselves."""

_STATIC = {SuiteClass.STATIC_RSA, SuiteClass.STATIC_DH}
_TLS13 = range(0x1300, 0x1400)


@cache
def classes(suite: int) -> frozenset[SuiteClass]:
    """Give the classes of a suite; none for suites of TLS 1.3 and for numbers that are not in the table."""
    exchange, split, cipher = NAMES.get(suite, "").removeprefix("TLS_").partition("_WITH_")
    if not split:
        return frozenset()
    found = {_exchange_class(exchange)}
    if "EXPORT" in exchange:
        found.add(SuiteClass.EXPORT)
    for start, kind in (("NULL_", SuiteClass.NULL), ("DES_", SuiteClass.DES), ("3DES_", SuiteClass.TRIPLE_DES)):
        if cipher.startswith(start):
            found.add(kind)
    if cipher.startswith("RC4_"):
        found.add(SuiteClass.RC4)
    if cipher.endswith("_MD5"):
        found.add(SuiteClass.MD5)
    return frozenset(found)


def _exchange_class(exchange: str) -> SuiteClass:
    kind = exchange.replace("_EXPORT", "")
    if kind.endswith("_anon"):
        return SuiteClass.ANONYMOUS
    named = {"RSA": SuiteClass.STATIC_RSA, "ECDHE_RSA": SuiteClass.ECDHE_RSA, "ECDHE_ECDSA": SuiteClass.ECDHE_ECDSA}
    if kind in named:
        return named[kind]
    return SuiteClass.DHE if kind.startswith("DHE_") else SuiteClass.STATIC_DH


@cache
def key_type(suite: int) -> KeyType | None:
    """Give the key a suite demands of the certificate; none for anonymous and static DH suites, and TLS 1.3."""
    exchange, split, _ = NAMES.get(suite, "").removeprefix("TLS_").partition("_WITH_")
    kind = exchange.replace("_EXPORT", "")
    if not split or classes(suite) & {SuiteClass.ANONYMOUS, SuiteClass.STATIC_DH}:
        return None
    return {"RSA": KeyType.RSA, "ECDSA": KeyType.ECDSA, "DSS": KeyType.DSA}[kind.rpartition("_")[2]]


def is_weak(suite: int) -> bool:
    """Whether a suite is of a weak class (anonymous alone is not one)."""
    return bool(classes(suite) & set(WEAK))


def is_authenticated(suite: int) -> bool:
    """Whether the server proves who it is."""
    return bool(classes(suite)) and SuiteClass.ANONYMOUS not in classes(suite)


def is_static(suite: int) -> bool:
    """Whether an authenticated suite has no forward secrecy."""
    return bool(classes(suite) & _STATIC)


def is_ecdhe(suite: int) -> bool:
    """Whether a suite is authenticated and agrees on its key by ECDHE."""
    return bool(classes(suite) & {SuiteClass.ECDHE_RSA, SuiteClass.ECDHE_ECDSA})


def is_ephemeral_dh(suite: int) -> bool:
    """Whether a suite is authenticated and agrees on its key by DHE at full strength, so that its group counts."""
    found = classes(suite)
    return SuiteClass.DHE in found and SuiteClass.EXPORT not in found


def _is_offered(suite: int) -> bool:
    """Static DH certificates never existed in the wild; static ECDH works with any EC certificate."""
    name = NAMES[suite]
    return suite not in _TLS13 and not name.startswith(("TLS_DH_DSS_", "TLS_DH_RSA_"))


SUITES_12 = tuple(number for number in NAMES if _is_offered(number))
"""Every suite a TLS 1.2 hello here may offer."""

SUITES_OLD = tuple(number for number in SUITES_12 if NAMES[number].endswith(("_SHA", "_MD5")))
"""Those that TLS 1.1 and older may use, by their MAC."""

SUITES_SSL3 = tuple(number for number in SUITES_OLD if number < 0xC000)
"""Those without elliptic curves, which SSLv3 never had (RFC 8422)."""

SUITES_13 = tuple(number for number in NAMES if number in _TLS13)

COMMON = frozenset(
    {
        *(0x0001, 0x0002, 0x003B, 0xC010, 0xC006),  # NULL
        *(0x0003, 0x0006, 0x0008, 0x0014),  # export
        *(0x0009, 0x0015, 0x000A, 0x0016, 0xC012, 0xC008),  # DES, 3DES
        *(0x0004, 0x0005, 0xC011, 0xC007),  # RC4
        *(0x0018, 0x0019, 0x001A, 0x001B, 0x0034, 0x003A, 0x00A6, 0xC016, 0xC018, 0xC019),  # anonymous
        *(0x002F, 0x0035, 0x003C, 0x009C, 0x009D),  # static RSA
        *(0x0033, 0x0039, 0x0067, 0x009E, 0x009F),  # DHE
        *(0xC02F, 0xC030, 0xC013, 0xC014, 0xCCA8, 0xC02B, 0xC02C, 0xC009, 0xC00A, 0xCCA9),  # ECDHE
        *SUITES_13[:3],
    }
)
"""What servers really have: a hello of these alone stays below the 256 bytes some load balancers choke on."""
