"""Paths from presented chains to roots, compared with OpenSSL's verdict on the same files."""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.checks.certificate import certificate_strength
from compliance.checks.trust import Roots, build
from compliance.records.certificate import read
from tests.unit.authorities import CA_USAGE, CLIENT, LEAF_USAGE, NOW, SERVER, Made, Wanted, leaf, make, openssl_trusts
from tests.unit.checks.build import context, good, host_view, told

ROOT = make(Wanted("Root"))
MIDDLE = make(Wanted("Middle", ROOT))
LOWER = make(Wanted("Lower", MIDDLE))
STRANGER = make(Wanted("Stranger"))
IMPOSTOR = make(Wanted("Root"))  # the name of our root, another key
OLD_ROOT = make(Wanted("Old Root", since=-900, until=-5))
CROSS = make(Wanted("Stranger", ROOT, key=STRANGER.key))  # the stranger's key, vouched for by our root
SHORT = make(Wanted("Short", ROOT, length=0))
SELF, SIGNED = leaf(None), leaf(ROOT)
GONE = leaf(None, until=-1)
OLD = make(Wanted("Twin", ROOT, until=-1))
NEW = make(Wanted("Twin", ROOT, key=OLD.key))
OLD_TWIN = make(Wanted("Root", until=-1, key=ROOT.key))
OLD_CROSS = make(Wanted("Stranger", ROOT, key=STRANGER.key, until=-1))
FOR_CLIENTS = make(Wanted("Root for clients", extended=CLIENT))
ANYTHING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
GATED = x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.16.840.1.113730.4.1")])
CA_URL = x509.UniformResourceIdentifier("http://ca.example/middle.der")
ISSUERS = (
    x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, CA_URL)]),
    False,
)
DATES = "the leaf's dates"
CRITICAL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)


def constrained(permitted: Sequence[str] | None, excluded: Sequence[str] | None = None) -> Made:
    def trees(names: Sequence[str] | None) -> list[x509.GeneralName] | None:
        return [x509.DNSName(each) for each in names] if names else None

    return make(Wanted("Constrained", ROOT, more=((x509.NameConstraints(trees(permitted), trees(excluded)), True),)))


def key_usage(wanted: str) -> x509.KeyUsage:
    uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{use: use == wanted for use in (*uses, *more)})


def under(middle: Made, **changes: object) -> list[Made]:
    return [leaf(middle, **changes), middle]


def broken_signature(made: Made) -> Made:
    der = bytearray(made.der)
    der[-1] ^= 1
    return Made(x509.load_der_x509_certificate(bytes(der)), made.key)


@dataclass(frozen=True)
class Case:
    name: str
    chain: Callable[[], list[Made]]
    reason: str
    superfluous: int = 0
    roots: tuple[Made, ...] = (ROOT,)
    differs: str = ""  # why OpenSSL says otherwise


