"""DANE for mail: secure usable TLSA records at every MX name, and certificates that match them (RFC 7672)."""

from enum import StrEnum
from functools import lru_cache

from compliance.checks.context import Context
from compliance.checks.dnssec import declared, no_host, nobody_validates
from compliance.checks.evidence import Evidence
from compliance.checks.presented import Presented, chains
from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_applicable,
    not_tested,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.scopes import unanswered
from compliance.checks.transport import starttls
from compliance.checks.trust import Roots, build
from compliance.checks.views import HostView, MxView
from compliance.model.finding import Cause, Notice, Status, Value, Verdict
from compliance.model.names import is_address
from compliance.model.observation import Observation
from compliance.model.subject import DOMAIN_KINDS
from compliance.records import tlsa
from compliance.records.certificate import CertificateFault, matches, read
from compliance.records.dane_walk import DaneWalk, dane_walk, is_secure, tlsa_owner
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


_REASONS = {
    Trouble.ABSENT: "tlsa_missing",
    Trouble.MX_UNSIGNED: "dane_mx_insecure",
    Trouble.ADDRESS_UNSIGNED: "dane_address_insecure",
    Trouble.RECORDS_UNSIGNED: "tlsa_insecure",
    Trouble.UNUSABLE: "tlsa_unusable",
    Trouble.LOOKUP: "tlsa_lookup_broken",
    Trouble.MISMATCH: "tlsa_mismatch",
    Trouble.TA_CHAIN: "dane_ta_chain",
    Trouble.TA_NAME: "dane_ta_name",
    Trouble.TA_DATES: "dane_ta_dates",
}


def _walk(view: MxView | HostView, name: str) -> tuple[DaneWalk, Observation | None]:
    """The walk to the TLSA records, and the MX answer it starts from; a host of the inventory has none."""
    evidence = view.context.evidence
    walk = drive(dane_walk(name), evidence.answer)
    mx = evidence.answer(DnsQuestion(view.subject.hostname, "MX")) if view.kind in DOMAIN_KINDS else None
    return walk, mx


@check("dane_records", Scope.MX_NAMES, reperform="tlsa")
def dane_records(view: MxView, _want: Parameters) -> Verdict:
    """The MX name has usable TLSA records, and MX, address and TLSA are all secure (RFC 7672 section 2.2)."""
    if settled := no_host(view):
        return settled
    walk, mx = _walk(view, view.host.name)
    verdict = _published(view, walk, mx)
    return resting_on(noticing(verdict, *_declared(view.context, verdict)), (*view.evidence, *walk.evidence))


def _published(view: MxView, walk: DaneWalk, mx: Observation | None) -> Verdict:
    if not walk.way and walk.unanswered:
        return unanswered(walk.unanswered, view.context)
    found = _obstacle(view.context, walk, mx)
    if isinstance(found, Verdict):
        return found
    if found:
        return failed(_REASONS[found], name=tlsa_owner(walk.base), host=view.host.name, records=_shapes(walk))
    unused = [_shape(record) for record in walk.records if not record.usable] + ["?"] * len(walk.unreadable)
    notices = [Notice("tlsa_some_unusable", {"records": unused})] if unused else []
    return passed("tlsa_published", *notices, name=tlsa_owner(walk.base), records=_shapes(walk))


@check("dane_match", Scope.MAIL_HOSTS, reperform="dane")
def dane_match(view: HostView, want: Parameters) -> Verdict:
    """STARTTLS is there, and a secure TLSA record names each certificate this address presents (RFC 7672 section 3)."""
    if is_address(view.name):
        return not_applicable("no_name_to_match", address=view.name)
    walk, mx = _walk(view, view.name)
    verdict = _matched(view, walk, mx, want)
    return resting_on(noticing(verdict, *_declared(view.context, verdict)), (*view.evidence, *walk.evidence))


