"""Evidence: a run's observations, indexed for judging. Nothing is asked; what was not recorded is not known."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from compliance.model.observation import Observation, SmtpFacts, StatementFacts
from compliance.model.supplied import CanaryFacts, MessageFacts
from compliance.records.dns_walk import DnsQuestion, unrecorded
from compliance.records.envelope import ENVELOPE
from compliance.records.injection import INJECTION, UNNAMED

_ORDINARY = frozenset({"session", "session again"})
_OF_OWN_HOSTS = frozenset({INJECTION, UNNAMED})


class Evidence:
    """The observations of a run, by what they answer."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._asked: dict[tuple[str, str], Observation] = {}
        self._sessions: dict[str, list[Observation]] = defaultdict(list)
        self._tls: dict[str, list[Observation]] = defaultdict(list)
        self._own: dict[tuple[str, str], Observation] = {}
        self._envelopes: dict[str, list[Observation]] = defaultdict(list)
        self.by_id: dict[str, Observation] = {}
        self.sent_mail: list[Observation] = []  # supplied messages, and rounds of the canary
        for seen in observations:
            self.by_id[seen.id] = seen
            self._asked[seen.target, seen.question] = seen
            if isinstance(seen.facts, MessageFacts | CanaryFacts):
                self.sent_mail.append(seen)
            if seen.probe == "smtp" and seen.question in _ORDINARY:
                self._sessions[seen.target].append(seen)
            elif seen.probe in {"smtp", "hello"}:  # one that was not sent counts too: it is why a thing is unproven
                self._tls[place_of(seen.target)].append(seen)
            elif seen.probe in _OF_OWN_HOSTS:
                self._own[place_of(seen.target), seen.question] = seen
            elif seen.probe == ENVELOPE:
                self._envelopes[place_of(seen.target)].append(seen)

    def answer(self, question: DnsQuestion) -> Observation:
        """Give the recorded answer to a DNS question; one that was never asked has a failure and no id."""
        return self._asked.get((question.name, question.rdtype)) or unrecorded(question.name, question.rdtype)

    def with_checking_disabled(self, question: DnsQuestion) -> Observation | None:
        """Give the answer to the same question with CD=1, asked after a SERVFAIL (RFC 4035 section 3.2.2)."""
        return self._asked.get((question.name, f"{question.rdtype} cd"))

    def sessions(self, target: str) -> tuple[Observation, ...]:
        """Give the SMTP sessions with one `name[address]:port`, in the order they were held."""
        return tuple(self._sessions.get(target, ()))

    def all_sessions(self) -> Mapping[str, list[Observation]]:
        """Give every SMTP session by target."""
        return self._sessions

    def tls_questions(self, address: str, port: int) -> tuple[Observation, ...]:
        """Give what the TLS walk put to one address, in order: raw hellos, and sessions that are not ordinary."""
        return tuple(self._tls.get(f"[{address}]:{port}", ()))

    def of_own_host(self, address: str, port: int, question: str) -> Observation | None:
        """Give what was asked of a host of ours alone, whatever name it was asked under; None if it was not."""
        return self._own.get((f"[{address}]:{port}", question))

    def envelopes(self, address: str, port: int, where: str) -> tuple[Observation, ...]:
        """Give the sessions in which senders were named to a host of ours, `where`: in clear or inside TLS."""
        held = self._envelopes.get(f"[{address}]:{port}", ())
        return tuple(seen for seen in held if seen.question.startswith(where))

    def statement(self, requirement: str) -> Observation | None:
        """Give what a person declared about a requirement."""
        for seen in self.by_id.values():
            if isinstance(seen.facts, StatementFacts) and seen.facts.requirement == requirement:
                return seen
        return None


def place_of(target: str) -> str:
    """Give `[address]:port` of a mail host's target, whatever its name."""
    return target[max(target.rfind("["), 0) :]


def smtp_facts(observation: Observation) -> SmtpFacts | None:
    """Give the SMTP facts of an observation, None where nothing was heard."""
    return observation.facts if isinstance(observation.facts, SmtpFacts) else None
