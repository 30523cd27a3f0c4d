"""Chains a mail host may present, each with what U02-1b-2..5 must say of it, and where OpenSSL says otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.unit import authorities
from tests.unit.authorities import CLIENT, LEAF_USAGE, NOW, SERVER, Made, Wanted, make
from tests.unit.checks.build import AT, MX
from tests.unit.checks.remade import Remade, remade, rsa_key_of

DAY = (AT - NOW).days
TRUSTED, NAMED, DATED, STRONG = "pass issuer_trusted", "pass name_matches", "pass in_date", "pass strong_enough"
UNKNOWN, MISMATCH, WEAK = "fail unknown_issuer", "fail name_mismatch", "fail weak_key"
Paper = Made | Remade
Chain = Callable[[], Sequence[Paper]]


@dataclass(frozen=True)
class Row:
    """A presented chain, the roots it is judged by, and the verdicts.

    `differs`: by check (trust, name, dates, strength), why OpenSSL says otherwise; where nothing stands it says the
    same. `also` is the chain of a second key.
    """

    case: str
    chain: Chain
    trust: str = TRUSTED
    name: str = NAMED
    dates: str = DATED
    strength: str = STRONG
    roots: tuple[Paper, ...] = ()
    host: str = MX
    differs: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    also: Chain | None = None
    private: bool = False


def ca(name: str, signer: Made | None = None, **changes: Any) -> Made:
    days = {"since": DAY + changes.pop("since", -30), "until": DAY + changes.pop("until", 300)}
    return make(Wanted(name, signer, **days, **changes))


def leaf(signer: Made | None = None, **changes: Any) -> Made:
    days = {"since": DAY + changes.pop("since", -30), "until": DAY + changes.pop("until", 300)}
    return authorities.leaf(signer or MIDDLE, **{"names": (MX,), **days, **changes})


@cache
def key(kind: str) -> Any:
    """A key made once, as most of them take their time."""
    kinds: dict[str, Callable[[], Any]] = {
        "p192": lambda: ec.generate_private_key(ec.SECP192R1()),
        "p224": lambda: ec.generate_private_key(ec.SECP224R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "dsa": lambda: dsa.generate_private_key(1024),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
        "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    }
    return kinds[kind]()


ROOT = ca("Root", length=3, since=-1000, until=3000)
MIDDLE = ca("Middle", ROOT)
STRANGER = ca("Stranger")
OLD_ROOT = ca("Old root", until=-5, since=-900)
OLD_MIDDLE = ca("Old middle", ROOT, until=-5)
CROSS = ca("Stranger", ROOT, key=STRANGER.key)
OLD_CROSS = ca("Stranger", ROOT, key=STRANGER.key, until=-1)
RSA_ROOT = ca("RSA root", key=key("rsa"))
SHA1_MIDDLE = remade(ca("SHA-1 middle", RSA_ROOT, key=key("rsa3072")), RSA_ROOT, digest="sha1")
SMALL_MIDDLE = ca("Small middle", ROOT, key=key("rsa1024"))
SHORT = ca("Short", ROOT, length=0)
SELF = authorities.leaf(None, names=(MX,), since=DAY - 30, until=DAY + 300)
CRITICAL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
ANY_USE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
RSA_NOTICE = ("rsa_below_recommended",)
STRICT = ("strict_verifier",)


def under(middle: Made, **changes: Any) -> list[Made]:
    return [leaf(middle, **changes), middle]


def constrained(permitted: Sequence[x509.GeneralName] | None, excluded: Sequence[x509.GeneralName] | None) -> Made:
    return ca("Constrained", ROOT, more=((x509.NameConstraints(permitted, excluded), True),))


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


NET = [x509.IPAddress(ip_network("198.51.100.0/24"))]
OF_ADDRESS = (x509.SubjectAlternativeName([x509.IPAddress(ip_address("192.0.2.1"))]), False)
BESIDE = (x509.SubjectAlternativeName([*dns(MX), x509.IPAddress(ip_address("198.51.100.1"))]), False)


def named(*names: str) -> Chain:
    return lambda: under(MIDDLE, names=names)


def nameless() -> list[Paper]:
    """An empty subject, and so a critical subjectAltName (RFC 5280 section 4.2.1.6)."""
    names = (x509.SubjectAlternativeName(dns(MX)), True)
    return [remade(leaf(names=(), more=(names,)), MIDDLE, subject=x509.Name([])), MIDDLE]


def with_serial(serial: bytes) -> Chain:
    return lambda: [remade(leaf(), MIDDLE, serial=serial), MIDDLE]


def by_rsa(digest: str) -> Chain:
    return lambda: [remade(leaf(RSA_ROOT), RSA_ROOT, digest=digest)]


def rsa_bits(bits: int) -> Chain:
    return lambda: [remade(leaf(), MIDDLE, public_key=rsa_key_of(bits)), MIDDLE]


def keyed(kind: str) -> Chain:
    return lambda: under(MIDDLE, key=key(kind))


PARTIAL = "OpenSSL takes a wildcard within a label unless told not to; RFC 9525 section 6.3 does not"
FROM_CN = "OpenSSL takes the common name where there is no dNSName; RFC 9525 section 6.3 does not"

PATHS = (
    Row("sound", lambda: under(MIDDLE)),
    Row("straight under the root", lambda: [leaf(ROOT)]),
    Row("expired root", lambda: [leaf(OLD_ROOT)], "fail expired_issuer", roots=(OLD_ROOT,)),
    Row("expired intermediate", lambda: under(OLD_MIDDLE), "fail expired_intermediate"),
    Row("intermediate of tomorrow", lambda: under(ca("Tomorrow", ROOT, since=2)), "fail issuer_not_yet_valid"),
    Row("cross-signed", lambda: [leaf(STRANGER), CROSS]),
    Row("cross-signed, that one old", lambda: [leaf(STRANGER), OLD_CROSS], roots=(STRANGER, ROOT),
        notices=("superfluous_certificates",)),
    Row("cross-signed, the old way alone", lambda: [leaf(STRANGER), OLD_CROSS], "fail expired_intermediate"),
    Row("path length exceeded", lambda: [leaf(d := ca("Deep", SHORT)), d, SHORT], "fail path_length"),
    Row("path length kept", lambda: under(SHORT)),
    Row("permitted name", lambda: under(constrained(dns("etaten.example"), None))),
    Row("name not permitted", lambda: under(constrained(dns("annen.example"), None)), "fail name_constraint"),
    Row("excluded name", lambda: under(constrained(None, dns("etaten.example"))), "fail name_constraint"),
    Row("permitted address", lambda: under(constrained(NET, None), names=(), more=(BESIDE,))),
    Row("address not permitted", lambda: under(constrained(NET, None), names=(), more=(OF_ADDRESS,)),
        "fail name_constraint", "fail name_mismatch"),
    Row("excluded address", lambda: under(constrained(None, NET), names=(), more=(BESIDE,)), "fail name_constraint"),
    Row("leaf for clients", lambda: under(MIDDLE, extended=CLIENT), "fail wrong_usage"),
    Row("leaf for any use", lambda: under(MIDDLE, extended=ANY_USE), "fail wrong_usage"),
    Row("intermediate for clients", lambda: under(ca("Clients", ROOT, extended=CLIENT)), "fail wrong_usage"),
    Row("intermediate for servers", lambda: under(ca("Servers", ROOT, extended=SERVER))),
    Row("missing intermediate", lambda: [leaf()], UNKNOWN),
    Row("self-signed", lambda: [SELF], "fail self_signed"),
    Row("leaf as root", lambda: [SELF], roots=(SELF,)),
    Row("vendor's demo certificate", lambda: [ca("IronPort Appliance Demo Certificate", ca=False, names=(MX,))],
        "fail demo_certificate"),
    Row("private root", lambda: under(MIDDLE), "fail private_root", private=True,
        differs={"trust": "OpenSSL knows no root that only we trust"}),
    Row("unordered", lambda: [leaf(low := ca("Low", MIDDLE)), MIDDLE, low]),
    Row("superfluous certificates", lambda: [*under(MIDDLE), STRANGER, SHORT], notices=("superfluous_certificates",)),
    Row("the same twice", lambda: [*under(MIDDLE), MIDDLE], notices=("superfluous_certificates",)),
    Row("root sent along", lambda: [*under(MIDDLE), ROOT]),
    Row("intermediate says nothing of being a CA", lambda: under(ca("M", ROOT, ca=None, usage=None)), "fail not_ca"),
    Row("intermediate may not sign", lambda: under(ca("M", ROOT, usage=LEAF_USAGE)), "fail not_ca"),
    Row("critical unknown extension", lambda: under(MIDDLE, more=(CRITICAL,)), "fail critical_extension"),
    Row("critical unknown extension above", lambda: under(ca("M", ROOT, more=(CRITICAL,))), "fail critical_extension"),
    Row("unknown extension", lambda: under(MIDDLE, more=((CRITICAL[0], False),))),
    Row("signature broken", lambda: [remade(leaf(), MIDDLE, spoilt=True), MIDDLE], "fail bad_signature"),
)  # fmt: skip

NAMES = (
    Row("wildcard", named("*.etaten.example")),
    Row("wildcard for two labels", named("*.example"), name=MISMATCH),
    Row("wildcard for every domain", named("*.example"), name=MISMATCH, host="etaten.example"),
    Row("wildcard within a label", named("m*.etaten.example"), name=MISMATCH, differs={"name": PARTIAL}),
    Row("wildcard at a label's end", named("*x.etaten.example"), name=MISMATCH, differs={"name": PARTIAL}),
    Row("two wildcards", named("*.*.example"), name=MISMATCH),
    Row("wildcard alone", named("*"), name=MISMATCH),
    Row("wildcard, and the domain itself", named("*.etaten.example"), name=MISMATCH, host="etaten.example"),
    Row("wildcard, a label deeper", named("*.etaten.example"), name=MISMATCH, host="a.mx.etaten.example"),
    Row("wildcard for an A-label", named("*.etaten.example"), host="xn--blbr-roah.etaten.example"),
    Row("wildcard within an A-label", named("xn--*.etaten.example"), name=MISMATCH,
        host="xn--blbr-roah.etaten.example"),
    Row("A-label", named("mx.xn--blbr-roah.example"), host="mx.xn--blbr-roah.example"),
    Row("capitals", named("MX.Etaten.Example")),
    Row("ends in a dot", named(f"{MX}."), name=MISMATCH),
    Row("begins with a dot", named(".etaten.example"), name=MISMATCH),
    Row("NUL within", named(f"{MX}\0.annen.example"), name=MISMATCH),
    Row("NUL at the end", named(f"{MX}\0"), name=MISMATCH),
    Row("blank before", named(f" {MX}"), name=MISMATCH),
    Row("second of three", named("a.example", MX, "b.example")),
    Row("another", named("mx.annen.example"), name=MISMATCH),
    Row("common name alone", lambda: [common(MX), MIDDLE], name="fail cn_only", differs={"name": FROM_CN}),
    Row("common name beside another dNSName", lambda: [common(MX, "a.example"), MIDDLE], name=MISMATCH),
    Row("common name beside an address", lambda: [common(MX, more=(OF_ADDRESS,)), MIDDLE], name="fail cn_only",
        differs={"name": FROM_CN}),
    Row("empty subject, critical names", nameless),
)  # fmt: skip


def common(name: str, *names: str, **changes: Any) -> Made:
    """A leaf with a common name, and these dNSNames."""
    more = {"ca": False, "usage": LEAF_USAGE, "extended": SERVER, **changes}
    return make(Wanted(name, MIDDLE, names=names, since=DAY - 30, until=DAY + 300, **more))


DATES = (
    Row("expired", lambda: under(MIDDLE, until=-1), dates="fail expired"),
    Row("not yet valid", lambda: under(MIDDLE, since=2), dates="fail not_yet_valid"),
    Row("expired, of an unknown issuer", lambda: under(STRANGER, until=-1), UNKNOWN, dates="fail expired"),
    Row("expires soon", lambda: under(MIDDLE, since=-300, until=9), notices=("expires_soon",)),
    Row("valid for thirty years", lambda: under(MIDDLE, since=-3000, until=8000)),
)

NOT_READ = "not_tested ours certificate_not_read"
STRENGTHS = (
    Row("RSA 512", rsa_bits(512), strength=WEAK),
    Row("RSA 1024", rsa_bits(1024), strength=WEAK),
    Row("RSA 2047", rsa_bits(2047), strength=WEAK,
        differs={"strength": "OpenSSL reckons 2047 bits as 112 bits of security, and its level 2 asks for no more"}),
    Row("RSA 2048", rsa_bits(2048), notices=RSA_NOTICE),
    Row("RSA 3072", rsa_bits(3072)),
    Row("EC P-192", keyed("p192"), strength=WEAK),
    Row("EC P-224", keyed("p224"), strength=WEAK,
        differs={"strength": "OpenSSL's level 2 asks for 112 bits of security; NSM and U-02's reading for EC 256"}),
    Row("EC P-384", keyed("p384")),
    Row("Ed25519", keyed("ed25519")),
    Row("Ed448", keyed("ed448")),
    Row("DSA", keyed("dsa"), strength=WEAK),
    Row("RSA 1024 above", lambda: under(SMALL_MIDDLE), strength=WEAK),
    Row("SHA-1", by_rsa("sha1"), strength="fail weak_signature", roots=(RSA_ROOT,)),
    Row("MD5", by_rsa("md5"), strength="fail weak_signature", roots=(RSA_ROOT,)),
    Row("SHA-384", by_rsa("sha384"), roots=(RSA_ROOT,)),
    Row("RSA-PSS", by_rsa("pss"), roots=(RSA_ROOT,)),
    Row("SHA-1 above", lambda: [leaf(Made(ca("SHA-1 middle", RSA_ROOT).certificate, key("rsa3072"))), SHA1_MIDDLE],
        strength="fail weak_signature", roots=(RSA_ROOT,)),
    Row("root signed with SHA-1", lambda: [leaf(RSA_ROOT)], roots=(remade(RSA_ROOT, RSA_ROOT, digest="sha1"),)),
    Row("RSA 1024 of an unknown issuer", lambda: under(STRANGER, key=key("rsa1024")), UNKNOWN, strength=WEAK),
)  # fmt: skip

FORMS = (
    Row("serial of 20 octets", with_serial(b"\x7f" + b"\x01" * 19)),
    Row("serial of 40 octets", with_serial(b"\x7f" + b"\x01" * 39), notices=STRICT),
    Row("negative serial", with_serial(b"\x81" + b"\x01" * 7), notices=STRICT),
    Row("negative serial, expired", lambda: [remade(leaf(until=-1), MIDDLE, serial=b"\x81"), MIDDLE],
        dates="fail expired"),
    Row("the issuer's key is not said", lambda: under(MIDDLE, identified=False), notices=STRICT),
    Row("an issuer without key usage", lambda: under(ca("M", ROOT, usage=None)), notices=STRICT),
    Row("serial zero", with_serial(b"\x00")),
)  # fmt: skip

SECOND = (
    Row("RSA sound beside ECDSA expired", lambda: under(MIDDLE, until=-1), dates="fail expired",
        also=lambda: under(MIDDLE, key=key("rsa3072"))),
    Row("ECDSA sound beside RSA of a stranger", lambda: under(MIDDLE), UNKNOWN,
        also=lambda: under(STRANGER, key=key("rsa3072"))),
    Row("ECDSA sound beside RSA for another name", lambda: under(MIDDLE), name=MISMATCH,
        also=lambda: under(MIDDLE, key=key("rsa3072"), names=("a.example",))),
    Row("ECDSA sound beside RSA too short", lambda: under(MIDDLE), strength=WEAK,
        also=lambda: under(MIDDLE, key=key("rsa1024"))),
)  # fmt: skip

ROWS = (*PATHS, *NAMES, *DATES, *STRENGTHS, *FORMS, *SECOND)
