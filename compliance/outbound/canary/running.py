"""A round from its start to its end, and what the verbs need of the network: answers from the configured resolver."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path

from compliance.model.names import is_address, to_ascii
from compliance.model.observation import Observation, Origin
from compliance.model.subject import Kind, Subject
from compliance.outbound.canary.journal import Journal
from compliance.outbound.canary.keys import Keys
from compliance.outbound.canary.plan import Round, Setup, new_round, write_round
from compliance.outbound.canary.sending import Sender, hosts_of
from compliance.outbound.canary.server import Ask, Canary, Ended
from compliance.probes.dns import Resolver
from compliance.records.dns_walk import DnsQuestion, facts
from compliance.settings import ResolverSettings


def asking(settings: ResolverSettings) -> Ask:
    """Give what answers DNS questions anew each time: a key that was missing a minute ago may be there now."""
    resolver = Resolver(settings)

    def ask(question: DnsQuestion) -> Observation:
        found, failure = resolver.ask(question.name, question.rdtype)
        return Observation("", "dns", question.name, question.rdtype, "", 0.0, "", "", Origin.WIRE, found, failure)

    return ask


def open_round(folder: Path, setup: Setup, subjects: tuple[Subject, ...], evidence: Path) -> Round:
    """Make a round for every outbound host of the inventory, and keep its recipients in the canary's folder."""
    now = datetime.now(UTC)
    path = evidence / f"canary-{now.strftime('%Y%m%dT%H%M%SZ')}.jsonl"
    made = new_round(setup, hosts_of(subjects), path.absolute(), now)
    write_round(folder, made)
    return made


def serve(folder: Path, setup: Setup, made: Round, ask: Ask, seconds: float) -> Ended:
    """Receive until SIGINT or SIGTERM, or for so many seconds (0 = no end); raises OSError where it cannot listen."""
    journal = Journal(Path(made.journal))
    try:
        canary = Canary(setup, Keys(folder, setup), made, journal, ask)
        return asyncio.run(_receive(canary, seconds))
    finally:
        journal.close()


async def _receive(canary: Canary, seconds: float) -> Ended:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await canary.open()
    try:
        async with asyncio.timeout(seconds or None):
            await stop.wait()
    except TimeoutError:
        pass
    return await canary.close()


def senders(subjects: tuple[Subject, ...], ask: Ask) -> tuple[Sender, ...]:
    """Give the outbound hosts that have an address of their own; a service is sent through by hand."""
    found = (subject for subject in subjects if Kind.OUTBOUND_HOST in subject.kinds and not subject.service)
    return tuple(_sender(subject, ask) for subject in found if subject.sends_for)


def _sender(subject: Subject, ask: Ask) -> Sender:
    name, domains = subject.hostname, tuple(map(to_ascii, subject.sends_for))
    if is_address(name):
        return Sender(subject.label, name, domains, (name,))
    addresses = []
    for rdtype in ("A", "AAAA"):
        answer = facts(ask(DnsQuestion(name, rdtype)))
        addresses += [record.data for record in answer.records] if answer else []
    return Sender(subject.label, name, domains, tuple(addresses))
