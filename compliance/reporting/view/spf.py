"""The SPF tree of a domain, drawn from the evidence: who leads to whom, and what each branch costs (RFC 7208 4.6.4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from compliance.model.names import to_unicode
from compliance.model.subject import Kind
from compliance.records.dns_walk import drive, unrecorded
from compliance.records.spf_limits import everybody_matches
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_NAMES, MOST_VOIDS, NodeState
from compliance.records.spf_tree import Node, Step, StepState, record_tree
from compliance.reporting.view.source import Source
from compliance.reporting.words import Say

_NOTHING = frozenset({NodeState.NONE, NodeState.NO_DOMAIN})
_TOLD = {
    NodeState.SEVERAL: "spf_tree_several",
    NodeState.SYNTAX: "spf_tree_syntax",
    NodeState.UNRESOLVED: "spf_tree_unanswered",
    NodeState.LOOP: "spf_tree_loop",
    NodeState.MACRO: "spf_tree_macro",
    NodeState.UNSAFE: "spf_tree_unsafe",
    NodeState.CAPPED: "spf_tree_capped",
}


#: What is no fault: it was not answered, or cannot be known beforehand.
_OPEN = frozenset({
    "spf_tree_unanswered", "spf_tree_macro", "spf_tree_unsafe", "spf_tree_open", "spf_tree_host_unanswered",
    "spf_tree_more",
})  # fmt: skip
_MOST = 40  # branches and notes of one name: a stranger's record may hold thousands


@dataclass(frozen=True, slots=True)
class Branch:
    """One name, the records there, the lookups in them and the sum so far."""

    name: str
    texts: tuple[str, ...]
    count: int
    total: int
    notes: tuple[Say, ...]
    branches: tuple["Branch", ...]

    @property
    def faults(self) -> tuple[Say, ...]:
        """What is wrong there."""
        return tuple(note for note in self.notes if note.key not in _OPEN)

    @property
    def open(self) -> tuple[Say, ...]:
        """What is not known."""
        return tuple(note for note in self.notes if note.key in _OPEN)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "Branch"]]:
        """Give this branch and those below it with their depth, in the order they are met."""
        yield depth, self
        for branch in self.branches:
            yield from branch.walk(depth + 1)


@dataclass(frozen=True, slots=True)
class SpfDrawing:
    """A domain and its tree. `bad` tells that verifiers give up on it, or that there is none."""

    domain: str
    root: Branch
    bad: bool


@dataclass(slots=True)
class _Count:
    lookups: int = 0
    voids: int = 0
    bad: bool = False


def spf_drawings(source: Source) -> tuple[SpfDrawing, ...]:
    """Draw the tree of each own domain."""
    own = [subject for subject in source.subjects if subject.domain_kind is Kind.OWN_DOMAIN]
    judged = {finding.subject for finding in source.findings}
    return tuple(spf_drawing(source, subject.hostname, subject.display) for subject in own if subject.label in judged)


def spf_drawing(source: Source, domain: str, display: str) -> SpfDrawing:
    """Draw the tree of one domain."""
    asked = source.dns
    tree = drive(
        record_tree(domain),
        lambda put: asked.get((put.name, put.rdtype)) or unrecorded(put.name, put.rdtype),
    )
    count = _Count()
    root = _branch(tree.root, count)
    return SpfDrawing(display, root, count.bad)


def _branch(node: Node, count: _Count) -> Branch:
    before = count.lookups
    notes = list(_state(node, count))
    branches = []
    for step in node.steps:
        count.lookups += 1
        if count.lookups == MOST_LOOKUPS + 1:
            count.bad = True
            notes.append(Say("spf_tree_eleventh", {"term": step.term.text}))
        notes += _step(step, count)
        if step.node:
            branches.append(_branch(step.node, count))
        if everybody_matches(step):
            break
    if over := max(len(branches), len(notes)) - _MOST:
        notes = [*notes[:_MOST], Say("spf_tree_more", {"n": over})] if over > 0 else notes
    spent = count.lookups - before
    name = to_unicode(node.name)
    return Branch(name, node.found.texts[:_MOST], spent, count.lookups, tuple(notes), tuple(branches[:_MOST]))


def _state(node: Node, count: _Count) -> Iterator[Say]:
    key = "spf_tree_nothing" if node.state in _NOTHING else _TOLD.get(node.state)
    if key:
        count.bad |= node.state not in {NodeState.UNRESOLVED, NodeState.MACRO, NodeState.UNSAFE}
        yield Say(key, {"position": node.found.position + 1})


def _step(step: Step, count: _Count) -> Iterator[Say]:
    if step.mechanism == "mx" and step.count > MOST_NAMES:
        count.bad = True
        yield Say("spf_tree_mx_names", {"term": step.term.text, "count": step.count})
    if step.state is StepState.VOID:
        count.voids += 1
        count.bad |= count.voids > MOST_VOIDS
        yield Say("spf_tree_void", {"term": step.term.text})
    elif step.state is StepState.UNRESOLVED:
        yield Say("spf_tree_host_unanswered", {"term": step.term.text})
    elif step.state is StepState.OPEN and step.node is None and step.term.has_macro:
        yield Say("spf_tree_open", {"term": step.term.text})
