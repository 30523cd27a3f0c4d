"""The TLS of an address as its evidence shows it: the walk of the run put once more, to the journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compliance.model.finding import Cause
from compliance.model.observation import Failure, FailureKind, HelloFacts, Observation
from compliance.records.tls_profile import Item, TlsProfile
from compliance.records.tls_question import HelloAnswer, Outcome, Question, answer_of, drive_tls, first_shown
from compliance.records.tls_strategy import Depth, tls_walk

_AGAIN = " again"
_FULL = "hello all12"


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """The profile of one address, and the observations of the walk by the question they answer, in order."""

    profile: TlsProfile
    observations: Mapping[str, tuple[Observation, ...]]

    @property
    def staples(self) -> tuple[bytes, ...]:
        """The OCSP responses that were stapled, DER."""
        return tuple(item.value for item in self.profile.staples.values() if item.value)

    def evidence(self, *items: Item[Any]) -> tuple[str, ...]:
        """Give the ids of what items rest on."""
        return tuple(dict.fromkeys(seen.id for seen in self._behind(items)))

    def told(self, item: Item[Any]) -> tuple[Observation, ...]:
        """Give the observations an item rests on."""
        return tuple(self._behind([item]))

    def doing(self, *items: Item[Any]) -> Cause | Failure:
        """Say whose doing it is that items are unproven: theirs only if all that was put came to nothing there.

        A failure is a defect of ours. Items nothing was put for share the fate of the walk that ended before them.
        """
        names = [name for item in items for name in item.questions]
        put = [self.observations.get(name, ()) for name in names] if names else list(self.observations.values())
        last = [seen[-1] for seen in put if seen]
        troubles = [seen.failure for seen in last if seen.failure and seen.facts is None]
        if defect := next((trouble for trouble in troubles if trouble.kind is FailureKind.DEFECT), None):
            return defect
        kept_back = any(trouble.kind is FailureKind.NO_ROUTE or trouble.stage == "budget" for trouble in troubles)
        return Cause.OURS if kept_back or not all(put) or not self.was_walked else Cause.THEIRS

    @property
    def was_walked(self) -> bool:
        """Whether any question of the walk was put, so that what it did not find was at least looked for."""
        return any(name in self.observations for name in self.profile.questions)

    def _behind(self, items: Iterable[Item[Any]]) -> Iterable[Observation]:
        return (seen for item in items for name in item.questions for seen in self.observations.get(name, ()))


def replay(sessions: Iterable[Observation], put: Iterable[Observation]) -> TlsSeen:
    """Walk through what was recorded of one address: its ordinary sessions, and what was `put` to it by the walk."""
    ordered = sorted(sessions, key=lambda seen: (seen.target.partition("[")[0], seen.question))
    put = tuple(put)
    known: dict[str, tuple[Observation, ...]] = {}
    for seen in put:
        name = seen.question.removesuffix(_AGAIN)
        known[name] = (*known.get(name, ()), seen)
    shown = first_shown(ordered)

    def answer(question: Question) -> HelloAnswer:
        for seen in reversed(known.get(question.question, ())):
            found = answer_of(question, seen)
            if found.outcome is not Outcome.NOT_OBTAINED:
                return found
            if isinstance(seen.facts, HelloFacts):  # another hello than this was put, so this one was not
                del known[question.question]
                break
        return HelloAnswer(Outcome.NOT_OBTAINED)

    depth = Depth.FULL if _FULL in known else Depth.LIGHT
    profile = drive_tls(tls_walk(shown, depth), answer)
    first = next((seen for seen in ordered if seen.question == shown.question and _showed(seen)), None)
    return TlsSeen(profile, {**({shown.question: (first,)} if first else {}), **known})


def _showed(seen: Observation) -> bool:
    return bool(first_shown([seen]).version)
