"""Submission: users' passwords travel inside TLS alone (RFC 8314 section 3, RFC 4954 section 4)."""

import re

from compliance.checks.presented import Objection, Opinion, Presented, opinion
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
from compliance.model.finding import Cause, Notice, Value, Verdict
from compliance.model.names import is_address
from compliance.model.observation import FailureKind, Observation, Reply, SmtpFacts
from compliance.records.dns_walk import NOT_RECORDED, DnsQuestion

IMPLICIT, IN_CLEAR = "implicit tls", "submission"
"""The questions: TLS before a word is said, or EHLO in clear and then STARTTLS. With ` again` they are put twice."""

_AUTH = re.compile(r"250[ -]\s*AUTH[ =](.*)", re.IGNORECASE)
_OFFER = re.compile(r"250[ -]\s*STARTTLS\s*", re.IGNORECASE)
_PASSWORDS = ("PLAIN", "LOGIN")


@check("submission", Scope.SUBMISSION_PORTS, reperform="submission")
def submission(view: HostView, _want: Parameters) -> Verdict:
    """Port 465 speaks TLS at once with a trusted certificate; port 587 offers no PLAIN or LOGIN before STARTTLS.

    Which of the two is asked of a port is told by the question that was put to it.
    """
    implicit, in_clear = _tries(view, IMPLICIT), _tries(view, IN_CLEAR)
    tries = implicit or in_clear
    if not tries:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    verdict = _implicit(view, tries) if implicit else _in_clear(view, tries)
    return resting_on(verdict, (*view.trail, *(seen.id for seen in tries)))


def _tries(view: HostView, question: str) -> list[Observation]:
    asked = (question, f"{question} again")
    found = [view.context.evidence.answer(DnsQuestion(view.target, each)) for each in asked]
    return [seen for seen in found if seen.failure is None or seen.failure.detail != NOT_RECORDED]


def _implicit(view: HostView, tries: list[Observation]) -> Verdict:
    for seen in tries:
        if isinstance(seen.facts, SmtpFacts) and seen.facts.tls:
            found = opinion(view.context, Presented(seen.facts.tls.chain, seen.started), view.name)
            return _certificate(view, found, seen.facts.tls.version)
    kinds = [seen.failure.kind for seen in tries if seen.failure and seen.failure.stage == "tls"]
    if len(kinds) > 1 and all(kind is FailureKind.PROTOCOL for kind in kinds):  # once may be a limiter in front of it
        return failed("submission_not_tls", port=view.port)
    if len(kinds) > 1 and all(kind is FailureKind.HANDSHAKE for kind in kinds):
        why = tries[-1].failure.detail if tries[-1].failure else ""
        return failed("submission_handshake_failed", port=view.port, why=why)
    return _unheard(view, tries[-1])


def _certificate(view: HostView, found: Opinion, version: str) -> Verdict:
    where: dict[str, Value] = {"name": view.name, "port": view.port}
    unnamed = is_address(view.name)  # the inventory knows the host by address alone: no name to hold it to
    match found.objection:
        case Objection.UNREAD:
            return not_tested(Cause.OURS, "certificate_not_read")
        case Objection.UNTRUSTED:
            return failed("submission_untrusted", issuer=found.issuer, why=found.why, **where)
        case Objection.NAME if not unnamed:
            return failed("submission_name", names=list(found.names), **where)
        case Objection.DATES:
            dates = {"not_before": found.not_before, "not_after": found.not_after}
            return failed("submission_dates", **dates, **where)
        case Objection.PRIVATE:
            return passed("submission_encrypted", Notice("submission_private_root"), version=version, **where)
        case _:
            verdict = passed("submission_encrypted", version=version, **where)
            return noticing(verdict, Notice("submission_name_unknown")) if unnamed else verdict


def _in_clear(view: HostView, tries: list[Observation]) -> Verdict:
    for seen in tries:
        said = seen.facts.reply("ehlo") if isinstance(seen.facts, SmtpFacts) else None
        if said is None or said.code != 250:
            continue
        offered = mechanisms(said)
        exposed = [each for each in _PASSWORDS if each in offered]
        if exposed:
            return failed("submission_login_in_clear", port=view.port, mechanisms=exposed)
        verdict = passed("submission_no_login_in_clear", port=view.port)
        has_tls = any(map(_OFFER.fullmatch, said.lines))
        return verdict if has_tls else noticing(verdict, Notice("submission_without_starttls", {"port": view.port}))
    return _unheard(view, tries[-1])


def mechanisms(reply: Reply) -> frozenset[str]:
    """Give the login mechanisms an EHLO reply offers, in capitals; `AUTH=` is an old client's spelling (RFC 4954)."""
    found = (match[1] for line in reply.lines if (match := _AUTH.fullmatch(line)))
    return frozenset(word for words in found for word in words.upper().replace("=", " ").split())


def _unheard(view: HostView, seen: Observation) -> Verdict:
    trouble = seen.failure
    if trouble is None:
        return not_tested(Cause.THEIRS, "submission_no_reply", port=view.port, why="")
    if trouble.kind is FailureKind.NO_ROUTE:
        return not_tested(Cause.OURS, "no_route", address=view.address)
    if trouble.kind is FailureKind.DEFECT:
        return broken(trouble.stage, trouble.detail)
    if trouble.stage == "budget":
        return not_tested(Cause.OURS, "budget_spent", address=view.address)
    return not_tested(Cause.THEIRS, "submission_no_reply", port=view.port, why=trouble.kind.value)
