"""Whether encryption toward a partner is required on every host that sends (U-02 measure 1c)."""

from collections.abc import Callable

from compliance.checks.mail_logs import Share
from compliance.checks.outgoing import joined
from compliance.checks.registry import Parameters, Scope, check, failed, not_tested, passed, resting_on
from compliance.checks.scopes import route_of
from compliance.checks.sent_logs import sent_by, silent
from compliance.checks.tls_policies import demanded_in_policy
from compliance.checks.unanswered import unanswered
from compliance.checks.views import OutgoingView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import Level, RequireTls
from compliance.model.supplied import Flow, merged
from compliance.records.dane_walk import tlsa_owner
from compliance.records.dns_walk import NOT_RECORDED, DnsQuestion, facts, is_answered

Source = Callable[[OutgoingView, Parameters], Verdict]
_ENFORCED = "Verified"
_NOT_SUPPLIED = frozenset({"no_log", "no_settings"})


@check("partner_demanded", Scope.OUTGOING_TO, reperform="none")
def partner_demanded(view: OutgoingView, want: Parameters) -> Verdict:
    """This host sends to the partner only at the level asked: its policy says so, or its log proves it."""
    verdicts = [source(view, want) for source in _SOURCES]
    # What was supplied tells more than what was not.
    return joined([found for found in verdicts if found.reason not in _NOT_SUPPLIED] or verdicts)


def demanded_in_logs(view: OutgoingView, _want: Parameters) -> Verdict:
    """A log proves `verify` where Postfix called every session Verified: it says so only where a policy asks for it.

    What else it shows can deny that encryption is required, or support it, never prove it.
    """
    shares = sent_by(view)
    if isinstance(shares, Verdict):
        return shares
    flows = _to_partner(view, shares)
    flow = merged(flows)
    evidence = [share.seen.id for share in shares]
    if flow.clear:
        told = failed("partner_sent_clear", count=flow.clear, first=flow.first_clear, last=flow.last_clear)
        return resting_on(told, evidence)
    if settled := silent(shares):
        return resting_on(settled, evidence)
    if not flow.messages:
        return resting_on(not_tested(Cause.NO_EVIDENCE, "nothing_sent_to_partner"), evidence)
    if flow.unknown:
        return resting_on(not_tested(Cause.NO_EVIDENCE, "partner_unknown", count=flow.unknown), evidence)
    level = (view.subject.require_tls or RequireTls()).to
    verified = all(tally.trust == _ENFORCED for each in flows for tally in each.tls)
    if not verified or level not in {Level.ENCRYPT, Level.VERIFY}:
        return resting_on(not_tested(Cause.NO_EVIDENCE, "partner_only_supported", count=flow.encrypted), evidence)
    if unheard := _unheard(view):
        return resting_on(unanswered(unheard, view.context), evidence)
    if publishes_tlsa(view):
        return resting_on(not_tested(Cause.NO_EVIDENCE, "verified_perhaps_dane", count=flow.encrypted), evidence)
    told = passed("partner_verified", count=flow.encrypted, first=flow.first_tls, last=flow.last_tls)
    return resting_on(told, evidence)


def _to_partner(view: OutgoingView, shares: tuple[Share, ...]) -> list[Flow]:
    return [
        found.flow
        for share in shares
        for found in share.instance.domains
        if (found.domain, found.direction) == (view.subject.hostname, "to")
    ]


def publishes_tlsa(view: OutgoingView) -> bool:
    """Tell whether the partner has TLSA records: then Postfix says Verified of opportunistic DANE too (RFC 7672)."""
    evidence = view.context.evidence
    answers = (
        facts(evidence.answer(DnsQuestion(tlsa_owner(host.name), "TLSA")))
        for host in route_of(view.context, view.subject.hostname).hosts
    )
    return any(answer and answer.records for answer in answers)


def _unheard(view: OutgoingView) -> tuple[Observation, ...]:
    """Give the questions that were put and not answered, of the partner's hosts and whether they have TLSA records."""
    evidence = view.context.evidence
    route = route_of(view.context, view.subject.hostname)
    asked = (evidence.answer(DnsQuestion(tlsa_owner(host.name), "TLSA")) for host in route.hosts)
    return tuple(each for each in (*route.unanswered, *asked) if not is_answered(each) and not _is_unasked(each))


def _is_unasked(answer: Observation) -> bool:
    return answer.failure is not None and answer.failure.detail == NOT_RECORDED


#: What may show it. The settings come first: where nothing was supplied, it is they that are asked for.
_SOURCES: tuple[Source, ...] = (demanded_in_policy, demanded_in_logs)