CASES = (
    Case("sound", lambda: under(MIDDLE), ""),
    Case("straight under the root", lambda: [leaf(ROOT)], ""),
    Case("two intermediates", lambda: [leaf(LOWER), LOWER, MIDDLE], ""),
    Case("any order", lambda: [leaf(LOWER), MIDDLE, LOWER], ""),
    Case("root presented too", lambda: [*under(MIDDLE), ROOT], ""),
    Case("more than needed", lambda: [*under(MIDDLE), STRANGER, SHORT], "", superfluous=2),
    Case("cross-signed", lambda: [leaf(STRANGER), CROSS], ""),
    Case(
        "cross-signed, root it replaces first",
        lambda: [leaf(STRANGER), STRANGER, CROSS],
        "unknown_issuer",  # OpenSSL takes the first issuer by name and does not go back
    ),
    Case("cross-signed, root it replaces last", lambda: [leaf(STRANGER), CROSS, STRANGER], "", superfluous=1),
    Case("the same twice", lambda: [*under(MIDDLE), MIDDLE], "", superfluous=1),
    Case("no key identifiers", lambda: under(MIDDLE, identified=False), ""),
    Case("impostor beside", lambda: [*under(MIDDLE), IMPOSTOR], "", superfluous=1),
    Case("leaf expired is judged elsewhere", lambda: under(MIDDLE, until=-1), "", differs=DATES),
    Case("leaf not valid yet is judged elsewhere", lambda: under(MIDDLE, since=9), "", differs=DATES),
    Case("leaf is a root", lambda: [SELF], "", roots=(ROOT, SELF)),
    Case("leaf is an expired root", lambda: [GONE], "", roots=(ROOT, GONE), differs=DATES),
    Case("root is an intermediate", lambda: under(MIDDLE), "unknown_issuer", roots=(MIDDLE,)),
    Case("leaf somebody signed is a root", lambda: [SIGNED], "unknown_issuer", roots=(SIGNED,)),
    Case("self-signed", lambda: [leaf(None)], "self_signed"),
    Case("self-signed with company", lambda: [leaf(None), MIDDLE], "self_signed"),
    Case("leaf alone", lambda: [leaf(MIDDLE)], "unknown_issuer"),
    Case("wrong intermediate", lambda: [leaf(LOWER), MIDDLE], "unknown_issuer"),
    Case("leaf alone, as public CAs issue", lambda: [leaf(MIDDLE, more=(ISSUERS,))], "issuer_unknown_or_missing"),
    Case("stranger's chain", lambda: [leaf(STRANGER), STRANGER], "unknown_issuer"),
    Case("stranger's intermediate", lambda: under(make(Wanted("S2", STRANGER))), "unknown_issuer"),
    Case("middle one missing", lambda: [leaf(LOWER), LOWER], "unknown_issuer"),
    Case("middle one missing, public leaf", lambda: [leaf(LOWER, more=(ISSUERS,)), LOWER], "unknown_issuer"),
    Case("signed by an impostor", lambda: [leaf(IMPOSTOR), IMPOSTOR], "unknown_issuer"),
    Case("old intermediate", lambda: under(make(Wanted("M", ROOT, until=-1))), "expired_issuer"),
    Case("intermediate of tomorrow", lambda: under(make(Wanted("M", ROOT, since=9))), "issuer_not_yet_valid"),
    Case("leaf and intermediate expired", lambda: [leaf(OLD, until=-1), OLD], "expired_issuer"),
    Case("leaf and root expired", lambda: [leaf(OLD_ROOT, until=-1)], "expired_issuer", roots=(OLD_ROOT,)),
    Case("old twin before the new", lambda: [leaf(NEW), OLD, NEW], "", superfluous=1),
    Case("old twin first, leaf expired", lambda: [leaf(NEW, until=-1), OLD, NEW], "", superfluous=1, differs=DATES),
    Case("old root twin", lambda: [leaf(ROOT)], "", roots=(OLD_TWIN, ROOT)),
    Case("old root twin, leaf expired", lambda: [leaf(ROOT, until=-1)], "", roots=(OLD_TWIN, ROOT), differs=DATES),
    Case("old cross-signature", lambda: [leaf(STRANGER), OLD_CROSS], "", superfluous=1, roots=(ROOT, STRANGER)),
    Case(
        "leaf expired, for a name not permitted", lambda: under(constrained(["a.example"]), until=-1), "name_constraint"
    ),
    Case("old root", lambda: [leaf(OLD_ROOT)], "expired_issuer", roots=(OLD_ROOT,)),
    Case("leaf as issuer", lambda: under(leaf(ROOT)), "not_ca"),
    Case("CA says nothing", lambda: under(make(Wanted("M", ROOT, ca=None, usage=None))), "not_ca"),
    Case("CA may not sign", lambda: under(make(Wanted("M", ROOT, usage=LEAF_USAGE))), "not_ca"),
    Case("too deep", lambda: [leaf(D := make(Wanted("D", SHORT))), D, SHORT], "path_length"),
    Case("deep enough", lambda: under(SHORT), ""),
    Case("for clients", lambda: under(MIDDLE, extended=CLIENT), "wrong_usage"),
    Case("for anything", lambda: under(MIDDLE, extended=ANYTHING), "wrong_usage"),
    Case(
        "for nothing",
        lambda: under(MIDDLE, extended=None, more=((x509.ExtendedKeyUsage([]), False),)),
        "certificate_not_read",
    ),
    Case("server gated", lambda: under(MIDDLE, extended=GATED), ""),
    Case("for clients, expired", lambda: under(MIDDLE, extended=CLIENT, until=-1), "wrong_usage"),
    Case("CA for servers", lambda: under(make(Wanted("M", ROOT, extended=SERVER))), ""),
    Case("root for clients", lambda: [leaf(FOR_CLIENTS)], "wrong_usage", roots=(FOR_CLIENTS,)),
    Case("CA for clients", lambda: under(make(Wanted("M", ROOT, extended=CLIENT))), "wrong_usage"),
    Case("no usage said", lambda: under(MIDDLE, extended=None, usage=None), ""),
    Case("leaf key signs only", lambda: under(MIDDLE, usage=CA_USAGE), "wrong_usage"),
    Case("leaf key encrypts", lambda: under(MIDDLE, usage=key_usage("key_encipherment")), ""),
    Case("leaf key agrees", lambda: under(MIDDLE, usage=key_usage("key_agreement")), ""),
    Case("leaf key commits", lambda: under(MIDDLE, usage=key_usage("content_commitment")), "wrong_usage"),
    Case("critical unknown in CA", lambda: under(make(Wanted("M", ROOT, more=(CRITICAL,)))), "critical_extension"),
    Case("critical unknown", lambda: under(MIDDLE, more=(CRITICAL,)), "critical_extension"),
    Case("permitted name", lambda: under(constrained(["example.com"])), ""),
    Case("name not permitted", lambda: under(constrained(["example.org"])), "name_constraint"),
    Case("excluded name", lambda: under(constrained(None, ["example.com"])), "name_constraint"),
    Case("another excluded", lambda: under(constrained(None, ["ample.com"])), ""),
    Case("broken leaf signature", lambda: [broken_signature(leaf(ROOT))], "bad_signature"),
    Case("broken self-signature", lambda: [broken_signature(leaf(None))], "bad_signature"),
    Case("impostor's, unidentified", lambda: [leaf(IMPOSTOR, identified=False)], "bad_signature"),
    Case("demo", lambda: [make(Wanted("IronPort Appliance Demo Certificate", ca=False))], "demo_certificate"),
    Case("demo issued", lambda: [make(Wanted("localhost.localdomain", STRANGER)), STRANGER], "demo_certificate"),
    Case("demo issued, alone", lambda: [make(Wanted("localhost.localdomain", STRANGER))], "demo_certificate"),
    Case("demo's child", lambda: [leaf(make(Wanted("Snake Oil CA")))], "demo_certificate"),
    Case("demo name, yet trusted", lambda: [make(Wanted("localhost.localdomain", ROOT, ca=False, usage=None))], ""),
)


