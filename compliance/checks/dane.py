"""What senders make of an address by DANE (RFC 7672): can they use its TLSA records, and does a chain match them."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from compliance.checks.context import Context
from compliance.checks.dnssec import nobody_validates
from compliance.checks.evidence import Evidence
from compliance.checks.presented import Presented
from compliance.checks.registry import not_tested
from compliance.checks.trust import Roots, build
from compliance.checks.unanswered import unanswered
from compliance.checks.views import HostView, MxView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import DOMAIN_KINDS
from compliance.records import tlsa
from compliance.records.certificate import CertificateFault, matches, read
from compliance.records.dane_walk import DaneWalk, dane_walk, is_secure
from compliance.records.dns_walk import DnsQuestion, drive, facts, is_answered


class Trouble(StrEnum):
    """What keeps DANE from being used, or from being met."""

    ABSENT = "absent"
    MX_UNSIGNED = "mx_unsigned"
    ADDRESS_UNSIGNED = "address_unsigned"
    RECORDS_UNSIGNED = "records_unsigned"
    UNUSABLE = "unusable"
    LOOKUP = "lookup"
    MISMATCH = "mismatch"
    TA_CHAIN = "ta_chain"
    TA_NAME = "ta_name"
    TA_DATES = "ta_dates"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The walk to the TLSA records of one mail host, and the MX answer it starts from; a host entry has none."""

    context: Context
    domain: str
    walk: DaneWalk
    mx: Observation | None

    @property
    def unproven(self) -> Verdict | None:
        """Say that secure and insecure cannot be told apart here, if so."""
        return nobody_validates(
            self.context, [each for each in (self.mx, *self.walk.way, self.walk.answer) if each is not None]
        )

    @property
    def obstacle(self) -> Trouble | Verdict | None:
        """What keeps senders from using DANE here; a verdict where that is not known (section 2.2)."""
        walk, mx = self.walk, self.mx
        if cannot_tell := self.unproven:
            return cannot_tell
        if walk.answer is not None and not walk.published:
            return Trouble.ABSENT
        if mx is not None and (seen := facts(mx)) and seen.records and not is_secure(mx):
            return Trouble.MX_UNSIGNED
        if not walk.way or not all(map(is_secure, walk.way)):
            return Trouble.ADDRESS_UNSIGNED
        if walk.answer is None:
            broken = all(_is_theirs(self.context, answer) for answer in walk.failed)  # both: the walk asks twice
            return Trouble.LOOKUP if broken else unanswered(walk.failed, self.context)
        if not is_secure(walk.answer):
            return Trouble.RECORDS_UNSIGNED
        return None if walk.usable else Trouble.UNUSABLE

    def mismatch(self, shown: Presented) -> Trouble | None:
        """Say why no usable record vouches for a chain, None if one does, whether or not the records are secure."""
        return mismatch(self.walk.usable, shown, self._reference_names)

    @property
    def _reference_names(self) -> tuple[str, ...]:
        """The names a certificate below a DANE-TA record may have (section 3.2.2)."""
        seen = facts(self.mx) if self.mx else None
        next_hop = (self.domain, *seen.aliases[-1:]) if seen and seen.records else ()
        return (self.walk.base, *next_hop)


def look_up(view: MxView | HostView, name: str) -> Lookup:
    """Follow a sender from a subject to the TLSA records of one of its mail hosts, by the evidence."""
    evidence, domain = view.context.evidence, view.subject.hostname
    walk = drive(dane_walk(name), evidence.answer)
    mx = evidence.answer(DnsQuestion(domain, "MX")) if view.kind in DOMAIN_KINDS else None
    return Lookup(view.context, domain, walk, mx)


def _is_theirs(context: Context, answer: Observation) -> bool:
    """Whether a lookup that failed is their name servers' doing.

    SERVFAIL is, since the address beside it was given. Silence is only where the same resolver answered another such
    question: a filter of ours may drop the type. A refusal is the resolver's own.
    """
    seen = facts(answer)
    if seen is not None:
        return seen.rcode == "SERVFAIL"
    return bool(answer.id) and _answers_tlsa(context.evidence)


@lru_cache(maxsize=1)
def _answers_tlsa(evidence: Evidence) -> bool:
    return any(seen.question == "TLSA" and is_answered(seen) for seen in evidence.by_id.values())


def mismatch(records: tuple[tlsa.Tlsa, ...], shown: Presented, names: tuple[str, ...]) -> Trouble | None:
    """Say why no record vouches for a chain, None if one does. A DANE-EE match minds neither name, dates nor issuer."""
    if tlsa.matches_leaf(records, shown.chain):
        return None
    sent = tlsa.anchors(records, shown.chain[1:])  # the leaf itself takes a DANE-EE record
    anchors = (*sent, *tlsa.anchors_not_sent(records, shown.chain))
    try:
        leaf = read(shown.chain[0]) if shown.chain else None
    except CertificateFault:
        return Trouble.MISMATCH
    if not anchors or leaf is None:
        return Trouble.MISMATCH
    if build(shown.chain, Roots(anchors=anchors), shown.at).reason:
        return Trouble.TA_CHAIN if sent else Trouble.MISMATCH
    if not any(matches(leaf.dns_names, name) for name in names):
        return Trouble.TA_NAME
    return None if leaf.not_before <= shown.at <= leaf.not_after else Trouble.TA_DATES


def dane_holds(view: HostView) -> bool:
    """Tell whether secure TLSA records vouch for the presented chain: DANE-EE, or DANE-TA with name and dates."""
    found = look_up(view, view.name)
    return found.obstacle is None and found.mismatch(Presented(view.chain, view.seen_at)) is None


def dane_unproven(view: HostView) -> Verdict | None:
    """Say why DANE may hold here and cannot be proven: the records were not heard, or nobody could vouch for them.

    A resolver's SERVFAIL is heard: no sender gets at such records, so they stand for nothing.
    """
    found = look_up(view, view.name)
    obstacle = found.obstacle
    if not isinstance(obstacle, Verdict) or not found.unproven:
        return obstacle if isinstance(obstacle, Verdict) else None
    vouched = found.mismatch(Presented(view.chain, view.seen_at)) is None
    return not_tested(Cause.OURS, "dane_unproven", name=view.name) if vouched else None
