"""Paths from presented chains to roots, compared with OpenSSL's verdict on the same files."""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.records.certificate import load, read, signed_by
from compliance.records.chain import PathState, Roots, build, build_from
from tests.unit.records.authorities import CA_USAGE, CLIENT, LEAF_USAGE, NOW, Made, Wanted, leaf, make, openssl_trusts

ROOT = make(Wanted("Root"))
MIDDLE = make(Wanted("Middle", ROOT))
LOWER = make(Wanted("Lower", MIDDLE))
STRANGER = make(Wanted("Stranger"))
IMPOSTOR = make(Wanted("Root"))  # the name of our root, another key
OLD_ROOT = make(Wanted("Old Root", since=-900, until=-5))
CROSS = make(Wanted("Stranger", ROOT, key=STRANGER.key))  # the stranger's key, vouched for by our root
SHORT = make(Wanted("Short", ROOT, length=0))
CRITICAL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)


def constrained(permitted: Sequence[str] | None, excluded: Sequence[str] | None = None) -> Made:
    def trees(names: Sequence[str] | None) -> list[x509.GeneralName] | None:
        return [x509.DNSName(each) for each in names] if names else None

    return make(Wanted("Constrained", ROOT, more=((x509.NameConstraints(trees(permitted), trees(excluded)), True),)))


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
    state: str
    why: str = ""
    superfluous: int = 0
    roots: tuple[Made, ...] = (ROOT,)
    differs: str = ""  # why OpenSSL says otherwise


