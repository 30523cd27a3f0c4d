"""Trust in a presented chain, as a sending mail server would judge it, the leaf's dates apart.

The store is handed the kept roots and the kept chain, at the time of the observation; it opens no socket. Issuer, CA
flags, path length, name constraints and signatures are its word (RFC 5280 section 6); the extended key usage is
looked at here, since a store knows no purpose.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import crypto

from compliance.records.certificate import Certificate, CertificateFault, read

#: X509_V_FLAG_NO_CHECK_TIME, which pyOpenSSL has no name for.
_NO_CHECK_TIME = 0x200000
_DATES = frozenset({9, 10})
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_LONGEST_CHAIN = 100

#: X509_V_ERR_* as reasons of ours.
_REASONS = {
    7: "bad_signature",
    18: "self_signed",
    19: "unknown_issuer",
    22: "chain_refused",
    24: "not_ca",
    25: "path_length",
    26: "wrong_usage",
    32: "not_ca",
    34: "critical_extension",
    47: "name_constraint",
    48: "name_constraint",
    79: "not_ca",
}
_NO_ISSUER = frozenset({2, 20, 21})

#: Names that makers of mail servers and operating systems put on certificates nobody replaced.
_DEMO_NAMES = (
    "ironport appliance demo certificate",
    "snakeoil",
    "localhost.localdomain",
    "example.com",
    "test certificate",
    "default company ltd",
    "internet widgits pty ltd",
)


class Roots:
    """The configured roots, as PEM: public ones, and private ones (`extra`) that outsiders do not trust."""

    def __init__(self, bundle: bytes, extra: bytes = b"") -> None:
        self._bundle = _PEM.findall(bundle)
        self._extra = _PEM.findall(extra)

    @cached_property
    def dated(self) -> crypto.X509Store:
        """OpenSSL's store with every root in it, which minds dates."""
        return self._store()

    @cached_property
    def undated(self) -> crypto.X509Store:
        """The same, minding no dates: a store keeps its flags for good, so there are two."""
        store = self._store()
        store.set_flags(_NO_CHECK_TIME)
        return store

    def _store(self) -> crypto.X509Store:
        store = crypto.X509Store()
        for pem in dict.fromkeys((*self._bundle, *self._extra)):
            store.add_cert(crypto.load_certificate(crypto.FILETYPE_PEM, pem))
        return store

    @cached_property
    def private(self) -> frozenset[str]:
        """SHA-256 fingerprints of the roots that only the extra files hold."""
        return frozenset(map(_fingerprint, self._extra)) - frozenset(map(_fingerprint, self._bundle))


def _fingerprint(pem: bytes) -> str:
    return x509.load_pem_x509_certificate(pem).fingerprint(SHA256()).hex()


@dataclass(frozen=True, slots=True)
class Path:
    """What came of building a chain: `reason` is `` when it leads to a root, else why it does not.

    `certificates` is the built path, leaf first, root last; `superfluous` counts presented ones not on it.
    """

    reason: str
    why: str = ""
    certificates: tuple[Certificate, ...] = ()
    private: bool = False
    superfluous: int = 0


def build(presented: Sequence[bytes], roots: Roots, at: datetime, elsewhere: Sequence[bytes] = ()) -> Path:
    """Build the path from a presented chain (leaf first, DER) to a root, as of `at`; the leaf's dates do not count.

    `elsewhere` are CA certificates other hosts presented: they never make a path, but if they would complete one,
    the fault is the missing intermediate and not the issuer.
    """
    try:
        chain = [crypto.load_certificate(crypto.FILETYPE_ASN1, der) for der in presented[:_LONGEST_CHAIN]]
        leaf = read(presented[0])
    except (crypto.Error, CertificateFault, ValueError, IndexError):
        return Path("certificate_unreadable")
    built = _verified(chain, roots, at)
    if isinstance(built, crypto.X509StoreContextError):
        refused = _refused(built, leaf)
        if refused.reason == "unknown_issuer" and elsewhere and not build((*presented, *elsewhere), roots, at).reason:
            return Path("missing_intermediate", refused.why)
        return refused
    try:
        path = tuple(read(crypto.dump_certificate(crypto.FILETYPE_ASN1, link)) for link in built)
    except CertificateFault:
        return Path("certificate_unreadable")
    if any(not link.not_before <= at <= link.not_after for link in path[1:]):
        return Path("expired_issuer")
    if any(not _serves(link) for link in path[:-1]):
        return Path("wrong_usage")
    shown = {hashlib.sha256(der).hexdigest() for der in presented}
    on_path = {link.fingerprint for link in path}
    return Path("", "", path, path[-1].fingerprint in roots.private, len(shown - on_path))


def _verified(
    chain: Sequence[crypto.X509], roots: Roots, at: datetime
) -> list[crypto.X509] | crypto.X509StoreContextError:
    """Ask the store at the time of the observation; if only the leaf's dates are against it, ask without dates."""
    for store in (roots.dated, roots.undated):
        store.set_time(at.astimezone(UTC))
        try:
            return list(crypto.X509StoreContext(store, chain[0], list(chain[1:])).get_verified_chain())
        except crypto.X509StoreContextError as trouble:
            code, depth = int(trouble.errors[0]), int(trouble.errors[1])
            if store is roots.undated or code not in _DATES or depth:
                return trouble
    raise AssertionError("two tries end one way or the other")


def _refused(trouble: crypto.X509StoreContextError, leaf: Certificate) -> Path:
    code, depth, why = int(trouble.errors[0]), int(trouble.errors[1]), str(trouble.errors[2])
    if code in _DATES:
        return Path("expired_issuer", why)
    if code in _NO_ISSUER:
        return Path("missing_intermediate" if depth == 0 and leaf.names_issuer_url else "unknown_issuer", why)
    reason = _REASONS.get(code, "chain_refused")
    if reason in {"self_signed", "unknown_issuer"} and is_demo(leaf):
        return Path("demo_certificate", why)
    return Path(reason, why)


def is_demo(leaf: Certificate) -> bool:
    """Tell whether a certificate carries a maker's sample name, as nobody's own certificate would."""
    named = f"{leaf.subject} {leaf.issuer}".lower()
    return any(name in named for name in _DEMO_NAMES)


def _serves(link: Certificate) -> bool:
    """A certificate with extended key usages must allow serverAuth or any (RFC 5280 section 4.2.1.12)."""
    usages = set(link.extended_usage or ())
    return not usages or bool(usages & {"1.3.6.1.5.5.7.3.1", "2.5.29.37.0"})
