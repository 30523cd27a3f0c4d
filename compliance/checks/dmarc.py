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
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView
from compliance.model.finding import Notice, Value, Verdict
from compliance.model.subject import Kind
from compliance.records.dmarc import DmarcWalk, WalkState, policy_walk
from compliance.records.dmarc_older import Older, older_reading
from compliance.records.dmarc_record import DmarcRecord
from compliance.records.dmarc_write import merged, repaired, rewritten
from compliance.records.dns_walk import DnsQuestion, drive, facts, is_answered, texts
from compliance.records.wildcard import beside

_STOPPING = frozenset({"quarantine", "reject"})


def walk_of(view: DomainView) -> DmarcWalk:
    """Replay the walk to a domain's policy from the evidence."""
    return drive(policy_walk(view.subject.hostname), view.context.evidence.answer)


@check("dmarc_record", Scope.DOMAIN, reperform="dmarc")
def dmarc_record(view: DomainView, _want: Parameters) -> Verdict:
    """One valid record is found by the tree walk, and it is the organisation's own (RFC 9989 section 4.10)."""
    walk = walk_of(view)
    return resting_on(record_verdict(view, walk), walk.observations)


def record_verdict(view: DomainView, walk: DmarcWalk) -> Verdict:
    """Say whether one valid record of the organisation's own applies, and what is wrong with it if not."""
    here = {"name": f"_dmarc.{view.subject.hostname}", "domain": view.subject.hostname}
    parked = view.kind is Kind.PARKED_DOMAIN  # it has no sender to find first
    match walk.state:
        case WalkState.NO_DOMAIN:
            return not_applicable("no_domain")
        case WalkState.UNRESOLVED:
            return unanswered(walk.unanswered, view.context)
        case WalkState.SEVERAL:
            every = next((step.texts for step in walk.asked if len(step.texts) > 1), ())
            return failed("dmarc_several", name=walk.owner, corrected=merged(every, walk.domain))
        case WalkState.SYNTAX:
            better = repaired(walk.text, walk.domain)
            return failed("dmarc_syntax", name=walk.owner, record=walk.text, why=walk.why, corrected=better)
        case WalkState.NONE:
            return failed("dmarc_missing_parked" if parked else "dmarc_missing", **here)
        case WalkState.RECORD:
            pass
    registry = walk.record is not None and walk.record.psd == "y"
    if walk.inherited and (registry or view.context.is_public_suffix(walk.domain)):
        return failed("registry_record", name=walk.owner, record=walk.text, domain=view.subject.hostname)
    return noticing(passed("dmarc_valid", name=walk.owner, record=walk.text), *_beside(view, walk))


def _beside(view: DomainView, walk: DmarcWalk) -> list[Notice]:
    """What a valid record leaves to say."""
    record = walk.record
    found = [Notice("dmarc_inherited", {"name": walk.domain})] if walk.inherited else []
    if record is None:
        return found
    if record.p_assumed:
        found.append(Notice("dmarc_policy_assumed"))
    if record.removed or record.sized:
        removed = [f"{name}={value}" for name, value in record.removed]
        found.append(Notice("dmarc_tags_removed", {"tags": [*removed, *(f"!{size}" for size in record.sized)]}))
    if record.bad:
        found.append(Notice("dmarc_parts_unread", {"parts": list(record.bad)}))
    older = _older(view)
    if older is not None and older.domain != walk.domain:
        where = {"name": walk.domain, "older": older.domain}
        found.append(Notice("dmarc_found_elsewhere", where) if older.domain else Notice("dmarc_unseen", where))
    if not walk.inherited and walk.text in _texts(view, beside(view.subject.hostname)):
        found.append(Notice("dmarc_wildcard", {"name": f"*.{view.subject.hostname}"}))
    return found


def _texts(view: DomainView, question: DnsQuestion) -> tuple[str, ...]:
    seen = facts(view.context.evidence.answer(question))
    return texts(seen) if seen else ()


def _older(view: DomainView) -> Older | None:
    """What receivers find that follow RFC 7489 and the public suffix list of the run."""

    def texts_at(name: str) -> tuple[str, ...] | None:
        answer = view.context.evidence.answer(DnsQuestion(f"_dmarc.{name}", "TXT"))
        seen = facts(answer)
        return texts(seen) if seen and is_answered(answer) else None

    domain = view.subject.hostname
    return older_reading(domain, view.context.operator(domain), texts_at)


@check("dmarc_policy", Scope.DOMAIN, reperform="dmarc")
def dmarc_policy(view: DomainView, _want: Parameters) -> Verdict:
    """The policy that takes effect, after `t=y`, is quarantine or reject, for subdomains too (RFC 9989 4.7)."""
    walk = walk_of(view)
    if walk.record is None:
        return resting_on(record_verdict(view, walk), walk.observations)
    verdict = _policy_verdict(view, walk, walk.record)
    newer = [f"p={walk.p}", f"sp={walk.sp}", f"np={walk.np}"]
    older = _older(view)
    if older is not None and older.domain:
        otherwise = [f"p={older.p}", f"sp={older.sp}", f"np={older.sp}"]
        if otherwise != newer:
            verdict = noticing(verdict, Notice("dmarc_weighed_otherwise", {"newer": newer, "older": otherwise}))
    return resting_on(verdict, walk.observations)


def _policy_verdict(view: DomainView, walk: DmarcWalk, record: DmarcRecord) -> Verdict:
    """A domain that sends nothing has nothing to lose by `reject`, so no less is asked of it."""
    where: dict[str, Value] = {"name": walk.owner, "record": walk.text}
    policies: dict[str, Value] = {"policy": walk.p, "subdomains": walk.sp, "nonexistent": walk.np}
    if record.pct == 0:
        return failed("dmarc_pct_zero", corrected=rewritten(record), **where, **policies)
    for tag, policy in (("p", walk.p), ("sp", walk.sp), ("np", walk.np)):
        if policy not in _STOPPING:
            better = rewritten(record, p="quarantine" if record.p == "none" else record.p, sp="", np="", t="n")
            reason = "dmarc_policy_none" if tag == "p" else "dmarc_subdomains_open"
            return failed(reason, tag=tag, corrected=better, **where, **policies)
    if view.kind is Kind.PARKED_DOMAIN and {walk.p, walk.sp, walk.np} != {"reject"}:
        better = rewritten(record, p="reject", sp="", np="", t="n")
        return failed("dmarc_parked_not_rejected", corrected=better, **where, **policies)
    verdict = passed("dmarc_stops_false_senders", **where, **policies)
    if record.pct is not None and record.pct < 100:
        verdict = noticing(verdict, Notice("dmarc_pct", {"pct": record.pct}))
    return noticing(verdict, Notice("dmarc_test_mode")) if walk.testing else verdict
