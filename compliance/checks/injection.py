"""Commands sent in clear in the packet of STARTTLS: dropped, or carried into TLS."""

from compliance.checks.evidence import smtp_facts
from compliance.checks.registry import Parameters, Scope, check, failed, not_tested, passed, resting_on
from compliance.checks.transport import not_heard
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import Observation
from compliance.records.injection import (
    AFTER_INJECTION,
    COMMAND,
    INJECTION,
    INJECTION_AGAIN,
    Fate,
    Injected,
    read_injection,
)

_BYTES_BEHIND_220 = "bytes behind 220"


@check("command_injection", Scope.OWN_MAIL_HOSTS, reperform="injection")
def command_injection(view: HostView, _want: Parameters) -> Verdict:
    """What came in clear behind STARTTLS is dropped, not obeyed inside TLS (RFC 3207 section 4.2; CVE-2011-0411)."""
    tries = [seen for question in (INJECTION, INJECTION_AGAIN) if (seen := _asked(view, question))]
    if not tries:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    after = _asked(view, AFTER_INJECTION)
    verdict = _judged(view, tries, after)
    return resting_on(verdict, (*view.evidence, *(seen.id for seen in (*tries, after) if seen)))


def _asked(view: HostView, question: str) -> Observation | None:
    return view.context.evidence.of_own_host(view.address, view.port, question)


def _judged(view: HostView, tries: list[Observation], after: Observation | None) -> Verdict:
    read = [read_injection(smtp_facts(seen), seen.failure) for seen in tries]
    known = {each.fate: each for each in reversed(read)}
    if kept := known.get(Fate.ANSWERED) or known.get(Fate.OBEYED):
        return _kept(view, kept)
    if Fate.DROPPED in known:
        return passed("injected_dropped", command=COMMAND)
    if Fate.REFUSED in known:
        return passed("injected_refused", command=COMMAND, words=known[Fate.REFUSED].words)
    # Twice the session broke off where ordinary ones before and after did not: there is no TLS to carry it into.
    held = smtp_facts(after) if after else None
    if held and held.tls and len(read) > 1 and all(each.fate is Fate.ENDED for each in read):
        return passed("injected_ends_session", command=COMMAND)
    trouble, facts = tries[-1].failure, smtp_facts(tries[-1])
    if trouble is None or Fate.ENDED in known or (facts and facts.tls):
        return not_tested(Cause.THEIRS, "injected_unsettled", command=COMMAND)
    return not_heard(trouble, view)


def _kept(view: HostView, found: Injected) -> Verdict:
    """A reply too many counts only if none comes where nothing was sent in clear."""
    if found.fate is Fate.OBEYED:
        behind = any(seen.failure and seen.failure.detail == _BYTES_BEHIND_220 for seen in view.sessions)
        verdict = failed("injected_obeyed_in_clear", command=COMMAND, words=found.words)
    else:
        farewells = [reply for facts in map(smtp_facts, view.sessions) if facts and (reply := facts.reply("quit"))]
        behind = any(200 <= reply.code < 300 and reply.code != 221 for reply in farewells)
        verdict = failed("injected_answered", command=COMMAND, words=found.words)
    return not_tested(Cause.THEIRS, "injected_unsettled", command=COMMAND) if behind else verdict
