"""Waivers beside findings: the status stays what it is, only `counted` changes."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from compliance.model.finding import Status, TargetResult, WaiverNote
from compliance.model.subject import Subject
from compliance.model.waiver import Waiver

OSLO = ZoneInfo("Europe/Oslo")
_HOST_TARGET = re.compile(r"(?P<name>[^\[\]]*)\[(?P<address>[^\[\]]+)\]:\d+")


def local_day(moment: datetime) -> date:
    """Give the calendar day in Norway: a waiver's `expires` is the last valid day there."""
    return moment.astimezone(OSLO).date()


def waiver_note(
    waivers: Iterable[Waiver], requirement: str, subject: Subject, targets: Sequence[TargetResult], day: date
) -> WaiverNote | None:
    """Give the waiver beside a failing finding, if any; it covers only if every failing target is covered."""
    failing = [result.target for result in targets if result.status is Status.FAIL]
    fitting = [waiver for waiver in waivers if waiver.requirement == requirement and _meets(waiver.subject, subject)]
    touching = [waiver for waiver in fitting if any(_covers(waiver.target, target) for target in failing)]
    if not failing or not touching:
        return None
    valid = [waiver for waiver in touching if waiver.expires >= day]
    covers = all(any(_covers(waiver.target, target) for waiver in valid) for target in failing)
    shown = (valid or touching)[0]
    return WaiverNote(
        reason=shown.reason,
        owner=shown.owner,
        approver=shown.approver,
        reference=shown.reference,
        expires=shown.expires.isoformat(),
        expired=not valid,
        covers=covers,
    )


def _meets(named: str, subject: Subject) -> bool:
    return named in {"", subject.label, subject.hostname}


def _covers(named: str, target: str) -> bool:
    """A waiver names an MX name or an address, any port; without a target it covers all of the subject's."""
    parts = _HOST_TARGET.fullmatch(target)
    return named in {"", target} or (parts is not None and named in {parts["name"], parts["address"]})
