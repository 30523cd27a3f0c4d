"""Does one mechanism name this client: the lookups of `a`, `mx`, `ptr` and `exists`, and their limits (RFC 7208 5)."""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum

from compliance.model.names import is_plain, reverse_name
from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered
from compliance.records.mail_route import parse_mx
from compliance.records.spf import Term
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_NAMES, MOST_VOIDS, MayAsk, is_formed
from compliance.records.spf_macro import Sender, letters, target_name

_OTHER = {"A": "AAAA", "AAAA": "A"}


class Why(StrEnum):
    """What ends a check before its record is through: the first two are nobody's verdict, the others PermError."""

    UNANSWERED = "unanswered"
    UNSAFE = "unsafe"  # a name we ask nobody about
    SEVERAL = "several"
    SYNTAX = "syntax"
    NOWHERE = "nowhere"  # an include or redirect that leads to no record
    LOOKUPS = "lookups"
    VOIDS = "voids"
    MX_NAMES = "mx_names"


class Stop(Exception):  # noqa: N818 - an outcome, no mistake
    """A check is at its end: `name` is the name it stopped at, `term` the term."""

    def __init__(self, why: Why, name: str, term: str = "", unanswered: tuple[Observation, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.name = name
        self.term = term
        self.unanswered = unanswered


class Matching:
    """Matches one client against mechanisms, and counts what they cost."""

    def __init__(self, sender: Sender, may_ask: MayAsk = is_plain) -> None:
        self.sender = sender
        self.may_ask = may_ask
        self.lookups = 0
        self.voids = 0
        self.one_sided = 0  # terms that have addresses, but none of this client's family
        self.answers: list[Observation] = []

    def spend(self, term: str, domain: str) -> None:
        """Count a term that costs a lookup; the eleventh is too many (section 4.6.4)."""
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise Stop(Why.LOOKUPS, domain, term)

    def target(self, text: str, domain: str) -> Walk[str]:
        """Give the name a domain-spec stands for; the record's own where there is none (section 4.8)."""
        return target_name(text, (yield from self.macros(text, domain))) if text else domain

    def macros(self, text: str, domain: str) -> Walk[dict[str, str]]:
        """Give the values of the macros in a text; only for `p` is anybody asked."""
        validated = (yield from self._validated(domain)) if "p" in letters(text) else "unknown"
        return self.sender.macros(domain, validated)

    def matches(self, term: Term, name: str) -> Walk[bool]:
        """Tell whether the client is one of those a mechanism names; `name` is its target."""
        match term.mechanism:
            case "a":
                found = yield from self._addresses(term, name)
                return self._among(term, found)
            case "mx":
                return (yield from self._matches_mx(term, name))
            case "ptr":
                return (yield from self._matches_ptr(term, name))
            case "exists":  # A, whatever the family of the client (section 5.7)
                found = yield from self._ask(name, "A")
                if is_formed(name) and not found:
                    self._void(term, name)
                return bool(found)
            case _:
                return term.network is not None and self.sender.ip in term.network

    def _ask(self, name: str, rdtype: str) -> Walk[tuple[str, ...]]:
        """Give the data of an answer; none for a name that can be nobody's (section 4.8)."""
        if not is_formed(name):
            return ()
        if not self.may_ask(name):
            raise Stop(Why.UNSAFE, name)
        answer = yield DnsQuestion(name, rdtype)
        self.answers.append(answer)
        seen = facts(answer)
        if seen is None or not is_answered(answer):
            raise Stop(Why.UNANSWERED, name, unanswered=(answer,))
        return tuple(record.data for record in seen.records)

    def _addresses(self, term: Term, name: str) -> Walk[tuple[str, ...]]:
        """Ask the client's family; where that is empty also the other, for a name is void only without both."""
        found = yield from self._ask(name, self.sender.rdtype)
        if found or not is_formed(name):
            return found
        other = yield DnsQuestion(name, _OTHER[self.sender.rdtype])
        self.answers.append(other)
        seen = facts(other)
        if seen is not None and is_answered(other) and not seen.records:
            self._void(term, name)
        else:
            self.one_sided += 1
        return ()

    def _among(self, term: Term, addresses: Iterable[str]) -> bool:
        """Hold the client against addresses, as many bits of each as the term's CIDR length says (section 5.3)."""
        version = self.sender.ip.version
        bits = (term.cidr4 if version == 4 else term.cidr6) if term.mechanism in {"a", "mx"} else None
        for address in addresses:
            found = ipaddress.ip_address(address)
            length = found.max_prefixlen if bits is None else bits
            if found.version == version and self.sender.ip in ipaddress.ip_network((address, length), strict=False):
                return True
        return False

    def _matches_mx(self, term: Term, name: str) -> Walk[bool]:
        names = yield from self._ask(name, "MX")
        if is_formed(name) and not names:
            self._void(term, name)
        if len(names) > MOST_NAMES:
            raise Stop(Why.MX_NAMES, name, term.text)
        for _, host in sorted(map(parse_mx, names)):
            if self._among(term, (yield from self._ask(host, self.sender.rdtype))):
                return True
        return False

    def _matches_ptr(self, term: Term, name: str) -> Walk[bool]:
        """Tell whether a validated name of the client is the target or lies beneath it (section 5.5)."""
        back = yield from self._names_back()
        if back == ():
            self._void(term, reverse_name(str(self.sender.ip)))
        for candidate in back or ():
            if _beneath(candidate, name) and (yield from self._leads_back(candidate, strict=True)):
                return True
        return False

    def _names_back(self) -> Walk[tuple[str, ...] | None]:
        """Ask for the client's names; None where the question failed, which is no match (section 5.5)."""
        answer = yield DnsQuestion(reverse_name(str(self.sender.ip)), "PTR")
        self.answers.append(answer)
        seen = facts(answer)
        if seen is None or not is_answered(answer):
            return None
        return tuple(record.data.lower().removesuffix(".") for record in seen.records[:MOST_NAMES])

    def _leads_back(self, name: str, *, strict: bool) -> Walk[bool]:
        """Tell whether a name of the client has its address; one whose lookup fails is passed over (section 5.5)."""
        try:
            found = yield from self._ask(name, self.sender.rdtype)
        except Stop as stop:
            if strict and stop.why is Why.UNSAFE:
                raise
            return False
        return any(ipaddress.ip_address(address) == self.sender.ip for address in found)

    def _validated(self, domain: str) -> Walk[str]:
        """Give the value of `p`: the domain itself, else a name beneath it, else any that holds (section 7.3)."""
        back = (yield from self._names_back()) or ()
        for name in sorted(back, key=lambda each: (each != domain, not _beneath(each, domain))):
            if (yield from self._leads_back(name, strict=False)):
                return name
        return "unknown"

    def _void(self, term: Term, name: str) -> None:
        self.voids += 1
        if self.voids > MOST_VOIDS:
            raise Stop(Why.VOIDS, name, term.text)


def _beneath(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
