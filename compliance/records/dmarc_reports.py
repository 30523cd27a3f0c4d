"""Where DMARC reports go: does that domain take mail, and has it consented (RFC 9990 section 4)."""

from dataclasses import dataclass
from enum import StrEnum

from compliance.model.names import is_address, is_loopback, is_no_host, is_plain
from compliance.model.observation import Observation
from compliance.records.dmarc import DmarcWalk, policy_walk, walk_names
from compliance.records.dmarc_record import DmarcFault, is_dmarc, parse, report_uris
from compliance.records.dns_walk import DnsQuestion, Walk, facts, is_answered, texts
from compliance.records.mail_route import HostState, Route, RouteState, mail_route
from compliance.records.wildcard import beside

MOST_DESTINATIONS = 5  # receivers need not serve more than a few, and each may lead to many mail hosts


class Consent(StrEnum):
    """Whether a domain outside has agreed to take the reports of another."""

    NOT_ASKED = "not_asked"  # the policy domain's own name
    GIVEN = "given"
    MISSING = "missing"
    ELSEWHERE = "elsewhere"  # its record sends them on to another host: then nobody sends any (section 4)
    UNRESOLVED = "unresolved"


class Delivery(StrEnum):
    """Whether mail can be delivered at a destination."""

    MAIL = "mail"
    NO_MAIL = "no_mail"
    NO_NAME = "no_name"  # not a plain domain: not asked about
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisational domain by the tree walk, `` where a name on the way up was not answered."""

    name: str
    observations: tuple[str, ...] = ()
    unanswered: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """One domain that reports go to. `owner` is the name its consent stands at, or is missing from."""

    domain: str
    addresses: tuple[str, ...]
    delivery: Delivery
    owner: str = ""
    consent: Consent = Consent.NOT_ASKED
    looped: bool = False  # all its mail hosts' addresses are the sender's own machine's: mail outside a lab nowhere
    outside: bool = False  # another organisational domain than that of the policy, as far as both are known
    observations: tuple[str, ...] = ()
    unanswered: tuple[Observation, ...] = ()

    @property
    def settled(self) -> bool | None:
        """Whether reports arrive here: None where an answer that decides is missing."""
        if self.delivery in {Delivery.NO_MAIL, Delivery.NO_NAME} or self.consent is Consent.ELSEWHERE:
            return False
        if self.outside and self.consent is Consent.MISSING:
            return False
        agreed = self.consent in {Consent.NOT_ASKED, Consent.GIVEN} or not (self.outside or self.unanswered)
        return True if agreed and self.delivery is Delivery.MAIL else None


def dmarc_walk(domain: str, *, reports: bool) -> Walk[DmarcWalk]:
    """Walk through all that is asked of a domain's DMARC: its policy, the guard, and where its `reports` go."""
    walk = yield from policy_walk(domain)
    yield beside(domain)
    if reports:
        yield from destinations(walk)
    return walk


def destinations(walk: DmarcWalk) -> Walk[tuple[Destination, ...]]:
    """Walk from a policy to the domains its `rua` names, MOST_DESTINATIONS at most.

    Asks the consent and the organisational domain of each that is not the policy domain itself, and its mail hosts.
    """
    if walk.record is None:
        return ()
    named: dict[str, list[str]] = {}
    for uri in walk.record.rua:
        if uri.domain:
            named.setdefault(uri.domain, []).append(uri.address)
    found = []
    for domain, addresses in tuple(named.items())[:MOST_DESTINATIONS]:
        found.append((yield from _destination(walk.domain, domain, tuple(addresses))))
    return tuple(found)


def _destination(policy: str, domain: str, addresses: tuple[str, ...]) -> Walk[Destination]:
    if not is_plain(domain) or is_address(domain) or "." not in domain:
        return Destination(domain, addresses, Delivery.NO_NAME)
    route = yield from mail_route(domain)
    delivery, seen, silent = _delivery(route), route.evidence, route.unanswered
    for host in route.hosts:
        seen, silent = (*seen, *host.evidence), (*silent, *host.unanswered)
    silent = silent if delivery is Delivery.UNRESOLVED else ()
    looped = delivery is Delivery.MAIL and all(map(is_loopback, _hosts(route)))
    if domain == policy:
        return Destination(domain, addresses, delivery, looped=looped, observations=seen, unanswered=silent)
    owner = f"{policy}._report._dmarc.{domain}"
    consent, answer = yield from _consent(owner, domain)
    seen, silent = (*seen, *_ids(answer)), (*silent, *_silence(answer))
    ours = yield from organisation(policy)
    theirs = yield from organisation(domain)
    outside = bool(ours.name and theirs.name) and ours.name != theirs.name
    return Destination(
        domain,
        addresses,
        delivery,
        owner,
        consent,
        looped,
        outside,
        (*seen, *ours.observations, *theirs.observations),
        (*silent, *ours.unanswered, *theirs.unanswered),
    )


def _hosts(route: Route) -> list[str]:
    return [address for host in route.hosts for address in host.addresses if not is_no_host(address)]


def _delivery(route: Route) -> Delivery:
    states = {host.state for host in route.hosts if not all(map(is_no_host, host.addresses)) or not host.addresses}
    if HostState.RESOLVED in states:  # an MX, or the domain's own address (RFC 5321 section 5.1)
        return Delivery.MAIL
    if route.state is RouteState.UNRESOLVED or HostState.UNRESOLVED in states or route.over:
        return Delivery.UNRESOLVED
    return Delivery.NO_MAIL


def _consent(owner: str, domain: str) -> Walk[tuple[Consent, Observation | None]]:
    """Ask for the record that agrees: any that begins `v=DMARC1`; one that names another host agrees to nothing."""
    if not is_plain(owner):  # longer than a name can be: no consent can stand there
        return Consent.MISSING, None
    answer = yield DnsQuestion(owner, "TXT")
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return Consent.UNRESOLVED, answer
    records = tuple(text for text in texts(seen) if is_dmarc(text))
    moved = {uri.domain for text in records for uri in report_uris(text) if uri.domain} - {domain}
    if moved:
        return Consent.ELSEWHERE, answer
    return (Consent.GIVEN if records else Consent.MISSING), answer


def organisation(domain: str) -> Walk[Organisation]:
    """Walk from a domain to its organisational domain: the one below `psd=y`, else that of the highest record."""
    chosen = domain
    ids: list[str] = []
    for name in walk_names(domain):
        answer = yield DnsQuestion(f"_dmarc.{name}", "TXT")
        ids += _ids(answer)
        seen = facts(answer)
        if seen is None or not is_answered(answer):
            return Organisation("", tuple(ids), (answer,))
        psd = _place(tuple(text for text in texts(seen) if is_dmarc(text)))
        if psd == "y" and name != domain:
            return Organisation(_just_below(domain, name), tuple(ids))
        if psd:
            chosen = name
        if psd in {"y", "n"}:
            break
    return Organisation(chosen, tuple(ids))


def _just_below(domain: str, name: str) -> str:
    """The name one label below on the way to the domain, which the walk may have leapt over."""
    return ".".join(domain.split(".")[-(name.count(".") + 2) :])


def _place(records: tuple[str, ...]) -> str:
    """What the single valid record at a name says of its place in the tree, `` where there is none."""
    try:
        return parse(records[0]).psd if len(records) == 1 else ""
    except DmarcFault:
        return ""


def _ids(answer: Observation | None) -> tuple[str, ...]:
    return (answer.id,) if answer is not None else ()


def _silence(answer: Observation | None) -> tuple[Observation, ...]:
    return (answer,) if answer is not None and not is_answered(answer) else ()
