"""Versions of TLS a mail host accepts, as completed sessions and raw hellos showed them."""

from collections.abc import Iterable, Mapping, Sequence

from compliance.checks.evidence import smtp_facts
from compliance.checks.registry import Parameters, Scope, broken, check, failed, not_tested, passed, resting_on
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import FailureKind, HelloFacts, Observation, TlsFacts
from compliance.records.tls_hello import Answer, HelloFault, Offer, read_answer

_OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"})
_OFFERED = {Offer.SSL3_TLS11: ("SSLv3", "TLSv1", "TLSv1.1"), Offer.SSL2: ("SSLv2",)}


@check("tls13", Scope.MAIL_HOSTS, reperform="tls13")
def tls13(view: HostView, _want: Parameters) -> Verdict:
    """TLS 1.3 is accepted: a client that offers it is answered with it (RFC 8446 section 4.2.1)."""
    agreed = _agreed(view.sessions)
    if not agreed:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    newest = next((tls for tls in agreed if tls.version == "TLSv1.3"), None)
    if newest:
        return passed("tls13_accepted", suite=newest.suite)
    return failed("tls13_not_accepted", version=agreed[-1].version)


@check("tls_versions", Scope.MAIL_HOSTS, reperform="old_tls")
def tls_versions(view: HostView, _want: Parameters) -> Verdict:
    """TLS 1.2 or 1.3 is accepted and nothing older (RFC 8996; RFC 9325 section 3.1.1)."""
    agreed = _agreed(view.sessions)
    if not agreed:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    accepted = {tls.version for tls in agreed} & _OLD
    unproven: dict[str, Sequence[Observation]] = {}
    for offer, versions in _OFFERED.items():
        hellos = [seen for seen in view.hellos if seen.question.split()[1] == offer]
        taken = {answer.accepted for answer in map(_answer, hellos)} & _OLD
        accepted |= taken
        if not taken and not _is_refused(view, hellos):
            unproven |= dict.fromkeys(versions, hellos)
    if accepted:
        verdict = failed("old_tls_accepted", versions=sorted(accepted))
    elif unproven:
        verdict = _unproven(unproven)
    else:
        verdict = passed("only_new_tls", version=agreed[-1].version)
    return resting_on(verdict, (*view.evidence, *(seen.id for seen in view.hellos)))


def _agreed(sessions: Iterable[Observation]) -> list[TlsFacts]:
    """The handshakes that were completed, in order: a pool of servers may not answer alike twice."""
    return [facts.tls for facts in map(smtp_facts, sessions) if facts and facts.tls]


def _unproven(versions: Mapping[str, Sequence[Observation]]) -> Verdict:
    """Neither accepted nor refused: theirs if each hello was sent and came to nothing, else it was we who did not."""
    troubles = [seen.failure for hellos in versions.values() for seen in hellos if seen.failure and not seen.facts]
    if defect := next((trouble for trouble in troubles if trouble.kind is FailureKind.DEFECT), None):
        return broken(defect.stage, defect.detail)
    kept_back = any(trouble.kind is FailureKind.NO_ROUTE or trouble.stage == "budget" for trouble in troubles)
    ours = kept_back or not all(versions.values())
    return not_tested(Cause.OURS if ours else Cause.THEIRS, "old_tls_unproven", versions=list(versions))


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
    if len(silent) < 2:
        return False
    sessions = view.context.sessions_at(view.address, view.port)
    return bool(_agreed(seen for seen in sessions if seen.started > silent[-1].started))
