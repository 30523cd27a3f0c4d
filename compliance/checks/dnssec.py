"""DNSSEC: the domain, and the zones its mail hosts' names are in, validate as secure (RFC 4033 section 5)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from compliance.checks.context import Context
from compliance.checks.evidence import Evidence
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
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView, MxView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.observation import Observation
from compliance.records.dane_walk import is_secure
from compliance.records.dns_walk import DnsQuestion, facts, is_answered
from compliance.records.mail_route import HostState, RouteState


@check("dnssec_domain", Scope.DOMAIN, reperform="dnssec")
def dnssec_domain(view: DomainView, _want: Parameters) -> Verdict:
    """The answer to the domain's MX question validates as secure, whether it holds records or none."""
    evidence = view.context.evidence
    question = DnsQuestion(view.subject.hostname, "MX")
    answer = evidence.answer(question)
    seen = facts(answer)
    used = [answer.id]
    if seen is not None and seen.rcode == "NXDOMAIN":
        verdict = not_applicable("no_domain")
    elif cannot_tell := nobody_validates(view.context, (answer,)):
        verdict = cannot_tell
    elif broken := broken_signature(view.context, answer):
        used.append(broken.id)
        verdict = failed("dnssec_broken", *declared(view.context), name=answer.target, rdtype="MX")
    elif not is_answered(answer):
        verdict = unanswered((answer,), view.context)
    else:
        verdict = _by_answers(view.context, question.name, (answer,))
    return resting_on(verdict, used)


@check("dnssec_mx", Scope.MX_NAMES, reperform="dnssec")
def dnssec_mx(view: MxView, _want: Parameters) -> Verdict:
    """The addresses of each MX name validate as secure, aliases on the way included (RFC 7672 section 2.2)."""
    if settled := no_host(view):
        return settled
    context, name = view.context, view.host.name
    questions = [DnsQuestion(name, rdtype) for rdtype in ("A", "AAAA")]
    answers = [context.evidence.answer(question) for question in questions]
    if cannot_tell := nobody_validates(context, answers):
        return cannot_tell
    for answer in answers:
        if broken := broken_signature(context, answer):
            verdict = failed("dnssec_broken", *declared(context), name=name, rdtype=answer.question)
            return resting_on(verdict, (*view.evidence, broken.id))
    with_records = [answer for answer in answers if (seen := facts(answer)) and seen.records]
    if not with_records:
        return unanswered(view.host.unanswered, context)
    return _by_answers(context, name, with_records)


def _by_answers(context: Context, name: str, answers: Sequence[Observation]) -> Verdict:
    for answer in answers:
        if not is_secure(answer):
            return failed("dnssec_insecure", *declared(context), name=name, rdtype=answer.question)
    rdtype = next(answer.question for answer in answers)
    return noticing(passed("dnssec_secure", name=name, rdtype=rdtype), *declared(context))


def nobody_validates(context: Context, answers: Iterable[Observation]) -> Verdict | None:
    """Say that signed and unsigned cannot be told apart here: no resolver of this run validates, or may be believed.

    A resolver that is only vouched for must have said AD at least once before its silence means unsigned.
    """
    unbelieved = any((seen := facts(answer)) and not seen.ad_trusted for answer in answers)
    if context.dnssec_believed and not unbelieved and not (declared(context) and not _says_ad(context.evidence)):
        return None
    return not_tested(Cause.OURS, "no_validating_resolver")


def declared(context: Context) -> tuple[Notice, ...]:
    """The notice that the resolver's word is believed because the user vouches for it, not because it was proven."""
    vouched = context.vantage is not None and context.vantage.state("dnssec") == "unknown"
    return (Notice("dnssec_declared"),) if vouched else ()


@lru_cache(maxsize=1)
def _says_ad(evidence: Evidence) -> bool:
    return any((seen := facts(answer)) and seen.ad for answer in evidence.by_id.values())


def broken_signature(context: Context, answer: Observation) -> Observation | None:
    """Give the answer under CD=1 that shows a SERVFAIL to be a broken signature (RFC 4035 section 5.5)."""
    seen = facts(answer)
    if seen is None or seen.rcode != "SERVFAIL":
        return None
    retried = context.evidence.with_checking_disabled(DnsQuestion(answer.target, answer.question))
    return retried if retried and is_answered(retried) else None


_NO_ROUTE = {RouteState.NULL: "null_mx", RouteState.NO_MAIL: "no_mx", RouteState.NO_DOMAIN: "no_domain"}


def no_host(view: MxView) -> Verdict | None:
    """Say why there is no host behind an MX name to ask about; MX-1 tells whether that is a fault."""
    reason = _NO_ROUTE.get(view.route.state)
    if reason:
        return not_applicable(reason)
    match view.host.state:
        case HostState.NO_ADDRESS:
            return not_applicable("mx_no_address", name=view.host.name)
        case HostState.LITERAL:
            return not_applicable("mx_is_address", name=view.host.name, domain=view.subject.hostname)
        case HostState.NULL:
            return not_applicable("null_mx_beside_others", domain=view.subject.hostname)
        case HostState.UNSAFE:
            return not_tested(Cause.THEIRS, "unsafe_name", name=view.host.name)
        case _:
            return None
