"""Whether our own hosts turn away a partner's mail in clear, as the register asks (U-02 measure 1c)."""

from compliance.checks.evidence import smtp_facts
from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_tested,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.transport import not_heard
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import Level
from compliance.records.envelope import IN_CLEAR, INSIDE, INSIDE_AFTER, Answer, Fate, read_envelope

_VERIFYING = frozenset({Level.VERIFY, Level.DANE})


@check("plain_refused", Scope.OWN_INBOUND, reperform="envelope")
def plain_refused(view: HostView, _want: Parameters) -> Verdict:
    """A host of ours refuses the partner's mail in clear and takes it inside TLS, or says that encryption is missing.

    RFC 3207 section 4 forbids a public host to ask this of everyone; of one sender it may. What a product decides only
    after DATA is not seen, since no mail is begun.
    """
    asked = {where: view.context.evidence.envelopes(view.address, view.port, where) for where in (IN_CLEAR, INSIDE)}
    seen = [each for every in asked.values() for each in every]
    if not seen:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    found = {where: _answer(every, view.subject.hostname) for where, every in asked.items()}
    told = [each for each in seen if read_envelope(smtp_facts(each), view.subject.hostname)]
    after = _answer(view.context.evidence.envelopes(view.address, view.port, INSIDE_AFTER), view.subject.hostname)
    verdict = _judged(view, found[IN_CLEAR], found[INSIDE], after, seen)
    return resting_on(verdict, (*view.trail, *(each.id for each in told or seen)))


def _answer(asked: tuple[Observation, ...], sender: str) -> Answer:
    answers = [answer for each in asked if (answer := read_envelope(smtp_facts(each), sender))]
    return answers[-1] if answers else Answer(Fate.UNSEEN)


def _judged(view: HostView, clear: Answer, inside: Answer, after: Answer, seen: list[Observation]) -> Verdict:
    """What is said inside TLS too is not about its absence; who takes no mail after it did not refuse clear text."""
    where = {"host": view.name, "partner": view.subject.hostname}
    if clear.fate is Fate.ACCEPTED:
        return failed("plain_accepted", **where)
    both = clear.fate is Fate.REFUSED and inside.fate is Fate.REFUSED
    if both and (inside.for_encryption or not clear.for_encryption):
        return not_tested(Cause.THEIRS, "refused_both_ways", words=inside.words, **where)
    if clear.fate is Fate.REFUSED and clear.for_encryption:
        return _unverified(view, inside, passed("plain_refused_for_encryption", words=clear.words, **where))
    if clear.fate is Fate.REFUSED and after.fate is Fate.ACCEPTED:
        return _unverified(view, inside, passed("plain_refused", words=clear.words, **where))
    troubles = [each.failure for each in seen if each.failure]
    if troubles:
        return not_heard(troubles[-1], view)
    return not_tested(Cause.THEIRS, "envelope_unseen", **where)


def _unverified(view: HostView, inside: Answer, verdict: Verdict) -> Verdict:
    """Whoever gets inside TLS without a certificate may still call himself the partner."""
    asked = view.subject.require_tls
    if inside.fate is Fate.ACCEPTED and asked and asked.from_ in _VERIFYING:
        return noticing(verdict, Notice("sender_not_verified"))
    return verdict
