"""An MTA-STS policy as a sender comes by it: one TXT record, a trusted HTTPS host, a file that reads (RFC 8461)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from compliance.checks.context import Context
from compliance.checks.evidence import Evidence
from compliance.checks.presented import Objection, Presented, opinion
from compliance.checks.registry import broken, failed, not_tested
from compliance.checks.unanswered import unanswered
from compliance.model.finding import Cause, Notice, Value, Verdict
from compliance.model.names import is_inside
from compliance.model.observation import FailureKind, Observation, PolicyFacts
from compliance.records.certificate import CertificateFault, read
from compliance.records.dns_walk import NOT_RECORDED, DnsQuestion, drive, facts, is_answered, texts
from compliance.records.mail_route import HostState, host_addresses
from compliance.records.mta_sts import (
    Policy,
    StsFault,
    candidates,
    meant,
    owner,
    parse_policy,
    parse_record,
    policy_host,
)

POLICY, POLICY_AGAIN = "policy", "policy again"
_TEXT = "text/plain"
_SHOWN = 200
_OK = 200


@dataclass(frozen=True, slots=True)
class Found:
    """The policy a sender would use, or the verdict that says why it would have none; `evidence` in either case.

    `unsteady`: the host had it the second time alone.
    """

    policy: Policy | Verdict
    evidence: tuple[str, ...]
    unsteady: bool = False


def find(context: Context, domain: str) -> Found:
    """Follow a sender from the domain to its policy, by the evidence."""
    answer = context.evidence.answer(DnsQuestion(owner(domain), "TXT"))
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return Found(unanswered((answer,), context), (answer.id,))
    if fault := _record_fault(owner(domain), domain, texts(seen)):
        return Found(fault, (answer.id,))
    host = policy_host(domain)
    led = drive(host_addresses(host), context.evidence.answer)
    used = [answer.id, *led.evidence]
    if led.state is HostState.UNRESOLVED:
        return Found(unanswered(led.unanswered, context), tuple(used))
    if led.state is not HostState.RESOLVED:
        return Found(failed("sts_host_missing", name=host), tuple(used))
    if all(map(is_inside, led.addresses)) and not context.seen_from_inside:
        return Found(not_tested(Cause.OURS, "seen_from_inside", address=led.addresses[0]), tuple(used))
    tries = [context.evidence.answer(DnsQuestion(host, question)) for question in (POLICY, POLICY_AGAIN)]
    tries = [each for each in tries if each.id] or tries[:1]
    used += [each.id for each in tries]
    return Found(_fetched(context, host, tries), tuple(used), unsteady=len(set(map(_status, _answers(tries)))) > 1)


def _record_fault(name: str, domain: str, found: tuple[str, ...]) -> Verdict | None:
    counted = candidates(found)
    if len(counted) > 1:
        return failed("sts_several", name=name, domain=domain, count=len(counted))
    record = next(iter(counted or meant(found)), "")
    if not record:
        return failed("sts_missing", name=name, domain=domain)
    try:
        parse_record(record)
    except StsFault as fault:
        return failed("sts_record_syntax", name=name, record=record, why=fault.why)
    return None


def _fetched(context: Context, host: str, tries: list[Observation]) -> Policy | Verdict:
    """Judge the first whole answer, a policy before none; without one, what both tries came to."""
    answers = _answers(tries)
    answered = next((each for each in answers if _status(each) == _OK), answers[0] if answers else None)
    if answered is None or not isinstance(answered.facts, PolicyFacts):
        return _not_fetched(context, host, tries)
    served = answered.facts
    if fault := _certificate_fault(context, served, answered.started):
        return fault
    if fault := _answer_fault(served):
        return fault
    try:
        return parse_policy(served.body)
    except StsFault as fault_:
        return failed("policy_syntax", name=host, why=fault_.why, line=fault_.line)


def _answers(tries: list[Observation]) -> list[Observation]:
    return [each for each in tries if isinstance(each.facts, PolicyFacts) and each.failure is None]


def _status(answer: Observation) -> int:
    return answer.facts.status if isinstance(answer.facts, PolicyFacts) else 0


def _not_fetched(context: Context, host: str, tries: list[Observation]) -> Verdict:
    """No HTTP answer: a fault only where their TLS or HTTP broke twice and ours is shown to work elsewhere."""
    failures = [each.failure for each in tries if each.failure]
    if not failures or failures[-1].detail == NOT_RECORDED:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    last = failures[-1]
    if last.kind is FailureKind.DEFECT:
        return broken(last.stage, last.detail)
    elsewhere = bool(_trusted_operators(context) - {context.operator(host)})
    if len(failures) > 1 and elsewhere and all(each.kind is FailureKind.HANDSHAKE for each in failures):
        return failed("policy_tls_failed", name=host, why=last.detail)
    if len(failures) > 1 and all((each.kind, each.stage) == (FailureKind.PROTOCOL, "http") for each in failures):
        return failed("policy_http_broken", name=host, why=last.detail)
    if last.kind is FailureKind.NO_ROUTE or (last.stage == "connect" and not elsewhere):
        return not_tested(Cause.OURS, "https_closed_to_us", name=host)
    return not_tested(Cause.THEIRS, "policy_not_fetched", name=host, why=last.kind.value)


def _certificate_fault(context: Context, served: PolicyFacts, seen_at: str) -> Verdict | None:
    """The host's certificate must be publicly trusted, for its name and in date (section 3.3)."""
    found = opinion(context, Presented(served.tls.chain, seen_at), served.name)
    where = {"name": served.name, "issuer": found.issuer}
    match found.objection:
        case None:
            return None
        case Objection.UNREAD:
            return not_tested(Cause.OURS, "certificate_not_read")
        case Objection.UNTRUSTED | Objection.PRIVATE:
            return _untrusted(context, served.name, found.issuer, found.why)
        case Objection.NAME:
            return failed("policy_certificate_name", names=list(found.names), **where)
        case Objection.DATES:
            return failed("policy_certificate_dates", not_before=found.not_before, not_after=found.not_after, **where)


