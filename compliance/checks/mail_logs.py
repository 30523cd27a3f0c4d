"""Supplied mail logs as evidence: which sending host each is from, and who is known to have offered what, when."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from compliance.model.observation import Observation, SmtpFacts
from compliance.model.subject import Kind, Subject
from compliance.model.supplied import LogInstance, MailLogFacts, RelayFlow, TlsTally

OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"})
_ANONYMOUS = ("ADH", "AECDH", "TLS_DH_ANON", "TLS_ECDH_ANON", "DH_ANON", "ECDH_ANON", "ECDHE_ANON")
_WEAK = ("RC4", "ARCFOUR", "NULL", "EXP", "MD5", "3DES", "DES_CBC", "DES-CBC", "RC2", "IDEA")


@dataclass(frozen=True, slots=True)
class Share:
    """What one program in one supplied file sent: it is from one sending host, or from none that is known."""

    seen: Observation
    facts: MailLogFacts
    instance: LogInstance

    @property
    def messages(self) -> int:
        """Messages sent out."""
        return sum(relay.flow.messages for relay in self.instance.relays)


@dataclass(frozen=True, slots=True)
class Times:
    """When something was seen first and last (UTC, RFC 3339), `` if never; texts of this form sort as times do."""

    first: str = ""
    last: str = ""

    def widened(self, first: str, last: str) -> "Times":
        """Give the span that holds another too."""
        if not first:
            return self
        return Times(min(self.first or first, first), max(self.last, last))

    def around(self, first: str, last: str) -> bool:
        """Tell whether it was seen both before and after something that went on from `first` to `last`."""
        return any(self.first and self.first <= moment <= self.last for moment in (first, last) if moment)


class MailLogs:
    """All supplied logs of a run, by sending host."""

    def __init__(self, observations: Iterable[Observation], subjects: Iterable[Subject]) -> None:
        self._senders = tuple(subject for subject in subjects if Kind.OUTBOUND_HOST in subject.kinds)
        self._of: dict[str, list[Share]] = defaultdict(list)
        self.unattributed: list[Share] = []
        self.tls: dict[tuple[str, int], Times] = defaultdict(Times)
        self.strong: dict[tuple[str, int], Times] = defaultdict(Times)
        for seen in observations:
            if isinstance(seen.facts, MailLogFacts):
                for instance in seen.facts.instances:
                    self._add(Share(seen, seen.facts, instance))

    def _add(self, share: Share) -> None:
        sender = self._sender(share)
        (self._of[sender.label] if sender else self.unattributed).append(share)
        for relay in share.instance.relays:
            place = (relay.address, relay.port)
            self.tls[place] = self.tls[place].widened(relay.flow.first_tls, relay.flow.last_tls)
            for tally in relay.flow.tls:
                if not is_weak(tally):
                    self.strong[place] = self.strong[place].widened(tally.first, tally.last)

    def of(self, sender: Subject) -> tuple[Share, ...]:
        """Give what is known to be from one sending host."""
        return tuple(self._of.get(sender.label, ()))

    @property
    def unknown_hosts(self) -> tuple[str, ...]:
        """Host names in logs that no sending host of the inventory has."""
        return tuple(dict.fromkeys(share.facts.file.place or share.instance.host for share in self.unattributed))

    def _sender(self, share: Share) -> Subject | None:
        """Tell whose log it is: by the folder it lies in, else by the host it names, else by the only one there is.

        A log often has the short name alone; it is taken for a host's if only one host begins with it.
        """
        if share.facts.product == "exchange_online":
            services = [sender for sender in self._senders if sender.service == share.facts.product]
            return services[0] if len(services) == 1 else None
        hosts = [sender for sender in self._senders if not sender.service]
        name = (share.facts.file.place or share.instance.host).lower()
        if not name:
            return hosts[0] if len(hosts) == 1 else None
        exact = [host for host in hosts if name in _names(host)]
        alike = [host for host in hosts if any(_is_short_of(name, known) for known in _names(host))]
        return next((found[0] for found in (exact, alike) if len(found) == 1), None)


def _names(host: Subject) -> set[str]:
    return {name.lower() for name in (host.label, host.hostname, host.helo) if name}


def _is_short_of(one: str, other: str) -> bool:
    """Tell whether one name is the first label of the other."""
    short, long = sorted((one, other), key=len)
    return "." not in short and long.partition(".")[0] == short


def is_weak(tally: TlsTally) -> bool:
    """Tell whether TLS is older than 1.2, anonymous, or of a suite held to be weak (RFC 8996, RFC 9325 4.1)."""
    suite = tally.suite.upper()
    return (
        tally.version in OLD
        or tally.trust == "Anonymous"
        or suite.startswith(_ANONYMOUS)
        or any(word in suite for word in _WEAK)
    )


def seen_offering(sessions: Iterable[Observation]) -> Times:
    """Give when the run's own sessions completed a handshake with a host."""
    times = Times()
    for seen in sessions:
        if isinstance(seen.facts, SmtpFacts) and seen.facts.tls:
            times = times.widened(seen.started, seen.started)
    return times


def offered(logged: Times, probed: Times, first: str, last: str, days: int) -> bool:
    """Tell whether a host offered something while messages went to it without.

    It did if it was seen offering it before and after, in a log or by this run, or if this run saw it within so many
    days of the last of them: a host that began with it since is not meant.
    """
    known = logged.widened(probed.first, probed.last)
    if known.around(first, last):
        return True
    return bool(probed.last and last) and abs(_moment(probed.last) - _moment(last)) <= timedelta(days=days)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def host_of(relay: RelayFlow) -> str:
    """Give what to call a host."""
    return relay.name or relay.address
