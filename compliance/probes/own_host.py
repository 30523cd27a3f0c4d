"""What is asked of no host but our own: a command behind STARTTLS in one packet, TLS that asks for no name, and
whether it turns away clear text from the partners of the register."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

from compliance.model.names import is_domain, to_ascii
from compliance.model.observation import Facts, Failure, Observation, Reply, SmtpFacts
from compliance.model.subject import OWN, Kind, Level, Subject
from compliance.model.target import MailAddress
from compliance.probes.asker import Asker
from compliance.probes.budget import Act
from compliance.probes.envelope import put_envelopes
from compliance.probes.net import Channel, Deadline, Stopped, Wire
from compliance.probes.smtp import Host, Session, carried_out, hold_session, offers_starttls, turned_down
from compliance.probes.tls import ClientIdentity
from compliance.probes.tls_asking import is_ours
from compliance.records.envelope import IN_CLEAR as NAMED_IN_CLEAR
from compliance.records.envelope import INSIDE_AFTER, Envelope, doubted, sessions
from compliance.records.injection import (
    AFTER_INJECTION,
    COMMAND,
    IN_CLEAR,
    INJECTION,
    INJECTION_AGAIN,
    SURPLUS,
    UNNAMED,
    Fate,
    read_injection,
)
from compliance.settings import SmtpSettings

_MOST = 4  # replies to QUIT that are waited for
_KEPT = 512  # bytes that came where TLS was to begin
_UNSETTLED = frozenset({Fate.ENDED, Fate.UNSEEN})


@dataclass(frozen=True, slots=True)
class OwnHost:
    """Puts the questions to one address under its first name; `spend` takes each from the address's budget."""

    host: MailAddress
    asker: Asker
    ehlo: str
    settings: SmtpSettings
    identity: ClientIdentity | None
    spend: Callable[[Act], Act]

    def ask(self, *, again: bool) -> None:
        """Put both; at the end of the run the injection once more where its session told nothing.

        A session that does not survive the command is held against an ordinary one right afterwards.
        """
        first = self._put(INJECTION, self._inject)
        self._put(UNNAMED, lambda: self._session(named=False))
        if again and not is_ours(first.failure) and _fate(first) in _UNSETTLED:
            second = self._put(INJECTION_AGAIN, self._inject)
            if _fate(second) is Fate.ENDED:
                self._put(AFTER_INJECTION, self._session)

    def ask_of_partners(self) -> None:
        """Name each partner of the register as a sender, inside TLS and in clear, and in doubt inside TLS again."""
        held: dict[tuple[Envelope, ...], SmtpFacts | None] = {}
        for question, inside, envelopes in sessions(self.host.envelopes):
            facts = self._put(question, partial(self._envelope, envelopes, inside=inside)).facts
            heard = facts if isinstance(facts, SmtpFacts) else None
            if inside:
                held[envelopes] = heard
            elif again := doubted(envelopes, held.get(envelopes), heard):
                after = f"{INSIDE_AFTER}{question.removeprefix(NAMED_IN_CLEAR)}"
                self._put(after, partial(self._envelope, again, inside=True))

    def _put(self, question: str, act: Act) -> Observation:
        probe = question if question == UNNAMED else question.partition(" ")[0]
        return self.asker.ask(probe, self.host.target(self.host.names[0]), question, self.spend(act))

    @property
    def _to(self) -> Host:
        return Host(self.host.names[0], self.host.address, self.host.port)

    def _inject(self) -> tuple[Facts | None, Failure | None]:
        return put_injection(self._to, self.ehlo, self.settings)

    def _envelope(self, envelopes: tuple[Envelope, ...], *, inside: bool) -> tuple[Facts | None, Failure | None]:
        return put_envelopes(self._to, self.ehlo, self.settings, envelopes, self.identity, inside=inside)

    def _session(self, *, named: bool = True) -> tuple[Facts | None, Failure | None]:
        return hold_session(self._to, self.ehlo, self.settings, self.identity, named=named)


