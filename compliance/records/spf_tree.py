"""The tree of SPF records behind a domain: include and redirect followed, and what the whole allows (RFC 7208)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from compliance.model.names import is_address, is_plain
from compliance.model.observation import Observation
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.spf import LOOKUP_MECHANISMS, SpfFault, SpfRecord, Term, parse, select
from compliance.records.spf_reach import Ranges, Reach

__all__ = ["Ending", "Lookups", "Node", "NodeState", "Reach", "SpfTree", "final_all", "lookups", "reach", "record_tree"]

#: Verifiers give up after ten lookups (section 4.6.4); we go on somewhat further, to tell how many there are.
MOST_NODES = 40
MOST_DEPTH = 12


class NodeState(StrEnum):
    """What stands at one name of the tree."""

    RECORD = "record"
    NONE = "none"
    SEVERAL = "several"
    SYNTAX = "syntax"  # not the grammar, or a name that no question can be put about (why: name)
    NO_DOMAIN = "no_domain"
    UNRESOLVED = "unresolved"
    LOOP = "loop"  # a name that is being followed already; not asked again
    MACRO = "macro"  # known only when a message is checked; not asked
    CAPPED = "capped"  # too deep or too many: not asked


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
    left: int = MOST_NODES


def record_tree(domain: str) -> Walk[SpfTree]:
    """Walk from a domain through include and redirect; asks TXT of each name."""
    root = yield from _node(domain, (), "", "+", _Budget())
    return SpfTree(root)


def _node(name: str, above: tuple[str, ...], via: str, qualifier: str, budget: _Budget) -> Walk[Node]:
    if "%" in name:
        return Node(name, NodeState.MACRO, via=via, qualifier=qualifier)
    name = name.lower().removesuffix(".")
    if name in above:
        return Node(name, NodeState.LOOP, via=via, qualifier=qualifier)
    if not is_plain(name) or is_address(name):
        return Node(name, NodeState.SYNTAX, why="name", via=via, qualifier=qualifier)
    if not budget.left or len(above) >= MOST_DEPTH:
        return Node(name, NodeState.CAPPED, via=via, qualifier=qualifier)
    budget.left -= 1
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
    children = yield from _children(record, (*above, name), budget)
    return Node(name, state, answer.id, record, found, children=children, via=via, qualifier=qualifier)


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
    unknown = {NodeState.UNRESOLVED, NodeState.CAPPED, NodeState.MACRO}
    return all(node.state not in unknown for node in tree.nodes())


def reach(tree: SpfTree) -> Reach:
    """Measure whom the tree lets send: `+` terms of the record, of its redirect and of its `+` includes, merged."""
    ranges = Ranges()
    _measure(tree.root, ranges, allows=True)
    return ranges.reach(_is_complete(tree))


def _measure(node: Node, ranges: Ranges, *, allows: bool) -> None:
    if node.record is None:
        return
    for term in node.record.reached:
        ranges.meet(term, allows=allows)
    for child in node.children:
        _measure(child, ranges, allows=allows and child.qualifier == "+")
