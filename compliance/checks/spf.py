"""SPF: one valid record that ends in a refusal and does not let the whole world send (RFC 7208)."""

from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_applicable,
    not_tested,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.spf_publish import publishing
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.subject import Kind
from compliance.records.dns_walk import drive
from compliance.records.spf_limits import Costs, costs
from compliance.records.spf_lookup import NodeState
from compliance.records.spf_reach import final_all, reach, reverse_targets, unmeasured
from compliance.records.spf_tree import SpfTree, record_tree


def tree_of(view: DomainView) -> SpfTree:
    """Replay the walk through a domain's SPF records from the evidence."""
    return drive(record_tree(view.subject.hostname), view.context.evidence.answer)


@check("spf_record", Scope.DOMAIN, reperform="txt")
def spf_record(view: DomainView, _want: Parameters) -> Verdict:
    """Exactly one TXT record is an SPF record and follows the grammar (RFC 7208 sections 4.5, 4.6 and 12)."""
    tree = tree_of(view)
    return resting_on(record_verdict(view, tree), (tree.root.observation,))


def record_verdict(view: DomainView, tree: SpfTree) -> Verdict:
    """Say what stands at the domain itself."""
    return publishing(view, view.subject.hostname, tree, _record_verdict(view, tree))


def _record_verdict(view: DomainView, tree: SpfTree) -> Verdict:
    root = tree.root
    match root.state:
        case NodeState.NO_DOMAIN:
            return not_applicable("no_domain")
        case NodeState.NONE:
            return failed("spf_only_type99", record=tree.retired) if tree.retired else failed("spf_missing")
        case NodeState.SEVERAL:
            return failed("spf_several", count=len(root.found.texts))
        case NodeState.SYNTAX:
            return failed("spf_syntax", record=root.text, position=root.found.position + 1, why=root.found.why)
        case NodeState.UNRESOLVED:
            return unanswered(root.unanswered, view.context)
        case _:
            return passed("spf_valid", record=root.text)


@check("spf_policy", Scope.DOMAIN, reperform="txt")
def spf_policy(view: DomainView, want: Parameters) -> Verdict:
    """The record refuses everyone it does not name (`-all` or `~all`), and does not name the world."""
    tree = tree_of(view)
    text = tree.root.text
    evidence = tree.observations
    if tree.root.state is not NodeState.RECORD:
        return resting_on(record_verdict(view, tree), evidence)
    if view.kind is Kind.PARKED_DOMAIN:
        bare = text.strip().lower().split() == ["v=spf1", "-all"]
        verdict = passed("spf_sends_nothing", record=text) if bare else failed("spf_parked_sends", record=text)
        return resting_on(publishing(view, view.subject.hostname, tree, verdict), evidence)
    bad = _open_ending(tree, text) or _too_broad(tree, text, want) or _refusing_nobody(tree, text)
    verdict = bad or _unknown(view, tree, text) or _refusing(tree, text, want)
    return resting_on(publishing(view, view.subject.hostname, tree, verdict), evidence)


def _open_ending(tree: SpfTree, text: str) -> Verdict | None:
    """What decides for everyone not named: the `all` of the record or of the one it redirects to."""
    qualifier = final_all(tree).qualifier
    if qualifier is None or qualifier in {"-", "~"}:
        return None
    return failed("spf_open_ending", record=text, ending=f"{qualifier}all")


def _too_broad(tree: SpfTree, text: str, want: Parameters) -> Verdict | None:
    """What the world is let in by, or not refused by: `?` in front of a range stops as little as `?all` does."""
    allowed = reach(tree)
    if allowed.ipv4_count >= 1 << int(want["ipv4_fail_bits"]):
        return failed("spf_too_broad", record=text, count=allowed.ipv4_count)
    if allowed.ipv6_shortest is not None and allowed.ipv6_shortest < int(want["ipv6_fail_prefix"]):
        return failed("spf_too_broad_v6", record=text, prefix=allowed.ipv6_shortest)
    unrefused = reach(tree, "+?")
    wide_v6 = unrefused.ipv6_shortest is not None and unrefused.ipv6_shortest < int(want["ipv6_fail_prefix"])
    if wide_v6 or unrefused.ipv4_count >= 1 << int(want["ipv4_fail_bits"]):
        return failed("spf_neutral_world", record=text)
    return None


def _refusing_nobody(tree: SpfTree, text: str) -> Verdict | None:
    """A record every verifier gives up on (PermError) refuses nobody, whatever it ends in (RFC 7208 section 2.6.7)."""
    if name := tree.nowhere:
        return failed("spf_permerror", record=text, name=name)
    return given_up(text, costs(tree))


def given_up(text: str, told: Costs) -> Verdict | None:
    """Verifiers must give up at the eleventh lookup, and at an `mx` of more than ten names (RFC 7208 section 4.6.4).

    `term` is the one they come to, `at` whose record it is in.
    """
    if last := told.breaking:
        where = {"term": last.step.term.text, "at": last.name}
        return failed("spf_too_many_lookups", record=text, count=told.lookups, **where)
    if crowded := told.crowded:
        return failed("spf_mx_names", record=text, term=crowded.step.term.text, count=crowded.step.count)
    return None


def _unknown(view: DomainView, tree: SpfTree, text: str) -> Verdict | None:
    """What an unheard name allows is not known, nor what is decided only for each message."""
    end = final_all(tree)
    if end.macro:
        return not_tested(Cause.THEIRS, "spf_ending_by_macro", record=text)
    if tree.unanswered:
        return unanswered(tree.unanswered, view.context)
    if end.unsafe:
        return not_tested(Cause.THEIRS, "spf_name_not_asked", record=text, host=end.name)
    if end.qualifier is None:
        return failed("spf_no_ending", record=text)
    registry = any(map(view.context.is_public_suffix, reverse_targets(tree)))  # `ptr:no`: all whose name is below it
    return not_tested(Cause.THEIRS, "spf_reach_unknown", record=text) if registry or unmeasured(tree) else None


def _refusing(tree: SpfTree, text: str, want: Parameters) -> Verdict:
    allowed = reach(tree)
    verdict = passed("spf_refuses_others", record=text, ending=f"{final_all(tree).qualifier}all")
    if allowed.ipv4_count >= 1 << int(want["ipv4_notice_bits"]):
        verdict = noticing(verdict, Notice("spf_broad", {"count": allowed.ipv4_count}))
    if allowed.ipv6_shortest is not None and allowed.ipv6_shortest < int(want["ipv6_notice_prefix"]):
        verdict = noticing(verdict, Notice("spf_broad_v6", {"prefix": allowed.ipv6_shortest}))
    if any(node.state is NodeState.MACRO for node in tree.nodes()):
        verdict = noticing(verdict, Notice("spf_macro"))
    if allowed.uses_ptr:
        verdict = noticing(verdict, Notice("spf_uses_ptr"))
    return verdict