def envelopes_of(inventory: Iterable[Subject], names: Collection[str]) -> tuple[Envelope, ...]:
    """Give whom a host of ours, known by `names`, is asked about: each partner we want encrypted mail from."""
    everyone = tuple(inventory)
    receiving = (each for each in everyone if Kind.INBOUND_HOST in each.kinds and each.hostname in names)
    ours = next((to_ascii(domain) for each in receiving if each.managed_by == OWN for domain in each.receives_for), "")
    asked = (each for each in everyone if each.require_tls and each.require_tls.from_ is not Level.NONE)
    senders = sorted({each.hostname for each in asked if is_domain(each.hostname)})
    return tuple((sender, ours) for sender in senders if is_domain(ours))


def _fate(seen: Observation) -> Fate:
    return read_injection(seen.facts if isinstance(seen.facts, SmtpFacts) else None, seen.failure).fate


def put_injection(host: Host, ehlo_name: str, settings: SmtpSettings) -> tuple[SmtpFacts | None, Failure | None]:
    """Send STARTTLS and a harmless command in one packet, go on into TLS, and keep every reply that comes.

    Facts are None only where no connection was made.
    """
    session = _Injecting(host, ehlo_name, settings)

    def steps() -> None:
        session.open()
        session.greeting()
        if offers_starttls(session.hello()):
            session.begin_tls()
            session.handshake_heard()
            session.take_leave()

    return carried_out(session, steps)


@dataclass
class _Injecting(Session):
    """A session with a command behind STARTTLS; nothing that comes back is thrown away."""

    def begin_tls(self) -> None:
        """Say both in one packet and get 220; what else is answered in clear is step `in_clear`."""
        reply = self._say(f"STARTTLS\r\n{COMMAND}", "starttls")
        if reply.code != 220:
            raise turned_down(reply)
        while self._line().unread:
            self._hear(IN_CLEAR, "", self.settings.greeting_timeout)
        self._usable = False

    def handshake_heard(self) -> None:
        """Do the handshake; an answer in clear that comes where TLS was to begin is kept as a reply."""
        channel = self._line()
        channel.wire = listening = _Listening(channel.wire)
        try:
            self.handshake()
        except Stopped:
            self._keep_reply(listening.heard, channel.deadline)
            raise
        finally:
            self._usable = False

    def _keep_reply(self, heard: bytes, until: Deadline) -> None:
        told = Channel(_Nothing(), until)
        told.unread = heard
        try:
            code, lines = told.read_reply(IN_CLEAR, 0)
        except Stopped:
            return
        self.replies.append(Reply(IN_CLEAR, "", code, lines, 0.0))

    def take_leave(self) -> None:
        """Say EHLO and QUIT inside TLS, and hear all there is until the good-bye or the end (step `surplus`)."""
        patience = self.settings.greeting_timeout
        said = f"EHLO {self.ehlo_name}"
        self._line().send(said.encode("ascii") + b"\r\n", "ehlo_tls", patience)
        last = self._hear("ehlo_tls", said, patience)
        if last.code != 421:
            self._line().send(b"QUIT\r\n", "quit", patience)
        for number in range(_MOST):
            self._usable = False
            if last.code in {221, 421}:
                return
            last = self._hear(SURPLUS if number else "quit", "" if number else "QUIT", patience)
        self._usable = False


@dataclass
class _Listening:
    """A wire that remembers the first of what came."""

    below: Wire
    heard: bytes = b""

    def send(self, data: bytes, stage: str, until: Deadline) -> None:
        self.below.send(data, stage, until)

    def receive(self, stage: str, until: Deadline) -> bytes:
        piece = self.below.receive(stage, until)
        self.heard = (self.heard + piece)[:_KEPT]
        return piece

    def close(self, until: Deadline) -> None:
        self.below.close(until)


class _Nothing:
    """A wire from which no more comes."""

    def send(self, data: bytes, stage: str, until: Deadline) -> None:
        """Send nothing."""

    def receive(self, stage: str, until: Deadline) -> bytes:  # noqa: ARG002 - the shape of a wire
        return b""

    def close(self, until: Deadline) -> None:
        """End nothing."""
