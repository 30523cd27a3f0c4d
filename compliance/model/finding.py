"""Findings: what was concluded for one (subject, requirement), per target and rolled up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from compliance.model.observation import Origin
from compliance.model.requirement import Basis, Duty
from compliance.model.subject import Kind

_STRICT: dict[str, str] = {"extra": "forbid"}
Value = str | int | float | bool | list[str]
Values = Mapping[str, Value]
"""Named values a reason's text shows. Dates are RFC 3339 strings; lists are of texts."""


class Status(StrEnum):
    """Five outcomes; only `fail` is somebody's fault."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTED = "not_tested"
    ERROR = "error"


class Cause(StrEnum):
    """Why something was not tested."""

    OURS = "ours"
    THEIRS = "theirs"
    NO_EVIDENCE = "no_evidence"
    NOT_ASKED = "not_asked"
    MANUAL = "manual"
    NOT_BUILT = "not_built"


@dataclass(frozen=True, slots=True)
class Notice:
    """A pass that will not last or is not ideal; `notice` is a key of the texts."""

    __pydantic_config__: ClassVar = _STRICT
    notice: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one target. `evidence` names observations; empty = those of the target's view."""

    status: Status
    reason: str
    cause: Cause | None = None
    values: Values = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reperform:
    """How to see the same by hand: a command to paste, what its output shows, which programs it needs."""

    __pydantic_config__: ClassVar = _STRICT
    command: str | None
    expect: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetResult:
    """The verdict on one target, and what it rests on."""

    __pydantic_config__: ClassVar = _STRICT
    target: str
    status: Status
    cause: Cause | None
    reason: str
    values: Values
    notices: tuple[Notice, ...]
    evidence: tuple[str, ...]
    reperform: Reperform


@dataclass(frozen=True, slots=True)
class Observed:
    """First and last time of the observations a finding rests on (UTC, RFC 3339)."""

    __pydantic_config__: ClassVar = _STRICT
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class WaiverNote:
    """The waiver standing beside a finding: it covers all failing targets only if `covers`."""

    __pydantic_config__: ClassVar = _STRICT
    reason: str
    owner: str
    approver: str
    reference: str
    expires: str
    expired: bool
    covers: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of findings.jsonl."""

    __pydantic_config__: ClassVar = _STRICT
    subject: str
    kind: Kind
    requirement: str
    level: Duty
    basis: Basis
    status: Status
    cause: Cause | None
    reason: str
    values: Values
    coverage: Mapping[str, int]  # targets by pass, fail, error, not_tested: what the roll-up weighed
    responsible: str  # own | supplier | partner
    supplier: str
    origin: Origin
    observed: Observed | None
    notices: tuple[Notice, ...]
    targets: tuple[TargetResult, ...]
    waiver: WaiverNote | None
    counted: bool
