"""The tree of SPF records behind a domain: all that a client meets whom no term names (RFC 7208 sections 4.6, 5, 6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from compliance.model.names import is_plain
from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.spf import LOOKUP_MECHANISMS, Modifier, SpfRecord, Term, select
from compliance.records.spf_lookup import MOST_LOOKUPS, Found, NodeState, is_formed, record_at
from compliance.records.spf_macro import is_open, target_name

#: Verifiers give up after ten lookups (section 4.6.4); we go on somewhat further, to tell how many there are.
MOST_NODES = 40
MOST_DEPTH = 12

#: A name that an include or redirect leads to in vain: PermError at every verifier (sections 5.2 and 6.1).
_NOWHERE = frozenset(
    {NodeState.NONE, NodeState.SEVERAL, NodeState.SYNTAX, NodeState.NO_DOMAIN, NodeState.LOOP},
)


class StepState(StrEnum):
    """What a term that costs a lookup comes to for a client it does not name."""

    ANSWERED = "answered"
    VOID = "void"  # no address of either family, no MX, no answer to `exists`
    OPEN = "open"  # known only when a message is checked: a macro, or `ptr`
    UNRESOLVED = "unresolved"
    NAMELESS = "nameless"  # a name that can be nobody's: no match, and nobody is asked (section 4.8)
    UNASKED = "unasked"  # not a plain name, or behind more than anybody follows


@dataclass(frozen=True, slots=True)
class Step:
    """One term that costs a lookup, in the order a verifier comes to it.

    `name` is the name it leads to, `node` the record there for include and redirect, `answers` those of the others,
    `count` how many names an MX answer has.
    """

    term: Term | Modifier
    name: str
    state: StepState
    node: "Node | None" = None
    answers: tuple[Observation, ...] = ()
    count: int = 0

    @property
    def mechanism(self) -> str:
        """The mechanism, or `redirect`."""
        return self.term.mechanism if isinstance(self.term, Term) else self.term.name

    @property
    def everybody(self) -> bool:
        """Whether an `exists` that asks the same of every message holds, and so for the whole world (section 5.7)."""
        return self.mechanism == "exists" and self.state is StepState.ANSWERED


@dataclass(frozen=True, slots=True)
class Node:
    """One name: `via` is ``, include or redirect; `qualifier` that of the include."""

    found: Found
    via: str = ""
    qualifier: str = "+"
    steps: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        """The name, macros kept where it is not known."""
        return self.found.name

    @property
    def state(self) -> NodeState:
        """What stands there."""
        return self.found.state

    @property
    def record(self) -> SpfRecord | None:
        """The record, where there is one that follows the grammar."""
        return self.found.record

    @property
    def text(self) -> str:
        """The record as the wire has it, `` where there is not one."""
        return self.found.text

    @property
    def observation(self) -> str:
        """The id of the TXT answer, `` where nobody was asked."""
        return self.found.answer.id if self.found.answer else ""

    @property
    def unanswered(self) -> tuple[Observation, ...]:
        """The TXT question, if it came to nothing."""
        return (self.found.answer,) if self.found.answer and self.state is NodeState.UNRESOLVED else ()

    @property
    def children(self) -> tuple["Node", ...]:
        """The records it leads to."""
        return tuple(step.node for step in self.steps if step.node)

    @property
    def exists(self) -> tuple[Step, ...]:
        """The `exists` that ask the same of every message, and may let the whole world in."""
        return tuple(
            step
            for step in self.steps
            if isinstance(step.term, Term)
            and step.mechanism == "exists"
            and step.term.qualifier in "+?"
            and step.state is not StepState.OPEN
        )

    def nodes(self) -> Iterator["Node"]:
        """Give this node and all below it, in the order they were met."""
        yield self
        for child in self.children:
            yield from child.nodes()


@dataclass(frozen=True, slots=True)
class SpfTree:
    """A domain's record and all it leads to; `retired` is the record of type 99, asked for where there is no other."""

    root: Node
    retired: str = ""

    def nodes(self) -> Iterator[Node]:
        """Give every node, the root first."""
        return self.root.nodes()

    @property
    def observations(self) -> tuple[str, ...]:
        """The ids of the answers that tell whom the records name: those to `exists` behind that of their record."""
        return tuple(
            key
            for node in self.nodes()
            for key in (node.observation, *(answer.id for step in node.exists for answer in step.answers))
            if key
        )

    @property
    def unanswered(self) -> tuple[Observation, ...]:
        """The questions among them that came to nothing."""
        return tuple(
            answer
            for node in self.nodes()
            for answer in (*node.unanswered, *(answer for step in node.exists for answer in step.answers))
            if not is_answered(answer)
        )

    @property
    def nowhere(self) -> str:
        """The first name an include or redirect leads to in vain, `` without one."""
        return next((node.name for node in self.nodes() if node.via and node.state in _NOWHERE), "")


