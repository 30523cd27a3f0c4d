"""A case: one domain of the lab, its mail host, and what the inventory says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.lab.pki import Leaf

CONTACT = {"name": "Driftsvakt", "phone": "+47 22 00 00 00", "reviewed": datetime.now(UTC).date() - timedelta(days=30)}


@dataclass(frozen=True)
class Sts:
    """What a domain says by MTA-STS: its TXT records, and the answer of its policy host."""

    body: str
    txt: tuple[str, ...] = ("v=STSv1; id=1",)
    leaf: Leaf = Leaf.SOUND
    status: int = 200
    media_type: str = "text/plain"
    location: str = ""


@dataclass(frozen=True)
class Case:
    """One domain of the lab.

    `kind` is its inventory group and `data` what the inventory says besides. `daemon` serves it; `server` False: it has
    none of its own. `leaf` is its certificate (None: it shows none), `second` another with a key of another type,
    `staple` the OCSP answer beside the first. `settings` are the daemon's own: lines of main.cf or of Exim's file,
    options of s_server, the dialect of a proxy. `mx` is the whole MX RDATA where it is not `10 mx.<domain>.`.
    """

    name: str
    kind: str
    leaf: Leaf | None = Leaf.SOUND
    settings: Mapping[str, str] = field(default_factory=dict)
    server: bool = True
    mx: str = ""
    label: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    tlsa: str = "own"  # own | wrong | none: what the zone says of the host's key
    daemon: str = "postfix"  # postfix | exim | opensmtpd | packaged_opensmtpd | s_server | proxy
    second: Leaf | None = None
    staple: str = ""  # good | revoked | unknown | outdated
    sts: Sts | None = None
    address: str = ""  # the mail host's; given when all cases are gathered

    @property
    def domain(self) -> str:
        """The mail domain in wire form, without the last dot."""
        return f"{self.label or self.name}.example"

    @property
    def host(self) -> str:
        """The name of its mail host."""
        return f"mx.{self.domain}"


def own(name: str, leaf: Leaf | None = Leaf.SOUND, **more: Any) -> Case:
    return Case(name, "own_domain", leaf, data={"managed_by": "own", "dkim_selectors": ["s1"]}, **more)


def partner(
    name: str,
    leaf: Leaf | None = Leaf.SOUND,
    settings: Mapping[str, str] | None = None,
    asked: Mapping[str, str] | None = None,
    **more: Any,
) -> Case:
    data = {"contact": CONTACT, **({"require_tls": asked} if asked else {})}
    return Case(name, "partner", leaf, settings or {}, data=data, **more)