def _untrusted(context: Context, host: str, issuer: str, why: str) -> Verdict:
    """Whose doing an untrusted certificate is: a box on our own path signs for everybody with one key."""
    ours = context.operator(host)
    if _trusted_operators(context) - {ours}:
        return failed("policy_certificate_untrusted", name=host, issuer=issuer, why=why)
    others = {context.operator(name) for name, signer in _issuers(context.evidence) if signer == issuer} - {ours}
    if others:
        return not_tested(Cause.OURS, "https_intercepted", issuer=issuer)
    notice = Notice("https_path_not_proven")
    return failed("policy_certificate_untrusted", notice, name=host, issuer=issuer, why=why)


def _trusted_operators(context: Context) -> frozenset[str]:
    """Operators whose policy host showed a trusted certificate of its own over our path."""
    found = (
        context.operator(served.name)
        for served, seen_at in _served(context.evidence)
        if opinion(context, Presented(served.tls.chain, seen_at), served.name).objection is None
    )
    return frozenset(found)


@lru_cache(maxsize=1)
def _issuers(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    found = []
    for served, _ in _served(evidence):
        try:
            found.append((served.name, read(served.tls.chain[0]).issuer))
        except (CertificateFault, IndexError):
            continue
    return tuple(found)


@lru_cache(maxsize=1)
def _served(evidence: Evidence) -> tuple[tuple[PolicyFacts, str], ...]:
    return tuple(_policies(evidence))


def _policies(evidence: Evidence) -> Iterator[tuple[PolicyFacts, str]]:
    for seen in evidence.by_id.values():
        if isinstance(seen.facts, PolicyFacts):
            yield seen.facts, seen.started


def _answer_fault(served: PolicyFacts) -> Verdict | None:
    where: dict[str, Value] = {"name": served.name, "status": served.status}
    if 300 <= served.status < 400:
        return failed("policy_redirected", location=served.location[:_SHOWN], **where)
    if served.status == 429 or served.status >= 500:
        return not_tested(Cause.THEIRS, "policy_host_busy", **where)
    if served.status != _OK:
        return failed("policy_not_there", **where)
    if served.media_type.partition(";")[0].strip().lower() != _TEXT:
        return failed("policy_media_type", name=served.name, media_type=served.media_type[:_SHOWN] or "–")
    return None