@dataclass(slots=True)
class _Account:
    """What a walk has left: names it may ask, and lookups that a verifier still comes to."""

    sender: str
    left: int = MOST_NODES
    lookups: int = 0

    def spend(self) -> bool:
        """Take one question out of the budget, if there is one left."""
        had = self.left > 0
        self.left -= had
        return had


def record_tree(domain: str) -> Walk[SpfTree]:
    """Walk from a domain through include and redirect; asks TXT, and what the first ten lookups ask of all alike."""
    root = yield from _node(domain, (), "", "+", _Account(domain))
    retired = ""
    if root.state is NodeState.NONE:
        seen = facts((yield DnsQuestion(root.name, "SPF")))
        retired = next(iter(select(texts(seen))), "") if seen else ""
    return SpfTree(root, retired)


def _node(name: str, above: tuple[str, ...], via: str, qualifier: str, account: _Account) -> Walk[Node]:
    if is_open(name):
        return Node(Found(name, NodeState.MACRO), via, qualifier)
    name = _target(name, above, account)
    if name in above:
        return Node(Found(name, NodeState.LOOP), via, qualifier)
    askable = is_formed(name) and is_plain(name)
    if askable and (len(above) >= MOST_DEPTH or not account.spend()):
        return Node(Found(name, NodeState.CAPPED), via, qualifier)
    found = yield from record_at(name)
    if found.record is None:
        return Node(found, via, qualifier)
    steps = yield from _steps(found.record, (*above, name), account)
    return Node(found, via, qualifier, steps)


def _target(text: str, above: tuple[str, ...], account: _Account) -> str:
    return target_name(text, {"d": above[-1] if above else account.sender, "o": account.sender})


def _steps(record: SpfRecord, above: tuple[str, ...], account: _Account) -> Walk[tuple[Step, ...]]:
    """Take the terms in their order; what a client meets behind the first `all`, or beside it, is nothing."""
    steps: list[Step] = []
    for term in record.reached:
        if term.mechanism == "include":
            steps.append((yield from _led(term, term.domain, term.qualifier, above, account)))
        elif term.mechanism in LOOKUP_MECHANISMS:
            steps.append((yield from _looked_up(term, above, account)))
    if record.redirect:
        steps.append((yield from _led(record.redirect, record.redirect.value, "+", above, account)))
    return tuple(steps)


def _led(term: Term | Modifier, text: str, qualifier: str, above: tuple[str, ...], account: _Account) -> Walk[Step]:
    account.lookups += 1
    via = "include" if isinstance(term, Term) else "redirect"
    node = yield from _node(text, above, via, qualifier, account)
    return Step(term, node.name, StepState.OPEN if node.state is NodeState.MACRO else StepState.ANSWERED, node)


def _looked_up(term: Term, above: tuple[str, ...], account: _Account) -> Walk[Step]:
    """Ask what `a`, `mx` and `exists` ask of every client alike."""
    account.lookups += 1
    if term.mechanism == "ptr" or term.has_macro:
        return Step(term, term.domain or above[-1], StepState.OPEN)
    name = _target(term.domain, above, account) if term.domain else above[-1]
    if not is_formed(name):
        return Step(term, name, StepState.NAMELESS)
    beyond = account.lookups > MOST_LOOKUPS  # where no verifier comes; whom an `exists` lets in is told all the same
    if not is_plain(name) or (beyond and (term.mechanism != "exists" or not account.spend())):
        return Step(term, name, StepState.UNASKED)
    kinds = {"a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}[term.mechanism]
    answers: tuple[Observation, ...] = ()
    for kind in kinds:
        answers = (*answers, (yield DnsQuestion(name, kind)))
    counts = [len(seen.records) for answer in answers if is_answered(answer) and (seen := facts(answer))]
    nothing = StepState.VOID if len(counts) == len(kinds) else StepState.UNRESOLVED
    return Step(
        term, name, StepState.ANSWERED if any(counts) else nothing, answers=answers, count=max(counts, default=0)
    )
