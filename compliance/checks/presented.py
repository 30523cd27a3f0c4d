"""What stands against a presented certificate where only public trust counts (RFC 8461 section 4.2, RFC 9525)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from compliance.checks.context import Context
from compliance.checks.trust import NOT_READ, SUBJECT_ALTERNATIVES
from compliance.checks.views import HostView
from compliance.model.finding import Notice
from compliance.records.certificate import CertificateFault, matches, read
from compliance.records.tls_classes import KeyType


class Objection(StrEnum):
    """Why a certificate does not do, the gravest first."""

    UNREAD = "unread"  # by us: nothing is known against it
    UNTRUSTED = "untrusted"
    DATES = "dates"
    NAME = "name"
    PRIVATE = "private"  # nothing else is wrong, but only the organisation itself knows the root


@dataclass(frozen=True, slots=True)
class Presented:
    """One chain, leaf first, DER, when it was seen (UTC, RFC 3339), and the ids of what it was seen in."""

    chain: tuple[bytes, ...]
    seen_at: str
    evidence: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """The time it is judged by."""
        return datetime.fromisoformat(self.seen_at)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was found: no objection, or one with the values that show it."""

    objection: Objection | None
    why: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: str = ""
    not_after: str = ""


def chains(view: HostView) -> tuple[Presented, ...]:
    """Give every different chain presented to a client that asked by this name: a pool's, and each type of key's."""
    shown = [each for each in view.presentations if each.chosen and each.chain]
    return tuple(Presented(each.chain, each.seen_at, (each.chosen.id,) if each.chosen else ()) for each in shown)


def unsettled(view: HostView) -> tuple[Notice, ...]:
    """The notice that an address may have one more certificate: for a type of key it was neither shown nor refused."""
    seen = view.tls_seen
    keys = [key.upper() for key in (KeyType.RSA, KeyType.ECDSA) if not seen.profile.certificates[key].proven]
    return (Notice("key_unsettled", {"keys": keys}),) if keys and seen.was_walked else ()


def opinion(context: Context, shown: Presented, name: str) -> Opinion:
    """Say what a client that trusts the public roots alone would hold against a chain for this name."""
    path = context.path(shown.chain, shown.at) if shown.chain else None
    try:
        leaf = read(shown.chain[0]) if shown.chain else None
    except CertificateFault:
        leaf = None
    if path is not None and path.reason == NOT_READ:
        return Opinion(Objection.UNREAD)
    if path is None or leaf is None:
        return Opinion(Objection.UNTRUSTED, "certificate_unreadable")
    if path.reason:
        return Opinion(Objection.UNTRUSTED, path.reason, leaf.issuer)
    if not leaf.not_before <= shown.at <= leaf.not_after:
        begins, ends = leaf.not_before.isoformat(), leaf.not_after.isoformat()
        return Opinion(Objection.DATES, "", leaf.issuer, (), begins, ends)
    if SUBJECT_ALTERNATIVES in leaf.unread:
        return Opinion(Objection.UNREAD)
    if not matches(leaf.dns_names, name):
        return Opinion(Objection.NAME, "", leaf.issuer, leaf.dns_names[:5] or (leaf.common_name,))
    if path.private:
        return Opinion(Objection.PRIVATE, "private_root", leaf.issuer)
    return Opinion(None, "", leaf.issuer)
