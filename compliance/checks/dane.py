"""DANE as a way to meet what is asked of a certificate (RFC 7672): secure names, secure TLSA, and a match."""

from datetime import datetime

from compliance.checks.registry import not_tested
from compliance.checks.scopes import unanswered
from compliance.checks.trust import Roots, build
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import DOMAIN_KINDS
from compliance.records import tlsa
from compliance.records.certificate import CertificateFault, matches, read
from compliance.records.dane_walk import dane_walk, tlsa_owner
from compliance.records.dns_walk import DnsQuestion, drive, facts


def dane_holds(view: HostView) -> bool:
    """Tell whether secure TLSA records vouch for the presented chain: DANE-EE, or DANE-TA with name and dates."""
    return _vouched(view, _secure_records(view))


def dane_unproven(view: HostView) -> Verdict | None:
    """Say why DANE may hold here and cannot be proven: the records were not heard, or nobody could vouch for them.

    A resolver's SERVFAIL is heard: no sender gets at such records, so they stand for nothing."""
    answer = _answer(view)
    steps = _way(view)
    if not steps:
        return None
    if silent := tuple(each for each in (*steps, answer) if facts(each) is None):
        secure = view.context.dnssec_believed and all(_is_secure(each) for each in steps if each not in silent)
        return unanswered(silent, view.context) if secure else None
    unbelieved = not view.context.dnssec_believed or not all(map(_is_vouched_for, (*steps, answer)))
    usable = tuple(record for record in _parsed(answer) if record.usable)
    return not_tested(Cause.OURS, "dane_unproven", name=view.name) if unbelieved and _vouched(view, usable) else None


def _vouched(view: HostView, records: tuple[tlsa.Tlsa, ...]) -> bool:
    if not records or not view.chain:
        return False
    if tlsa.matches_leaf(records, view.chain):
        return True
    anchors = tlsa.anchors(records, view.chain[1:])  # the leaf itself takes a DANE-EE record
    at = datetime.fromisoformat(view.seen_at)
    try:
        leaf = read(view.chain[0])
    except CertificateFault:
        return False
    if not anchors or not leaf.not_before <= at <= leaf.not_after or not matches(leaf.dns_names, view.name):
        return False
    return not build(view.chain, Roots(anchors=anchors), at).reason


def _secure_records(view: HostView) -> tuple[tlsa.Tlsa, ...]:
    """The usable TLSA records, if every answer on the way to them was secure (RFC 7672 section 2.2)."""
    context = view.context
    answer = _answer(view)
    on_the_way = _way(view)
    if not on_the_way:
        return ()
    if not context.dnssec_believed or not all(map(_is_secure, (*on_the_way, answer))):
        return ()
    return tuple(record for record in _parsed(answer) if record.usable)


def _answer(view: HostView) -> Observation:
    """The TLSA answer a sender goes by: at the end of a secure alias chain if there are records, else at the name."""
    walk = drive(dane_walk(view.name), view.context.evidence.answer)
    asked = (*walk.failed, *((walk.answer,) if walk.answer else ()))
    recorded = [answer for answer in asked if answer.id]  # a question may have been put once only
    return recorded[-1] if recorded else view.context.evidence.answer(DnsQuestion(tlsa_owner(walk.base), "TLSA"))


def _way(view: HostView) -> list[Observation]:
    """The answers that led here; a domain's way begins with its MX, without which there is none."""
    known = view.context.evidence.by_id
    steps = [known[key] for key in view.trail if key in known]
    if view.kind in DOMAIN_KINDS and not any(step.question == "MX" for step in steps):
        return []
    return [step for step in steps if not _is_empty(step)]


def _is_empty(step: Observation) -> bool:
    """An address family without records is no part of the way."""
    seen = facts(step)
    return seen is not None and seen.rcode == "NOERROR" and not seen.records


def _is_secure(step: Observation) -> bool:
    seen = facts(step)
    return seen is not None and seen.ad and seen.ad_trusted and seen.rcode == "NOERROR"


def _is_vouched_for(step: Observation) -> bool:
    seen = facts(step)
    return seen is not None and seen.ad_trusted


def _parsed(answer: Observation) -> list[tlsa.Tlsa]:
    found = []
    seen = facts(answer)
    for record in seen.records if seen else ():
        try:
            found.append(tlsa.parse(record.data))
        except tlsa.TlsaFault:
            continue
    return found
