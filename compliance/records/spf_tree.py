"""The tree of SPF records behind a domain: include and redirect followed, and what the whole allows (RFC 7208)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from compliance.model.names import is_address, is_plain
from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.spf import LOOKUP_MECHANISMS, SpfFault, SpfRecord, Term, parse, select
from compliance.records.spf_domain import expand, is_open
from compliance.records.spf_reach import Ranges, Reach

__all__ = [
    "Ending",
    "Lookups",
    "Node",
    "NodeState",
    "Reach",
    "SpfTree",
    "final_all",
    "lookups",
    "reach",
    "record_tree",
    "unmeasured",
]

#: Verifiers give up after ten lookups (section 4.6.4); we go on somewhat further, to tell how many there are.
MOST_NODES = 40
MOST_DEPTH = 12


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


#: A name that an include or redirect leads to in vain: PermError at every verifier (sections 5.2 and 6.1).
_NOWHERE = frozenset(
    {NodeState.NONE, NodeState.SEVERAL, NodeState.SYNTAX, NodeState.NO_DOMAIN, NodeState.LOOP},
)


@dataclass(frozen=True, slots=True)
class Existing:
    """An `exists` that asks the same of every message: with an answer it holds for the whole world (section 5.7)."""

    term: Term
    answer: Observation | None  # None where it was not asked

    @property
    def everybody(self) -> bool:
        """Whether the name has an address."""
        seen = facts(self.answer) if self.answer else None
        return seen is not None and bool(seen.records)


@dataclass(frozen=True, slots=True)
class Node:
    """One name: `via` is ``, include or redirect; `qualifier` that of the include; `observation` an id or ``."""

    name: str
    state: NodeState
    observation: str = ""
    record: SpfRecord | None = None
    texts: tuple[str, ...] = ()  # the SPF records found there
    position: int = 0  # index of the fault in `text`
    why: str = ""
    children: tuple["Node", ...] = ()
    via: str = ""
    qualifier: str = "+"
    unanswered: tuple[Observation, ...] = ()
    exists: tuple["Existing", ...] = ()

    @property
    def text(self) -> str:
        """The record as the wire has it, `` where there is not one."""
        return self.texts[0] if len(self.texts) == 1 else ""

    def nodes(self) -> Iterator["Node"]:
        """Give this node and all below it, in the order they were met."""
        yield self
        for child in self.children:
            yield from child.nodes()


@dataclass(frozen=True, slots=True)
class SpfTree:
    """A domain's record and all it leads to."""

    root: Node

    def nodes(self) -> Iterator[Node]:
        """Give every node, the root first."""
        return self.root.nodes()

    @property
    def observations(self) -> tuple[str, ...]:
        """The ids of all answers, those to `exists` behind that of their record."""
        return tuple(
            key
            for node in self.nodes()
            for key in (node.observation, *(found.answer.id for found in node.exists if found.answer))
            if key
        )

    @property
    def unanswered(self) -> tuple[Observation, ...]:
        """The questions below that came to nothing."""
        return tuple(
            answer
            for node in self.nodes()
            for answer in (*node.unanswered, *(found.answer for found in node.exists if found.answer))
            if not is_answered(answer)
        )

    @property
    def nowhere(self) -> str:
        """The first name an include or redirect leads to in vain, `` without one."""
        return next((node.name for node in self.nodes() if node.via and node.state in _NOWHERE), "")


@dataclass(frozen=True, slots=True)
class Ending:
    """The `all` that decides: its qualifier, None without one; `unresolved` or `macro` where nobody can tell."""

    qualifier: str | None
    name: str
    unresolved: str = ""  # id of the observation that failed
    unanswered: tuple[Observation, ...] = ()
    macro: bool = False


@dataclass(frozen=True, slots=True)
class Lookups:
    """Terms that cost a lookup (section 4.6.4); `macros` of them were counted but not followed.

    `complete` is false where a name below was not answered, or not asked.
    """

    count: int
    macros: int
    complete: bool


@dataclass(slots=True)
class _Budget:
    sender: str
    left: int = MOST_NODES

    def spend(self) -> bool:
        """Take one question out of the budget, if there is one left."""
        had = self.left > 0
        self.left -= had
        return had


def record_tree(domain: str) -> Walk[SpfTree]:
    """Walk from a domain through include and redirect; asks TXT of each name, A for `exists`."""
    root = yield from _node(domain, (), "", "+", _Budget(domain))
    return SpfTree(root)


def _node(name: str, above: tuple[str, ...], via: str, qualifier: str, budget: _Budget) -> Walk[Node]:
    if is_open(name):
        return Node(name, NodeState.MACRO, via=via, qualifier=qualifier)
    name = _name(name, above, budget)
    if name in above:
        return Node(name, NodeState.LOOP, via=via, qualifier=qualifier)
    if not _is_formed(name):
        return Node(name, NodeState.SYNTAX, why="name", via=via, qualifier=qualifier)
    if not is_plain(name):
        return Node(name, NodeState.UNSAFE, via=via, qualifier=qualifier)
    if len(above) >= MOST_DEPTH or not budget.spend():
        return Node(name, NodeState.CAPPED, via=via, qualifier=qualifier)
    answer = yield DnsQuestion(name, "TXT")
    state, found = _read(answer)
    if state is not NodeState.RECORD:
        unanswered = (answer,) if state is NodeState.UNRESOLVED else ()
        return Node(name, state, answer.id, texts=found, via=via, qualifier=qualifier, unanswered=unanswered)
    try:
        record = parse(found[0])
    except SpfFault as fault:
        syntax = NodeState.SYNTAX
        return Node(name, syntax, answer.id, None, found, fault.position, fault.why, via=via, qualifier=qualifier)
    node = Node(name, state, answer.id, record, found, via=via, qualifier=qualifier)
    exists = yield from _exists(record, (*above, name), budget)
    children = yield from _children(record, (*above, name), budget)
    return replace(node, children=children, exists=exists)


