"""Settings: what `user_defined` in config.yaml says, checked and frozen. Defaults are the contract's."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

_STRICT: dict[str, str] = {"extra": "forbid"}


class Depth(StrEnum):
    """How much is asked of a host: `light` of everyone else's, `own` and `full` only of hosts managed by us."""

    LIGHT = "light"
    OWN = "own"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose report this is; `marking` stands on every page (for example an exemption from public access)."""

    __pydantic_config__: ClassVar = _STRICT
    name: str
    number: str = ""
    marking: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """Where the list of domains comes from: an auditor asks whether it is complete."""

    __pydantic_config__: ClassVar = _STRICT
    source: str
    date: datetime.date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """The resolver asked. No nameservers = the system's. AD is believed from loopback, elsewhere only if said."""

    __pydantic_config__: ClassVar = _STRICT
    nameservers: tuple[str, ...] = ()
    port: int = 53
    trust_ad: bool | None = None
    timeout: float = 5.0  # seconds for one question, all its tries included


@dataclass(frozen=True, slots=True)
class SelfTestNames:
    """Names the resolver is tried on: one that is signed, one whose signature is broken on purpose.

    `inside: accepted` says that the run is meant to see own mail hosts at private addresses (split DNS).
    """

    __pydantic_config__: ClassVar = _STRICT
    signed: str = "nic.no"
    broken: str = "dnssec-failed.org"
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """The trusted roots: `mozilla` (certifi), `system`, or a PEM file; `extra` PEM files are private roots."""

    __pydantic_config__: ClassVar = _STRICT
    bundle: str = "mozilla"
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How mail hosts are asked. Times in seconds; budgets in connections per address."""

    __pydantic_config__: ClassVar = _STRICT
    port: int = 25
    depth: Depth = Depth.OWN
    session_timeout: float = 60.0
    greeting_timeout: float = 30.0
    connect_timeout: float = 10.0
    hello_timeout: float = 15.0
    per_address: int = 1
    connections_per_address: int = 12


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Where MTA-STS policies are fetched: 443 by RFC 8461, another port only in a lab."""

    __pydantic_config__: ClassVar = _STRICT
    port: int = 443


@dataclass(frozen=True, slots=True)
class Period:
    """Supplied evidence older than `days` before the run does not count."""

    __pydantic_config__: ClassVar = _STRICT
    days: int = 92


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Our certificate for hosts that ask for one; the key's password is read from the named environment variable."""

    __pydantic_config__: ClassVar = _STRICT
    certificate: str
    key: str
    password_env: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of `user_defined`."""

    __pydantic_config__: ClassVar = _STRICT
    organisation: Organisation
    population: Population | None = None
    baseline: str = "u02"
    languages: tuple[str, ...] = ("nb",)
    ehlo: str = ""  # empty = this machine's own full name
    resolver: ResolverSettings = field(default_factory=ResolverSettings)
    self_test: SelfTestNames = field(default_factory=SelfTestNames)
    trust: Trust = field(default_factory=Trust)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    mta_sts: PolicySettings = field(default_factory=PolicySettings)
    period: Period = field(default_factory=Period)
    client_certificate: ClientCertificate | None = None

    @property
    def asks_a_lab(self) -> bool:
        """Whether mail, names or policies are asked for at a port where no public host serves them."""
        return (self.smtp.port, self.resolver.port, self.mta_sts.port) != (25, 53, 443)
