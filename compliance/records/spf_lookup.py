"""What stands at one name: its SPF record, or why there is none (RFC 7208 sections 4.3 to 4.6)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from compliance.model.names import is_address, is_plain
from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.spf import SpfFault, SpfRecord, parse, select

MOST_LOOKUPS = 10  # terms that ask the DNS, before a verifier gives up (section 4.6.4)
MOST_VOIDS = 2  # of them, those that come to nothing
MOST_NAMES = 10  # of one `mx`, and reverse names of one client

MayAsk = Callable[[str], bool]


class NodeState(StrEnum):
    """What stands at one name of the tree."""

    RECORD = "record"
    NONE = "none"
    SEVERAL = "several"
    SYNTAX = "syntax"  # not the grammar, or a name that can be nobody's (why: name)
    NO_DOMAIN = "no_domain"
    UNRESOLVED = "unresolved"
    LOOP = "loop"  # a name that is being followed already; not asked again
    MACRO = "macro"  # known only when a message is checked; not asked
    UNSAFE = "unsafe"  # not a plain name: not asked
    CAPPED = "capped"  # too deep or too many: not asked


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at a name: `texts` are the SPF records there, `position` the index of the fault in `text`."""

    name: str
    state: NodeState
    answer: Observation | None = None
    record: SpfRecord | None = None
    texts: tuple[str, ...] = ()
    position: int = 0
    why: str = ""

    @property
    def text(self) -> str:
        """The record as the wire has it, `` where there is not one."""
        return self.texts[0] if len(self.texts) == 1 else ""


def is_formed(name: str) -> bool:
    """Tell whether a name can be asked about at all (section 4.3); what it is made of is another matter."""
    return len(name) <= 253 and not is_address(name) and all(0 < len(label) < 64 for label in name.split("."))


def record_at(name: str, may_ask: MayAsk = is_plain) -> Walk[Found]:
    """Ask TXT of one name, unless nobody could or it is not to be asked, and read the SPF record there."""
    if not is_formed(name):
        return Found(name, NodeState.SYNTAX, why="name")
    if not may_ask(name):
        return Found(name, NodeState.UNSAFE)
    answer = yield DnsQuestion(name, "TXT")
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return Found(name, NodeState.UNRESOLVED, answer)
    if seen.rcode == "NXDOMAIN":
        return Found(name, NodeState.NO_DOMAIN, answer)
    there = tuple(select(texts(seen)))
    if len(there) != 1:
        return Found(name, NodeState.SEVERAL if there else NodeState.NONE, answer, texts=there)
    try:
        return Found(name, NodeState.RECORD, answer, parse(there[0]), there)
    except SpfFault as fault:
        return Found(name, NodeState.SYNTAX, answer, None, there, fault.position, fault.why)
