"""Sans-I/O walks through DNS: questions out, observations in, so probes and checks run the same code."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from compliance.model.observation import DnsFacts, Observation

T = TypeVar("T")


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
