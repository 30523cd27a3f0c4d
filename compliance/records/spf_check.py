"""check_host(): may this client send for this domain, by the domain's SPF record (RFC 7208 sections 4 to 7)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from compliance.model.names import is_plain
from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.spf import SpfRecord, Term
from compliance.records.spf_domain import SpfFault, macro_string
from compliance.records.spf_lookup import MayAsk, NodeState, is_formed, record_at
from compliance.records.spf_macro import Sender, expand
from compliance.records.spf_match import Matching, Stop, Why


class Result(StrEnum):
    """The seven results (section 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_OF_QUALIFIER = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}
_TEMPORARY = frozenset({Why.UNANSWERED, Why.UNSAFE})


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check.

    `name` is whose record decided, or where it went wrong (`why`), `term` the term that did. `one_sided` counts the
    terms without an address of the client's family: there are verifiers that count those among the void ones.
    """

    result: Result
    name: str
    term: str = ""
    why: str = ""
    state: NodeState = NodeState.RECORD  # of the domain asked about
    explanation: str = ""
    lookups: int = 0
    voids: int = 0
    one_sided: int = 0
    answers: tuple[Observation, ...] = ()
    unanswered: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Result
    name: str
    term: str = ""
    record: SpfRecord | None = None
    state: NodeState = NodeState.RECORD


def check_host(sender: Sender, may_ask: MayAsk = is_plain) -> Walk[Checked]:
    """Walk as a verifier does, and stop where it does; asks TXT, A, AAAA, MX and PTR as the record leads."""
    check = _Check(sender, may_ask)
    try:
        outcome = (yield from check.record(sender.domain)) if "." in sender.domain else _nothing(sender.domain)
        ended = Checked(outcome.result, outcome.name, outcome.term, state=outcome.state)
        if outcome.result is Result.FAIL and outcome.record:
            ended = replace(ended, explanation=(yield from check.explanation(outcome.record, outcome.name)))
    except Stop as stop:
        result = Result.TEMPERROR if stop.why in _TEMPORARY else Result.PERMERROR
        ended = Checked(result, stop.name, stop.term, stop.why, unanswered=stop.unanswered)
    matching = check.matching
    return replace(
        ended,
        lookups=matching.lookups,
        voids=matching.voids,
        one_sided=matching.one_sided,
        answers=tuple(matching.answers),
    )


def _nothing(name: str, state: NodeState = NodeState.NONE) -> _Outcome:
    return _Outcome(Result.NONE, name, state=state)


class _Check:
    """The recursion: records within records, all on one account of lookups."""

    def __init__(self, sender: Sender, may_ask: MayAsk) -> None:
        self.matching = Matching(sender, may_ask)

    def record(self, domain: str) -> Walk[_Outcome]:
        """Find the record of a domain and let it decide (sections 4.3 to 4.7)."""
        found = yield from record_at(domain, self.matching.may_ask)
        if found.answer:
            self.matching.answers.append(found.answer)
        match found.state:
            case NodeState.UNRESOLVED:
                raise Stop(Why.UNANSWERED, domain, unanswered=(found.answer,) if found.answer else ())
            case NodeState.UNSAFE:
                raise Stop(Why.UNSAFE, domain)
            case NodeState.SEVERAL:
                raise Stop(Why.SEVERAL, domain)
            case NodeState.SYNTAX if found.why != "name":
                raise Stop(Why.SYNTAX, domain, found.text)
        if found.record is None:
            return _nothing(domain, found.state)
        for term in found.record.reached:
            if (yield from self._matches(term, domain)):
                return _Outcome(_OF_QUALIFIER[term.qualifier], domain, term.text, found.record)
        if redirect := found.record.redirect:
            return (yield from self._follow(redirect.value, redirect.text, domain))
        return _Outcome(Result.NEUTRAL, domain, record=found.record)

    def _matches(self, term: Term, domain: str) -> Walk[bool]:
        if term.mechanism == "all":
            return True
        if term.network:
            return (yield from self.matching.matches(term, domain))
        if term.mechanism == "include":
            return (yield from self._follow(term.domain, term.text, domain)).result is Result.PASS
        self.matching.spend(term.text, domain)
        name = yield from self.matching.target(term.domain, domain)
        return (yield from self.matching.matches(term, name))

    def _follow(self, text: str, term: str, domain: str) -> Walk[_Outcome]:
        """Check by another record; where there is none, the record that leads there is at fault (5.2, 6.1)."""
        self.matching.spend(term, domain)
        name = yield from self.matching.target(text, domain)
        outcome = yield from self.record(name)
        if outcome.result is Result.NONE:
            raise Stop(Why.NOWHERE, name, term)
        return outcome

    def explanation(self, record: SpfRecord, domain: str) -> Walk[str]:
        """Fetch what `exp` says of a Fail: one text of ASCII that follows the grammar, else nothing (section 6.2)."""
        exp = record.modifier("exp")
        if exp is None:
            return ""
        name = yield from self.matching.target(exp.value, domain)
        if not is_formed(name) or not self.matching.may_ask(name):
            return ""
        answer = yield DnsQuestion(name, "TXT")
        self.matching.answers.append(answer)
        seen = facts(answer)
        said = texts(seen) if seen and is_answered(answer) else ()
        if len(said) != 1 or not said[0].isascii():
            return ""
        try:
            for part in said[0].split(" "):
                macro_string(part, 0)
        except SpfFault:
            return ""
        return expand(said[0], (yield from self.matching.macros(said[0], domain)))
