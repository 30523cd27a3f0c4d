"""The checks by name, and what each is put to. A check is a pure function of a view and its parameters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from compliance.model.finding import Cause, Notice, Status, Value, Verdict

Parameters = Mapping[str, Any]
CheckFunction = Callable[[Any, Parameters], Verdict]


class Scope(StrEnum):
    """What the targets of a check are."""

    MAIL_HOSTS = "mail_hosts"  # each address of each MX name, or of a host entry
    OWN_INBOUND = "own_inbound"  # each address of every receiving host of ours, for a partner
    OWN_MAIL_HOSTS = "own_mail_hosts"  # the same, of hosts that are ours to run
    MX_NAMES = "mx_names"  # each MX name of a domain
    DOMAIN = "domain"  # the domain itself
    SELECTORS = "selectors"  # each DKIM selector of the inventory
    SENDERS = "senders"  # each address of a sending host
    SPF_SENDERS = "spf_senders"  # each address of a sending host, with each domain it sends for
    SUBMISSION_PORTS = "submission_ports"  # each submission port at each address of a submission host
    OUTGOING = "outgoing"  # a host or service that sends for us
    OUTGOING_TO = "outgoing_to"  # each of them, toward one partner
    PARTNER = "partner"  # the partner's entry in the inventory


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check; `reperform` names how its result is seen by hand (see reperform.py)."""

    name: str
    scope: Scope
    reperform: str
    judge: CheckFunction


CHECKS: dict[str, Check] = {}


def check(name: str, scope: Scope, reperform: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check under the name that the catalogue's `check:` uses."""

    def register(judge: CheckFunction) -> CheckFunction:
        CHECKS[name] = Check(name, scope, reperform, judge)
        return judge

    return register


def passed(reason: str, *notices: Notice, **values: Value) -> Verdict:
    """Proven to be as asked."""
    return Verdict(Status.PASS, reason, values=values, notices=notices)


def failed(reason: str, *notices: Notice, **values: Value) -> Verdict:
    """Proven not to be as asked, and theirs."""
    return Verdict(Status.FAIL, reason, values=values, notices=notices)


def not_applicable(reason: str, **values: Value) -> Verdict:
    """Nothing here to ask it of; the reason says why."""
    return Verdict(Status.NOT_APPLICABLE, reason, values=values)


def broken(stage: str, words: str) -> Verdict:
    """A fault of this program: never anybody else's verdict."""
    return Verdict(Status.ERROR, "defect", values={"stage": stage, "words": words})


def not_tested(cause: Cause, reason: str, **values: Value) -> Verdict:
    """Not seen, so not judged; the cause says whose doing that is."""
    return Verdict(Status.NOT_TESTED, reason, cause=cause, values=values)


def resting_on(verdict: Verdict, evidence: Iterable[str]) -> Verdict:
    """The same verdict, tied to the observations it was drawn from."""
    return replace(verdict, evidence=tuple(evidence))


def noticing(verdict: Verdict, *notices: Notice) -> Verdict:
    """The same verdict with more notices."""
    return replace(verdict, notices=(*verdict.notices, *notices))
