"""STARTTLS, as the sessions showed it: offered, completed, and whose doing it is where neither was seen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from compliance.checks.registry import (
    Parameters,
    Scope,
    broken,
    check,
    failed,
    not_tested,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Notice, Status, Verdict
from compliance.model.observation import Failure, FailureKind, Observation, Reply, SmtpFacts

#: A filter on somebody's path writes X over the keyword it hides (`250-XXXXXXXA`).
_MASKED = re.compile(r"^250[ -]X{4,}[A-Z]?\s*$", re.IGNORECASE)
#: Suites that leave mail readable on the way, or as good as: no encryption, or that of 1995 for export.
_READABLE = re.compile(r"(^|[_-])(NULL|EXPORT|EXP)([_-]|$)|^TLS_SHA(256|384)_")
_BYTES_BEHIND_220 = "bytes behind 220"
_NOT_OFFERED = (FailureKind.PROTOCOL, "starttls", "not offered")  # as a hello that was not sent has it
_OFFER = re.compile(r"^250[ -]\s*STARTTLS\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one session showed: `open` STARTTLS worked, `shut` it plainly did not, `unseen` we were not let see."""

    state: str
    verdict: Verdict


@check("starttls", Scope.MAIL_HOSTS, reperform="starttls")
def starttls(view: HostView, _want: Parameters) -> Verdict:
    """STARTTLS is offered and a handshake completes with a reply to EHLO inside it (RFC 3207 sections 4 and 4.2).

    A fault counts only when it was seen twice: once in the run's turn and once more at its end.
    """
    outcomes = [read_session(session, view) for session in view.sessions]
    if not outcomes:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    last = outcomes[-1]
    opened = next((outcome for outcome in outcomes if outcome.state == "open"), None)
    if opened:
        missed = tuple(
            seen.id for seen in view.context.evidence.tls_questions(view.address, view.port) if _misses(seen)
        )
        if not missed and all(outcome.state != "shut" for outcome in outcomes):
            return opened.verdict
        unsteady = noticing(opened.verdict, Notice("starttls_unsteady"))
        return resting_on(unsteady, (*view.evidence, *missed)) if missed else unsteady
    if last.state == "shut" and len(outcomes) > 1 and all(outcome.state == "shut" for outcome in outcomes):
        return last.verdict
    if any(outcome.state == "shut" for outcome in outcomes):
        return _not_seen_twice([outcome.verdict for outcome in outcomes if outcome.state == "unseen"])
    return last.verdict


def _misses(seen: Observation) -> bool:
    """Whether a session of the TLS walk met no STARTTLS, where ordinary ones did: a pool may not answer alike."""
    if isinstance(seen.facts, SmtpFacts):
        said = seen.facts.reply("ehlo")
        return said is not None and said.code == 250 and not any(map(_OFFER.match, said.lines))
    trouble = seen.failure
    return trouble is not None and (trouble.kind, trouble.stage, trouble.detail) == _NOT_OFFERED


def _not_seen_twice(unseen: Sequence[Verdict]) -> Verdict:
    """A fault met once: theirs to explain only if it was they who kept us from seeing it again."""
    if defect := next((verdict for verdict in unseen if verdict.status is Status.ERROR), None):
        return defect
    theirs = bool(unseen) and all(verdict.cause is Cause.THEIRS for verdict in unseen)
    return not_tested(Cause.THEIRS if theirs else Cause.OURS, "not_seen_twice")


def read_session(session: Observation, view: HostView) -> Outcome:
    """Say what one session showed of STARTTLS."""
    facts = session.facts if isinstance(session.facts, SmtpFacts) else None
    trouble = session.failure
    if facts and facts.tls:
        return _after_tls(facts, trouble)
    if facts and (ehlo := facts.reply("ehlo")):
        return _after_ehlo(facts, ehlo, trouble, view)
    return Outcome("unseen", not_heard(trouble, view))


def _after_tls(facts: SmtpFacts, trouble: Failure | None) -> Outcome:
    inside = facts.reply("ehlo_tls")
    tls = facts.tls
    if tls and _READABLE.search(tls.suite):
        return Outcome("shut", failed("no_encryption", suite=tls.suite))
    if tls and inside and 200 <= inside.code < 300:
        odd = trouble is not None and trouble.detail == _BYTES_BEHIND_220
        beside = (Notice("bytes_behind_220"),) if odd else ()
        return Outcome("open", passed("starttls_works", *beside, version=tls.version, suite=tls.suite))
    if tls and tls.client_certificate_asked and not tls.client_certificate_sent:
        return Outcome("unseen", not_tested(Cause.THEIRS, "client_certificate_wanted"))
    words = inside.lines[0] if inside else trouble.detail if trouble else ""
    return Outcome("unseen", not_tested(Cause.THEIRS, "silent_inside_tls", words=words))


