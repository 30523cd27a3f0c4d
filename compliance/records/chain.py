"""Paths from a presented chain to a configured root, built in any order (RFC 4158, RFC 5280 section 6)."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from compliance.records.certificate import Certificate, CertificateFault, extension, load, read, signed_by
from compliance.records.chain_rules import Breach, Link, breach
from compliance.records.demo_names import is_demo

MOST_CERTIFICATES = 100
MOST_CHECKS = 1000  # signatures verified for one chain
MOST_STEPS = 5000
MOST_HEIGHT = 12
_PEM = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----")


class PathState(StrEnum):
    """What building came to: trusted, or the first reason why not."""

    TRUSTED = "trusted"
    SELF_SIGNED = "self_signed"
    MISSING_INTERMEDIATE = "missing_intermediate"
    UNKNOWN_ISSUER = "unknown_issuer"
    DEMO_CERTIFICATE = "demo_certificate"
    EXPIRED_ISSUER = "expired_issuer"
    NOT_CA = "not_ca"
    PATH_LENGTH = "path_length"
    WRONG_USAGE = "wrong_usage"
    NAME_CONSTRAINT = "name_constraint"
    BAD_SIGNATURE = "bad_signature"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Path:
    """The path built, leaf first. `certificates` ends with the `anchor` when there is one; without, with the top.

    `root` is the anchor's subject; `private` tells that only our own `extra` has it; `superfluous` counts presented
    certificates that the path does not use; `why` gives particulars of some states.
    """

    state: PathState
    certificates: tuple[Certificate, ...] = ()
    anchor: Certificate | None = None
    root: str = ""
    private: bool = False
    superfluous: int = 0
    why: str = ""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """SHA-256 of each certificate of the path, leaf first."""
        return tuple(certificate.fingerprint for certificate in self.certificates)


@dataclass(frozen=True, slots=True)
class Roots:
    """The anchors by subject (DER); `private` are fingerprints only `extra` has; `unreadable` counts."""

    by_subject: Mapping[bytes, tuple[Link, ...]]
    fingerprints: frozenset[str]
    private: frozenset[str]
    unreadable: int = 0

    @classmethod
    def load(cls, pem_bundle: bytes, extra: Sequence[bytes] = ()) -> "Roots":
        """Read the roots: a bundle of PEM blocks, and files of our own in PEM or DER; what is unreadable is counted."""
        public, missed = _links(_blocks(pem_bundle))
        own, missed_too = _links(block for content in extra for block in _blocks(content))
        known = {link.summary.fingerprint for link in public}
        private = frozenset(link.summary.fingerprint for link in own) - known
        return cls(_by_subject([*public, *own]), frozenset(known | private), private, missed + missed_too)


def _blocks(content: bytes) -> list[bytes]:
    if b"-----BEGIN" not in content:
        return [content] if content.strip() else []
    return [_from_pem(found.group()) for found in _PEM.finditer(content)]


def _from_pem(block: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(block.split(b"\n")[1:-1]).translate(None, b"\r \t"), validate=True)
    except ValueError:
        return b""  # counted as unreadable


def _links(blocks: Iterable[bytes]) -> tuple[list[Link], int]:
    """Give the readable certificates, each once, and the number of those that are not."""
    found: dict[str, Link] = {}
    missed = 0
    for der in blocks:
        try:
            link = Link(der, load(der), read(der))
        except CertificateFault:
            missed += 1
        else:
            found.setdefault(link.summary.fingerprint, link)
    return list(found.values()), missed


def _by_subject(links: Iterable[Link]) -> dict[bytes, tuple[Link, ...]]:
    found: dict[bytes, tuple[Link, ...]] = {}
    for link in links:
        found[link.subject] = (*found.get(link.subject, ()), link)
    return found


@dataclass(slots=True)
class _Search:
    """One search: what may be used, what was met, and what is left of the budget."""

    roots: Roots
    presented: Mapping[bytes, tuple[Link, ...]]
    at: datetime
    trusted: tuple[Link, ...] = ()
    breached: tuple[tuple[Link, ...], Breach] | None = None
    longest: tuple[Link, ...] = ()
    forged: str = ""  # what the last signature that did not verify came to
    steps: int = MOST_STEPS
    checks: int = MOST_CHECKS
    verified: dict[tuple[str, str], str] = field(default_factory=dict)

    def extend(self, path: tuple[Link, ...]) -> bool:
        """Go on from the top of a path, roots first; true once a trusted path is found."""
        self.steps -= 1
        top = path[-1]
        if top.summary.fingerprint in self.roots.fingerprints:
            return self._anchored(path)
        if len(path) > len(self.longest):
            self.longest = path
        if len(path) >= MOST_HEIGHT:
            return False
        used = {link.identity for link in path}
        candidates = (*self.roots.by_subject.get(top.issuer, ()), *self.presented.get(top.issuer, ()))
        for issuer in candidates:
            if self.steps <= 0:
                return False
            if issuer.identity in used or not _may_have_signed(issuer, top):
                continue
            if self._signed(top, issuer) and self.extend((*path, issuer)):
                return True
        return False

    def _anchored(self, path: tuple[Link, ...]) -> bool:
        fault = breach(path, self.at)
        if fault is None:
            self.trusted = path
        elif self.breached is None:
            self.breached = path, fault
        return fault is None

    def _signed(self, link: Link, issuer: Link) -> bool:
        key = link.summary.fingerprint, issuer.summary.fingerprint
        if key not in self.verified:
            if self.checks <= 0:
                return False
            self.checks -= 1
            self.verified[key] = signed_by(link.loaded, issuer.loaded)
        if self.verified[key] != "yes":
            self.forged = self.verified[key]
        return self.verified[key] == "yes"


def _may_have_signed(issuer: Link, link: Link) -> bool:
    """Tell whether key identifiers let an issuer of the right name be the one (RFC 5280 section 4.2.1.1)."""
    wanted = extension(link.loaded, x509.AuthorityKeyIdentifier)
    if wanted is None:
        return True
    serial = wanted.authority_cert_serial_number
    if serial is not None and serial != issuer.loaded.serial_number:
        return False
    own = extension(issuer.loaded, x509.SubjectKeyIdentifier)
    return wanted.key_identifier is None or own is None or own.digest == wanted.key_identifier


def build(presented: Sequence[bytes], roots: Roots, at: datetime) -> Path:
    """Build a path from the leaf, which is presented first, to a root that is trusted at a moment.

    The other certificates may stand in any order, and unreadable ones among them are passed over. The leaf's dates
    and name are judged elsewhere; a leaf that is itself configured as a root is trusted.
    """
    leaf, _ = _links(presented[:1])
    if not leaf:
        return Path(PathState.UNREADABLE)
    others, _ = _links(presented[1:MOST_CERTIFICATES])
    search = _Search(roots, _by_subject(others), at)
    search.extend((leaf[0],))
    if search.trusted:
        return _path(PathState.TRUSTED, search.trusted, presented, roots)
    if search.breached:
        path, fault = search.breached
        return _path(PathState(fault.state), path, presented, roots, fault.why)
    top = search.longest[-1].summary
    state = _dead_end(leaf[0], top, search)
    shown = search.longest[:-1] if top.self_signed and len(search.longest) > 1 else search.longest
    why = "budget" if search.steps <= 0 or search.checks <= 0 else ""
    if state is PathState.BAD_SIGNATURE and search.forged == "unsupported":
        why = "unsupported"
    return _path(state, shown, presented, roots, why)


def _dead_end(leaf: Link, top: Certificate, search: _Search) -> PathState:
    """Say why no path led to a root."""
    alone = leaf.summary == top
    if is_demo(leaf.summary.subject) or is_demo(top.subject):
        return PathState.DEMO_CERTIFICATE
    if top.self_signed:
        return PathState.SELF_SIGNED if alone else PathState.UNKNOWN_ISSUER
    forged_itself = alone and top.self_issued and _may_have_signed(leaf, leaf)
    if search.forged or forged_itself:
        return PathState.BAD_SIGNATURE
    return PathState.MISSING_INTERMEDIATE if alone else PathState.UNKNOWN_ISSUER


def _path(state: PathState, links: Sequence[Link], presented: Sequence[bytes], roots: Roots, why: str = "") -> Path:
    used = {bytes(link.der) for link in links}
    top = links[-1].summary
    anchor = top if top.fingerprint in roots.fingerprints else None
    spare = len(presented) - len([1 for der in set(map(bytes, presented)) if der in used])
    certificates = tuple(link.summary for link in links)
    private = anchor is not None and anchor.fingerprint in roots.private
    return Path(state, certificates, anchor, anchor.subject if anchor else "", private, spare, why)


def build_from(presented: Sequence[bytes], anchors: Sequence[bytes], at: datetime) -> bool:
    """Tell whether the leaf builds to one of these anchors, which DANE-TA records name (RFC 7672 section 3.1.2).

    The leaf itself is no such anchor: that would take a DANE-EE record.
    """
    roots = Roots.load(b"", [der for der in anchors if der not in presented[:1]])
    return build(presented, roots, at).state is PathState.TRUSTED
