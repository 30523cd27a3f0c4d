"""What a strict verifier says of a path that mail servers take: the profile web browsers hold CAs to (RFC 5280).

It knows nothing of mail, so what it objects to is told beside a pass and fails nobody. It sees the path that was
built and no more: a stranger's mesh of certificates gives it nothing to search.
"""

import warnings
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from compliance.checks.trust import Path, Roots, fingerprint
from compliance.records.certificate import displayable


def objection(presented: Sequence[bytes], path: Path, roots: Roots, at: datetime, name: str) -> str:
    """Give the verifier's words where it does not take a presented chain for a name, `` where it does.

    `path` is the path built from `presented` (leaf first, DER) to one of `roots`.
    """
    behind = [der for der in dict.fromkeys(presented[1:]) if fingerprint(der) in path.fingerprints]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # strangers' serial numbers and the like are not ours to warn of
            anchors, (leaf, *between) = _load(roots.among(path.fingerprints)), _load([presented[0], *behind])
            verifier = PolicyBuilder().store(Store(anchors)).time(at).build_server_verifier(x509.DNSName(name))
            verifier.verify(leaf, between)
    except Exception as trouble:  # noqa: BLE001 - it refuses by one kind, and cannot read a part by a dozen others
        words = str(trouble).removeprefix("validation failed: ").removeprefix("candidates exhausted: ")
        return displayable(words.partition(" (encountered")[0])  # what follows names the certificate
    return ""


def _load(certificates: Sequence[bytes]) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(der) for der in certificates]
