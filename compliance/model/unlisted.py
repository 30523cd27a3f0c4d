"""What the records of own domains name and the inventory does not: no verdict, a list to go through."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Role(StrEnum):
    """What a name or address is to an own domain, by its records or by the inventory."""

    MAIL_HOST = "mail_host"  # an MX leads there
    SPF = "spf"  # an SPF record includes it, or redirects to it
    SENDER = "sender"  # an SPF record lets these addresses send
    REPORTS = "reports"  # DMARC reports go there
    HELO = "helo"  # a sending host introduces itself so


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A name, address or range nobody in the inventory stands for.

    `named_by` are labels of the inventory. `holder` is a known supplier, or the partner whose name it is, else ``.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    name: str
    roles: tuple[Role, ...]
    named_by: tuple[str, ...]
    holder: str
    evidence: tuple[str, ...]