def presented(chain: Sequence[Made]) -> list[bytes]:
    return [made.der for made in chain]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_chain_is_judged(case: Case, tmp_path: Path) -> None:
    chain = case.chain()
    path = build(presented(chain), Roots(b"".join(root.pem for root in case.roots)), NOW)
    assert path.reason == case.reason
    assert path.superfluous == case.superfluous
    assert bool(path.certificates) == (not case.reason)
    assert all(link.not_before <= NOW <= link.not_after for link in path.certificates[1:])
    if shutil.which("openssl") and not case.differs:
        assert openssl_trusts(tmp_path, chain, case.roots) == (not path.reason)


def test_the_path_tells_its_certificates_and_that_the_root_is_private() -> None:
    path = build(presented([leaf(LOWER), MIDDLE, LOWER]), Roots(STRANGER.pem, ROOT.pem), NOW)
    assert [link.subject for link in path.certificates] == ["CN=mx.example.com", "CN=Lower", "CN=Middle", "CN=Root"]
    assert path.private


def test_a_root_of_the_bundle_is_not_private_even_if_listed_again() -> None:
    assert not build([SIGNED.der], Roots(ROOT.pem, ROOT.pem), NOW).private


def test_a_bundle_with_comments_and_rubbish_is_read() -> None:
    rubbish = b"# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    cut = b"-----BEGIN CERTIFICATE-----\nMIIB\n"
    roots = Roots(rubbish + cut + ROOT.pem.replace(b"\n", b"\r\n") + b"text\n", b"\xff\n" + rubbish)
    assert not build([SIGNED.der], roots, NOW).reason
    assert not roots.private


