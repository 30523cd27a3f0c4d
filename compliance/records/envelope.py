"""A sender and a recipient named to a host of ours and taken back: who is asked about when, and what was answered.

The dialogue inside TLS is held first. A host that puts strangers off for a while (greylisting) then puts off that one,
and never looks like a host that turns away clear text alone. Where clear text is turned away without a word of
encryption, TLS is tried once more after it: a host that has heard enough of us turns that away too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from compliance.model.observation import SmtpFacts

ENVELOPE = "envelope"  # the probe
INSIDE, IN_CLEAR = "envelope inside TLS", "envelope in clear"
INSIDE_AFTER = f"{INSIDE} after"
_PER_SESSION = 8  # refusals in one session: Postfix slows down at ten (smtpd_soft_error_limit)
_BUSY = 421  # RFC 5321 section 3.8: the host is closing, whatever was asked
#: 530 5.7.0 (RFC 3207 section 4), x.7.10 (RFC 7293's registry: encryption needed), and the words hosts write.
_FOR_ENCRYPTION = re.compile(r"^530[ -]5\.7\.0\b(?!.*authent)|\b[45]\.7\.10\b|STARTTLS|encrypt", re.IGNORECASE)
#: Addresses, links and host names in a reply are no words of it: a partner may be called `encrypted.example`.
_NAMES = re.compile(r"\S*[@/]\S*|\S+\.[A-Za-z]\S*")

Envelope = tuple[str, str]
"""The domain of a sender and that of a recipient; `postmaster` at both (RFC 5321 section 4.5.1)."""


class Fate(StrEnum):
    """What became of a sender and a recipient."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Answer:
    """`words` is the reply that decided; `for_encryption`: it says that encryption is what is missing."""

    fate: Fate
    words: str = ""
    for_encryption: bool = False


def sessions(envelopes: Sequence[Envelope]) -> Iterator[tuple[str, bool, tuple[Envelope, ...]]]:
    """Give each session to be held: its question, whether inside TLS, and whom it is about."""
    batches = [tuple(envelopes[at : at + _PER_SESSION]) for at in range(0, len(envelopes), _PER_SESSION)]
    for inside in (True, False):
        for number, batch in enumerate(batches, 1):
            yield f"{INSIDE if inside else IN_CLEAR} {number}", inside, batch


def doubted(envelopes: Sequence[Envelope], inside: SmtpFacts | None, clear: SmtpFacts | None) -> tuple[Envelope, ...]:
    """Give whom a host took inside TLS and then turned away in clear, for a reason it did not tell."""
    return tuple(
        each for each in envelopes if _is_doubted(read_envelope(inside, each[0]), read_envelope(clear, each[0]))
    )


def _is_doubted(inside: Answer | None, clear: Answer | None) -> bool:
    taken = inside is not None and inside.fate is Fate.ACCEPTED
    return taken and clear is not None and clear.fate is Fate.REFUSED and not clear.for_encryption


def step(verb: str, sender: str) -> str:
    """Give the name of a step about one sender: `mail part.example`."""
    return f"{verb} {sender}"


def read_envelope(facts: SmtpFacts | None, sender: str) -> Answer | None:
    """Read what one session says of a sender; None where it is not about that one."""
    if facts is None:
        return None
    replies = [reply for verb in ("mail", "rcpt") if (reply := facts.reply(step(verb, sender)))]
    if not replies:
        return None
    last = replies[-1]
    if last.code == _BUSY or (len(replies) == 1 and last.code < 400):
        return Answer(Fate.UNSEEN, last.lines[-1])
    if last.code < 400:
        return Answer(Fate.ACCEPTED, last.lines[-1])
    return Answer(Fate.REFUSED, last.lines[-1], any(map(_asks_for_encryption, last.lines)))


def _asks_for_encryption(line: str) -> bool:
    return _FOR_ENCRYPTION.search(_NAMES.sub(" ", line)) is not None
