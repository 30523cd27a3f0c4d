"""Whom a tree of SPF records lets send: the `all` that decides, and literal ranges merged (`a/8` by its prefix)."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from compliance.model.observation import Observation
from compliance.records.spf import Term
from compliance.records.spf_lookup import NodeState
from compliance.records.spf_tree import Node, SpfTree, StepState


@dataclass(frozen=True, slots=True)
class Ending:
    """The `all` that decides: its qualifier, None without one; `unresolved` or `macro` where nobody can tell."""

    qualifier: str | None
    name: str
    unresolved: str = ""  # id of the observation that failed
    unanswered: tuple[Observation, ...] = ()
    macro: bool = False
    unsafe: bool = False  # a name we ask nobody about


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a record lets send: addresses by IPv4, the shortest IPv6 prefix (None without any), and unmeasured terms.

    `complete` is false where a name below was not answered, not asked or holds macros.
    """

    ipv4: tuple[ipaddress.IPv4Network, ...]
    ipv6: tuple[ipaddress.IPv6Network, ...]
    ipv4_count: int
    ipv6_shortest: int | None
    uses_ptr: bool
    uses_exists: bool
    complete: bool


class Ranges:
    """Gathers terms and measures them at the end."""

    def __init__(self) -> None:
        self._ipv4: list[ipaddress.IPv4Network] = []
        self._ipv6: list[ipaddress.IPv6Network] = []
        self._unplaced4 = 0  # addresses beside an `a` or `mx`, wherever that is
        self._prefixes6: list[int] = []
        self._mechanisms: set[str] = set()

    def meet(self, term: Term, *, counts: bool, everybody: bool = False) -> None:
        """Add a term; `counts` tells whether a match is one to measure, `everybody` whether each sender matches."""
        self._mechanisms.add(term.mechanism)
        if not counts:
            return
        if everybody:
            self._ipv4.append(ipaddress.IPv4Network("0.0.0.0/0"))
            self._ipv6.append(ipaddress.IPv6Network("::/0"))
        elif isinstance(term.network, ipaddress.IPv4Network):
            self._ipv4.append(term.network)
        elif isinstance(term.network, ipaddress.IPv6Network):
            self._ipv6.append(term.network)
        if term.cidr4 is not None:
            self._unplaced4 += 1 << (32 - term.cidr4)
        if term.cidr6 is not None:
            self._prefixes6.append(term.cidr6)

    def reach(self, complete: bool) -> Reach:
        """Merge what was gathered."""
        ipv4 = tuple(ipaddress.collapse_addresses(self._ipv4))
        ipv6 = tuple(ipaddress.collapse_addresses(self._ipv6))
        count = min(1 << 32, sum(network.num_addresses for network in ipv4) + self._unplaced4)
        prefixes = [*self._prefixes6, *(network.prefixlen for network in ipv6)]
        ptr, exists = (name in self._mechanisms for name in ("ptr", "exists"))
        return Reach(ipv4, ipv6, count, min(prefixes, default=None), ptr, exists, complete)


def final_all(tree: SpfTree) -> Ending:
    """Give the `all` that decides for everyone not named, following redirect (sections 5.1 and 6.1)."""
    node = tree.root
    while node.record is not None and node.record.all is None:
        following = [child for child in node.children if child.via == "redirect"]
        if not following:
            return Ending(None, node.name)
        node = following[0]
    unresolved = node.observation if node.state is NodeState.UNRESOLVED else ""
    macro, unsafe = node.state is NodeState.MACRO, node.state is NodeState.UNSAFE
    end = node.record.all if node.record else None
    return Ending(end.qualifier if end else None, node.name, unresolved, node.unanswered, macro, unsafe)


def reach(tree: SpfTree, results: str = "+") -> Reach:
    """Measure whom the tree gives one of the results, `+` (may send) or `+?` (is not refused), merged.

    Behind an include only a pass is a match, and its result is the include's qualifier (section 5.2).
    """
    ranges = Ranges()
    for node, wanted in _weighed(tree.root, results):
        everybody = {step.term for step in node.exists if step.everybody}
        for term in node.record.reached if node.record else ():
            world = term.mechanism == "all" or term in everybody
            ranges.meet(term, counts=term.qualifier in wanted, everybody=world)
    return ranges.reach(is_complete(tree))


def is_complete(tree: SpfTree) -> bool:
    """Tell whether every record below was read, or shown not to be there."""
    unknown = {NodeState.UNRESOLVED, NodeState.CAPPED, NodeState.MACRO, NodeState.UNSAFE}
    return all(node.state not in unknown for node in tree.nodes())


def unmeasured(tree: SpfTree) -> bool:
    """Tell whether somebody may be let in, or not be refused, by a term that only a message can decide."""
    for node, wanted in _weighed(tree.root, "+?"):
        if node.state in {NodeState.MACRO, NodeState.UNSAFE} and wanted:
            return True
        unasked = (step.term for step in node.exists if step.state is StepState.UNASKED)
        if any(isinstance(term, Term) and term.qualifier in wanted for term in unasked):
            return True
        for term in node.record.reached if node.record else ():
            if term.has_macro and term.mechanism != "include" and term.qualifier in wanted:
                return True
    return False


def reverse_targets(tree: SpfTree) -> tuple[str, ...]:
    """Give the names of `ptr` terms that let in, or do not refuse, whoever has a reverse name below (section 5.5)."""
    return tuple(
        step.name.lower().removesuffix(".")
        for node, wanted in _weighed(tree.root, "+?")
        for step in node.steps
        if isinstance(step.term, Term) and step.mechanism == "ptr" and step.term.qualifier in wanted
    )


def _weighed(node: Node, wanted: str) -> Iterator[tuple[Node, str]]:
    """Give each node with the qualifiers in it that come to a result wanted of the whole."""
    yield node, wanted
    for child in node.children:
        inner = wanted if child.via == "redirect" else "+" * (child.qualifier in wanted)
        yield from _weighed(child, inner)
