"""The TLS walk put to one address of a mail host, each question through the asker, so that none is put twice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from compliance.model.observation import Facts, Failure, FailureKind, Observation, SmtpFacts
from compliance.model.target import MailAddress
from compliance.probes.asker import Asker
from compliance.probes.hello import put_hello, slowness
from compliance.probes.smtp import Host, hold_session
from compliance.probes.tls import ClientIdentity
from compliance.records.tls_question import (
    HelloAnswer,
    HelloQuestion,
    Outcome,
    Question,
    answer_of,
    drive_tls,
    first_shown,
)
from compliance.records.tls_strategy import Depth, tls_walk
from compliance.settings import SmtpSettings

Act = Callable[[], tuple[Facts | None, Failure | None]]


@dataclass(frozen=True, slots=True)
class TlsAsking:
    """Puts the walk's questions to `host` under its first name; `spend` takes each from the address's budget.

    `again` is for the end of the run: what was never put, and is theirs to answer for, is put once more, and what met
    silence before. A session after silence is not, since silence refuses only what works right afterwards.
    """

    host: MailAddress
    asker: Asker
    ehlo: str
    settings: SmtpSettings
    identity: ClientIdentity | None
    spend: Callable[[Act], Act]
    depth: Depth
    again: bool

    def walk(self, sessions: Iterable[Observation]) -> None:
        """Walk to the end, from what the ordinary sessions showed."""
        held = tuple(sessions)
        slowest = slowness(max((0.0, *map(_slowest_of, held))))
        drive_tls(tls_walk(first_shown(held), self.depth), lambda question: self._answer(question, slowest))

    def _answer(self, question: Question, slowest: float) -> HelloAnswer:
        if question.late and not self.again:
            return HelloAnswer(Outcome.NOT_OBTAINED)
        seen = self._put(question, question.question, slowest)
        answer = answer_of(question, seen)
        repeats = isinstance(question, HelloQuestion) or question.keys is not None
        if (
            self.again
            and repeats
            and not question.late
            and answer.outcome is Outcome.NOT_OBTAINED
            and not is_ours(seen.failure)
        ):
            return answer_of(question, self._put(question, f"{question.question} again", slowest))
        return answer

    def _put(self, question: Question, name: str, slowest: float) -> Observation:
        to = Host(self.host.names[0], self.host.address, self.host.port)

        def act() -> tuple[Facts | None, Failure | None]:
            if isinstance(question, HelloQuestion):
                # Who did not answer the first time is given as long as a greeting may take.
                last = question.late or question.offer.small
                patience = max(slowest, self.settings.greeting_timeout if last else 0.0)
                return put_hello(to, self.ehlo, self.settings, question, patience)
            # A plain session is held in its small form: it is to show that the address answers, and nothing else.
            return hold_session(
                to,
                self.ehlo,
                self.settings,
                self.identity,
                smaller=question.keys is None,
                keys=question.keys,
                static=question.static,
            )

        probe = "hello" if isinstance(question, HelloQuestion) else "smtp"
        return self.asker.ask(probe, self.host.target(to.name), name, self.spend(act))


def _slowest_of(seen: Observation) -> float:
    """The longest a session waited at one stage, in seconds."""
    if not isinstance(seen.facts, SmtpFacts):
        return 0.0
    handshake = seen.facts.tls.seconds if seen.facts.tls else 0.0
    return max((handshake, *(reply.seconds for reply in seen.facts.replies)))


def is_ours(failure: Failure | None) -> bool:
    """Whether a failure is our own missing network, budget or defect."""
    if failure is None:
        return False
    return failure.kind in {FailureKind.NO_ROUTE, FailureKind.DEFECT} or failure.stage == "budget"