CASES = (
    Case("sound", lambda: under(MIDDLE), "trusted"),
    Case("straight under the root", lambda: [leaf(ROOT)], "trusted"),
    Case("two intermediates", lambda: [leaf(LOWER), LOWER, MIDDLE], "trusted"),
    Case("any order", lambda: [leaf(LOWER), MIDDLE, LOWER], "trusted"),
    Case("root presented too", lambda: [*under(MIDDLE), ROOT], "trusted"),
    Case("more than needed", lambda: [*under(MIDDLE), STRANGER, SHORT], "trusted", superfluous=2),
    Case("cross-signed", lambda: [leaf(STRANGER), CROSS], "trusted"),
    Case(
        "cross-signed beside the root it replaces",
        lambda: [leaf(STRANGER), STRANGER, CROSS],
        "trusted",
        superfluous=1,
        differs="OpenSSL takes the first issuer by name and does not go back",
    ),
    Case("no key identifiers", lambda: under(MIDDLE, identified=False), "trusted"),
    Case("impostor beside", lambda: [*under(MIDDLE), IMPOSTOR], "trusted", superfluous=1),
    Case("leaf expired is judged elsewhere", lambda: under(MIDDLE, until=-1), "trusted", differs="leaf dates"),
    Case("leaf is a root", lambda: [SELF], "trusted", roots=(ROOT, make(Wanted("other")))),
    Case("self-signed", lambda: [leaf(None)], "self_signed"),
    Case("self-signed with company", lambda: [leaf(None), MIDDLE], "self_signed", superfluous=1),
    Case("leaf alone", lambda: [leaf(MIDDLE)], "missing_intermediate"),
    Case("wrong intermediate", lambda: [leaf(LOWER), MIDDLE], "missing_intermediate", superfluous=1),
    Case("stranger's chain", lambda: [leaf(STRANGER), STRANGER], "unknown_issuer"),
    Case("stranger's intermediate", lambda: under(make(Wanted("S2", STRANGER))), "unknown_issuer"),
    Case("middle one missing", lambda: [leaf(LOWER), LOWER], "unknown_issuer"),
    Case("signed by an impostor", lambda: [leaf(IMPOSTOR), IMPOSTOR], "unknown_issuer"),
    Case("old intermediate", lambda: under(make(Wanted("M", ROOT, until=-1))), "expired_issuer", "expired"),
    Case(
        "intermediate of tomorrow", lambda: under(make(Wanted("M", ROOT, since=9))), "expired_issuer", "not_yet_valid"
    ),
    Case("old root", lambda: [leaf(OLD_ROOT)], "expired_issuer", "root_expired", roots=(OLD_ROOT,)),
    Case("leaf as issuer", lambda: under(leaf(ROOT)), "not_ca", "basic_constraints"),
    Case("CA says nothing", lambda: under(make(Wanted("M", ROOT, ca=None, usage=None))), "not_ca", "basic_constraints"),
    Case("CA may not sign", lambda: under(make(Wanted("M", ROOT, usage=LEAF_USAGE))), "not_ca", "key_usage"),
    Case("too deep", lambda: [leaf(D := make(Wanted("D", SHORT))), D, SHORT], "path_length"),
    Case("deep enough", lambda: under(SHORT), "trusted"),
    Case("for clients", lambda: under(MIDDLE, extended=CLIENT), "wrong_usage", "extended_usage"),
    Case("CA for clients", lambda: under(make(Wanted("M", ROOT, extended=CLIENT))), "wrong_usage", "extended_usage"),
    Case("no usage said", lambda: under(MIDDLE, extended=None, usage=None), "trusted"),
    Case("leaf key signs only", lambda: under(MIDDLE, usage=CA_USAGE), "wrong_usage", "key_usage"),
    Case("critical unknown", lambda: under(MIDDLE, more=(CRITICAL,)), "wrong_usage", "critical_extension"),
    Case("permitted name", lambda: under(constrained(["example.com"])), "trusted"),
    Case("name not permitted", lambda: under(constrained(["example.org"])), "name_constraint"),
    Case("excluded name", lambda: under(constrained(None, ["example.com"])), "name_constraint"),
    Case("another excluded", lambda: under(constrained(None, ["ample.com"])), "trusted"),
    Case("broken leaf signature", lambda: [broken_signature(leaf(ROOT))], "bad_signature"),
    Case("broken self-signature", lambda: [broken_signature(leaf(None))], "bad_signature"),
    Case("impostor's, unidentified", lambda: [leaf(IMPOSTOR, identified=False)], "bad_signature"),
    Case("demo", lambda: [make(Wanted("IronPort Appliance Demo Certificate", ca=False))], "demo_certificate"),
    Case("demo issued", lambda: [make(Wanted("localhost.localdomain", STRANGER)), STRANGER], "demo_certificate"),
)
SELF = leaf(None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_chain_is_judged(case: Case, tmp_path: Path) -> None:
    chain = case.chain()
    roots = (*case.roots, SELF) if case.name == "leaf is a root" else case.roots
    path = build([made.der for made in chain], Roots.load(b"".join(root.pem for root in roots)), NOW)
    assert (path.state, path.why) == (case.state, case.why)
    if case.state == "trusted" and case.name != "root presented too":
        assert path.superfluous == case.superfluous
    if shutil.which("openssl") and not case.differs:
        assert openssl_trusts(tmp_path, chain, roots) == (path.state is PathState.TRUSTED)


def test_the_path_tells_its_certificates_and_anchor() -> None:
    chain = [made.der for made in (leaf(LOWER), MIDDLE, LOWER)]
    path = build(chain, Roots.load(b"", [ROOT.der]), NOW)
    assert [link.subject for link in path.certificates] == ["CN=mx.example.com", "CN=Lower", "CN=Middle", "CN=Root"]
    assert (path.root, path.private, path.anchor) == ("CN=Root", True, path.certificates[-1])


def test_a_root_of_the_bundle_is_not_private_even_if_listed_again() -> None:
    assert not build([leaf(ROOT).der], Roots.load(ROOT.pem, [ROOT.pem]), NOW).private


def test_a_bundle_with_comments_and_rubbish_is_read() -> None:
    rubbish = b"# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    roots = Roots.load(rubbish + ROOT.pem.replace(b"\n", b"\r\n") + b"text\n", [b""])
    assert (roots.unreadable, len(roots.fingerprints)) == (1, 1)


@pytest.mark.parametrize("presented", [[], [b""], [b"rubbish"], [b"", ROOT.der]])
def test_an_unreadable_leaf_is_no_path(presented: list[bytes]) -> None:
    assert build(presented, Roots.load(ROOT.pem), NOW).state is PathState.UNREADABLE


def test_unreadable_company_is_passed_over() -> None:
    path = build([leaf(MIDDLE).der, b"rubbish", MIDDLE.der], Roots.load(ROOT.pem), NOW)
    assert (path.state, path.superfluous) == (PathState.TRUSTED, 1)


def test_dates_are_those_of_the_moment_asked_about() -> None:
    presented, roots = [made.der for made in under(MIDDLE)], Roots.load(ROOT.pem)
    assert build(presented, roots, NOW + timedelta(days=301)).state is PathState.EXPIRED_ISSUER


def test_a_dane_anchor_may_be_an_intermediate_but_not_the_leaf() -> None:
    chain = [made.der for made in under(MIDDLE)]
    assert build_from(chain, [MIDDLE.der], NOW)
    assert not build_from(chain, [chain[0]], NOW)
    assert not build_from(chain, [STRANGER.der], NOW)
    assert not build_from([], [ROOT.der], NOW)


def test_a_mesh_of_cross_signatures_costs_little() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(9)]
    mesh = [
        make(Wanted(f"CA {one}", Made(STRANGER.certificate, keys[two]), claims=f"CA {two}", key=keys[one]))
        for one in range(9)
        for two in range(9)
    ]
    first = leaf(mesh[0])
    began = time.monotonic()
    path = build([first.der, *(made.der for made in mesh)], Roots.load(ROOT.pem), NOW)
    assert path.state is not PathState.TRUSTED
    assert time.monotonic() - began < 5


def test_more_than_a_hundred_certificates_are_not_looked_at() -> None:
    filler = [made.der for made in (STRANGER, SHORT, IMPOSTOR)] * 40
    path = build([leaf(MIDDLE).der, *filler, MIDDLE.der], Roots.load(ROOT.pem), NOW)
    assert path.state is PathState.MISSING_INTERMEDIATE


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes what the library does not")
@pytest.mark.parametrize(("digest", "verdict"), [("sha1", "yes"), ("md5", "unsupported"), ("sha256", "yes")])
def test_sha1_is_verified_and_told_of(tmp_path: Path, digest: str, verdict: str) -> None:
    command = ["openssl", "req", "-x509", f"-{digest}", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=old.example"]
    command += ["-outform", "DER", "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "der")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    der = (tmp_path / "der").read_bytes()
    loaded = load(der)
    assert signed_by(loaded, loaded) == verdict
    assert (read(der).signature_hash, read(der).self_signed) == (digest, True)
    assert build([der], Roots.load(ROOT.pem), NOW).state is PathState.SELF_SIGNED


def test_pem_and_der_name_the_same_root() -> None:
    der = ROOT.certificate.public_bytes(Encoding.DER)
    assert Roots.load(ROOT.pem).fingerprints == Roots.load(der).fingerprints
