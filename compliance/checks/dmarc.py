"""DMARC: one valid policy of the organisation's own that stops false senders (RFC 9989)."""

from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_applicable,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.scopes import unanswered
from compliance.checks.views import DomainView
from compliance.model.finding import Notice, Verdict
from compliance.model.subject import Kind
from compliance.records.dmarc import DmarcWalk, WalkState, policy_walk
from compliance.records.dns_walk import drive


def _walk(view: DomainView) -> DmarcWalk:
    return drive(policy_walk(view.subject.hostname), view.context.evidence.answer)


@check("dmarc_record", Scope.DOMAIN, reperform="dmarc")
def dmarc_record(view: DomainView, _want: Parameters) -> Verdict:
    """One valid record is found by the tree walk, and it is the organisation's own (RFC 9989 section 4.10)."""
    walk = _walk(view)
    return resting_on(_record_verdict(view, walk), walk.observations)


def _record_verdict(view: DomainView, walk: DmarcWalk) -> Verdict:
    match walk.state:
        case WalkState.NO_DOMAIN:
            return not_applicable("no_domain")
        case WalkState.UNRESOLVED:
            return unanswered(walk.unanswered, view.context)
        case WalkState.SEVERAL:
            return failed("dmarc_several", name=walk.owner)
        case WalkState.SYNTAX:
            return failed("dmarc_syntax", name=walk.owner, domain=walk.domain, record=walk.text, why=walk.why)
        case WalkState.NONE:
            parked = view.kind is Kind.PARKED_DOMAIN  # it has no sender to find first
            where = {"name": f"_dmarc.{view.subject.hostname}", "domain": view.subject.hostname}
            return failed("dmarc_missing_parked" if parked else "dmarc_missing", **where)
        case WalkState.RECORD:
            pass
    registry = walk.record is not None and walk.record.psd == "y"
    if walk.inherited and (registry or view.context.is_public_suffix(walk.domain)):
        return failed("registry_record", name=walk.owner, record=walk.text)
    verdict = passed("dmarc_valid", name=walk.owner, record=walk.text)
    return noticing(verdict, Notice("dmarc_inherited", {"name": walk.domain})) if walk.inherited else verdict


@check("dmarc_policy", Scope.DOMAIN, reperform="dmarc")
def dmarc_policy(view: DomainView, _want: Parameters) -> Verdict:
    """The policy that takes effect, after `t=y`, is quarantine or reject, for subdomains too (RFC 9989 4.7)."""
    walk = _walk(view)
    verdict = _policy_verdict(view, walk) if walk.state is WalkState.RECORD else _record_verdict(view, walk)
    return resting_on(verdict, walk.observations)


def _policy_verdict(view: DomainView, walk: DmarcWalk) -> Verdict:
    """A domain that sends nothing has nothing to lose by `reject`, so no less is asked of it."""
    where = {"name": walk.owner, "record": walk.text}
    pct = walk.record.pct if walk.record else None
    if pct == 0:
        return failed("dmarc_pct_zero", **where)
    for tag, policy in (("p", walk.p), ("sp", walk.sp), ("np", walk.np)):
        if policy not in {"quarantine", "reject"}:
            return failed("dmarc_policy_none" if tag == "p" else "dmarc_subdomains_open", tag=tag, **where)
    if view.kind is Kind.PARKED_DOMAIN and {walk.p, walk.sp, walk.np} != {"reject"}:
        return failed("dmarc_parked_not_rejected", **where)
    verdict = passed("dmarc_stops_false_senders", policy=walk.p, **where)
    if pct is not None and pct < 100:
        verdict = noticing(verdict, Notice("dmarc_pct", {"pct": pct}))
    return noticing(verdict, Notice("dmarc_test_mode")) if walk.testing else verdict
