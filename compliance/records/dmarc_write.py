"""A DMARC record written anew, to be published: only tags and values that are known, and plain addresses."""

import re

from compliance.model.names import is_domain
from compliance.records.dmarc_record import DmarcRecord, ReportUri

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9._+=-]{1,64}")
_MOST_URIS = 5
_DEFAULTS = {"adkim": "r", "aspf": "r", "fo": "0", "psd": "u", "t": "n"}


def rewritten(record: DmarcRecord, **changes: str) -> str:
    """Give a record with some tags changed (`` takes one out); what RFC 9989 removed or nobody knows is left out."""
    tags = {
        "p": record.p,
        "sp": record.sp or "",
        "np": record.np or "",
        "adkim": record.adkim,
        "aspf": record.aspf,
        "psd": record.psd,
        "t": "y" if record.testing else "n",
        "rua": _uris(record.rua),
        "ruf": _uris(record.ruf),
        "fo": record.fo,
    } | changes
    kept = (f"{name}={value}" for name, value in tags.items() if value and _DEFAULTS.get(name) != value)
    return "; ".join(("v=DMARC1", *kept))


def _uris(uris: tuple[ReportUri, ...]) -> str:
    """The mailboxes that may stand in a text somebody pastes: a plain local part at a plain domain."""
    plain = (f"mailto:{local}@{uri.domain}" for uri in uris if (local := _local(uri)))
    return ",".join(tuple(dict.fromkeys(plain))[:_MOST_URIS])


def _local(uri: ReportUri) -> str:
    local = uri.address.rpartition("@")[0]
    return local if _PLAIN_LOCAL.fullmatch(local) and is_domain(uri.domain) else ""
