"""DANE for mail: secure usable TLSA records at every MX name, and certificates that match them (RFC 7672)."""

from compliance.checks.context import Context
from compliance.checks.dane import Lookup, Trouble, look_up
from compliance.checks.dnssec import declared, no_host
from compliance.checks.presented import chains, unsettled
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
from compliance.checks.transport import starttls
from compliance.checks.unanswered import unanswered
from compliance.checks.views import HostView, MxView
from compliance.model.finding import Cause, Notice, Status, Value, Verdict
from compliance.model.names import is_address
from compliance.records import tlsa
from compliance.records.dane_walk import DaneWalk, tlsa_owner

_REASONS = {
    Trouble.ABSENT: "tlsa_missing",
    Trouble.MX_UNSIGNED: "dane_mx_insecure",
    Trouble.ADDRESS_UNSIGNED: "dane_address_insecure",
    Trouble.RECORDS_UNSIGNED: "tlsa_insecure",
    Trouble.UNUSABLE: "tlsa_unusable",
    Trouble.LOOKUP: "tlsa_lookup_broken",
    Trouble.MISMATCH: "tlsa_mismatch",
    Trouble.TA_CHAIN: "dane_ta_chain",
    Trouble.TA_NAME: "dane_ta_name",
    Trouble.TA_DATES: "dane_ta_dates",
}


@check("dane_records", Scope.MX_NAMES, reperform="tlsa")
def dane_records(view: MxView, _want: Parameters) -> Verdict:
    """The MX name has usable TLSA records, and MX, address and TLSA are all secure (RFC 7672 section 2.2)."""
    if settled := no_host(view):
        return settled
    lookup = look_up(view, view.host.name)
    verdict = _published(view, lookup)
    return resting_on(noticing(verdict, *_declared(view.context, verdict)), (*view.evidence, *lookup.walk.evidence))


def _published(view: MxView, lookup: Lookup) -> Verdict:
    walk = lookup.walk
    if not walk.way and walk.unanswered:
        return unanswered(walk.unanswered, view.context)
    found = lookup.obstacle
    if isinstance(found, Verdict):
        return found
    if found:
        return failed(_REASONS[found], name=tlsa_owner(walk.base), host=view.host.name, records=_shapes(walk))
    unused = [_shape(record) for record in walk.records if not record.usable] + ["?"] * len(walk.unreadable)
    notices = [Notice("tlsa_some_unusable", {"records": unused})] if unused else []
    return passed("tlsa_published", *notices, name=tlsa_owner(walk.base), records=_shapes(walk))


@check("dane_match", Scope.MAIL_HOSTS, reperform="dane")
def dane_match(view: HostView, want: Parameters) -> Verdict:
    """STARTTLS is there, and a secure TLSA record names each certificate this address presents (RFC 7672 section 3)."""
    if is_address(view.name):
        return not_applicable("no_name_to_match", address=view.name)
    lookup = look_up(view, view.name)
    verdict = _matched(view, lookup, want)
    evidence = verdict.evidence or view.evidence
    return resting_on(noticing(verdict, *_declared(view.context, verdict)), (*evidence, *lookup.walk.evidence))


def _matched(view: HostView, lookup: Lookup, want: Parameters) -> Verdict:
    walk = lookup.walk
    name = tlsa_owner(walk.base)
    found = lookup.obstacle
    if isinstance(found, Verdict):
        return found
    where: dict[str, Value] = {"name": name, "host": view.name, "records": _shapes(walk)}
    if found is Trouble.LOOKUP:
        return failed(_REASONS[found], **where)
    if found and found is not Trouble.UNUSABLE:
        return not_applicable(_REASONS[found], **where)
    shown = chains(view)
    if not shown:  # with any secure TLSA record, usable or not, TLS is mandatory: section 2.2
        heard = starttls(view, want)
        if heard.status is Status.FAIL:
            return failed("dane_without_starttls", *heard.notices, name=name)
        return not_tested(Cause.NO_EVIDENCE, "not_recorded") if heard.status is Status.PASS else heard
    if found:
        return not_applicable(_REASONS[found], **where)
    for each in shown:
        trouble = lookup.mismatch(each)
        if trouble and walk.base != view.name:  # a sender asks for the base by SNI, we asked for the MX name
            return not_tested(Cause.OURS, "tlsa_other_name", name=name, host=view.name)
        if trouble:
            return resting_on(failed(_REASONS[trouble], **where), dict.fromkeys((*view.evidence, *each.evidence)))
    evidence = dict.fromkeys((*view.evidence, *(key for each in shown for key in each.evidence)))
    return resting_on(passed("tlsa_matches", *unsettled(view), name=name, records=_shapes(walk)), evidence)


def _shape(record: tlsa.Tlsa) -> str:
    return f"{record.usage} {record.selector} {record.matching}"


def _shapes(walk: DaneWalk) -> list[str]:
    return list(dict.fromkeys(map(_shape, walk.records)))


def _declared(context: Context, verdict: Verdict) -> tuple[Notice, ...]:
    """What was judged by DNSSEC says where DNSSEC is only vouched for."""
    return declared(context) if verdict.status in {Status.PASS, Status.FAIL} else ()
