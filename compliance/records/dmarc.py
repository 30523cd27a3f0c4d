"""DMARC policy discovery: the name itself, then the DNS tree walk (RFC 9989 sections 4.10, 4.10.1 and 4.10.2)."""

from dataclasses import dataclass
from enum import StrEnum

from compliance.model.observation import Observation
from compliance.records.dmarc_record import DmarcFault, DmarcRecord, ReportUri, is_dmarc, is_near, parse
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts

__all__ = ["Asked", "DmarcFault", "DmarcRecord", "DmarcWalk", "ReportUri", "WalkState", "parse", "policy_walk"]

MOST_QUERIES = 8  # section 4.10: names of more labels are cut down to seven first


class WalkState(StrEnum):
    """What discovery came to."""

    RECORD = "record"
    NONE = "none"
    SEVERAL = "several"
    SYNTAX = "syntax"
    NO_DOMAIN = "no_domain"  # no record, and the domain itself does not exist
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Asked:
    """One step of the walk: the domain whose `_dmarc` was asked, the answer's id, and the DMARC records there."""

    domain: str
    observation: str
    texts: tuple[str, ...] = ()
    near: str = ""  # a record that seems meant as DMARC, and is not


@dataclass(frozen=True, slots=True)
class DmarcWalk:
    """What holds for a domain. `domain` is where `text` stands; `p`, `sp` and `np` are in effect after `t=y`.

    For an inherited record `p` is what its `sp` says: the domain is a subdomain there. The policies are `` without
    a record. `observations` are in the order asked, the unanswered one last.
    """

    subject: str
    state: WalkState
    asked: tuple[Asked, ...]
    observations: tuple[str, ...]
    domain: str = ""
    text: str = ""
    why: str = ""  # of a syntax fault: not_dmarc, repeated, no_policy, bad_policy
    record: DmarcRecord | None = None
    p: str = ""
    sp: str = ""
    np: str = ""
    unanswered: tuple[Observation, ...] = ()

    @property
    def owner(self) -> str:
        """The owner name of the record, or of the one that is missing."""
        return f"_dmarc.{self.domain or self.subject}"

    @property
    def inherited(self) -> bool:
        """Whether the record is not the domain's own."""
        return self.domain not in {"", self.subject}

    @property
    def inherited_from(self) -> str:
        """The domain whose record applies here, `` if it is the domain's own."""
        return self.domain if self.inherited else ""

    @property
    def testing(self) -> bool:
        """Whether `t=y` lowers the policy."""
        return self.record is not None and self.record.testing

    @property
    def pct(self) -> int | None:
        """RFC 7489's share, which its receivers still honour."""
        return self.record.pct if self.record else None


def walk_names(domain: str) -> tuple[str, ...]:
    """Give the names the walk may come to, the domain first: eight at most (section 4.10)."""
    labels = domain.split(".")
    rest = labels[1:] if len(labels) < MOST_QUERIES else labels[-(MOST_QUERIES - 1) :]
    return (domain, *(".".join(rest[at:]) for at in range(len(rest))))


def policy_walk(domain: str) -> Walk[DmarcWalk]:
    """Walk from a domain to the policy that holds for it; asks TXT of `_dmarc.` and each name on the way up.

    Where nothing stands at the name itself and `_dmarc` does not exist, TXT of the domain tells if the domain does.
    """
    asked: list[Asked] = []
    ids: list[str] = []
    for name in walk_names(domain):
        answer = yield DnsQuestion(f"_dmarc.{name}", "TXT")
        ids.append(answer.id)
        seen = facts(answer)
        if seen is None or not is_answered(answer):
            asked.append(Asked(name, answer.id))
            return DmarcWalk(domain, WalkState.UNRESOLVED, tuple(asked), tuple(ids), unanswered=(answer,))
        found = texts(seen)
        records = tuple(text for text in found if is_dmarc(text))
        asked.append(Asked(name, answer.id, records, next(filter(is_near, found), "")))
        if name == domain:
            if records:
                return _settle(domain, asked, ids)
            if seen.rcode == "NXDOMAIN":
                parent = yield DnsQuestion(domain, "TXT")
                ids.append(parent.id)
                if (known := facts(parent)) and known.rcode == "NXDOMAIN":
                    return DmarcWalk(domain, WalkState.NO_DOMAIN, tuple(asked), tuple(ids))
        elif _psd(asked[-1]) != "u":
            break
    return _settle(domain, asked, ids)


def _psd(step: Asked) -> str:
    """Give the psd tag of a step's single valid record: y and n name its place in the tree and end the walk."""
    record = _single(step)
    return record.psd if record else "u"


def _single(step: Asked) -> DmarcRecord | None:
    """Give the record of a step that counts upward: the only one, and one that parses (section 4.10, step 3)."""
    try:
        return parse(step.texts[0]) if len(step.texts) == 1 else None
    except DmarcFault:
        return None


def _settle(domain: str, asked: list[Asked], ids: list[str]) -> DmarcWalk:
    """Choose the record that applies: the domain's own, else that of the fewest labels."""
    steps = tuple(asked)
    own = steps[0]
    if len(own.texts) > 1:
        return DmarcWalk(domain, WalkState.SEVERAL, steps, tuple(ids), domain)
    chosen = own if own.texts else _organisational(steps)
    if chosen is None:
        return _nothing(domain, steps, tuple(ids))
    text = chosen.texts[0]
    try:
        record = parse(text)
    except DmarcFault as fault:
        return DmarcWalk(domain, WalkState.SYNTAX, steps, tuple(ids), chosen.domain, text, fault.why)
    subdomains = record.policy("sp")
    p = record.policy("p") if chosen is own else subdomains
    return DmarcWalk(
        domain,
        WalkState.RECORD,
        steps,
        tuple(ids),
        chosen.domain,
        text,
        record=record,
        p=p,
        sp=subdomains,
        np=record.policy("np"),
    )


def _organisational(steps: tuple[Asked, ...]) -> Asked | None:
    """Give the step of the organisational domain's record: fewest labels, but one below a psd=y that has its own."""
    single = [step for step in steps if _single(step)]
    if not single:
        return None
    top, below = single[-1], steps[steps.index(single[-1]) - 1]
    return below if _psd(top) == "y" and below in single else top


def _fault(text: str) -> str:
    try:
        parse(text)
    except DmarcFault as fault:
        return fault.why
    return ""


def _nothing(domain: str, steps: tuple[Asked, ...], ids: tuple[str, ...]) -> DmarcWalk:
    """No record applies: tell of what was meant as one, the nearest first."""
    for step in steps:
        if len(step.texts) > 1:
            return DmarcWalk(domain, WalkState.SEVERAL, steps, ids, step.domain)
        if step.texts and (why := _fault(step.texts[0])):
            return DmarcWalk(domain, WalkState.SYNTAX, steps, ids, step.domain, step.texts[0], why)
        if step.near:
            return DmarcWalk(domain, WalkState.SYNTAX, steps, ids, step.domain, step.near, "not_dmarc")
    return DmarcWalk(domain, WalkState.NONE, steps, ids)