def _name(text: str, above: tuple[str, ...], budget: _Budget) -> str:
    return (expand(text, above[-1], budget.sender) if "%" in text else text).lower().removesuffix(".")


def _is_formed(name: str) -> bool:
    """Whether a name can be asked about at all (section 4.3); what it is made of is another matter."""
    return len(name) <= 253 and not is_address(name) and all(0 < len(label) < 64 for label in name.split("."))


def _exists(record: SpfRecord, above: tuple[str, ...], budget: _Budget) -> Walk[tuple[Existing, ...]]:
    """Ask A, whatever the family of the sender (section 5.7); a name that cannot be is no match (section 4.8)."""
    found: list[Existing] = []
    for term in record.reached:
        if term.mechanism != "exists" or term.has_macro or term.qualifier not in "+?":
            continue
        name = _name(term.domain, above, budget)
        if not _is_formed(name):
            continue
        answer = (yield DnsQuestion(name, "A")) if is_plain(name) and budget.spend() else None
        found.append(Existing(term, answer))
    return tuple(found)


def _children(record: SpfRecord, above: tuple[str, ...], budget: _Budget) -> Walk[tuple[Node, ...]]:
    leads = [(term.domain, "include", term.qualifier) for term in record.reached if term.mechanism == "include"]
    if record.redirect:
        leads.append((record.redirect.value, "redirect", "+"))
    children: list[Node] = []
    for name, via, qualifier in leads:
        children += [(yield from _node(name, above, via, qualifier, budget))]
    return tuple(children)


def _read(answer: Observation) -> tuple[NodeState, tuple[str, ...]]:
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return NodeState.UNRESOLVED, ()
    if seen.rcode == "NXDOMAIN":
        return NodeState.NO_DOMAIN, ()
    found = tuple(select(texts(seen)))
    if not found:
        return NodeState.NONE, ()
    return (NodeState.RECORD if len(found) == 1 else NodeState.SEVERAL), found


def final_all(tree: SpfTree) -> Ending:
    """Give the `all` that decides for everyone not named, following redirect (sections 5.1 and 6.1)."""
    node = tree.root
    while node.record is not None and node.record.all is None:
        following = [child for child in node.children if child.via == "redirect"]
        if not following:
            return Ending(None, node.name)
        node = following[0]
    unresolved = node.observation if node.state is NodeState.UNRESOLVED else ""
    macro = node.state is NodeState.MACRO
    end = node.record.all if node.record else None
    return Ending(end.qualifier if end else None, node.name, unresolved, node.unanswered, macro)


def lookups(tree: SpfTree) -> Lookups:
    """Count the terms that cost a lookup, a name met twice counting twice; those behind `all` count nothing."""
    count = macros = 0
    for node in tree.nodes():
        if node.record is None:
            continue
        spent: list[Term] = [term for term in node.record.reached if term.mechanism in LOOKUP_MECHANISMS]
        redirect = node.record.redirect
        count += len(spent) + (redirect is not None)
        macros += sum(term.has_macro for term in spent) + (redirect is not None and redirect.has_macro)
    return Lookups(count, macros, _is_complete(tree))


def _is_complete(tree: SpfTree) -> bool:
    unknown = {NodeState.UNRESOLVED, NodeState.CAPPED, NodeState.MACRO, NodeState.UNSAFE}
    return all(node.state not in unknown for node in tree.nodes())


def reach(tree: SpfTree, results: str = "+") -> Reach:
    """Measure whom the tree gives one of the results, `+` (may send) or `+?` (is not refused), merged.

    Behind an include only a pass is a match, and its result is the include's qualifier (section 5.2).
    """
    ranges = Ranges()
    for node, wanted in _weighed(tree.root, results):
        everybody = {found.term for found in node.exists if found.everybody}
        for term in node.record.reached if node.record else ():
            world = term.mechanism == "all" or term in everybody
            ranges.meet(term, counts=term.qualifier in wanted, everybody=world)
    return ranges.reach(_is_complete(tree))


def unmeasured(tree: SpfTree) -> bool:
    """Tell whether somebody may be let in, or not be refused, by a term that only a message can decide."""
    for node, wanted in _weighed(tree.root, "+?"):
        if node.state in {NodeState.MACRO, NodeState.UNSAFE} and wanted:
            return True
        if any(found.answer is None and found.term.qualifier in wanted for found in node.exists):
            return True
        for term in node.record.reached if node.record else ():
            if term.has_macro and term.mechanism != "include" and term.qualifier in wanted:
                return True
    return False


def _weighed(node: Node, wanted: str) -> Iterator[tuple[Node, str]]:
    """Give each node with the qualifiers in it that come to a result wanted of the whole."""
    yield node, wanted
    for child in node.children:
        inner = wanted if child.via == "redirect" else "+" * (child.qualifier in wanted)
        yield from _weighed(child, inner)
