"""Rounds of the canary as evidence: what arrived through a sending host, and whether it turned receivers away."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from compliance.checks.context import Context
from compliance.model.canary import BEFORE_MAIL, CanaryMessage, CanaryRound, CanarySession, PersonaNote, Submission
from compliance.model.names import is_address, is_inside
from compliance.model.observation import Observation
from compliance.model.subject import Subject
from compliance.model.supplied import CanaryFacts
from compliance.records.dns_walk import drive
from compliance.records.mail_route import host_addresses

SOUND = "sound"
_ATTEMPTS = 2
_TOGETHER = timedelta(seconds=1)  # connections closer than this are one attempt, at several addresses or at once


@dataclass(frozen=True)
class Arrival:
    """One message that arrived, with the session it came in."""

    message: CanaryMessage
    session: CanarySession
    persona: PersonaNote


@dataclass(frozen=True)
class Proof:
    """Whether a sending host turned a persona away. `state`: enforced, delivered or unproven."""

    persona: str
    state: str
    attempts: int = 0


@dataclass(frozen=True)
class Round:
    """One round as it concerns one sending host."""

    context: Context
    sender: Subject
    seen: Observation
    facts: CanaryRound

    @cached_property
    def arrivals(self) -> tuple[Arrival, ...]:
        """What arrived for this host's own recipients."""
        notes = {note.name: note for note in self.facts.personas}
        return tuple(
            Arrival(message, session, notes[message.persona])
            for session in self.facts.sessions
            for message in session.messages
            if message.host == self.sender.label and message.persona in notes
        )

    @cached_property
    def own(self) -> tuple[Arrival, ...]:
        """Those that the host itself brought, and not another that it hands its mail to."""
        return tuple(arrival for arrival in self.arrivals if self._is_own(arrival.session))

    @cached_property
    def _addresses(self) -> frozenset[str]:
        name = self.sender.hostname
        if not name or is_address(name):
            return frozenset({name} - {""})
        return frozenset(drive(host_addresses(name), self.context.evidence.answer).addresses)

    def _is_own(self, session: CanarySession) -> bool:
        """By its address, or by the name it gave: behind a translated address the inventory's is not the one seen.

        Whoever knows the recipient is our own host, or a host it trusts with its mail, so the name is no stranger's.
        """
        if self.sender.service:
            return True
        names = {self.sender.hostname.lower(), self.sender.helo.lower()} - {""}
        return session.source in self._addresses or bool({session.ehlo, session.name} & names)

    def proof(self, persona: str) -> Proof:
        """Say whether the host turned a persona away: all that it takes was seen in one window, or it is unproven.

        The sound persona received from the same host in the window; two attempts or more ended before MAIL FROM; and
        the window was longer than two of the pauses between them.
        """
        if any(arrival.message.persona == persona for arrival in self.arrivals):
            return Proof(persona, "delivered")
        handed = self._handed(persona)
        if handed is None:
            return Proof(persona, "unproven")
        begin = _moment(handed.at)
        end = min(_moment(handed.until), _moment(self.facts.ended))
        sound = [each for each in self.own if each.message.persona == SOUND]
        received = any(begin - _TOGETHER <= _moment(each.message.received) <= end for each in sound)
        attempts = _apart(
            _moment(each.started) for each in self._attempts(persona, sound) if begin <= _moment(each.started) <= end
        )
        pauses = [later - earlier for earlier, later in pairwise(attempts)]
        proven = received and len(attempts) >= _ATTEMPTS and end - begin > 2 * max(pauses)
        return Proof(persona, "enforced" if proven else "unproven", len(attempts))

    def _handed(self, persona: str) -> Submission | None:
        found = [each for each in self.facts.submissions if (each.host, each.persona) == (self.sender.label, persona)]
        return next((each for each in reversed(found) if not each.refusal), None)

    def _attempts(self, persona: str, sound: Iterable[Arrival]) -> Iterator[CanarySession]:
        """Sessions of the hosts that delivered to the sound persona: at their addresses, which nobody can forge.

        A service sends from many; those whose confirmed name is in the same domain are its own too.
        """
        sources = {arrival.session.source for arrival in sound}
        domains = {self.context.operator(arrival.session.name) for arrival in sound if arrival.session.name}
        for session in self.facts.sessions:
            if session.persona != persona or session.messages or session.stage not in BEFORE_MAIL:
                continue
            named = self.sender.service and session.name and self.context.operator(session.name) in domains
            if session.source in sources or named:
                yield session


def rounds_of(context: Context, sender: Subject) -> tuple[Round, ...]:
    """Give the rounds in which recipients were made for a sending host."""
    journals = ((seen, seen.facts) for seen in context.evidence.by_id.values() if isinstance(seen.facts, CanaryFacts))
    return tuple(
        Round(context, sender, seen, facts.round) for seen, facts in journals if sender.label in facts.round.hosts
    )


def sources_of(context: Context, sender: Subject, domain: str) -> Mapping[str, tuple[str, ...]]:
    """Give the addresses that brought a service's messages with a domain in MAIL FROM, each with what shows it."""
    found: dict[str, tuple[str, ...]] = {}
    for each in rounds_of(context, sender):
        for arrival in each.arrivals:
            if arrival.message.mail_from == domain and not is_inside(arrival.session.source):
                known = found.get(arrival.session.source, ())
                found[arrival.session.source] = tuple(dict.fromkeys((*known, each.seen.id)))
    return found


def _apart(moments: Iterable[datetime]) -> list[datetime]:
    found: list[datetime] = []
    for moment in sorted(moments):
        if not found or moment - found[-1] >= _TOGETHER:
            found.append(moment)
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
