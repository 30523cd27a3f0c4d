"""SPF: our own senders pass the check that receivers make (RFC 7208 section 4)."""

from collections.abc import Iterator

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
from compliance.checks.spf_publish import INCLUDES, publishing
from compliance.checks.unanswered import unanswered
from compliance.checks.views import SpfSenderView
from compliance.model.finding import Cause, Notice, Status, Verdict
from compliance.records.dns_walk import drive
from compliance.records.spf_check import Checked, Result, check_host
from compliance.records.spf_lookup import MOST_VOIDS, NodeState
from compliance.records.spf_macro import Sender
from compliance.records.spf_match import Why
from compliance.records.spf_tree import SpfTree, record_tree


@check("spf_senders", Scope.SPF_SENDERS, reperform="txt")
def spf_senders(view: SpfSenderView, _want: Parameters) -> Verdict:
    """Check_host() says Pass for an address that sends, and each domain it sends for (RFC 7208 sections 2.4 and 4)."""
    if not view.address:
        return _service(view)
    checked = _checked(view, view.domain)
    verdict = _judged(view, checked)
    if verdict.status is Status.FAIL:
        verdict = publishing(view, view.domain, _tree(view), verdict)
    return resting_on(verdict, (*view.trail, *_ids(checked)))


def _checked(view: SpfSenderView, domain: str) -> Checked:
    sender = Sender(view.address, f"postmaster@{domain}", view.subject.helo)
    return drive(check_host(sender), view.context.evidence.answer)


def _ids(checked: Checked) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.id for answer in checked.answers if answer.id))


def _judged(view: SpfSenderView, checked: Checked) -> Verdict:
    who = {"address": view.address, "domain": view.domain}
    match checked.result:
        case Result.PASS:
            verdict = passed("spf_sender_passes", term=checked.term, **who)
            return noticing(verdict, *_beside(view, checked))
        case Result.NONE if checked.state is NodeState.NO_DOMAIN:
            return not_applicable("no_domain")
        case Result.NONE:
            return failed("spf_sender_none", **who)
        case Result.FAIL:
            return failed("spf_sender_fails", term=checked.term, **who)
        case Result.SOFTFAIL:
            return failed("spf_sender_softfails", term=checked.term, **who)
        case Result.NEUTRAL:
            return failed("spf_sender_neutral", **who)
        case Result.PERMERROR:
            return failed("spf_sender_permerror", host=checked.name, **who)
        case Result.TEMPERROR if checked.why is Why.UNSAFE:
            record = next((node.text for node in _tree(view).nodes()), "")
            return not_tested(Cause.THEIRS, "spf_name_not_asked", record=record, host=checked.name)
        case Result.TEMPERROR:
            return unanswered(checked.unanswered, view.context)


def _beside(view: SpfSenderView, checked: Checked) -> Iterator[Notice]:
    """Receivers may also check the name in HELO (section 2.3); some count a host of the other family as void."""
    if checked.voids + checked.one_sided > MOST_VOIDS:
        yield Notice("spf_one_family", {"count": checked.voids + checked.one_sided})
    helo = view.subject.helo
    if not helo:
        return
    named = _checked(view, helo)
    if named.result is Result.NONE:
        yield Notice("helo_without_spf", {"helo": helo})
    elif named.result not in {Result.PASS, Result.TEMPERROR}:
        yield Notice("helo_fails_spf", {"helo": helo, "address": view.address, "result": named.result.value})


def _tree(view: SpfSenderView) -> SpfTree:
    return drive(record_tree(view.domain), view.context.evidence.answer)


def _service(view: SpfSenderView) -> Verdict:
    """A service's addresses are its own; what can be seen is whether the record names what the service publishes."""
    tree = _tree(view)
    if tree.root.state is NodeState.UNRESOLVED:
        return resting_on(unanswered(tree.unanswered, view.context), tree.observations)
    wanted = INCLUDES.get(view.subject.service, "")
    named = {node.name for node in tree.nodes()}
    values = {"service": view.subject.label, "domain": view.domain}
    if wanted and wanted not in named:
        verdict = not_tested(Cause.NO_EVIDENCE, "spf_service_not_named", include=wanted, **values)
    else:
        verdict = not_tested(Cause.NO_EVIDENCE, "spf_service_unseen", **values)
    return resting_on(verdict, tree.observations)
