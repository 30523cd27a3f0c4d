"""Subjects: the entries of the inventory, and what the inventory says of each."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from compliance.model.names import to_unicode


class Kind(StrEnum):
    """What a subject is; the names are the Nornir group names."""

    OWN_DOMAIN = "own_domain"
    PARKED_DOMAIN = "parked_domain"
    PARTNER = "partner"
    INBOUND_HOST = "inbound_host"
    OUTBOUND_HOST = "outbound_host"
    SUBMISSION_HOST = "submission_host"
    ORGANISATION = "organisation"


DOMAIN_KINDS = frozenset({Kind.OWN_DOMAIN, Kind.PARKED_DOMAIN, Kind.PARTNER})
HOST_KINDS = frozenset({Kind.INBOUND_HOST, Kind.OUTBOUND_HOST, Kind.SUBMISSION_HOST})
OWN = "own"


class Level(StrEnum):
    """How strongly encryption is asked of a partner (U-02 measure 1c)."""

    NONE = "none"
    ENCRYPT = "encrypt"
    VERIFY = "verify"
    DANE = "dane"


@dataclass(frozen=True, slots=True)
class RequireTls:
    """The level asked toward (`to`) and from (`from_`) a partner, and MX names pinned out of band."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    to: Level = Level.NONE
    from_: Level = Level.NONE
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ring at a partner, and when the routine was last gone through."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    name: str = ""
    role: str = ""
    phone: str = ""
    email: str = ""
    reviewed: date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """One entry of the inventory. `label` is the entry's name, `hostname` the DNS name (wire form) or address."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    label: str
    hostname: str
    kinds: tuple[Kind, ...]
    groups: tuple[str, ...] = ()
    name: str = ""
    managed_by: str = ""
    probe: str = "ordinary"  # never | ordinary
    dkim_selectors: tuple[str, ...] = ()
    receives_for: tuple[str, ...] = ()
    dummy: str = ""  # the reason a host is a dummy MX by design; empty = it is none
    sends_for: tuple[str, ...] = ()
    helo: str = ""
    service: str = ""  # exchange_online | google_workspace | other: a service sends, there is no host of ours
    ports: tuple[int, ...] = ()
    require_tls: RequireTls | None = None
    contact: Contact | None = None
    language: str = ""
    volume: int | None = None

    @property
    def display(self) -> str:
        """The name people read: the label, its A-labels shown as letters."""
        return to_unicode(self.label)

    @property
    def is_partner(self) -> bool:
        """Whether findings here are partner status, apart from the own verdict."""
        return Kind.PARTNER in self.kinds

    @property
    def domain_kind(self) -> Kind | None:
        """The one domain kind of this subject, if it is a domain."""
        return next((kind for kind in self.kinds if kind in DOMAIN_KINDS), None)


def organisation_subject(name: str) -> Subject:
    """Give the subject that stands for the organisation itself (manual requirements)."""
    return Subject(label=name, hostname="", kinds=(Kind.ORGANISATION,), managed_by=OWN)