def _matched(view: HostView, walk: DaneWalk, mx: Observation | None, want: Parameters) -> Verdict:
    name = tlsa_owner(walk.base)
    found = _obstacle(view.context, walk, mx)
    if isinstance(found, Verdict):
        return found
    where: dict[str, Value] = {"name": name, "host": view.name, "records": _shapes(walk)}
    if found is Trouble.LOOKUP:
        return failed(_REASONS[found], **where)
    if found and found is not Trouble.UNUSABLE:
        return not_applicable(_REASONS[found], **where)
    shown = chains(view.sessions)
    if not shown:  # with any secure TLSA record, usable or not, TLS is mandatory: section 2.2
        heard = starttls(view, want)
        if heard.status is Status.FAIL:
            return failed("dane_without_starttls", *heard.notices, name=name)
        return not_tested(Cause.NO_EVIDENCE, "not_recorded") if heard.status is Status.PASS else heard
    if found:
        return not_applicable(_REASONS[found], **where)
    names = _reference_names(view, walk, mx)
    for each in shown:
        trouble = mismatch(walk.usable, each, names)
        if trouble and walk.base != view.name:  # a sender asks for the base by SNI, we asked for the MX name
            return not_tested(Cause.OURS, "tlsa_other_name", name=name, host=view.name)
        if trouble:
            return failed(_REASONS[trouble], **where)
    return passed("tlsa_matches", name=name, records=_shapes(walk))


def _obstacle(context: Context, walk: DaneWalk, mx: Observation | None) -> Trouble | Verdict | None:
    """What keeps senders from using DANE here; a verdict where that is not known."""
    answers = [answer for answer in (mx, *walk.way, walk.answer) if answer is not None]
    if cannot_tell := nobody_validates(context, answers):
        return cannot_tell
    if walk.answer is not None and not walk.published:
        return Trouble.ABSENT
    if mx is not None and (seen := facts(mx)) and seen.records and not is_secure(mx):
        return Trouble.MX_UNSIGNED
    if not walk.way or not all(map(is_secure, walk.way)):
        return Trouble.ADDRESS_UNSIGNED
    if walk.answer is None:
        broken = all(_is_theirs(context, answer) for answer in walk.failed)  # both of them: the walk asks twice
        return Trouble.LOOKUP if broken else unanswered(walk.failed, context)
    if not is_secure(walk.answer):
        return Trouble.RECORDS_UNSIGNED
    return None if walk.usable else Trouble.UNUSABLE


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


def _reference_names(view: HostView, walk: DaneWalk, mx: Observation | None) -> tuple[str, ...]:
    """The names a certificate below a DANE-TA record may have (RFC 7672 section 3.2.2)."""
    seen = facts(mx) if mx else None
    next_hop = (view.subject.hostname, *seen.aliases[-1:]) if seen and seen.records else ()
    return (walk.base, *next_hop)


def mismatch(records: tuple[tlsa.Tlsa, ...], shown: Presented, names: tuple[str, ...]) -> Trouble | None:
    """Say why no record vouches for a chain, None if one does. A DANE-EE match minds neither name, dates nor issuer."""
    if tlsa.matches_leaf(records, shown.chain):
        return None
    anchors = tlsa.anchors(records, shown.chain[1:])
    try:
        leaf = read(shown.chain[0])
    except CertificateFault:
        return Trouble.MISMATCH
    if not anchors:
        return Trouble.MISMATCH
    if build(shown.chain, Roots(anchors=anchors), shown.at).reason:
        return Trouble.TA_CHAIN
    if not any(matches(leaf.dns_names, name) for name in names):
        return Trouble.TA_NAME
    return None if leaf.not_before <= shown.at <= leaf.not_after else Trouble.TA_DATES


def _shape(record: tlsa.Tlsa) -> str:
    return f"{record.usage} {record.selector} {record.matching}"


def _shapes(walk: DaneWalk) -> list[str]:
    return list(dict.fromkeys(map(_shape, walk.records)))


def _declared(context: Context, verdict: Verdict) -> tuple[Notice, ...]:
    """What was judged by DNSSEC says where DNSSEC is only vouched for."""
    return declared(context) if verdict.status in {Status.PASS, Status.FAIL} else ()
