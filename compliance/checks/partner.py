"""The register of partners: can they carry what we ask, and do we know whom to ring (U-02 measure 1c)."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from compliance.checks.certificate import each_chain, pkix_dates, pkix_name, pkix_trust
from compliance.checks.dane_records import dane_match, dane_records
from compliance.checks.registry import (
    CheckFunction,
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
from compliance.checks.scopes import route_of
from compliance.checks.transport import starttls
from compliance.checks.views import DomainView, HostView, MxView
from compliance.model.finding import Cause, Notice, Status, Verdict
from compliance.model.subject import Level
from compliance.records.dns_walk import facts

#: Where a run folder keeps the register that was judged.
_REGISTER = "inputs/inventory.json"


@check("partner_capability", Scope.MAIL_HOSTS, reperform="carries_level")
@each_chain
def partner_capability(view: HostView, want: Parameters) -> Verdict:
    """Each of the partner's mail hosts can carry the level we ask toward it; `verify` by PKIX, `dane` by DANE alone."""
    asked = view.subject.require_tls
    if asked is None or asked.to is Level.NONE:
        return not_applicable("no_tls_asked")
    notices: list[Notice] = []
    evidence: dict[str, None] = dict.fromkeys(view.evidence)
    for step in _STEPS[asked.to]:
        found = step(view, want)
        if found.status is not Status.PASS:
            return found
        notices += found.notices
        evidence |= dict.fromkeys(found.evidence)
    carried = resting_on(passed("carries_level", *notices, level=asked.to.value), evidence)
    if asked.to is Level.VERIFY and not asked.match and not _mx_is_secure(view):
        return noticing(carried, Notice("mx_name_unauthenticated"))
    return carried


def _name(view: HostView, want: Parameters) -> Verdict:
    """The certificate is for the MX name; where names are pinned it is for one of those, whatever the DNS says."""
    pinned = view.subject.require_tls.match if view.subject.require_tls else ()
    if not pinned:
        return pkix_name(view, want)
    verdicts = [pkix_name(replace(view, name=name), want) for name in pinned]
    return next((found for found in verdicts if found.status is Status.PASS), verdicts[0])


def _published(view: HostView, want: Parameters) -> Verdict:
    """Secure usable TLSA records at the MX name, as every sender that honours DANE looks for them."""
    route = route_of(view.context, view.subject.hostname)
    host = next((host for host in route.hosts if host.name == view.name), None)
    if host is None:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    return dane_records(MxView(view.context, view.subject, view.kind, route, host), want)


_STEPS: Mapping[Level, tuple[CheckFunction, ...]] = {
    Level.ENCRYPT: (starttls,),
    Level.VERIFY: (starttls, pkix_trust, _name, pkix_dates),
    Level.DANE: (starttls, _published, dane_match),
}


def _mx_is_secure(view: HostView) -> bool:
    """A name learned from unsigned DNS may be anybody's: then a verified certificate proves less."""
    route = route_of(view.context, view.subject.hostname)
    seen = view.context.evidence.by_id.get(route.evidence[0]) if route.evidence else None
    answer = facts(seen) if seen else None
    return bool(answer and answer.ad and answer.ad_trusted and view.context.dnssec_believed)


@check("partner_contact", Scope.PARTNER, reperform="none")
def partner_contact(view: DomainView, want: Parameters) -> Verdict:
    """There is a name or role and a telephone number, gone through within the last `months` before the run."""
    contact = view.subject.contact
    if contact is None:
        return failed("contact_missing", source=_REGISTER)
    if not contact.phone or not (contact.name or contact.role):
        return failed("contact_incomplete", source=_REGISTER)
    if contact.reviewed is None:
        return failed("contact_not_reviewed", source=_REGISTER)
    if contact.reviewed < months_before(view.context.started.date(), int(want["months"])):
        return failed("contact_outdated", reviewed=contact.reviewed.isoformat(), source=_REGISTER)
    return passed("contact_current", reviewed=contact.reviewed.isoformat(), source=_REGISTER)


def months_before(day: date, months: int) -> date:
    """Give the same day some months earlier, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
