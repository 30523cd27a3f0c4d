"""How a round stands while it lasts: what arrived for whom, and how often a host turned away without delivering."""

from dataclasses import dataclass

from compliance.model.canary import BEFORE_MAIL, CanaryRound


@dataclass(frozen=True, slots=True)
class Standing:
    """One line: `what` is encrypted, clear or attempt; `host` is an address where only the source is known."""

    what: str
    host: str
    persona: str
    count: int


def standings(found: CanaryRound | None) -> tuple[Standing, ...]:
    """Give the lines in the order things happened."""
    lines: list[Standing] = []
    attempts: dict[tuple[str, str], int] = {}
    for session in found.sessions if found else ():
        for message in session.messages:
            what = "encrypted" if message.encrypted else "clear"
            lines.append(Standing(what, message.host, message.persona, 1))
        if not session.messages and session.stage in BEFORE_MAIL:
            key = (session.source, session.persona)
            attempts[key] = attempts.get(key, 0) + 1
            lines.append(Standing("attempt", session.source, session.persona, attempts[key]))
    return tuple(lines)
