"""A DMARC record written anew, to be published: only tags and values that are known, and plain addresses."""

import re
from collections.abc import Sequence

from compliance.model.names import is_domain
from compliance.records.dmarc_record import POLICIES, DmarcRecord, ReportUri, parse, report_uris
from compliance.records.tag_list import read_tags

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9._+=-]{1,64}")
_MOST_URIS = 5
_LEAST = ("none", "quarantine", "reject")  # from the mildest
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


def repaired(text: str, domain: str) -> str:
    """Give a record that says what a faulty one can only have meant; what cannot be made out is `p=none` with reports.

    Of a tag that stands twice the first counts, and only what is valid is kept: it may be milder, never sharper.
    """
    tags = read_tags(text)
    kept = {name: (tags.get(name) or "").lower() for name in ("p", "sp", "np")}
    policies = {name: value for name, value in kept.items() if value in POLICIES}
    reports = ",".join(f"mailto:{local}@{uri.domain}" for uri in report_uris(text) if (local := _local(uri)))
    return "; ".join(
        (
            "v=DMARC1",
            f"p={policies.pop('p', 'none')}",
            *(f"{name}={value}" for name, value in policies.items()),
            f"rua={reports or f'mailto:dmarc@{domain}'}",
        )
    )


def merged(texts: Sequence[str], domain: str) -> str:
    """Give one record for several: the mildest policy of those that can be read, and the reports of all."""
    read = [repaired(text, domain) for text in texts]
    records = [parse(text) for text in read[:_MOST_URIS]]
    mildest = min(records, key=lambda record: (_LEAST.index(record.p), record.text))
    every = _uris(tuple(uri for record in records for uri in record.rua))
    return rewritten(mildest, rua=every)


def _uris(uris: tuple[ReportUri, ...]) -> str:
    """The mailboxes that may stand in a text somebody pastes: a plain local part at a plain domain."""
    plain = (f"mailto:{local}@{uri.domain}" for uri in uris if (local := _local(uri)))
    return ",".join(tuple(dict.fromkeys(plain))[:_MOST_URIS])


def _local(uri: ReportUri) -> str:
    local = uri.address.rpartition("@")[0]
    return local if _PLAIN_LOCAL.fullmatch(local) and is_domain(uri.domain) else ""
