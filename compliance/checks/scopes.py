"""From a subject to its targets: views to judge, or one verdict where there is nothing to judge."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from compliance.checks.canary_rounds import sources_of
from compliance.checks.context import Context, went_nowhere
from compliance.checks.registry import Scope, not_applicable, not_tested
from compliance.checks.unanswered import unanswered
from compliance.checks.views import (
    DomainView,
    HostView,
    MxView,
    OutgoingView,
    SelectorView,
    SenderView,
    SpfSenderView,
    View,
)
from compliance.model.finding import Cause, Verdict
from compliance.model.names import is_address, is_inside, is_no_host, is_no_mail_host
from compliance.model.subject import DOMAIN_KINDS, OWN, Kind, Subject
from compliance.records.dns_walk import drive
from compliance.records.mail_route import HostState, Route, RouteHost, RouteState, host_addresses, mail_route
from compliance.settings import Depth

Settled = tuple[str, Verdict, tuple[str, ...]]
"""A target that needs no check: its name, its verdict, its evidence."""
_SUBMISSION_PORTS = (465, 587)
Targets = tuple[tuple[View, ...], tuple[Settled, ...]]


def targets(scope: Scope, context: Context, subject: Subject, kind: Kind) -> Targets:
    """Give what a check of this scope is put to for one subject in one of its kinds."""
    return _SCOPES[scope](context, subject, kind)


def route_of(context: Context, domain: str) -> Route:
    """Replay the walk to a domain's mail hosts from the evidence."""
    return drive(mail_route(domain), context.evidence.answer)


def _mail_hosts(context: Context, subject: Subject, kind: Kind) -> Targets:
    if kind not in DOMAIN_KINDS:
        if is_address(subject.hostname):
            return _known_by_address(context, subject, kind)
        host = drive(host_addresses(subject.hostname), context.evidence.answer)
        views, lines = _addresses(context, subject, kind, host, ())
        return views, (*lines, *_left_out(host.name, host.over, host.evidence))
    route = route_of(context, subject.hostname)
    if settled := _no_way_in(route, context):
        return (), ((subject.hostname, settled, route.evidence),)
    found = [_addresses(context, subject, kind, host, route.evidence) for host in route.hosts]
    settled_lines = (line for _, lines in found for line in lines)
    left_out = _left_out(route.domain, route.left_out, route.evidence)
    return tuple(view for views, _ in found for view in views), (*settled_lines, *left_out)


def _own_mail_hosts(context: Context, subject: Subject, kind: Kind) -> Targets:
    """What may trouble a host is put to hosts of ours alone, and not in a run that is to ask little."""
    if subject.managed_by != OWN:
        return (), ((subject.hostname, not_tested(Cause.NOT_ASKED, "only_own_hosts"), ()),)
    if context.depth is Depth.LIGHT:
        return (), ((subject.hostname, not_tested(Cause.NOT_ASKED, "depth_light"), ()),)
    return _mail_hosts(context, subject, kind)


def _own_inbound(context: Context, subject: Subject, kind: Kind) -> Targets:
    """What is asked of our own receiving hosts about a partner.

    What a supplier runs for us takes the partner's mail too: it is not asked, and stays unknown.
    """
    hosts = [each for each in context.subjects if Kind.INBOUND_HOST in each.kinds]
    hosts = [each for each in hosts if each.managed_by == OWN or not each.dummy]
    if not any(each.managed_by == OWN for each in hosts):
        return (), ((subject.hostname, not_tested(Cause.NOT_ASKED, "no_own_inbound_host"), ()),)
    found = [_own_mail_hosts(context, host, Kind.INBOUND_HOST) for host in hosts]
    views = (view for every, _ in found for view in every if isinstance(view, HostView))
    return tuple(replace(view, subject=subject, kind=kind) for view in views), tuple(
        line for _, lines in found for line in lines
    )


def _left_out(name: str, count: int, evidence: tuple[str, ...]) -> tuple[Settled, ...]:
    """What is more than anybody is asked: one line that says how many."""
    return ((name, not_tested(Cause.THEIRS, "too_many_hosts", count=count), evidence),) if count else ()


def _known_by_address(context: Context, subject: Subject, kind: Kind) -> Targets:
    """A host entered by its address is asked under the MX names that lead to it, else under the address itself."""
    routes = [route_of(context, domain) for domain in subject.receives_for]
    hosts = {host.name: host for route in routes for host in route.hosts if subject.hostname in host.addresses}
    only = RouteHost(subject.hostname, 0, HostState.RESOLVED, (subject.hostname,))
    found = [
        _addresses(context, subject, kind, replace(host, addresses=(subject.hostname,)), ())
        for _, host in sorted(hosts.items() or {"": only}.items())
    ]
    return tuple(view for views, _ in found for view in views), tuple(line for _, lines in found for line in lines)


