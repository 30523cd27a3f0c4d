"""Views: one target each, with the observations a check may rest its verdict on."""

from dataclasses import dataclass, field, replace

from compliance.checks.context import Context, heard
from compliance.checks.tls_seen import TlsSeen
from compliance.model.finding import Notice
from compliance.model.names import is_address, mail_host_target
from compliance.model.observation import HelloFacts, Observation, SmtpFacts
from compliance.model.subject import Kind, Subject
from compliance.records.dns_walk import is_answered
from compliance.records.mail_route import Route, RouteHost


@dataclass(frozen=True)
class HostView:
    """One mail host's address: its sessions and its TLS. `trail` are the DNS answers that led there."""

    context: Context
    subject: Subject
    kind: Kind
    name: str
    address: str
    port: int
    trail: tuple[str, ...] = ()
    chosen: Observation | None = None  # the one session or hello looked at, where chains are judged one by one
    presented: tuple[bytes, ...] = field(default=(), repr=False)  # its chain, where it is no ordinary session

    @property
    def target(self) -> str:
        """The target's name: `mx.name[address]:port`."""
        return mail_host_target(self.name, self.address, self.port)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What stands beside every pass here: IPv6 addresses of the name that nobody could tell us of."""
        led = (seen for key in self.trail if (seen := self.context.evidence.by_id.get(key)))
        silent = [seen for seen in led if (seen.target, seen.question) == (self.name, "AAAA") and not is_answered(seen)]
        return (Notice("family_unanswered", {"name": self.name}),) if silent else ()

    @property
    def sessions(self) -> tuple[Observation, ...]:
        """The ordinary sessions held with this name at this address, in order."""
        return self.context.evidence.sessions(self.target)

    @property
    def tls_seen(self) -> TlsSeen:
        """What the evidence shows of the address's TLS, whatever name it was asked under."""
        return self.context.tls_seen(self.address, self.port)

    @property
    def session(self) -> SmtpFacts | None:
        """The session whose handshake was completed, if one was."""
        return heard((self.chosen,) if self.chosen else self.sessions)

    @property
    def presentations(self) -> tuple["HostView", ...]:
        """This view once for each different chain that was presented to a client that asked for this name.

        A pool of servers may show several, in sessions or to hellos, and a host may have one for each type of key.
        """
        by_name = [seen for seen in self.sessions if asked_for(seen, self.name)]
        latest = {facts.tls.chain: seen for seen in by_name if (facts := heard((seen,))) and facts.tls}
        found = [replace(self, chosen=seen) for seen in latest.values()]
        for item in self.tls_seen.profile.presented:
            asked = next((seen for seen in reversed(self.tls_seen.told(item)) if asked_for(seen, self.name)), None)
            if asked and item.value not in latest:
                found.append(replace(self, chosen=asked, presented=item.value))
        return tuple(found) or (self,)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The presented chain, leaf first, DER; empty if no handshake was completed."""
        if self.presented:
            return self.presented
        return self.session.tls.chain if self.session and self.session.tls else ()

    @property
    def seen_at(self) -> str:
        """When the chain was seen (UTC, RFC 3339); `` if never."""
        if self.chosen:
            return self.chosen.started
        shown = [seen.started for seen in self.sessions if seen.facts is self.session]
        return shown[-1] if shown and self.session else ""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What a verdict on this target rests on."""
        chosen = (self.chosen.id,) if self.chosen else ()
        return tuple(dict.fromkeys((*self.trail, *(seen.id for seen in self.sessions), *chosen)))


def asked_for(seen: Observation, name: str) -> bool:
    """Tell whether a client asked for a name by SNI (RFC 6066 section 3), or for none where there is no name."""
    if isinstance(seen.facts, SmtpFacts):
        return seen.facts.tls is not None and seen.facts.tls.sni == ("" if is_address(name) else name)
    if not isinstance(seen.facts, HelloFacts):
        return False
    wanted = name.encode("ascii", "replace")
    return is_address(name) or b"\x00" + len(wanted).to_bytes(2) + wanted in seen.facts.sent


@dataclass(frozen=True)
class MxView:
    """One MX name of a domain, and the route it is part of."""

    context: Context
    subject: Subject
    kind: Kind
    route: Route
    host: RouteHost

    @property
    def target(self) -> str:
        """The MX name as the record has it."""
        return self.host.name

    @property
    def evidence(self) -> tuple[str, ...]:
        """The MX answer and the address answers."""
        return (*self.route.evidence, *self.host.evidence)


@dataclass(frozen=True)
class DomainView:
    """A domain as a whole: its records are found by walking the evidence."""

    context: Context
    subject: Subject
    kind: Kind

    @property
    def target(self) -> str:
        """The domain in wire form."""
        return self.subject.hostname

    @property
    def evidence(self) -> tuple[str, ...]:
        """Nothing by itself: checks on domains name what they used."""
        return ()


@dataclass(frozen=True)
class SelectorView:
    """One DKIM selector of a domain."""

    context: Context
    subject: Subject
    kind: Kind
    selector: str

    @property
    def target(self) -> str:
        """The owner name of the key record (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.subject.hostname}"

    @property
    def evidence(self) -> tuple[str, ...]:
        """Nothing by itself: the check names the TXT answer."""
        return ()


@dataclass(frozen=True)
class SenderView:
    """One address a host of ours sends from."""

    context: Context
    subject: Subject
    kind: Kind
    address: str
    trail: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The address."""
        return self.address

    @property
    def unheard(self) -> tuple[Observation, ...]:
        """The address questions that were not answered, while another gave addresses."""
        led = (seen for key in self.trail if (seen := self.context.evidence.by_id.get(key)))
        return tuple(seen for seen in led if not is_answered(seen))

    @property
    def evidence(self) -> tuple[str, ...]:
        """The answers that led to the address."""
        return self.trail


@dataclass(frozen=True)
class SpfSenderView:
    """One address a host of ours sends from, and one domain it sends for; no address where a service sends."""

    context: Context
    subject: Subject
    kind: Kind
    address: str
    domain: str
    trail: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The address, or the service, and the domain."""
        return f"{self.address or self.subject.label} {self.domain}"

    @property
    def evidence(self) -> tuple[str, ...]:
        """The answers that led to the address."""
        return self.trail


@dataclass(frozen=True)
class OutgoingView:
    """One host or service that sends for us; where `subject` is a partner, what it sends there."""

    context: Context
    subject: Subject
    kind: Kind
    sender: Subject

    @property
    def target(self) -> str:
        """The sender as the inventory names it: its host name or address, the label of a service."""
        return self.sender.hostname if not self.sender.service else self.sender.label

    @property
    def evidence(self) -> tuple[str, ...]:
        """Nothing by itself: each kind of evidence names what it used."""
        return ()


View = HostView | MxView | DomainView | SelectorView | SenderView | SpfSenderView | OutgoingView
