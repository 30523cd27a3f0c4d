"""What becomes of mail to a domain if a level of encryption is required: by the run, else by what a log tells.

A sender tries the mail hosts one after another, so mail stops only where none of them carries the level.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from compliance.model.finding import Finding, Status
from compliance.model.subject import Level
from compliance.model.supplied import Flow
from compliance.reporting.view.results import DANE_REASON, target_host

LEVELS = (Level.ENCRYPT, Level.VERIFY, Level.DANE)
_NEEDED = {
    Level.ENCRYPT: ("U02-1b-1",),
    Level.VERIFY: ("U02-1b-1", "U02-1b-2", "U02-1b-3", "U02-1b-4"),
    Level.DANE: ("U02-1b-1", "DIGDIR-DANE-1", "DIGDIR-DANE-2"),
}
#: What a log calls a session at a level. Postfix says Verified of DANE too, so that word proves neither of the two.
_PROVES = {
    Level.VERIFY: frozenset({"cv_yes", "mta_sts"}),
    Level.DANE: frozenset({"cv_dane", "dane"}),
}
#: A level is asked toward the partner, and this is whether it can carry it.
CAPABILITY = "U02-1c-1"
_NO_ROUTE = "no_route"


class Fate(StrEnum):
    """What becomes of mail: it goes, it stops, some hosts carry the level and others do not, nobody knows."""

    GOES = "goes"
    STOPS = "stops"
    PARTLY = "partly"
    UNKNOWN = "unknown"


def measured(findings: Mapping[str, Finding], level: Level, asked: Level = Level.NONE) -> Fate:
    """Tell by this run's findings of a domain, by requirement. Of the level asked toward it one requirement tells all.

    That one knows of names pinned for the certificate, which the others do not.
    """
    known = level is asked and CAPABILITY in findings
    needed = [findings.get(key) for key in ((CAPABILITY,) if known else _NEEDED[level])]
    carried = [
        _carries([_at(finding, place, level) for finding in needed])
        for place in _places(finding for finding in needed if finding)
    ]
    if Status.FAIL in carried:
        return Fate.PARTLY if Status.PASS in carried else Fate.STOPS if set(carried) == {Status.FAIL} else Fate.UNKNOWN
    return Fate.GOES if set(carried) == {Status.PASS} else Fate.UNKNOWN


def _places(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Give the addresses that were asked, those we have no route to apart; one empty place where there is none."""
    asked = [target for finding in findings for target in finding.targets if "[" in target.target]
    return tuple(dict.fromkeys(target.target for target in asked if target.reason != _NO_ROUTE)) or ("",)


def _at(finding: Finding | None, place: str, level: Level) -> Status:
    """Give the status at one address: that of the address, else of its host's name, else of the domain."""
    if finding is None:
        return Status.NOT_TESTED
    at = {target.target: target for target in finding.targets}
    found = at.get(place) or at.get(target_host(place)) or finding
    through_dane = found.status is Status.PASS and found.reason == DANE_REASON
    return Status.FAIL if through_dane and level is Level.VERIFY else found.status


def _carries(statuses: Iterable[Status]) -> Status:
    """Give whether one address carries the level; what is not applicable there proves nothing."""
    found = set(statuses)
    if Status.FAIL in found:
        return Status.FAIL
    return Status.PASS if found == {Status.PASS} else Status.NOT_TESTED


def logged(flow: Flow, level: Level) -> Fate:
    """Tell by a log alone: only what it says of every message counts."""
    if flow.unknown or not flow.messages:
        return Fate.UNKNOWN
    if flow.clear:
        return Fate.PARTLY if flow.encrypted else Fate.STOPS
    return Fate.GOES if proven(flow, level) == flow.messages else Fate.UNKNOWN


def proven(flow: Flow, level: Level) -> int:
    """Give how many messages a log says went at a level."""
    if level is Level.ENCRYPT:
        return flow.encrypted
    return sum(tally.count for tally in flow.tls if tally.trust in _PROVES[level])
