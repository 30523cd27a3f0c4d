"""TLS-RPT: the domain asks senders to report when encrypted delivery fails (RFC 8460)."""

from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_applicable,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.scopes import route_of
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView
from compliance.model.finding import Notice, Verdict
from compliance.records.dns_walk import DnsQuestion, facts, is_answered, texts
from compliance.records.mail_route import RouteState
from compliance.records.tls_rpt import TlsRptFault, candidates, meant, owner, parse

_NO_MAIL = {RouteState.NULL: "null_mx", RouteState.NO_MAIL: "no_mx", RouteState.NO_DOMAIN: "no_domain"}


def takes_no_mail(view: DomainView) -> Verdict | None:
    """Say that there is no mail to report on or to protect on its way here."""
    route = route_of(view.context, view.subject.hostname)
    reason = _NO_MAIL.get(route.state)
    return resting_on(not_applicable(reason), route.evidence) if reason else None


@check("tls_rpt_record", Scope.DOMAIN, reperform="tls_rpt")
def tls_rpt_record(view: DomainView, _want: Parameters) -> Verdict:
    """Exactly one TXT record begins `v=TLSRPTv1;`, it is valid, and a report address in it is usable (section 3)."""
    if settled := takes_no_mail(view):
        return settled
    name = owner(view.subject.hostname)
    answer = view.context.evidence.answer(DnsQuestion(name, "TXT"))
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return resting_on(unanswered((answer,), view.context), (answer.id,))
    return resting_on(_verdict(name, view.subject.hostname, texts(seen)), (answer.id,))


def _verdict(name: str, domain: str, found: tuple[str, ...]) -> Verdict:
    counted = candidates(found)
    if len(counted) > 1:
        return failed("tls_rpt_several", name=name, domain=domain, count=len(counted))
    record = next(iter(counted or meant(found)), "")
    if not record:
        return failed("tls_rpt_missing", name=name, domain=domain)
    try:
        read = parse(record)
    except TlsRptFault as fault:
        return failed("tls_rpt_syntax", name=name, domain=domain, record=record, why=fault.why)
    verdict = passed("tls_rpt_valid", name=name, record=record)
    notice = Notice("tls_rpt_address_unusable", {"addresses": list(read.unusable)})
    return noticing(verdict, notice) if read.unusable else verdict