def _no_way_in(route: Route, context: Context) -> Verdict | None:
    """A domain without mail hosts: nothing to ask, or nothing known."""
    match route.state:
        case RouteState.NULL:
            return not_applicable("null_mx")
        case RouteState.NO_MAIL:
            return not_applicable("no_mx")
        case RouteState.NO_DOMAIN:
            return not_applicable("no_domain")
        case RouteState.UNRESOLVED:
            return unanswered(route.unanswered, context)
        case _:
            return None


def _addresses(context: Context, subject: Subject, kind: Kind, host: RouteHost, trail: tuple[str, ...]) -> Targets:
    evidence = (*trail, *host.evidence)
    if settled := _unreachable_name(context, host, subject.hostname):
        return (), ((host.name, settled, evidence),)
    views: list[View] = []
    closed: list[Settled] = []
    if silent := host.silent("A"):  # the hosts most senders use may be among those not heard of
        closed.append((host.name, unanswered(silent, context), evidence))
    for address in host.addresses:
        view = HostView(context, subject, kind, host.name, address, context.port, evidence)
        if settled := _unasked(context, view):
            closed.append((view.target, settled, evidence))
        else:
            views.append(view)
    return tuple(views), tuple(closed)


def _unreachable_name(context: Context, host: RouteHost, domain: str) -> Verdict | None:
    """An MX name that leads nowhere is told by MX-1; here there is no host to ask."""
    match host.state:
        case HostState.NO_ADDRESS:
            return not_applicable("mx_no_address", name=host.name)
        case HostState.LITERAL:
            return not_applicable("mx_is_address", name=host.name, domain=domain)
        case HostState.NULL:
            return not_applicable("null_mx_beside_others", domain=domain)
        case HostState.UNSAFE:
            return not_tested(Cause.THEIRS, "unsafe_name", name=host.name)
        case HostState.UNRESOLVED:
            return unanswered(host.unanswered, context)
        case _:
            return None


def _unasked(context: Context, view: HostView) -> Verdict | None:
    """A host that the inventory says is a dummy or not to be asked, and one seen only from inside."""
    for entry in context.hosts(Kind.INBOUND_HOST, view.name, view.address):
        if entry.dummy:
            return not_applicable("dummy_mx", why=entry.dummy)
        if settled := _left_alone(context, entry, view.address):
            return settled
    if is_no_mail_host(view.address, lab=context.lab):
        return not_tested(Cause.THEIRS, "no_host_address", address=view.address)
    return _from_inside(context, view.address)


def _left_alone(context: Context, entry: Subject, address: str) -> Verdict | None:
    if entry.probe == "never":
        return not_tested(Cause.NOT_ASKED, "probe_never")
    if is_no_host(address):
        return not_tested(Cause.THEIRS, "no_host_address", address=address)
    return _from_inside(context, address)


def _from_inside(context: Context, address: str) -> Verdict | None:
    if is_inside(address) and not context.seen_from_inside:
        return not_tested(Cause.OURS, "seen_from_inside", address=address)
    return None


def _mx_names(context: Context, subject: Subject, kind: Kind) -> Targets:
    route = route_of(context, subject.hostname)
    if route.state is RouteState.UNRESOLVED:
        return (), ((subject.hostname, unanswered(route.unanswered, context), route.evidence),)
    hosts = route.hosts or (RouteHost(subject.hostname, 0, HostState.NULL),)
    left_out = _left_out(route.domain, route.over, route.evidence)
    return tuple(MxView(context, subject, kind, route, host) for host in hosts), left_out


def _domain(context: Context, subject: Subject, kind: Kind) -> Targets:
    return (DomainView(context, subject, kind),), ()


def _selectors(context: Context, subject: Subject, kind: Kind) -> Targets:
    if not subject.dkim_selectors:
        return (), ((subject.hostname, not_tested(Cause.NO_EVIDENCE, "no_selectors_known"), ()),)
    return tuple(SelectorView(context, subject, kind, selector) for selector in subject.dkim_selectors), ()


