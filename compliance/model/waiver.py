"""Waivers and statements: what people decided or said, beside what was measured."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted deviation. `expires` is the last valid day (Europe/Oslo); `where` is file:line."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    requirement: str
    reason: str
    owner: str
    approver: str
    expires: date
    subject: str = ""
    target: str = ""
    reference: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a role declared for a requirement no probe can see; valid 12 months from `date`."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    requirement: str
    status: str
    statement: str
    by: str
    date: date
    where: str = ""
