"""The SPF record to publish instead of one that fails: beside the verdict, ready to copy, or not given at all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from compliance.checks.context import Context
from compliance.checks.views import DomainView, SpfSenderView
from compliance.model.finding import Status, Verdict
from compliance.model.names import is_address, is_inside, is_no_mail_host, is_plain
from compliance.model.subject import Kind, Subject
from compliance.records import spf_mend
from compliance.records.dns_walk import drive
from compliance.records.mail_route import host_addresses
from compliance.records.spf import SpfRecord, Term
from compliance.records.spf_check import Result, check_host
from compliance.records.spf_limits import Costs, costs
from compliance.records.spf_lookup import MOST_LOOKUPS, MOST_NAMES, MOST_VOIDS, NodeState
from compliance.records.spf_macro import Sender
from compliance.records.spf_tree import Node, SpfTree, Step, StepState

#: What the services of the inventory ask their customers to include.
INCLUDES = {"exchange_online": "spf.protection.outlook.com", "google_workspace": "_spf.google.com"}

#: What may be taken out: a name that says nothing to anybody. One with a record that is at fault has senders.
_EMPTY = frozenset({NodeState.NONE, NodeState.NO_DOMAIN, NodeState.LOOP})
_BAD = _EMPTY | {NodeState.SEVERAL, NodeState.SYNTAX}
#: What a receiver says of a sender that nothing lets in. Silence says nothing.
_SHUT_OUT = frozenset({Result.FAIL, Result.SOFTFAIL, Result.NEUTRAL, Result.PERMERROR})


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
    return _mended(context, tree, tree.root.record, verdict) if tree.root.record else ""


def _mended(context: Context, tree: SpfTree, record: SpfRecord, verdict: Verdict) -> str:
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
    missing = [sender] if sender else []
    return spf_mend.mended(record, instead, [*missing, *_shut_out(context, tree.root.name)])


def _shut_out(context: Context, domain: str) -> Iterator[str]:
    """The senders the inventory knows that nothing before `all` lets in: a stricter ending would refuse their mail."""
    for sender in _senders(context, domain):
        for address in _known(context, sender):
            asked = Sender(address, f"postmaster@{domain}", sender.helo)
            checked = drive(check_host(asked), context.evidence.answer)
            by_all = checked.result is Result.PASS and checked.term.lstrip("+").lower() == "all"
            if (by_all or checked.result in _SHUT_OUT) and not _unseen(context, address):
                yield address


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
    addresses: list[str] = []
    includes: list[str] = []
    for sender in _senders(context, domain):
        known = INCLUDES.get(sender.service, "")
        if sender.service and not known:
            return ""
        if known:
            includes.append(known)
        else:
            addresses += _known(context, sender) or [""]  # one that is not known leaves a record that would shut it out
    outside = [each for each in addresses if each and not _unseen(context, each)]
    return spf_mend.assembled(outside, includes) if len(outside) == len(addresses) else ""


def _senders(context: Context, domain: str) -> list[Subject]:
    return [each for each in context.subjects if Kind.OUTBOUND_HOST in each.kinds and domain in each.sends_for]


def _known(context: Context, sender: Subject) -> Sequence[str]:
    if sender.service or is_address(sender.hostname):
        return [] if sender.service else [sender.hostname]
    return drive(host_addresses(sender.hostname), context.evidence.answer).addresses


def _unseen(context: Context, address: str) -> bool:
    return is_inside(address) or is_no_mail_host(address, lab=context.lab)
