"""From a mail host's name to its TLSA records, in the order a sender looks (RFC 7672 section 2.2)."""

from dataclasses import dataclass, field

from compliance.model.names import is_address, is_plain
from compliance.model.observation import Observation
from compliance.records import tlsa
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered

AGAIN = "TLSA again"
"""The same question, put once more after it failed: a lookup that fails counts only when it failed twice."""


@dataclass(frozen=True, slots=True)
class DaneWalk:
    """What the lookups of one mail host gave.

    `base` is the TLSA base domain: the name the records were found at, or would have been. `answer` is the last TLSA
    answer, `failed` the TLSA answers that proved nothing. `way` are the address answers with records, or the CNAME
    that is secure where its target is not; `records` and `unreadable` what stands in the answer.
    """

    base: str
    answer: Observation | None = None
    failed: tuple[Observation, ...] = ()
    way: tuple[Observation, ...] = ()
    unanswered: tuple[Observation, ...] = ()
    records: tuple[tlsa.Tlsa, ...] = ()
    unreadable: tuple[str, ...] = ()
    evidence: tuple[str, ...] = field(default=())

    @property
    def published(self) -> bool:
        """Whether there is any TLSA record, readable or not."""
        return bool(self.records or self.unreadable)

    @property
    def usable(self) -> tuple[tlsa.Tlsa, ...]:
        """The records SMTP clients use (RFC 7672 section 3.1)."""
        return tuple(record for record in self.records if record.usable)


def is_secure(answer: Observation) -> bool:
    """Tell whether the resolver validated an answer, and its word is to be believed."""
    seen = facts(answer)
    return seen is not None and seen.ad and seen.ad_trusted and is_answered(answer)


def tlsa_owner(name: str) -> str:
    """Give the owner name of a mail host's TLSA records: port 25, whatever port a lab listens on."""
    return f"_25._tcp.{name}"


def dane_walk(name: str) -> Walk[DaneWalk]:
    """Walk from an MX name to its TLSA records: the end of a secure alias chain first, then the name itself.

    Where the chain leaves what is signed, only the name itself may have records, and only if its own CNAME is secure
    (RFC 7672 section 2.1.3). A TLSA question that is not answered is put once more, as `TLSA again`.
    """
    if not is_plain(name) or is_address(name):
        return DaneWalk(name)
    v4 = yield DnsQuestion(name, "A")
    v6 = yield DnsQuestion(name, "AAAA")
    asked = [v4, v6]
    way = tuple(answer for answer in asked if (seen := facts(answer)) and seen.records)
    aliases = next((seen.aliases for answer in (v4, v6) if (seen := facts(answer)) and seen.aliases), ())
    bases: tuple[str, ...] = (name,)
    if aliases and way and all(map(is_secure, way)):
        bases = tuple(dict.fromkeys(each for each in (aliases[-1], name) if is_plain(each)))
    elif aliases:
        first = yield DnsQuestion(name, "CNAME")
        asked.append(first)
        way = (first,) if is_secure(first) else way
    unanswered = tuple(answer for answer in (v4, v6) if not is_answered(answer))
    found = DaneWalk(name)
    for base in bases:
        found = yield from _records(base)
        asked += [*found.failed, *([found.answer] if found.answer else [])]
        if found.published or found.answer is None:
            break
    return DaneWalk(
        base=found.base,
        answer=found.answer,
        failed=found.failed,
        way=way,
        unanswered=unanswered,
        records=found.records,
        unreadable=found.unreadable,
        evidence=tuple(dict.fromkeys(answer.id for answer in asked if answer.id)),
    )


def _records(base: str) -> Walk[DaneWalk]:
    """Ask for the TLSA records of one name, twice if the first question is not answered."""
    failed: list[Observation] = []
    answer: Observation | None = None
    for question in ("TLSA", AGAIN):
        seen = yield DnsQuestion(tlsa_owner(base), question)
        if is_answered(seen):
            answer = seen
            break
        failed.append(seen)
    records, unreadable = [], []
    known = facts(answer) if answer else None
    for record in known.records if known else ():
        try:
            records.append(tlsa.parse(record.data))
        except tlsa.TlsaFault:
            unreadable.append(record.data)
    return DaneWalk(base, answer, tuple(failed), records=tuple(records), unreadable=tuple(unreadable))