@pytest.mark.parametrize("chain", [[], [b""], [b"rubbish"], [b"", ROOT.der]])
def test_an_unreadable_leaf_is_no_path(chain: list[bytes]) -> None:
    assert build(chain, Roots(ROOT.pem), NOW).reason == "certificate_unreadable"


POLICIES, ACCESS, USES = "2.5.29.32", "1.3.6.1.5.5.7.1.1", "2.5.29.37"


def malformed(oid: str) -> tuple[x509.UnrecognizedExtension, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x30\x03\x02\x01"), False


def in_latin_1(made: Made, signer: Made) -> bytes:
    """Give the certificate with `Q` of its names in a T61String as Latin-1 has `å`, signed anew."""
    signed = made.certificate.tbs_certificate_bytes.replace(b"\x0c\x04BlQb", b"\x14\x04Bl\xe5b")
    tail = made.certificate.signature_algorithm_oid
    assert tail.dotted_string == "1.2.840.10045.4.3.2"
    signature = b"\0" + signer.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    body = signed + bytes.fromhex("300a06082a8648ce3d040302") + b"\x03" + bytes([len(signature)]) + signature
    return b"\x30\x82" + len(body).to_bytes(2) + body


BLAA = make(Wanted("BlQb", ROOT))
STRANGE = (
    ("policies of the leaf", [leaf(ROOT, more=(malformed(POLICIES),)).der], ""),
    ("issuer's address of the leaf", [leaf(ROOT, more=(malformed(ACCESS),)).der], ""),
    ("uses of the leaf", [leaf(ROOT, extended=None, more=(malformed(USES),)).der], "chain_refused"),
    ("policies of the intermediate", presented(under(make(Wanted("M", ROOT, more=(malformed(POLICIES),))))), ""),
    ("uses of the intermediate", presented(under(make(Wanted("M", ROOT, more=(malformed(USES),))))), "unknown_issuer"),
    ("a name in Latin-1", [in_latin_1(make(Wanted("BlQb", ROOT, ca=False, usage=LEAF_USAGE)), ROOT)], ""),
    ("an issuer in Latin-1", [in_latin_1(leaf(BLAA), BLAA), in_latin_1(BLAA, ROOT)], ""),
)


@pytest.mark.parametrize(("case", "chain", "reason"), STRANGE, ids=[row[0] for row in STRANGE])
def test_what_nobody_needs_may_be_malformed(case: str, chain: list[bytes], reason: str) -> None:
    assert build(chain, Roots(ROOT.pem), NOW).reason == reason
    assert read(chain[0]).issuer in {"CN=Root", "CN=M", "CN=Blåb"}


def test_unreadable_company_is_passed_over() -> None:
    path = build([leaf(MIDDLE).der, b"rubbish", MIDDLE.der], Roots(ROOT.pem), NOW)
    assert (path.reason, path.superfluous) == ("", 1)


def test_dates_are_those_of_the_moment_asked_about() -> None:
    chain, roots = presented(under(MIDDLE)), Roots(ROOT.pem)
    assert build(chain, roots, NOW + timedelta(days=301)).reason == "expired_issuer"
    assert build(chain, roots, (NOW + timedelta(days=299)).astimezone(timezone(timedelta(hours=9)))).reason == ""


def test_an_intermediate_that_another_host_presented_is_missing_and_no_more() -> None:
    roots, alone = Roots(ROOT.pem), [leaf(LOWER).der]
    path = build(alone, roots, NOW, [STRANGER.der, b"rubbish", LOWER.der, MIDDLE.der])
    assert (path.reason, path.certificates) == ("missing_intermediate", ())
    assert build(alone, roots, NOW, [LOWER.der]).reason == "unknown_issuer"
    many = [*alone, *[SHORT.der] * 150]
    assert build(many, roots, NOW, [LOWER.der, MIDDLE.der]).reason == "missing_intermediate"


def test_an_anchor_may_be_an_intermediate() -> None:
    """As DANE-TA records name them (RFC 7672 section 3.1.2)."""
    chain = presented(under(MIDDLE))
    assert not build(chain, Roots(anchors=[MIDDLE.der]), NOW).reason
    assert not build([*chain, ROOT.der], Roots(anchors=[MIDDLE.der, ROOT.der]), NOW).reason
    assert build(chain, Roots(anchors=[STRANGER.der, b"rubbish"]), NOW).reason == "unknown_issuer"


def test_a_mesh_of_cross_signatures_costs_little() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(9)]
    mesh = [
        make(Wanted(f"CA {one}", Made(STRANGER.certificate, keys[two]), claims=f"CA {two}", key=keys[one]))
        for one in range(9)
        for two in range(9)
    ]
    chain = presented([leaf(mesh[0]), *mesh])
    roots = Roots(ROOT.pem)
    began = time.monotonic()
    assert build(chain, roots, NOW, chain[1:]).reason
    assert time.monotonic() - began < 2


