"""Trust in a presented chain, as a sending mail server would judge it, the leaf's dates apart.

OpenSSL's store is handed the kept roots and the kept chain, at the time of the observation; it opens no socket.
Issuer, CA flags, path length, name constraints and signatures are its word (RFC 5280 section 6). What a certificate
may be used for is looked at here, as OpenSSL does for the purpose `sslserver`: the store is not told a purpose.
"""

import hashlib
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from OpenSSL import crypto

from compliance.checks.demo_names import is_demo
from compliance.records.certificate import Certificate, CertificateFault, read

#: X509_V_FLAG_NO_CHECK_TIME, which pyOpenSSL has no name for.
_NO_CHECK_TIME = 0x200000
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_MOST_CERTIFICATES = 100

#: X509_V_ERR_* as reasons of ours.
_REASONS = {
    2: "unknown_issuer",
    7: "bad_signature",
    9: "issuer_not_yet_valid",
    10: "expired_issuer",
    18: "self_signed",
    19: "unknown_issuer",
    20: "unknown_issuer",
    21: "unknown_issuer",
    22: "chain_refused",  # too long; and so is whatever stands not here
    25: "path_length",
    32: "not_ca",
    34: "critical_extension",
    47: "name_constraint",
    48: "name_constraint",
    79: "not_ca",
}
#: OpenSSL takes it and we cannot read what must be read: our lack, never their fault.
NOT_READ = "certificate_not_read"
_DATES = frozenset({9, 10})
_SELF_SIGNED = 18
_INVALID_PURPOSE = 26
_ISSUER_NOT_FOUND = frozenset({2, 20, 21})

#: serverAuth and the two server-gated ones OpenSSL counts with it; anyExtendedKeyUsage is not enough for it.
_SERVER_USES = frozenset({"1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.311.10.3.3", "2.16.840.1.113730.4.1"})
SUBJECT_ALTERNATIVES, EXTENDED_USAGE, KEY_USAGE = "2.5.29.17", "2.5.29.37", "2.5.29.15"
_TLS_KEY_USES = frozenset({"digital_signature", "key_encipherment", "key_agreement"})


def fingerprint(der: bytes) -> str:
    """Give the SHA-256 of a certificate, lower-case hex."""
    return hashlib.sha256(der).hexdigest()


class _Link(NamedTuple):
    """A certificate as octets and as OpenSSL has it."""

    der: bytes
    loaded: crypto.X509

    @property
    def fingerprint(self) -> str:
        """SHA-256, lower-case hex."""
        return fingerprint(self.der)

    def in_date(self, at: datetime) -> bool:
        """Tell whether the dates allow it; what cannot be read is left for the path to tell of."""
        try:
            summary = read(self.der)
        except CertificateFault:
            return True
        return summary.not_before <= at <= summary.not_after


def _octets(loaded: crypto.X509) -> bytes:
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, loaded)


def _links(blocks: Iterable[bytes], kind: int = crypto.FILETYPE_ASN1) -> list[_Link]:
    """Load what can be loaded; unreadable company is passed over, as it stands in nobody's way."""
    found = []
    for block in blocks:
        try:
            loaded = crypto.load_certificate(kind, block)
            found.append(_Link(block if kind == crypto.FILETYPE_ASN1 else _octets(loaded), loaded))
        except (crypto.Error, ValueError):
            continue
    return found


class Roots:
    """The configured roots, as PEM: public ones, and private ones (`extra`) that outsiders do not trust.

    `anchors` are DER certificates trusted as they stand, whoever signed them: what DANE-TA records name.
    """

    def __init__(self, bundle: bytes = b"", extra: bytes = b"", anchors: Sequence[bytes] = ()) -> None:
        public, own = (_links(_PEM.findall(pem), crypto.FILETYPE_PEM) for pem in (bundle, extra))
        self._links = {link.der: link for link in (*public, *own, *_links(anchors))}
        self._partial = bool(anchors)
        #: Fingerprints of the roots that only the extra files hold.
        self.private = frozenset(link.fingerprint for link in own) - {link.fingerprint for link in public}

    def dated(self, at: datetime) -> crypto.X509Store:
        """OpenSSL's store with every root in it, asked at a moment."""
        store = self._store(self._links.values())
        store.set_time(at.astimezone(UTC))
        return store

    def undated(self, at: datetime, leaf: _Link) -> crypto.X509Store:
        """The store that minds no dates, so it is given only roots in date, and the leaf if that is one."""
        store = self._store(link for link in self._links.values() if link.der == leaf.der or link.in_date(at))
        store.set_flags(_NO_CHECK_TIME)
        return store

    def among(self, fingerprints: Container[str]) -> tuple[bytes, ...]:
        """Give the roots with these fingerprints, DER."""
        return tuple(link.der for link in self._links.values() if link.fingerprint in fingerprints)

    def _store(self, links: Iterable[_Link]) -> crypto.X509Store:
        store = crypto.X509Store()
        for link in links:
            store.add_cert(link.loaded)
        if self._partial:
            store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        return store


