"""Zone data of the golden world: read from readable text, looked up as RFC 1034 section 4.3.2 says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import dns.name
import dns.rdatatype
import dns.rrset
import dns.zonefile

Resolve = Callable[[str, str], str]
"""Gives the text for a placeholder `{kind:argument}` in a zone."""

_TTL = 300
_HEAD = """@ IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 300
@ IN NS ns.example.
"""


class Answers(StrEnum):
    """What becomes of a question in a zone."""

    PLAIN = "plain"  # unsigned
    SECURE = "secure"  # validates: AD
    BOGUS = "bogus"  # signature broken: SERVFAIL, but an answer with CD=1 (RFC 4035 section 3.2.2)
    BROKEN = "broken"  # SERVFAIL whatever is asked
    SILENT = "silent"  # no answer at all


class Found(StrEnum):
    """How a lookup ended."""

    RECORDS = "records"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"


@dataclass(frozen=True, slots=True)
class ZoneText:
    """A zone as the data file says it; names in `records` are relative to the zone."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    answers: Answers = Answers.PLAIN
    records: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone ready to answer: records by owner and type, and every name that exists, empty non-terminals too."""

    origin: dns.name.Name
    answers: Answers
    records: Mapping[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]
    names: frozenset[dns.name.Name] = field(repr=False)

    def look_up(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> tuple[Found, dns.rrset.RRset | None]:
        """Find records of a type at a name: itself, then by the wildcard of its closest encloser (RFC 4592)."""
        owner = name if name in self.names else self._wildcard(name)
        if owner is None:
            return Found.NXDOMAIN, None
        for kind in (rdtype, dns.rdatatype.CNAME):
            if (rrset := self.records.get((owner, kind))) is not None:
                return Found.RECORDS, dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))
        return Found.NODATA, None

    def _wildcard(self, name: dns.name.Name) -> dns.name.Name | None:
        encloser = name.parent()
        while encloser not in self.names:
            encloser = encloser.parent()
        owner = dns.name.Name((b"*", *encloser.labels))
        return owner if owner in self.names else None

    @property
    def soa(self) -> dns.rrset.RRset:
        """The SOA that goes with every negative answer (RFC 2308 section 3)."""
        return self.records[(self.origin, dns.rdatatype.SOA)]


def make_zone(origin: str, text: ZoneText) -> Zone:
    """Make a zone of its text, placeholders already filled; raises dns.exception.SyntaxError."""
    root = dns.name.from_text(origin)
    rrsets = dns.zonefile.read_rrsets(_HEAD + text.records, origin=root, ttl=_TTL, rdclass=None)
    records = {(rrset.name, rrset.rdtype): rrset for rrset in rrsets}
    return Zone(root, text.answers, records, frozenset(_with_parents(root, [name for name, _ in records])))


def _with_parents(root: dns.name.Name, names: list[dns.name.Name]) -> Iterator[dns.name.Name]:
    yield root
    for name in names:
        step = name
        while step != root:
            yield step
            step = step.parent()
