"""Findings on a partner made by hand, each with its verdicts at the partner's mail hosts."""

from compliance.model.finding import Cause, Finding, Observed, Status, TargetResult
from compliance.model.observation import Origin
from compliance.model.requirement import Basis, Duty
from compliance.model.subject import Kind

AT = "2026-11-23T13:02:00Z"
Place = tuple[str, Status] | tuple[str, Status, str]


def partner_finding(requirement: str, status: Status, *places: Place, subject: str = "part.example") -> Finding:
    """`places` are target, status and perhaps a reason; where there are none the finding is of the domain itself."""
    targets = tuple(
        TargetResult(target, held, _cause(held), reason[0] if reason else "all_met", {}, (), (), None)
        for target, held, *reason in places
    )
    return Finding(
        subject, Kind.PARTNER, requirement, Duty.MUST, Basis.NSM, status, _cause(status), "all_met", {}, {},
        "own", "", Origin.WIRE, Observed(AT, AT), (), targets, None, counted=True,
    )  # fmt: skip


def _cause(status: Status) -> Cause | None:
    return Cause.NO_EVIDENCE if status is Status.NOT_TESTED else None
