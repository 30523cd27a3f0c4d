"""Why a DNS question has no answer, and whose doing that is."""

from compliance.checks.context import Context
from compliance.checks.registry import not_tested
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import FailureKind, Observation
from compliance.records.dns_walk import NOT_RECORDED, DnsQuestion, facts


def unanswered(answers: tuple[Observation, ...], context: Context) -> Verdict:
    """Say why a DNS question has no answer, and whose doing that is.

    SERVFAIL with an answer under CD=1 is a broken signature (RFC 4035 section 5.5); a timeout is ours when the
    resolver did not answer the self-test either.
    """
    answer = next((seen for seen in answers if seen.failure or facts(seen)), None)
    if answer is None or (answer.failure and answer.failure.detail == NOT_RECORDED):
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    ours = context.vantage is not None and context.vantage.state("resolver") == "failed"
    question = {"name": answer.target, "rdtype": answer.question}
    seen = facts(answer)
    if seen is None:
        broken = answer.failure is not None and answer.failure.kind is not FailureKind.TIMEOUT
        return not_tested(Cause.OURS if ours or broken else Cause.THEIRS, "dns_no_answer", **question)
    if seen.rcode == "SERVFAIL":
        retried = context.evidence.with_checking_disabled(DnsQuestion(answer.target, answer.question))
        known = retried and facts(retried)
        if known and known.rcode in {"NOERROR", "NXDOMAIN"}:
            return not_tested(Cause.THEIRS, "dns_bogus", **question)
    ours = ours or seen.rcode != "SERVFAIL"  # REFUSED and the like are the resolver's own word to us
    return not_tested(Cause.OURS if ours else Cause.THEIRS, "dns_refused", rcode=seen.rcode, **question)
