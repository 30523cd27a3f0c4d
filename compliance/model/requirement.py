"""Requirements: one checkable clause each, as the baseline's data files say them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from compliance.model.subject import Kind

Text = Mapping[str, str]
"""A text in every language of the reports: keys nb, nn, en."""


class Duty(StrEnum):
    """Level of a requirement; only `must` counts in the verdict."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Basis(StrEnum):
    """Where a requirement comes from: NSM's text as read, our measurable reading of it, or another issuer."""

    NSM = "nsm"
    DERIVED = "derived"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Remedy:
    """«Hva gjør jeg nå?»: for the operator of the host or zone, and in plain words for others."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    operator: Text
    plain: Text


@dataclass(frozen=True, slots=True)
class Requirement:
    """One clause. `levels` says per kind how strongly it is asked; `check` names the judge, None with `assessment`."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    id: str
    measure: str  # the part of the report it belongs to: 1a 1b 1c 2 3 4 transport mx dns dane sts organisation
    basis: Basis
    levels: Mapping[Kind, Duty]
    sources: tuple[str, ...]  # keys of sources.yaml, with the clause behind a space where one was read: "RFC7208 4.6.4"
    title: Text
    rationale: Text
    consequence: Text
    remedy: Remedy
    check: str | None = None
    assessment: str = "automatic"  # automatic | manual | not_built
    needs: tuple[str, ...] = ()
    parameters: Mapping[str, int | str | bool | tuple[str, ...]] = field(default_factory=dict)
    threshold: str = ""  # source of a derived threshold: a key of sources.yaml


@dataclass(frozen=True, slots=True)
class Source:
    """A document the baseline rests on, and how surely it was read: P issuer's text, S a re-telling, X not read."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    key: str
    title: Text
    issuer: str
    evidence: str
    asks: Text
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """A named, versioned choice of requirements, resolved: everything judging needs to know of what is asked."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    id: str
    version: str
    title: Text
    dane_counts: bool
    requirements: tuple[Requirement, ...]
    sources: tuple[Source, ...]
    suppliers: Mapping[str, str]  # suffix of MX names -> supplier's name

    def requirement(self, key: str) -> Requirement:
        """Give a requirement by its id; raises KeyError."""
        for requirement in self.requirements:
            if requirement.id == key:
                return requirement
        raise KeyError(key)
