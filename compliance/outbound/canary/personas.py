"""The personas the receiver can take on, read from personas.yaml beside this file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import as_file, files
from typing import ClassVar

from compliance.strict import read_yaml, shape

_STRICT: dict[str, str] = {"extra": "forbid"}
SOUND = "sound"


class Certificate(StrEnum):
    """What a persona presents."""

    SOUND = "sound"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    WRONG_NAME = "wrong_name"
    NONE = "none"


class Tlsa(StrEnum):
    """What the zone says of a persona's key."""

    RIGHT = "right"
    BROKEN = "broken"
    NONE = "none"


class Versions(StrEnum):
    """Which TLS a persona speaks."""

    NEWER = "newer"
    OLD = "old"


class Sts(StrEnum):
    """What MTA-STS policy a persona's domain announces."""

    ENFORCE_MISMATCH = "enforce_mismatch"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Persona:
    """How one far end behaves."""

    __pydantic_config__: ClassVar = _STRICT
    starttls: bool
    certificate: Certificate
    tlsa: Tlsa
    versions: Versions
    sts: Sts


@cache
def personas() -> Mapping[str, Persona]:
    """Give every persona by name, in the file's order."""
    with as_file(files("compliance.outbound.canary") / "personas.yaml") as path:
        return shape(dict[str, Persona], read_yaml(path, path.name))
