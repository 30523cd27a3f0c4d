"""DKIM selectors: what stands at each name the inventory lists, and what a wildcard says there (RFC 6376 3.6.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance.model.observation import Observation
from compliance.model.supplied import CanaryFacts, MessageFacts
from compliance.records.dkim import DkimFault, DkimKey, parse
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.wildcard import beside

_MOST_LEARNED = 12


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


def signers_in_use(mail: Iterable[Observation]) -> tuple[tuple[str, str], ...]:
    """Give domain and selector of the signatures that messages carried, as supplied or as the canary verified them."""
    found: dict[tuple[str, str], None] = {}
    for known in (seen.facts for seen in mail):
        if isinstance(known, MessageFacts):
            found.update(dict.fromkeys((mark.domain, mark.selector) for mark in known.signatures if mark.domain))
        elif isinstance(known, CanaryFacts):
            messages = (message for session in known.round.sessions for message in session.messages)
            marks = (mark for message in messages for mark in message.signatures if mark.result == "pass")
            found.update(dict.fromkeys((mark.domain, mark.selector) for mark in marks))
    return tuple(found)


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


def learned_walk(domain: str, mail: Iterable[Observation]) -> Walk[tuple[Selector, ...]]:
    """Walk through the selectors that messages were signed with for a domain; gives those of the domain itself.

    The keys of domains above and below it are asked for too: their signatures may be aligned with it. Twelve of each at
    most, since whoever sent a message may have invented what it names.
    """
    signers = signers_in_use(mail)
    own = [selector for signer, selector in signers if signer == domain][:_MOST_LEARNED]
    near = [each for each in signers if each[0].endswith(f".{domain}") or domain.endswith(f".{each[0]}")]
    for signer, selector in near[:_MOST_LEARNED]:
        yield DnsQuestion(selector_owner(selector, signer), "TXT")
    return (yield from selector_walk(domain, own))


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
