"""What was asked in a TLS walk and what came of it, and what that proves accepted or refused."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from compliance.records.tls_answer import VERSIONS, Answer
from compliance.records.tls_classes import SUITES_12, SUITES_OLD, SUITES_SSL3, KeyType, key_type
from compliance.records.tls_client_hello import HelloOffer
from compliance.records.tls_question import HelloAnswer, HelloQuestion, Outcome, Shown
from compliance.records.tls_suites import NAMES

NUMBERS = {name: number for number, name in VERSIONS.items()}
OLD_VERSIONS = ("SSLv3", "TLSv1", "TLSv1.1")


class Span(Enum):
    """The versions a question is about."""

    SSL2 = auto()
    OLD = auto()
    TLS12 = auto()
    TLS13 = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all its repetitions: `questions` are their names, `put` is the form that was put last."""

    questions: tuple[str, ...]
    put: HelloQuestion
    span: Span
    outcome: Outcome
    answer: Answer | None = None
    settled: bool = False  # an ordinary session was tried afterwards

    @property
    def offer(self) -> HelloOffer:
        """What was offered last."""
        return self.put.offer

    @property
    def version(self) -> str:
        """The version accepted, `` if none was."""
        return self.answer.accepted if self.answer and self.outcome is Outcome.ACCEPTED else ""

    @property
    def suite(self) -> int | None:
        """The suite accepted."""
        return self.answer.hello.suite if self.version and self.answer and self.answer.hello else None

    @property
    def in_span(self) -> bool:
        """Whether what was accepted is of a version that was asked about, not an older one."""
        return self.version not in OLD_VERSIONS or self.span is Span.OLD

    @property
    def refuses(self) -> bool:
        """Whether all that was offered is refused in the versions asked about."""
        return self.outcome is Outcome.REFUSED or (bool(self.version) and not self.in_span)


#: protocol_version speaks of nothing but what was offered. handshake_failure (40) is also what a server says that has a
#: certificate for those alone who ask by name.
_OF_THE_OFFER = frozenset({70})


def turned_down_otherwise(asked: Asked) -> bool:
    """Tell whether a hello was turned down by an alert that does not speak of what it offers (RFC 8446 section 6.2)."""
    alert = asked.answer.alert if asked.answer else None
    return alert is not None and alert.fatal and alert.description not in _OF_THE_OFFER


