"""The reading of RFC 7489, which receivers still follow: the name, then the registered domain (section 6.6.3)."""

from collections.abc import Callable
from dataclasses import dataclass

from compliance.records.dmarc_record import POLICIES, is_dmarc, report_uris
from compliance.records.tag_list import read_tags


@dataclass(frozen=True, slots=True)
class Older:
    """What such a receiver finds: where (`` = nowhere), and the policy for the domain and for names below it."""

    domain: str = ""
    p: str = ""
    sp: str = ""


def older_reading(domain: str, registered: str, texts_at: Callable[[str], tuple[str, ...] | None]) -> Older | None:
    """Find the policy as RFC 7489 does; None where a name it asks was not answered.

    `registered` is the domain's registrable one by a public suffix list; `texts_at` gives a name's TXT at `_dmarc`.
    """
    for name in dict.fromkeys((domain, registered)):
        found = texts_at(name)
        if found is None:
            return None
        if records := tuple(text for text in found if is_dmarc(text)):
            policies = _policies(records[0]) if len(records) == 1 else None
            if policies is None:
                return Older()
            p, sp = policies
            return Older(name, p if name == domain else sp, sp)
    return Older()


def _policies(text: str) -> tuple[str, str] | None:
    """The record's p and sp; a value nobody knows makes both none if there is a `rua`, else the record nothing."""
    tags = read_tags(text)
    p, sp = ((tags.get(name) or "").lower() or None for name in ("p", "sp"))
    if p in POLICIES and sp in {*POLICIES, None}:
        return str(p), str(sp or p)
    return ("none", "none") if report_uris(text) else None
