"""What a strict verifier is quoted with, and that no chain makes it stumble."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.checks.trust import Roots, build, fingerprint
from compliance.checks.webpki import objection
from tests.unit.authorities import NOW, Wanted, leaf, make
from tests.unit.checks.chains import ROWS
from tests.unit.checks.test_trust_table import verdicts

ROOT = make(Wanted("Root"))
MIDDLE = make(Wanted("Middle", ROOT))
CHAIN = (leaf(MIDDLE).der, MIDDLE.der)
TRUSTING = Roots(ROOT.pem)


def test_a_strict_verifier_is_quoted_in_few_words() -> None:
    row = next(row for row in ROWS if row.case == "negative serial")
    (notice,) = verdicts(row)["trust"].notices
    assert notice.values == {"words": "certificate serial number cannot be negative"}


@settings(deadline=None)
@given(st.integers(0, 1), st.integers(0, 1 << 16), st.integers(0, 255), st.text(max_size=20))
def test_a_strict_verifier_survives_a_chain_with_an_octet_changed(which: int, at: int, octet: int, name: str) -> None:
    path = build(CHAIN, TRUSTING, NOW)
    chain = list(CHAIN)
    at %= len(chain[which])
    chain[which] = chain[which][:at] + bytes([octet]) + chain[which][at + 1 :]
    seen = replace(path, fingerprints=frozenset(map(fingerprint, (*chain, ROOT.der))))
    assert len(objection(chain, seen, TRUSTING, NOW, name or "mx.example.com")) <= 256
    assert not objection(CHAIN, path, TRUSTING, NOW, "mx.example.com")
