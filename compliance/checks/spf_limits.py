"""SPF: a record that verifiers get to the end of (RFC 7208 section 4.6.4)."""

from collections.abc import Iterator

from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_tested,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.spf import given_up, record_verdict, tree_of
from compliance.checks.spf_publish import publishing
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.records.spf_limits import Costs, answer_size, costs, observations
from compliance.records.spf_lookup import MOST_VOIDS, NodeState
from compliance.records.spf_tree import SpfTree


@check("spf_limits", Scope.DOMAIN, reperform="txt")
def spf_limits(view: DomainView, want: Parameters) -> Verdict:
    """Ten lookups and two void ones at most, every name leads to a record, no loop (RFC 7208 sections 4.6.4, 5.2)."""
    tree = tree_of(view)
    if tree.root.state is not NodeState.RECORD:
        return resting_on(record_verdict(view, tree), observations(tree))
    told = costs(tree)
    verdict = _over(tree, told) or _unknown(view, tree, told) or _within(tree, told, want)
    return resting_on(publishing(view, view.subject.hostname, tree, verdict), observations(tree))


def _over(tree: SpfTree, told: Costs) -> Verdict | None:
    """What every verifier gives up on, the whole of SPF with it; no unheard answer can mend it."""
    text = tree.root.text
    if told.loop:
        return failed("spf_loop", record=text, name=told.loop)
    if name := tree.nowhere:
        return failed("spf_permerror", record=text, name=name)
    if broken := given_up(text, told):
        return broken
    if told.too_many_voids:
        terms = [place.step.term.text for place in told.voids]
        return failed("spf_too_many_voids", record=text, count=len(terms), terms=terms)
    return None


def _unknown(view: DomainView, tree: SpfTree, told: Costs) -> Verdict | None:
    if told.unanswered:
        return unanswered(told.unanswered, view.context)
    if told.unsafe:
        return not_tested(Cause.THEIRS, "spf_name_not_asked", record=tree.root.text, host=told.unsafe)
    if told.open_records:
        return not_tested(Cause.THEIRS, "spf_limits_by_macro", record=tree.root.text, count=told.lookups)
    return None


def _within(tree: SpfTree, told: Costs, want: Parameters) -> Verdict:
    verdict = passed("spf_within_limits", count=told.lookups, voids=len(told.voids))
    return noticing(verdict, *_beside(tree, told, want))


def _beside(tree: SpfTree, told: Costs, want: Parameters) -> Iterator[Notice]:
    """What is within the limits and yet may give way: little room left, a large answer, macros, hosts of one family."""
    if told.lookups >= int(want["lookups_notice"]):
        yield Notice("spf_near_limit", {"count": told.lookups})
    own = tree.root.name
    for node in tree.nodes():
        size = answer_size(node.found.answer) if node.found.answer else 0
        if size > int(want["octets_notice"]) and f".{node.name}".endswith(f".{own}"):
            yield Notice("spf_answer_large", {"name": node.name, "count": size})
    if told.open_terms:
        yield Notice("spf_macros_counted", {"count": told.open_terms})
    if len(told.voids) + told.one_sided > MOST_VOIDS:
        yield Notice("spf_one_family", {"count": len(told.voids) + told.one_sided})