@dataclass(frozen=True, slots=True)
class Path:
    """What came of building a chain: `reason` is `` when it leads to a root, else why it does not.

    `code` is OpenSSL's number for the first fault it met (X509_V_ERR_*), 0 where it met none.
    `certificates` is the built path, leaf first, root last; `superfluous` counts presented ones not on it.
    """

    reason: str
    why: str = ""
    certificates: tuple[Certificate, ...] = ()
    private: bool = False
    superfluous: int = 0
    code: int = 0
    fingerprints: frozenset[str] = frozenset()  # of all the store put on the path, those we cannot read too


def build(presented: Sequence[bytes], roots: Roots, at: datetime, elsewhere: Sequence[bytes] = ()) -> Path:
    """Build the path from a presented chain (leaf first, DER) to a root, as of `at`; the leaf's dates do not count.

    `elsewhere` are CA certificates other hosts presented: they never make a path, but if they would complete one,
    the fault is the missing intermediate and not the issuer.
    """
    links = _links(presented[:1])
    if not links:
        return Path("certificate_unreadable")
    leaf, company = links[0], _links(presented[1:_MOST_CERTIFICATES])
    path = _judged(leaf, company, roots, at)
    if not path.reason:
        used = {link.fingerprint for link in (leaf, *company)} & path.fingerprints
        return replace(path, superfluous=len(presented) - len(used))
    if path.reason in {"unknown_issuer", "issuer_unknown_or_missing"} and elsewhere:
        more = _links(elsewhere[:_MOST_CERTIFICATES])
        if not _judged(leaf, [*company, *more], roots, at).reason:
            return Path("missing_intermediate", path.why, code=path.code)
    return path


def _judged(leaf: _Link, company: Sequence[_Link], roots: Roots, at: datetime) -> Path:
    try:
        summary = read(leaf.der)
        built = [_octets(loaded) for loaded in _built(leaf, company, roots, at)]
    except CertificateFault:
        return Path(NOT_READ)
    except crypto.X509StoreContextError as trouble:
        return _refused(trouble, summary)
    path = tuple(filter(None, map(_readable, built)))
    if not _key_serves(summary) or not all(map(_serves, path)):
        return Path("wrong_usage", code=_INVALID_PURPOSE)
    if {EXTENDED_USAGE, KEY_USAGE} & set(summary.unread):
        return Path(NOT_READ)
    prints = [fingerprint(der) for der in built]
    return Path("", "", path, prints[-1] in roots.private, fingerprints=frozenset(prints))


def _readable(der: bytes) -> Certificate | None:
    """A root or intermediate the store took, if we can read it: whether we can changes nothing of its word."""
    try:
        return read(der)
    except CertificateFault:
        return None


def loads(der: bytes) -> bool:
    """Tell whether OpenSSL reads a certificate, as every sender that presents or takes it must."""
    return bool(_links([der]))


def _built(leaf: _Link, company: Sequence[_Link], roots: Roots, at: datetime) -> list[crypto.X509]:
    """Ask the store; raises X509StoreContextError where it refuses for more than the leaf's own dates.

    Dates are looked at from the root downwards, so when the leaf's are against it, all above it are in date. The store
    is then asked without dates, and given only what is in date, so that it takes the same path.
    """
    try:
        return _verified(roots.dated(at), leaf, company)
    except crypto.X509StoreContextError as trouble:
        code, depth = int(trouble.errors[0]), int(trouble.errors[1])
        if code not in _DATES or depth:
            raise
    return _verified(roots.undated(at, leaf), leaf, [link for link in company if link.in_date(at)])


def _verified(store: crypto.X509Store, leaf: _Link, company: Sequence[_Link]) -> list[crypto.X509]:
    context = crypto.X509StoreContext(store, leaf.loaded, [link.loaded for link in company])
    return list(context.get_verified_chain())


def _refused(trouble: crypto.X509StoreContextError, leaf: Certificate) -> Path:
    code, depth, why = int(trouble.errors[0]), int(trouble.errors[1]), str(trouble.errors[2])
    if code == _SELF_SIGNED and not leaf.self_signed:
        return Path("bad_signature", why, code=code)  # its own name above it, but not its own key's signature
    if code in _ISSUER_NOT_FOUND and leaf.unread:
        return Path("chain_refused", why, code=code)  # OpenSSL takes no issuer for what is malformed where it counts
    reason = _REASONS.get(code, "chain_refused")
    if reason in {"self_signed", "unknown_issuer"} and (is_demo(leaf.subject) or is_demo(leaf.issuer)):
        return Path("demo_certificate", why, code=code)
    if code in _ISSUER_NOT_FOUND and depth == 0 and leaf.names_issuer_url:
        return Path("issuer_unknown_or_missing", why, code=code)
    return Path(reason, why, code=code)


def _serves(link: Certificate) -> bool:
    """A certificate with extended key usages must allow serverAuth, issuers too (RFC 5280 section 4.2.1.12)."""
    return link.extended_usage is None or bool(_SERVER_USES & set(link.extended_usage))


def _key_serves(leaf: Certificate) -> bool:
    """A server's key with key usages must be for signing or agreeing on keys (RFC 5280 section 4.2.1.3)."""
    return leaf.key_usage is None or bool(_TLS_KEY_USES & set(leaf.key_usage))
