"""The SPF record to publish instead of one that fails: beside the verdict, ready to copy, or not given at all."""

from collections.abc import Iterator
from dataclasses import replace

from compliance.checks.context import Context
from compliance.checks.views import DomainView, SpfSenderView
from compliance.model.finding import Status, Verdict
from compliance.model.names import is_address, is_inside, is_no_mail_host, is_plain
from compliance.model.subject import Kind
from compliance.records import spf_mend
from compliance.records.dns_walk import drive
from compliance.records.mail_route import host_addresses
from compliance.records.spf import SpfRecord, Term
from compliance.records.spf_limits import costs
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_VOIDS, NodeState
from compliance.records.spf_tree import Node, SpfTree, Step, StepState

#: What the services of the inventory ask their customers to include.
INCLUDES = {"exchange_online": "spf.protection.outlook.com", "google_workspace": "_spf.google.com"}

_BAD = frozenset({NodeState.NONE, NodeState.SEVERAL, NodeState.SYNTAX, NodeState.NO_DOMAIN, NodeState.LOOP})


def publishing(view: DomainView | SpfSenderView, domain: str, tree: SpfTree, verdict: Verdict) -> Verdict:
    """The same failure with the record to publish, where one can be written that mends it."""
    if verdict.status is not Status.FAIL or not is_plain(domain):
        return verdict
    text = _text(view.context, domain, view.kind, tree, verdict)
    return replace(verdict, values={**verdict.values, "publish": text, "publish_at": domain}) if text else verdict


def _text(context: Context, domain: str, kind: Kind, tree: SpfTree, verdict: Verdict) -> str:
    if kind is Kind.PARKED_DOMAIN:
        return spf_mend.NOBODY
    match verdict.reason:
        case "spf_only_type99":
            return spf_mend.merged([tree.retired])
        case "spf_several":
            return spf_mend.merged(tree.root.found.texts)
        case "spf_syntax":
            return spf_mend.unslipped(tree.root.text)
        case "spf_missing" | "spf_sender_none" | "spf_too_broad" | "spf_too_broad_v6" | "spf_neutral_world":
            return _assembled(context, domain)
    return _mended(tree, tree.root.record, verdict) if tree.root.record else ""


def _mended(tree: SpfTree, record: SpfRecord, verdict: Verdict) -> str:
    match verdict.reason:
        case "spf_open_ending" | "spf_no_ending":
            return spf_mend.with_ending(record)
        case "spf_sender_fails" | "spf_sender_softfails" | "spf_sender_neutral":
            return spf_mend.with_sender(record, str(verdict.values["address"]))
        case "spf_permerror" | "spf_loop":
            leads = {step.term.text for step in tree.root.steps if step.node and _is_bad(step.node)}
            return spf_mend.without(record, leads)
        case "spf_mx_names":
            return spf_mend.without(record, {str(verdict.values["term"])}) if _in_root(tree, verdict) else ""
        case "spf_too_many_voids":
            void = {step.term.text for step in tree.root.steps if step.state is StepState.VOID}
            left = len(costs(tree).voids) - sum(step.state is StepState.VOID for step in tree.root.steps)
            return spf_mend.without(record, void) if left <= MOST_VOIDS else ""
        case "spf_too_many_lookups":
            return _fewer_lookups(tree, record)
    return ""


def _is_bad(node: Node) -> bool:
    return any(each.state in _BAD for each in node.nodes())


def _in_root(tree: SpfTree, verdict: Verdict) -> bool:
    return any(step.term.text == verdict.values["term"] for step in tree.root.steps)


def _fewer_lookups(tree: SpfTree, record: SpfRecord) -> str:
    """Put addresses for the hosts that were looked up, and leave out those that are gone, if that is enough."""
    instead = {step.term.text: new for step in tree.root.steps if (new := _addresses(step)) is not None}
    spared = sum(step.term.text in instead for step in tree.root.steps)
    enough = costs(tree).lookups - spared <= MOST_LOOKUPS
    return spf_mend.exchanged(record, instead) if enough and spared else ""


def _addresses(step: Step) -> list[str] | None:
    """The literal terms that say the same as an `a` that was answered; none for one that leads nowhere."""
    term = step.term
    if step.state is StepState.VOID:
        return []
    if not isinstance(term, Term) or term.mechanism != "a" or step.state is not StepState.ANSWERED:
        return None
    return [f"{term.qualifier.replace('+', '')}{each}" for each in _literal(step, term)]


def _literal(step: Step, term: Term) -> Iterator[str]:
    for answer in step.answers:
        kind, bits = ("ip4", term.cidr4) if answer.question == "A" else ("ip6", term.cidr6)
        for record in getattr(answer.facts, "records", ()):
            yield f"{kind}:{record.data}" + ("" if bits is None else f"/{bits}")


def _assembled(context: Context, domain: str) -> str:
    """A first record from the inventory; none where a sender's addresses are not known."""
    senders = [each for each in context.subjects if Kind.OUTBOUND_HOST in each.kinds and domain in each.sends_for]
    addresses: list[str] = []
    includes: list[str] = []
    for sender in senders:
        known = INCLUDES.get(sender.service, "")
        if sender.service and not known:
            return ""
        if known:
            includes.append(known)
        elif is_address(sender.hostname):
            addresses.append(sender.hostname)
        else:
            found = drive(host_addresses(sender.hostname), context.evidence.answer).addresses
            addresses += found or [""]  # one that is not known leaves a record that would shut it out
    outside = [each for each in addresses if each and not _unseen(context, each)]
    return spf_mend.assembled(outside, includes) if len(outside) == len(addresses) else ""


def _unseen(context: Context, address: str) -> bool:
    return is_inside(address) or is_no_mail_host(address, lab=context.lab)
