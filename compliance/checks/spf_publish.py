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
from compliance.records.spf_limits import Costs, costs
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_NAMES, MOST_VOIDS, NodeState
from compliance.records.spf_tree import Node, SpfTree, Step, StepState

#: What the services of the inventory ask their customers to include.
INCLUDES = {"exchange_online": "spf.protection.outlook.com", "google_workspace": "_spf.google.com"}

#: What may be taken out: a name that says nothing to anybody. One with a record that is at fault has senders.
_EMPTY = frozenset({NodeState.NONE, NodeState.NO_DOMAIN, NodeState.LOOP})
_BAD = _EMPTY | {NodeState.SEVERAL, NodeState.SYNTAX}


def publishing(view: DomainView | SpfSenderView, domain: str, tree: SpfTree, verdict: Verdict) -> Verdict:
    """The same failure with the record to publish, where one can be written that mends it."""
    plain = verdict.status is Status.FAIL and is_plain(domain)
    text = _text(view.context, domain, view.kind, tree, verdict) if plain else ""
    text = text if text and spf_mend.is_sound(text) else ""
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
    """Mend all that is wrong in the domain's own record at once; nothing where the fault lies in somebody else's."""
    if any(step.node and step.node.state not in _EMPTY and _is_broken(step.node) for step in tree.root.steps):
        return ""
    told = costs(tree)
    instead = {step.term.text: new for step in tree.root.steps if (new := _instead(step, told)) is not None}
    changed = [step for step in tree.root.steps if step.term.text in instead]
    voids = len(told.voids) - sum(step.state is StepState.VOID for step in changed)
    match verdict.reason:
        case "spf_sender_permerror":
            return ""  # what is wrong stands at the domain itself
        case "spf_too_many_voids" if voids > MOST_VOIDS:
            return ""
        case "spf_too_many_lookups" if told.lookups - len(changed) > MOST_LOOKUPS:
            return ""
        case "spf_mx_names" if not any(step.count > MOST_NAMES for step in changed):
            return ""
    sender = str(verdict.values.get("address", "")) if verdict.reason.startswith("spf_sender_") else ""
    return spf_mend.mended(record, instead, sender)


def _is_broken(node: Node) -> bool:
    return any(each.state in _BAD for each in node.nodes())


def _instead(step: Step, told: Costs) -> list[str] | None:
    """What to put for a term: nothing for one that leads nowhere, addresses where there are too many lookups."""
    crowded = step.mechanism == "mx" and step.count > MOST_NAMES
    void = step.state is StepState.VOID and (told.too_many_voids or told.too_many_lookups)
    if crowded or void or (step.node and step.node.state in _EMPTY):
        return []
    return _addresses(step) if told.too_many_lookups else None


def _addresses(step: Step) -> list[str] | None:
    """The literal terms that say the same as an `a` that was answered."""
    term = step.term
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
