"""How our own hosts send, as evidence supplied of them shows it (U-02 measure 1a).

Every kind of evidence is a source of its own: one that shows a fault decides, one that proves it sound is enough, and
what is missing is told only where no source has an answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from compliance.checks.canary import starttls_at_canary, tls_at_canary
from compliance.checks.registry import Parameters, Scope, check
from compliance.checks.sent_logs import starttls_in_logs, tls_in_logs
from compliance.checks.sent_samples import starttls_in_samples, tls_in_samples
from compliance.checks.views import OutgoingView
from compliance.model.finding import Status, Verdict

Source = Callable[[OutgoingView, Parameters], Verdict]
_ORDER = (Status.FAIL, Status.ERROR, Status.PASS, Status.NOT_TESTED, Status.NOT_APPLICABLE)


def joined(verdicts: Iterable[Verdict]) -> Verdict:
    """Give the verdict of several sources: a fault is a fault whatever another source did not see.

    Sources that prove it sound stand together: the first one's words, with what each noticed and rests on. Where none
    has an answer, one that had something to look at says why.
    """
    found = sorted(verdicts, key=lambda verdict: (_ORDER.index(verdict.status), not verdict.evidence))
    if found[0].status is not Status.PASS:
        return found[0]
    proofs = [verdict for verdict in found if verdict.status is Status.PASS]
    notices = tuple(notice for verdict in proofs for notice in verdict.notices)
    evidence = tuple(dict.fromkeys(key for verdict in proofs for key in verdict.evidence))
    return replace(found[0], notices=notices, evidence=evidence)


@check("outgoing_starttls", Scope.OUTGOING, reperform="none")
def outgoing_starttls(view: OutgoingView, want: Parameters) -> Verdict:
    """Whatever was sent to hosts seen offering STARTTLS in the period went under TLS (RFC 3207 section 4)."""
    return joined(source(view, want) for source in _STARTTLS)


@check("outgoing_tls", Scope.OUTGOING, reperform="none")
def outgoing_tls(view: OutgoingView, want: Parameters) -> Verdict:
    """TLS 1.2 or newer with an authenticated, sound suite is used with hosts that offer it (RFC 8996, RFC 9325 4.1)."""
    return joined(source(view, want) for source in _TLS)


#: What may show how a host sends. A further kind of evidence is one more function here.
_STARTTLS: tuple[Source, ...] = (starttls_in_logs, starttls_at_canary, starttls_in_samples)
_TLS: tuple[Source, ...] = (tls_in_logs, tls_at_canary, tls_in_samples)
