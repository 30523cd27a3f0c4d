"""The questions of the TLS walk, what answers them, and the names both go by in the evidence.

A question's name in the evidence is `hello <name>[ <number>][ smaller][ late]`, or `session <name>[ <number>]` for a
whole handshake: the same walk over the same answers puts the same names, so a run is resumed and judged by name.
Its bytes are rebuilt from the offer when evidence is read, so that an answer to another hello is never taken for it.
"""

from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from compliance.model.observation import FailureKind, HelloFacts, Observation, SmtpFacts
from compliance.records.certificate import CertificateFault
from compliance.records.certificate import read as read_certificate
from compliance.records.tls_answer import VERSIONS
from compliance.records.tls_classes import KeyType
from compliance.records.tls_client_hello import SMALL, SSL2, TLS13, HelloOffer, build_hello, salt_of
from compliance.records.tls_hello import Answer, HelloFault, Offer, read_answer

T = TypeVar("T")

#: Fatal alerts that complain of the hello's form, not of what it offers: unexpected_message, record_overflow,
#: illegal_parameter, decode_error. They refuse only what refuses a smaller hello too.
_OF_FORM = frozenset({10, 22, 47, 50})
_UNRECOGNIZED_NAME = 112
_INTERNAL_ERROR = 80


class Outcome(StrEnum):
    """What came of a question."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # a fatal alert
    SILENT = "silent"  # the question was put, and a close, a reset or a timeout came instead of an answer
    GARBAGE = "garbage"  # an answer that proves nothing: no TLS, cut off, or not what was offered
    CUT = "cut"  # we left before an answer could be expected
    NOT_OBTAINED = "not_obtained"  # the question was never put: no connection, no STARTTLS, no budget left


@dataclass(frozen=True, slots=True)
class Shown:
    """What a completed handshake showed; all empty = none was completed. `suite` is the IANA name."""

    version: str = ""
    suite: str = ""
    chain: tuple[bytes, ...] = ()
    key: KeyType | None = None  # of the leaf
    sni: str = ""
    question: str = "session"


@dataclass(frozen=True, slots=True)
class HelloAnswer:
    """What is sent back into the walk: `answer` where a hello was read, `shown` where a session was asked for.

    `words` are the library's for a session that could not be agreed.
    """

    outcome: Outcome
    answer: Answer | None = None
    shown: Shown | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class HelloQuestion:
    """One hello to be put: `offer` gives its bytes. `late`: it is put once more at the end of the run."""

    name: str
    offer: HelloOffer
    number: int = 1
    late: bool = False

    @property
    def question(self) -> str:
        """The question's name in the evidence."""
        counted = f" {self.number}" if self.number > 1 else ""
        return f"hello {self.name}{counted}{' smaller' if self.offer.small else ''}{' late' if self.late else ''}"

    @property
    def label(self) -> str:
        """What HelloFacts.offer is to say: the name alone, `ssl2` for SSLv2 hellos."""
        return self.name

    def build(self, random: bytes | None = None) -> bytes:
        """Give the bytes to be sent."""
        return build_hello(self.offer, random)

    def smaller(self) -> "HelloQuestion":
        """Give the form that a peer may answer that does not answer this one."""
        return replace(self, offer=replace(self.offer, small=True))

    def once_more(self, sni: str, suites: Collection[int]) -> "HelloQuestion":
        """Give the form that is put at the end of the run: small, and by name, so that neither was the reason."""
        ordered = (*self.offer.suites, *sorted(set(suites) - set(self.offer.suites)))
        return replace(self, offer=replace(self.offer, suites=ordered, small=True, sni=sni), late=True)

    @property
    def is_small(self) -> bool:
        """Whether even load balancers that choke on large hellos take it as it is."""
        return len(self.build(bytes(64))) < SMALL


@dataclass(frozen=True, slots=True)
class SessionQuestion:
    """A whole handshake by the ordinary library; `keys` restricts its signature algorithms to one type of key.

    `static`: it offers RSA key exchange alone. `late`: it is held at the end of the run.
    """

    name: str
    number: int = 1
    keys: KeyType | None = None
    static: bool = False
    late: bool = False

    @property
    def question(self) -> str:
        """The question's name in the evidence."""
        return f"session {self.name}" + (f" {self.number}" if self.number > 1 else "")


Question = HelloQuestion | SessionQuestion
TlsWalk = Generator[Question, HelloAnswer, T]
"""A walk yields a Question, is sent the HelloAnswer, and returns T."""


def drive_tls(walk: TlsWalk[T], answer: Callable[[Question], HelloAnswer]) -> T:
    """Run a walk to its end with a function that answers: live in a probe, from evidence in a check."""
    try:
        question = next(walk)
        while True:
            question = walk.send(answer(question))
    except StopIteration as end:
        result: T = end.value
        return result


