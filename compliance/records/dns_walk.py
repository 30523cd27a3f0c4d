"""Sans-I/O walks through DNS: questions out, observations in, so probes and checks run the same code."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from compliance.model.observation import DnsFacts, Failure, FailureKind, Observation, Origin

T = TypeVar("T")
NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """A question: owner name in wire form, and type mnemonic (MX, A, AAAA, TXT, TLSA, PTR)."""

    name: str
    rdtype: str


Walk = Generator[DnsQuestion, Observation, T]
"""A walk yields DnsQuestion, is sent the Observation that answers it, and returns T."""


def drive(walk: Walk[T], answer: Callable[[DnsQuestion], Observation]) -> T:
    """Run a walk to its end with a function that answers: live in a probe, from evidence in a check."""
    try:
        question = next(walk)
        while True:
            question = walk.send(answer(question))
    except StopIteration as end:
        result: T = end.value
        return result


def unrecorded(name: str, question: str) -> Observation:
    """Give what stands for a question that was never put: a failure and no id, so that a walk goes the same way."""
    failure = Failure(FailureKind.UNRESOLVED, "query", NOT_RECORDED)
    return Observation("", "dns", name, question, "", 0.0, "", "", Origin.WIRE, None, failure)


def facts(observation: Observation) -> DnsFacts | None:
    """Give the DNS facts of an observation, None where the question failed altogether."""
    return observation.facts if isinstance(observation.facts, DnsFacts) else None


def is_answered(observation: Observation) -> bool:
    """Tell whether the answer proves something: NOERROR (records or none) or NXDOMAIN."""
    seen = facts(observation)
    return seen is not None and seen.rcode in {"NOERROR", "NXDOMAIN"}


def texts(seen: DnsFacts) -> tuple[str, ...]:
    """Give each TXT record as one text, its character-strings joined without blanks (RFC 7208 section 3.3)."""
    return tuple("".join(record.strings) for record in seen.records)
