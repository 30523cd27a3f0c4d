"""Versions of TLS a mail host accepts, as completed sessions and raw hellos showed them."""

from collections.abc import Sequence

from compliance.checks.evidence import smtp_facts
from compliance.checks.registry import Parameters, Scope, check, failed, not_tested, passed, resting_on
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import HelloFacts, Observation
from compliance.records.tls_hello import Answer, HelloFault, Offer, read_answer

_OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"})
_OFFERED = {Offer.SSL3_TLS11: ("SSLv3", "TLSv1", "TLSv1.1"), Offer.SSL2: ("SSLv2",)}


@check("tls13", Scope.MAIL_HOSTS, reperform="tls13")
def tls13(view: HostView, _want: Parameters) -> Verdict:
    """TLS 1.3 is accepted: a client that offers it is answered with it (RFC 8446 section 4.2.1)."""
    session = view.session
    if session is None or session.tls is None:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    if session.tls.version == "TLSv1.3":
        return passed("tls13_accepted", suite=session.tls.suite)
    return failed("tls13_not_accepted", version=session.tls.version)


@check("tls_versions", Scope.MAIL_HOSTS, reperform="old_tls")
def tls_versions(view: HostView, _want: Parameters) -> Verdict:
    """TLS 1.2 or 1.3 is accepted and nothing older (RFC 8996; RFC 9325 section 3.1.1)."""
    session = view.session
    if session is None or session.tls is None:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    accepted = {session.tls.version} & _OLD
    unproven: list[str] = []
    for offer, versions in _OFFERED.items():
        hellos = [seen for seen in view.hellos if seen.question.split()[1] == offer]
        taken = {answer.accepted for answer in map(_answer, hellos)} & _OLD
        accepted |= taken
        if not taken and not _is_refused(view, hellos):
            unproven += versions
    evidence = (*view.evidence, *(seen.id for seen in view.hellos))
    if accepted:
        verdict = failed("old_tls_accepted", versions=sorted(accepted))
    elif unproven:
        verdict = not_tested(Cause.THEIRS, "old_tls_unproven", versions=unproven)
    else:
        verdict = passed("only_new_tls", version=session.tls.version)
    return resting_on(verdict, evidence)


def _answer(seen: Observation) -> Answer:
    """What came back to a hello; garbage and no hello at all are no answer."""
    try:
        return read_answer(seen.facts.offer, seen.facts.received) if isinstance(seen.facts, HelloFacts) else Answer()
    except HelloFault:
        return Answer()


def _is_refused(view: HostView, hellos: Sequence[Observation]) -> bool:
    """A fatal alert refuses. Silence refuses only if it was met twice and a modern handshake works afterwards."""
    if any(answer.refused for answer in map(_answer, hellos)):
        return True
    silent = [seen for seen in hellos if isinstance(seen.facts, HelloFacts) and not seen.facts.received]
    later = [seen for seen in view.sessions if silent and seen.started > silent[-1].started]
    return len(silent) > 1 and any(facts and facts.tls for facts in map(smtp_facts, later))
