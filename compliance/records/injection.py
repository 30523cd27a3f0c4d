"""What became of a command that was sent in clear in the packet of STARTTLS (RFC 3207 section 4.2, CVE-2011-0411).

Inside TLS two commands are said, EHLO and then QUIT, each when the one before it was answered. A third reply answers
the command that was sent in clear: it was kept, and obeyed as if it had come encrypted.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from compliance.model.observation import Failure, FailureKind, Reply, SmtpFacts

COMMAND = "NOOP"
"""Does nothing and is answered (RFC 5321 section 4.1.1.9), needs no EHLO before it, and counts as no error."""

INJECTION, INJECTION_AGAIN, AFTER_INJECTION = "injection", "injection again", "injection session after"
UNNAMED = "unnamed"
IN_CLEAR, SURPLUS = "in_clear", "surplus"
_INSIDE = frozenset({"ehlo_tls", "quit", SURPLUS})
#: What servers say that hold a client to wait for answers (RFC 2920 section 3.1); 503 is a bad sequence of commands.
_OF_PIPELINING = re.compile(r"pipelin|synchroni[sz]", re.IGNORECASE)
_BAD_SEQUENCE = 503


class Fate(StrEnum):
    """What became of the command."""

    ANSWERED = "answered"  # inside TLS
    OBEYED = "obeyed"  # in clear, behind the 220
    DROPPED = "dropped"  # TLS came about, and nothing inside it answers the command
    REFUSED = "refused"  # STARTTLS was turned down because something stood behind it
    ENDED = "ended"  # the session did not survive it, which may have other causes
    UNSEEN = "unseen"  # it was not sent, or what came back tells nothing


@dataclass(frozen=True, slots=True)
class Injected:
    """The fate of the command, and the reply that shows it, where one does."""

    fate: Fate
    words: str = ""


def read_injection(facts: SmtpFacts | None, failure: Failure | None) -> Injected:
    """Read one session in which the command was sent."""
    begun = facts.reply("starttls") if facts else None
    if facts is None or begun is None:
        at_the_command = failure is not None and (failure.kind, failure.stage) == (FailureKind.CLOSED, "starttls")
        return Injected(Fate.ENDED if at_the_command else Fate.UNSEEN)
    words = begun.lines[0]
    if begun.code != 220:
        return Injected(_turned_down(begun), words)
    in_clear = next((reply for reply in facts.replies if reply.step == IN_CLEAR and 200 <= reply.code < 300), None)
    if in_clear:
        return Injected(Fate.OBEYED, in_clear.lines[0])
    if facts.tls:
        return _inside(facts)
    broke_off = failure is not None and failure.stage == "tls" and failure.kind is not FailureKind.TIMEOUT
    return Injected(Fate.ENDED if broke_off else Fate.UNSEEN, words)


def _turned_down(reply: Reply) -> Fate:
    if reply.code == _BAD_SEQUENCE or (500 <= reply.code < 600 and any(map(_OF_PIPELINING.search, reply.lines))):
        return Fate.REFUSED
    return Fate.ENDED if 500 <= reply.code < 600 else Fate.UNSEEN


def _inside(facts: SmtpFacts) -> Injected:
    """Count the answers inside TLS up to the good-bye; a second greeting answers nothing."""
    answers: list[Reply] = []
    for reply in facts.replies:
        if reply.step not in _INSIDE or reply.code == 220:
            continue
        if reply.code == 421:
            return Injected(Fate.UNSEEN, reply.lines[0])
        if reply.code == 221:
            return Injected(Fate.DROPPED) if len(answers) == 1 else _surplus(answers)
        answers.append(reply)
    # Without a good-bye a lone reply may be either's: only that of EHLO has several lines.
    if len(answers) == 1 and len(answers[0].lines) > 1:
        return Injected(Fate.DROPPED)
    return _surplus(answers)


def _surplus(answers: list[Reply]) -> Injected:
    return Injected(Fate.ANSWERED, answers[0].lines[0]) if len(answers) > 1 else Injected(Fate.UNSEEN)
