"""DKIM selectors: what stands at each name the inventory lists, and what a wildcard says there (RFC 6376 3.6.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from compliance.model.observation import Observation
from compliance.records.dkim import DkimFault, DkimKey, parse
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.wildcard import beside


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector's answer: a key, or why there is none. `why` is a DkimFault's key, or what else is at fault.

    `why`: ``, unanswered, missing, several, revoked, testing, or that of a DkimFault.
    """

    name: str
    owner: str
    answer: Observation
    key: DkimKey | None = None
    text: str = ""
    why: str = ""
    wildcard: bool = False  # a name nobody publishes has the same records
    guard: Observation | None = None
    holder: str = ""  # the name an alias leads to: whoever publishes there holds the key

    @property
    def sound(self) -> bool:
        """Whether receivers find a key here that they can use."""
        return self.key is not None and not self.why


def selector_owner(selector: str, domain: str) -> str:
    """Give the owner name of a selector's key record (RFC 6376 section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def selector_walk(domain: str, selectors: Sequence[str]) -> Walk[tuple[Selector, ...]]:
    """Walk through a domain's listed selectors; asks TXT of each, and of one that nobody publishes."""
    if not selectors:
        return ()
    guard = yield beside(f"_domainkey.{domain}")
    found = []
    for name in selectors:
        owner = selector_owner(name, domain)
        found.append(_selector(name, owner, (yield DnsQuestion(owner, "TXT")), guard))
    return tuple(found)


def _selector(name: str, owner: str, answer: Observation, guard: Observation) -> Selector:
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return Selector(name, owner, answer, why="unanswered", guard=guard)
    found = texts(seen)
    holder = seen.aliases[-1] if seen.aliases else ""
    if not found:
        return Selector(name, owner, answer, why="missing", guard=guard, holder=holder)
    known = facts(guard)
    wildcard = known is not None and sorted(texts(known)) == sorted(found)
    meant = tuple(text for text in found if _has_key(text)) or found[:1]
    key, why = _read(meant)
    return Selector(name, owner, answer, key, meant[0], why, wildcard, guard, holder)


def _read(meant: tuple[str, ...]) -> tuple[DkimKey | None, str]:
    if len(meant) > 1:
        return None, "several"
    try:
        key = parse(meant[0])
    except DkimFault as fault:
        return None, fault.why
    if key.revoked:
        return None, "revoked"
    return key, "testing" if key.testing else ""


def _has_key(text: str) -> bool:
    """Whether a TXT record has a `p=`, sound or not; one without is no key record, and is in nobody's way."""
    return any(part.partition("=")[0].strip() == "p" for part in text.split(";") if "=" in part)