def _senders(context: Context, subject: Subject, kind: Kind) -> tuple[tuple[SenderView, ...], tuple[Settled, ...]]:
    if kind is Kind.OWN_DOMAIN:
        return (), ((subject.hostname, not_tested(Cause.NO_EVIDENCE, "no_sender_listed"), ()),)
    if subject.service:
        return (), ((subject.label, not_applicable("supplier_owns_addresses"), ()),)
    if is_address(subject.hostname):
        return (SenderView(context, subject, kind, subject.hostname),), ()
    host = drive(host_addresses(subject.hostname), context.evidence.answer)
    if settled := _unreachable_name(context, host, subject.hostname):
        return (), ((subject.hostname, settled, host.evidence),)
    lines = _left_out(host.name, host.over, host.evidence)
    if silent := host.silent("A"):  # the addresses most mail comes from may be among those not heard of
        lines = (*lines, (host.name, unanswered(silent, context), host.evidence))
    return tuple(SenderView(context, subject, kind, address, host.evidence) for address in host.addresses), lines


def _spf_senders(context: Context, subject: Subject, kind: Kind) -> Targets:
    """Each sending address with each domain; receivers never see one of the inside of a network (RFC 1918)."""
    if subject.service:
        return tuple(_service_senders(context, subject, kind)), ()
    found, settled = _senders(context, subject, kind)
    views: list[View] = []
    closed = list(settled)
    for sender in found:
        for domain in subject.sends_for:
            view = SpfSenderView(context, subject, kind, sender.address, domain, sender.trail)
            if is_inside(sender.address) or is_no_mail_host(sender.address, lab=context.lab):
                verdict = not_tested(Cause.NO_EVIDENCE, "sender_address_inside", address=sender.address)
                closed.append((view.target, verdict, view.evidence))
            else:
                views.append(view)
    return tuple(views), tuple(closed)


def _service_senders(context: Context, subject: Subject, kind: Kind) -> Iterator[View]:
    """A service's addresses are seen where its messages came: at the canary. Where none came, each domain alone."""
    for domain in subject.sends_for:
        seen = sources_of(context, subject, domain)
        for address, evidence in sorted(seen.items()):
            yield SpfSenderView(context, subject, kind, address, domain, evidence)
        if not seen:
            yield SpfSenderView(context, subject, kind, "", domain)


def _outgoing(context: Context, subject: Subject, kind: Kind) -> Targets:
    return (OutgoingView(context, subject, kind, subject),), ()


def _outgoing_to(context: Context, subject: Subject, kind: Kind) -> Targets:
    """Every host and service of the inventory that sends: what is demanded is demanded by each of them."""
    if not context.senders:
        return (), ((subject.hostname, not_tested(Cause.NO_EVIDENCE, "no_sender_listed"), ()),)
    return tuple(OutgoingView(context, subject, kind, sender) for sender in context.senders), ()


def _submission_ports(context: Context, subject: Subject, kind: Kind) -> Targets:
    """Each port of a submission host at each of its addresses: 465 and 587, or those the inventory names."""
    host = RouteHost(subject.hostname, 0, HostState.RESOLVED, (subject.hostname,))
    if not is_address(subject.hostname):
        host = drive(host_addresses(subject.hostname), context.evidence.answer)
    if settled := _unreachable_name(context, host, subject.hostname):
        return (), ((subject.hostname, settled, host.evidence),)
    views: list[View] = []
    closed: list[Settled] = []
    for address in host.addresses:
        for port in tuple(dict.fromkeys(subject.ports)) or _SUBMISSION_PORTS:
            view = HostView(context, subject, kind, subject.hostname, address, port, host.evidence)
            if settled := _left_alone(context, subject, address):
                closed.append((view.target, settled, host.evidence))
            else:
                views.append(view)
    return tuple(views), tuple(closed)


_SCOPES: Mapping[Scope, Callable[[Context, Subject, Kind], Targets]] = {
    Scope.MAIL_HOSTS: _mail_hosts,
    Scope.OWN_MAIL_HOSTS: _own_mail_hosts,
    Scope.OWN_INBOUND: _own_inbound,
    Scope.MX_NAMES: _mx_names,
    Scope.DOMAIN: _domain,
    Scope.PARTNER: _domain,
    Scope.SELECTORS: _selectors,
    Scope.SENDERS: _senders,
    Scope.SPF_SENDERS: _spf_senders,
    Scope.OUTGOING: _outgoing,
    Scope.OUTGOING_TO: _outgoing_to,
    Scope.SUBMISSION_PORTS: _submission_ports,
}


def without_route(view: View) -> bool:
    """Tell whether our machine has no way to this address at all, so that it stays out of the roll-up."""
    return isinstance(view, HostView) and bool(view.sessions) and all(map(went_nowhere, view.sessions))
