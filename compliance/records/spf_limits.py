"""What a tree of SPF records costs the verifier of a client that no term names (RFC 7208 section 4.6.4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from compliance.model.observation import DnsFacts, Observation
from compliance.records.dns_walk import facts, is_answered
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_NAMES, MOST_VOIDS, NodeState
from compliance.records.spf_tree import Node, SpfTree, Step, StepState

_HEADER, _QUESTION, _RECORD = 12, 4, 12  # octets, the record's with its name compressed (RFC 1035 section 4)


@dataclass(frozen=True, slots=True)
class Place:
    """A term, and the name whose record it stands in."""

    name: str
    step: Step


@dataclass(frozen=True, slots=True)
class Costs:
    """What was counted.

    `breaking` is the eleventh lookup, `crowded` an `mx` of more than ten names, `voids` the terms that come to
    nothing in either family, `open_records` those whose record is another for each message, `open_terms` all whose
    name is, `one_sided` by how many more are void for a client of the worse-off family.
    """

    lookups: int
    voids: tuple[Place, ...]
    breaking: Place | None = None
    crowded: Place | None = None
    open_records: int = 0
    open_terms: int = 0
    one_sided: int = 0
    unanswered: tuple[Observation, ...] = ()
    unsafe: str = ""
    loop: str = ""

    @property
    def too_many_lookups(self) -> bool:
        """Whether verifiers give up for the number of lookups."""
        return self.lookups > MOST_LOOKUPS

    @property
    def too_many_voids(self) -> bool:
        """Whether verifiers give up for the number of lookups that come to nothing."""
        return len(self.voids) > MOST_VOIDS


def places(node: Node) -> Iterator[Place]:
    """Give the terms that cost a lookup in the order a verifier comes to them, those behind a sure match left out."""
    for step in node.steps:
        yield Place(node.name, step)
        if step.node:
            yield from places(step.node)
        if everybody_matches(step):
            return


def everybody_matches(step: Step) -> bool:
    """Tell whether a term holds for every client there is, so that nothing behind it is ever reached."""
    if step.mechanism != "include" or step.node is None:
        return step.everybody
    record = step.node.record
    return record is not None and record.all is not None and all(term.qualifier == "+" for term in record.reached)


def costs(tree: SpfTree) -> Costs:
    """Count for the client that no term names: it is led through every record to its end."""
    met = tuple(places(tree.root))
    seen = met[:MOST_LOOKUPS]
    voids = tuple(place for place in seen if place.step.state is StepState.VOID)
    nodes = tuple(place.step.node for place in met if place.step.node)
    return Costs(
        lookups=len(met),
        voids=voids,
        breaking=met[MOST_LOOKUPS] if len(met) > MOST_LOOKUPS else None,
        crowded=next((place for place in seen if place.step.mechanism == "mx" and place.step.count > MOST_NAMES), None),
        open_records=sum(node.state is NodeState.MACRO for node in nodes),
        open_terms=sum(place.step.term.has_macro and place.step.state is StepState.OPEN for place in met),
        one_sided=_one_sided(seen),
        unanswered=tuple(_unanswered(tree.root, seen)),
        unsafe=next((place.step.name for place in met if _is_unsafe(place)), ""),
        loop=next((node.name for node in nodes if node.state is NodeState.LOOP), ""),
    )


def observations(tree: SpfTree) -> tuple[str, ...]:
    """Give the ids of all answers the costs are counted by."""
    keys = [tree.root.observation]
    for place in places(tree.root):
        keys += [place.step.node.observation] if place.step.node else [answer.id for answer in place.step.answers]
    return tuple(dict.fromkeys(key for key in keys if key))


def _is_unsafe(place: Place) -> bool:
    return bool(place.step.node and place.step.node.state is NodeState.UNSAFE)


def _unanswered(root: Node, seen: tuple[Place, ...]) -> Iterator[Observation]:
    yield from root.unanswered
    for place in seen:
        answers = place.step.node.unanswered if place.step.node else place.step.answers
        yield from (answer for answer in answers if not is_answered(answer))


def _one_sided(seen: tuple[Place, ...]) -> int:
    """Count the hosts that have no address of the family that most of them lack."""
    lacking = {"A": 0, "AAAA": 0}
    for place in seen:
        for answer in place.step.answers if place.step.mechanism == "a" else ():
            found = facts(answer)
            lacks = place.step.state is StepState.ANSWERED and found is not None and not found.records
            lacking[answer.question] += lacks
    return max(lacking.values())


def answer_size(answer: Observation) -> int:
    """Give the octets of an answer without EDNS and signatures, as an old verifier gets it (section 3.4)."""
    seen: DnsFacts | None = facts(answer)
    if seen is None:
        return 0
    names = sum(len(name) + 2 for name in (seen.name, *seen.aliases))
    data = sum(len(text) + 1 for record in seen.records for text in record.strings)
    return _HEADER + _QUESTION + names + _RECORD * (len(seen.records) + len(seen.aliases)) + data