def hello_answer(question: HelloQuestion, received: bytes, ended: str) -> HelloAnswer:
    """Give what the bytes that came back to a hello are worth; `ended` as HelloFacts has it."""
    try:
        answer = read_answer(question.label, received)
    except HelloFault:
        return HelloAnswer(Outcome.GARBAGE)
    if answer.accepted:
        return HelloAnswer(Outcome.ACCEPTED if _is_offered(question.offer, answer) else Outcome.GARBAGE, answer)
    if answer.refused:
        return HelloAnswer(_refusal(answer), answer)
    if answer.hello is not None or answer.ssl2 is not None:
        return HelloAnswer(Outcome.GARBAGE, answer)
    return HelloAnswer(_NO_ANSWER.get(ended, Outcome.GARBAGE), answer)


def _refusal(answer: Answer) -> Outcome:
    """A complaint about the name asked for is no refusal of what was offered."""
    named = answer.alert is not None and answer.alert.description == _UNRECOGNIZED_NAME
    return Outcome.GARBAGE if named else Outcome.REFUSED


def complains_of_form(answer: HelloAnswer) -> bool:
    """Tell whether a refusal may have been of the hello's size or form."""
    alert = answer.answer.alert if answer.answer else None
    return answer.outcome is Outcome.REFUSED and alert is not None and alert.description in _OF_FORM


def is_its_own_trouble(answer: HelloAnswer) -> bool:
    """Tell whether a server turned a hello down by internal_error, which refuses an offer only if it does so twice."""
    alert = answer.answer.alert if answer.answer else None
    return answer.outcome is Outcome.REFUSED and alert is not None and alert.description == _INTERNAL_ERROR


def _is_offered(offer: HelloOffer, answer: Answer) -> bool:
    """Whether a server took what it was offered, and no more."""
    if answer.hello is None:
        return offer.version == SSL2
    number = next(number for number, name in VERSIONS.items() if name == answer.hello.version)
    newest = number == TLS13 if offer.version == TLS13 else number <= offer.version
    return (
        newest and answer.hello.suite in offer.sent_suites and answer.hello.compression in {0, int(offer.compression)}
    )


def answer_of(question: Question, seen: Observation | None) -> HelloAnswer:
    """Read a stored observation as the answer to a question; none, and another hello's, is no answer."""
    if seen is None:
        return HelloAnswer(Outcome.NOT_OBTAINED)
    if isinstance(question, SessionQuestion):
        return session_answer(seen)
    facts = seen.facts
    if not isinstance(facts, HelloFacts) or question.build(salt_of(facts.sent)) != facts.sent:
        return HelloAnswer(Outcome.NOT_OBTAINED)
    return hello_answer(question, facts.received, facts.ended)


def session_answer(seen: Observation) -> HelloAnswer:
    """Read a stored session: a handshake that was completed, that could not be agreed, or that never came to it."""
    shown = shown_by(seen)
    if shown.version:
        return HelloAnswer(Outcome.ACCEPTED, shown=shown)
    if seen.failure is not None and seen.failure.kind is FailureKind.HANDSHAKE:
        return HelloAnswer(Outcome.REFUSED, words=seen.failure.detail)
    return HelloAnswer(Outcome.SILENT if seen.failure and seen.failure.stage == "tls" else Outcome.NOT_OBTAINED)


def shown_by(seen: Observation) -> Shown:
    """Give what a stored session's handshake showed; empty if it completed none."""
    tls = seen.facts.tls if isinstance(seen.facts, SmtpFacts) else None
    if tls is None:
        return Shown(question=seen.question)
    return Shown(tls.version, tls.suite, tls.chain, _leaf_key(tls.chain), tls.sni, seen.question)


def first_shown(sessions: Iterable[Observation]) -> Shown:
    """Give what the first session showed that completed a handshake; if none did, what the first session showed."""
    found = [shown_by(seen) for seen in sessions]
    return next((shown for shown in found if shown.version), found[0] if found else Shown())


def _leaf_key(chain: tuple[bytes, ...]) -> KeyType | None:
    try:
        kind = read_certificate(chain[0]).key_type if chain else ""
    except CertificateFault:
        return None
    known = {"rsa": KeyType.RSA, "dsa": KeyType.DSA}
    return known.get(kind) or (KeyType.ECDSA if kind in {"ec", "ed25519", "ed448"} else None)


#: What came of a hello that was sent and not answered, by how it ended.
_NO_ANSWER = {
    "closed": Outcome.SILENT,
    "reset": Outcome.SILENT,
    "timeout": Outcome.SILENT,
    "cut": Outcome.CUT,
}
SSL2_LABEL, OLD_LABEL = str(Offer.SSL2), str(Offer.SSL3_TLS11)
