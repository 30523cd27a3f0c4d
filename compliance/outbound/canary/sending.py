"""What is sent to the canary: one marked message per persona through each outbound host, from its own domain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from compliance.model.canary import BY_HAND, Submission
from compliance.model.subject import Kind, Subject
from compliance.outbound.canary.journal import Journal, Sent
from compliance.outbound.canary.personas import SOUND
from compliance.outbound.canary.plan import PlanFault, Round, Setup, is_ours
from compliance.probes.smtp import Host
from compliance.probes.submit import Handed, Login, Marked, hand_over
from compliance.settings import SmtpSettings

SENDER = "postmaster"
MOST_DOMAINS = 50  # of one host that are tried


@dataclass(frozen=True, slots=True)
class Sender:
    """An outbound host, the domains it sends for, and the addresses it is asked at."""

    label: str
    name: str
    domains: tuple[str, ...]
    addresses: tuple[str, ...]


def hosts_of(subjects: tuple[Subject, ...]) -> tuple[str, ...]:
    """Give the labels a round has recipients for: every outbound host, or `by-hand` where there is none."""
    labels = tuple(subject.label for subject in subjects if Kind.OUTBOUND_HOST in subject.kinds)
    return labels or (BY_HAND,)


def marked(setup: Setup, round_: Round, host: str, domains: Sequence[str], now: datetime) -> tuple[Marked, ...]:
    """Give the messages of one host: one for each persona, and to the sound one from every domain it sends for.

    Raises PlanFault where one would go elsewhere.
    """
    froms = [(persona, domain) for persona in setup.personas for domain in domains[:1]]
    froms += [(SOUND, domain) for domain in domains[1:MOST_DOMAINS] if SOUND in setup.personas]
    messages = tuple(_message(round_, host, persona, f"{SENDER}@{domain}", now) for persona, domain in froms)
    if not is_ours((message.recipient for message in messages), setup):
        raise PlanFault("canary_not_ours")
    return messages


def _message(round_: Round, host: str, persona: str, sender: str, now: datetime) -> Marked:
    recipient = round_.recipient(host, persona)
    token = recipient.partition("@")[0]
    header = (
        f"From: <{sender}>",
        f"To: <{recipient}>",
        f"Subject: {subject_of(round_, persona)}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: <{token}@{sender.partition('@')[2]}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "Auto-Submitted: auto-generated",
    )
    return Marked(sender, recipient, ("\r\n".join(header) + "\r\n\r\nu02 canary\r\n").encode("ascii"))


def subject_of(round_: Round, persona: str) -> str:
    """Give the subject a message is marked with; no verdict rests on it, it is for people's eyes."""
    return f"u02 canary {round_.round} {persona}"


def submit(
    setup: Setup,
    round_: Round,
    sender: Sender,
    port: int,
    ehlo: str,
    settings: SmtpSettings,
    login: Login | None,
    now: datetime,
) -> Iterator[tuple[str, Handed]]:
    """Hand the messages of one host to it, at the first of its addresses that takes them; gives persona and outcome."""
    messages = marked(setup, round_, sender.label, sender.domains, now)
    domains = frozenset(setup.domain(persona) for persona in setup.personas)
    done: tuple[Handed, ...] = ()
    for address in sender.addresses:
        done = hand_over(Host(sender.name, address, port), ehlo, settings, messages, domains, login)
        if any(not each.refusal for each in done):
            break
    nowhere = tuple(Handed(message.recipient, "connect: no address") for message in messages)
    for each in done or nowhere:
        yield round_.recipients[each.recipient].persona, each


def note(journal: Journal, host: str, persona: str, refusal: str, now: datetime, window: timedelta) -> None:
    """Write down that a message was handed over, and how long arrivals are waited for."""
    at, until = (each.isoformat(timespec="seconds").replace("+00:00", "Z") for each in (now, now + window))
    journal.append(Sent("submission", Submission(host, persona, at, until, refusal)))