def _after_ehlo(facts: SmtpFacts, ehlo: Reply, trouble: Failure | None, view: HostView) -> Outcome:
    if ehlo.code in {500, 502}:
        return Outcome("shut", failed("ehlo_unknown", *_path_notice(view), code=ehlo.code))
    if ehlo.code != 250:
        return Outcome("unseen", not_heard(trouble, view))
    if not any(map(_OFFER.match, ehlo.lines)):
        return _not_offered(ehlo, trouble, view)
    begun = facts.reply("starttls")
    if begun is None:
        return Outcome("unseen", not_heard(trouble, view))
    if begun.code == 454:
        return Outcome("shut", failed("starttls_unavailable", words=begun.lines[0]))
    if begun.code != 220:
        return Outcome("unseen", not_tested(Cause.THEIRS, "starttls_refused", words=begun.lines[0]))
    if trouble and trouble.kind is FailureKind.HANDSHAKE and trouble.detail.startswith("client certificate wanted"):
        return Outcome("unseen", not_tested(Cause.THEIRS, "client_certificate_wanted"))
    if trouble and trouble.kind is FailureKind.HANDSHAKE:
        return Outcome("shut", failed("handshake_failed", *_path_notice(view), words=trouble.detail))
    if trouble and trouble.kind in {FailureKind.CLOSED, FailureKind.PROTOCOL}:
        return Outcome("shut", failed("no_tls_behind_220", *_path_notice(view)))
    silent = trouble is not None and (trouble.kind, trouble.detail) == (FailureKind.TIMEOUT, "silence")
    if silent and view.context.path_shown("starttls", apart_from=view.name):
        return Outcome("shut", failed("no_tls_behind_220"))
    return Outcome("unseen", not_heard(trouble, view))


def _not_offered(ehlo: Reply, trouble: Failure | None, view: HostView) -> Outcome:
    """Missing is theirs; masked is a filter on somebody's path, and ours is suspect until it let STARTTLS through."""
    if trouble and trouble.kind is FailureKind.PROTOCOL and trouble.stage == "ehlo":
        return Outcome("unseen", not_heard(trouble, view))
    if any(map(_MASKED.match, ehlo.lines)):
        if view.context.path_shown("starttls", apart_from=view.name):
            return Outcome("shut", failed("starttls_masked"))
        return Outcome("unseen", not_tested(Cause.OURS, "starttls_masked_on_path"))
    return Outcome("shut", failed("starttls_not_offered", *_path_notice(view)))


def _path_notice(view: HostView) -> tuple[Notice, ...]:
    if view.context.path_shown("starttls", apart_from=view.name):
        return ()
    return (Notice("path-not-proven"),)


_UNHEARD = {
    FailureKind.REFUSED: "connection_refused",
    FailureKind.REJECTED: "rejected_us",
    FailureKind.LIMITED: "limited_us",
    FailureKind.TIMEOUT: "no_reply",
    FailureKind.CLOSED: "closed_on_us",
    FailureKind.PROTOCOL: "broken_dialogue",
    FailureKind.HANDSHAKE: "handshake_failed",
    FailureKind.DEFECT: "defect",
}


def not_heard(trouble: Failure | None, view: HostView) -> Verdict:
    """Say why there is no answer to judge: theirs only if our path is shown to reach somebody else's port 25."""
    if trouble is None:
        return not_tested(Cause.THEIRS, "broken_dialogue", stage="", words="")
    if trouble.kind is FailureKind.NO_ROUTE:
        return not_tested(Cause.OURS, "no_route", address=view.address)
    if trouble.kind is FailureKind.DEFECT:
        return broken(trouble.stage, trouble.detail)
    if trouble.stage == "budget":
        return not_tested(Cause.OURS, "budget_spent", address=view.address)
    reason = _UNHEARD.get(trouble.kind, "no_reply")
    silent = trouble.stage == "connect" and trouble.kind in {FailureKind.TIMEOUT, FailureKind.REFUSED}
    if silent and not view.context.path_shown("answered", apart_from=view.name):
        return not_tested(Cause.OURS, "port_closed_to_us", port=view.port)
    return not_tested(Cause.THEIRS, reason, stage=trouble.stage, words=trouble.detail)