class Ledger:
    """The book of one walk, in order. In it the small form of a hello stands for the whole list of suites."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.entries: list[Asked] = []
        self.sessions: list[tuple[str, KeyType | None, HelloAnswer]] = []
        self.handshakes: list[tuple[str, Shown]] = []  # of every session of the walk
        self.undone = ""  # the session that broke off where RSA key exchange was to be carried out
        self.questions: list[str] = []

    def book(self, asked: Asked) -> Asked:
        """Enter a question and what came of it."""
        self.entries.append(asked)
        self.questions += asked.questions
        return asked

    def book_session(self, question: str, key: KeyType, answer: HelloAnswer) -> None:
        """Enter a handshake that was restricted to one type of key."""
        self.questions.append(question)
        self.sessions.append((question, key, answer))
        self.note(question, answer)

    def book_static(self, question: str, answer: HelloAnswer) -> None:
        """Enter a handshake by RSA key exchange alone. Some servers choose it and cannot decrypt."""
        self.questions.append(question)
        self.note(question, answer)
        if answer.outcome is Outcome.REFUSED and "decrypt error" in answer.words:
            self.undone = question

    def note(self, question: str, answer: HelloAnswer) -> None:
        """Keep what a completed handshake showed."""
        self.handshakes += [(question, answer.shown)] if answer.shown else []

    @property
    def silences(self) -> bool:
        """Whether silence was met after which no session was tried yet."""
        return any(each.outcome is Outcome.SILENT and not each.settled for each in self.entries)

    def settle(self, question: str, *, works: bool, late: bool = False) -> None:
        """Enter the session held after silence, or `late` after silence met once more; if it `works`, it refused."""
        self.questions.append(question)
        for at, each in enumerate(self.entries):
            if each.outcome is Outcome.SILENT and not each.settled and each.put.late is late:
                outcome = Outcome.REFUSED if works else each.outcome
                self.entries[at] = replace(each, outcome=outcome, questions=(*each.questions, question), settled=True)

    def doubtful(self) -> list[list[Asked]]:
        """Give what silence alone says is refused, gathered by what one hello can ask again together."""
        found: dict[tuple[Span, int], list[Asked]] = {}
        for each in self.entries:
            refused = each.settled and each.outcome is Outcome.REFUSED
            if refused or each.outcome is Outcome.SILENT:
                found.setdefault((each.span, each.offer.version), []).append(each)
        return list(found.values())

    def revise(self, entries: list[Asked], question: HelloQuestion, answer: HelloAnswer) -> None:
        """Put what came of asking once more in the place of what was in doubt."""
        self.questions.append(question.question)
        names = (*(name for each in entries for name in each.questions), question.question)
        revised = Asked(tuple(dict.fromkeys(names)), question, entries[0].span, answer.outcome, answer.answer)
        self.entries[self.entries.index(entries[0])] = revised
        self.entries = [each for each in self.entries if each not in entries]

    # -- what it proves -------------------------------------------------------------------------------------------

    def accepted(self, span: Span | None = None) -> Iterator[Asked]:
        """Give the questions that were accepted with a suite, in any span or one."""
        return (each for each in self.entries if each.suite is not None and span in {None, each.span})

    @property
    def suites(self) -> tuple[int, ...]:
        """Every suite accepted of TLS 1.2 and older, the session's too."""
        own = [number for number, name in NAMES.items() if name == self.shown.suite]
        found = (each.suite for each in self.accepted() if each.suite is not None)
        return tuple(dict.fromkeys((*own, *found)))

    def accepts(self, version: str) -> bool:
        """Whether a version was seen accepted."""
        return version == self.shown.version or any(each.version == version for each in self.entries)

    def shows_key(self, key: KeyType) -> bool:
        """Whether a hello of TLS 1.2 was answered with the certificate of a type of key."""
        return any(key_type(each.suite or 0) is key for each in self.accepted(Span.TLS12))

    @property
    def refused_tls12(self) -> bool:
        """Whether TLS 1.2 is refused with every suite there is, or an older version taken in its stead."""
        if self.accepts("TLSv1.2"):
            return False
        if self.shown.version in OLD_VERSIONS or any(not each.in_span for each in self.accepted(Span.TLS12)):
            return True
        return set(SUITES_12) <= self.refused(Span.TLS12)

    def refused(self, span: Span, version: int = 0) -> set[int]:
        """Give every suite refused to a hello of a span, of `version` and newer."""
        hits = (each for each in self.entries if each.span is span and each.refuses and each.offer.version >= version)
        return {suite for each in hits for suite in each.offer.suites}

    def refusing_old(self, version: str) -> Asked | None:
        """Give the question that proves an old version refused: all suites turned down, or an older version taken."""
        number = NUMBERS[version]
        for each in self.entries:
            if each.version in OLD_VERSIONS and NUMBERS[each.version] < number <= each.offer.version:
                return each
            named = bool(each.offer.sni) or not self.shown.sni or not turned_down_otherwise(each)
            whole = each.span is Span.OLD and set(SUITES_SSL3) <= set(each.offer.suites) and named
            if whole and each.outcome is Outcome.REFUSED and each.offer.version >= number:
                return each
        return None

    def lacks_12(self, wanted: Callable[[int], bool]) -> bool:
        """Whether it is proven that no suite of a kind is accepted at TLS 1.2."""
        return self.refused_tls12 or {suite for suite in SUITES_12 if wanted(suite)} <= self.refused(Span.TLS12)

    def lacks_old(self, wanted: Callable[[int], bool]) -> bool:
        """Whether it is proven that no suite of a kind is accepted at the newest old version spoken, or none is."""
        spoken = [NUMBERS[version] for version in OLD_VERSIONS if self.accepts(version)]
        if not spoken:
            return all(self.refusing_old(version) for version in OLD_VERSIONS)
        universe = SUITES_SSL3 if max(spoken) == NUMBERS["SSLv3"] else SUITES_OLD
        return {suite for suite in universe if wanted(suite)} <= self.refused(Span.OLD, max(spoken))