def test_more_than_a_hundred_certificates_are_not_looked_at() -> None:
    filler = [made.der for made in (STRANGER, SHORT, IMPOSTOR)] * 40
    assert build([leaf(MIDDLE).der, *filler[:98], MIDDLE.der], Roots(ROOT.pem), NOW).superfluous == 98
    assert build([leaf(MIDDLE).der, *filler[:99], MIDDLE.der], Roots(ROOT.pem), NOW).reason == "unknown_issuer"


def by_openssl(folder: Path, signer: Made, *options: str) -> bytes:
    """Have a leaf made that the library would not make."""
    secret = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca").write_bytes(signer.pem + secret)
    command = ["openssl", "req", "-x509", "-CA", folder / "ca", "-CAkey", folder / "ca", "-subj", "/CN=mx.example.com"]
    command += ["-addext", "basicConstraints=critical,CA:FALSE", "-nodes", *options]
    command += ["-outform", "DER", "-keyout", folder / "key", "-out", folder / "der"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return (folder / "der").read_bytes()


SOON = NOW + timedelta(minutes=10)  # OpenSSL makes certificates that are valid from now


@pytest.mark.programs("openssl")  # it makes what the library does not
@pytest.mark.parametrize("digest", ["sha1", "md5", "sha256"])
def test_an_old_digest_does_not_decide_trust(tmp_path: Path, digest: str) -> None:
    """Strength is a check of its own, and a store's security level is none unless it is told one."""
    root = make(Wanted("RSA Root", key=rsa.generate_private_key(65537, 2048)))
    der = by_openssl(tmp_path, root, f"-{digest}", "-newkey", "rsa:2048")
    path = build([der], Roots(root.pem), SOON)
    assert (path.reason, path.certificates[0].signature_hash) == ("", digest)


@pytest.mark.programs("openssl")  # it makes what the library does not
def test_a_curve_written_out_is_refused(tmp_path: Path) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit")
    der = by_openssl(tmp_path, ROOT, *curve)
    path = build([der], Roots(ROOT.pem), SOON)
    assert path.reason == "chain_refused"
    assert "explicit" in path.why


def test_a_key_of_unknown_kind_is_not_called_strong() -> None:
    odd = leaf(ROOT, key=x25519.X25519PrivateKey.generate())
    assert (read(odd.der).key_type, read(odd.der).key_algorithm) == ("other", "x25519")
    view = host_view(context([good(chain=[odd.der, ROOT.der])], roots=Roots(ROOT.pem)))
    verdict = certificate_strength(view, {"rsa_bits": 2048, "ec_bits": 256, "rsa_notice_bits": 3072})
    assert told(verdict) == "not_tested ours key_kind_unknown"
    assert verdict.values == {"kind": "x25519"}


LEAF = leaf(MIDDLE, more=(ISSUERS,))
CHAIN = (LEAF.der, MIDDLE.der, ROOT.der)
TRUSTING = Roots(ROOT.pem)


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(0, 1 << 16), st.integers(0, 255), st.booleans())
def test_a_chain_with_an_octet_changed_is_survived(which: int, at: int, octet: int, cut: bool) -> None:
    chain = list(CHAIN)
    whole = chain[which]
    at %= len(whole)
    chain[which] = whole[:at] + bytes([octet]) + (b"" if cut else whole[at + 1 :])
    path = build(chain, TRUSTING, NOW)
    if which < 2:
        assert (not path.reason) == (chain[which] == whole)
    else:
        assert not path.reason
