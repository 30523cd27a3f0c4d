"""MX names and reverse names: can mail find its way in, and does a sender look like itself."""

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
from compliance.checks.unanswered import unanswered
from compliance.checks.views import MxView, SenderView
from compliance.model.finding import Cause, Notice, Status, Verdict
from compliance.model.names import is_inside, is_no_mail_host, is_plain, reverse_name
from compliance.model.observation import Observation
from compliance.model.subject import Kind
from compliance.records.dns_walk import DnsQuestion, facts, is_answered
from compliance.records.mail_route import MOST_NAMES_BACK, HostState, RouteState


@check("mx_records", Scope.MX_NAMES, reperform="mx")
def mx_records(view: MxView, _want: Parameters) -> Verdict:
    """Every MX name resolves, is no CNAME and no address, and a null MX stands alone (RFC 5321 5.1, RFC 7505)."""
    if view.kind is Kind.PARKED_DOMAIN:
        return _parked(view)
    match view.route.state:
        case RouteState.NULL:
            return _null(view)
        case RouteState.IMPLICIT:
            return passed("implicit_mx", Notice("implicit_mx"))
        case RouteState.NO_MAIL:
            return not_applicable("no_mx")
        case RouteState.NO_DOMAIN:
            return not_applicable("no_domain")
        case _:
            return _name(view)


def _name(view: MxView) -> Verdict:
    host = view.host
    match host.state:
        case HostState.UNRESOLVED:
            return unanswered(host.unanswered, view.context)
        case HostState.UNSAFE:
            return failed("mx_no_host_name", name=host.name, domain=view.subject.hostname)
        case HostState.LITERAL:
            return failed("mx_is_address", name=host.name, domain=view.subject.hostname)
        case HostState.NULL:
            return failed("null_mx_beside_others", domain=view.subject.hostname)
        case HostState.NO_ADDRESS:
            gone = _does_not_exist(view)
            return failed("mx_no_such_name" if gone else "mx_no_address", name=host.name, domain=view.subject.hostname)
        case HostState.RESOLVED:
            return _resolved(view)


def _does_not_exist(view: MxView) -> bool:
    """Whether the name itself is not there (NXDOMAIN, RFC 8020), rather than a name without addresses."""
    known = (view.context.evidence.by_id.get(key) for key in view.host.evidence)
    codes = {seen.rcode for answer in known if answer and (seen := facts(answer))}
    return codes == {"NXDOMAIN"} and not view.host.alias


def _resolved(view: MxView) -> Verdict:
    """A name with addresses: no alias, and one address at least that a sender can come to."""
    host, context = view.host, view.context
    domain = view.subject.hostname
    if host.alias:
        return failed("mx_is_alias", name=host.name, leads_to=host.alias[-1], domain=domain)
    nowhere = [each for each in host.addresses if is_no_mail_host(each, lab=context.lab)]
    inside = [each for each in host.addresses if is_inside(each) and not context.seen_from_inside]
    if len(nowhere) == len(host.addresses):
        return failed("mx_leads_nowhere", name=host.name, addresses=nowhere)
    if len(nowhere) + len(inside) == len(host.addresses):
        return not_tested(Cause.OURS, "seen_from_inside", address=inside[0])
    verdict = passed("mx_resolves", name=host.name, addresses=list(host.addresses))
    return noticing(verdict, *_beside(view, [*nowhere, *inside]))


def _beside(view: MxView, unreachable: list[str]) -> list[Notice]:
    host = view.host
    found = []
    if host.silent("AAAA") or host.silent("A"):
        found.append(Notice("family_unanswered", {"name": host.name}))
    if unreachable:
        found.append(Notice("mx_partly_nowhere", {"name": host.name, "addresses": unreachable}))
    if [each.name for each in view.route.hosts].count(host.name) > 1:
        found.append(Notice("mx_named_twice", {"name": host.name}))
    if why := next((each.dummy for each in view.context.hosts(Kind.INBOUND_HOST, host.name) if each.dummy), ""):
        found.append(Notice("mx_dummy", {"name": host.name, "why": why}))
    return found


def _null(view: MxView) -> Verdict:
    """A null MX alone refuses mail whatever its preference, which RFC 7505 section 3 wants to be 0."""
    verdict = passed("null_mx_alone")
    preference = view.route.preference
    return noticing(verdict, Notice("null_mx_preference", {"preference": preference})) if preference else verdict


def _parked(view: MxView) -> Verdict:
    """A domain without mail says so: a null MX, or neither MX nor address."""
    match view.route.state:
        case RouteState.NULL:
            return _null(view)
        case RouteState.NO_MAIL | RouteState.NO_DOMAIN:
            return passed("parked_without_mx")
        case RouteState.IMPLICIT:
            return failed("parked_has_address", domain=view.subject.hostname, addresses=list(view.host.addresses))
        case _:
            return failed("parked_has_mx", domain=view.subject.hostname, name=view.host.name)


@check("reverse_dns", Scope.SENDERS, reperform="ptr")
def reverse_dns(view: SenderView, _want: Parameters) -> Verdict:
    """Address -> name -> address agrees, and the EHLO name leads to the address (RFC 1912 2.1, RFC 5321 4.1.4)."""
    verdict = _reverse(view)
    silent = view.unheard if verdict.status is Status.PASS else ()
    return noticing(verdict, Notice("family_unanswered", {"name": silent[0].target})) if silent else verdict


def _reverse(view: SenderView) -> Verdict:
    evidence = view.context.evidence
    answer = evidence.answer(DnsQuestion(reverse_name(view.address), "PTR"))
    if not is_answered(answer):
        return unanswered((answer,), view.context)
    seen = facts(answer)
    every = [record.data.removesuffix(".").lower() for record in seen.records] if seen else []
    names = every[:MOST_NAMES_BACK]
    used = [answer.id]
    if not names:
        return resting_on(failed("ptr_missing", address=view.address), used)
    rdtype = "AAAA" if ":" in view.address else "A"
    forward = {name: evidence.answer(DnsQuestion(name, rdtype)) for name in names if is_plain(name)}
    used += [found.id for found in forward.values()]
    agreeing = [name for name, found in forward.items() if _leads_to(found, view.address)]
    if not agreeing:
        silent = tuple(found for found in forward.values() if not is_answered(found))
        if silent:
            return unanswered(silent, view.context)
        if over := len(every) - len(names):
            return resting_on(not_tested(Cause.THEIRS, "too_many_hosts", count=over), used)
        return resting_on(failed("ptr_disagrees", address=view.address, name=names[0]), used)
    return _ehlo_name(view, agreeing[0], rdtype, used)


def _ehlo_name(view: SenderView, name: str, rdtype: str, used: list[str]) -> Verdict:
    helo = view.subject.helo
    if not helo:
        return resting_on(passed("ptr_agrees", Notice("helo_not_listed"), address=view.address, name=name), used)
    answer = view.context.evidence.answer(DnsQuestion(helo, rdtype))
    used.append(answer.id)
    if not is_answered(answer):
        return unanswered((answer,), view.context)
    if not _leads_to(answer, view.address):
        return resting_on(failed("helo_disagrees", address=view.address, name=name, helo=helo), used)
    return resting_on(passed("ptr_agrees", address=view.address, name=name), used)


def _leads_to(answer: Observation, address: str) -> bool:
    seen = facts(answer)
    return seen is not None and any(record.data == address for record in seen.records)
