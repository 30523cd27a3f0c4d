"""The receiver on loopback, in a thread of its own, and Python's own SMTP and TLS as its clients."""

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from compliance.model.canary import CanaryRound
from compliance.model.observation import DnsFacts, DnsRecord, Observation, Origin
from compliance.outbound.canary.dialogue import Limits
from compliance.outbound.canary.journal import Journal, read
from compliance.outbound.canary.keys import AUTHORITY, Keys
from compliance.outbound.canary.plan import Round, Setup, new_round
from compliance.outbound.canary.server import Canary, Ended
from compliance.records.dns_walk import DnsQuestion
from tests.unit.records.test_dkim_signature import RSA

NAMES = ("sound", "no-starttls", "untrusted", "old-tls")
ADDRESSES = ("127.44.0.1", "127.44.0.2", "127.44.0.3", "127.44.0.4")
LETTER = "From: <postmaster@etaten.example>\r\nSubject: x\r\n\r\nhello\r\n"
ZONE = {
    ("s1._domainkey.b.example", "TXT"): RSA,
    ("9.0.44.127.in-addr.arpa", "PTR"): "rele.etaten.example.",
    ("8.0.44.127.in-addr.arpa", "PTR"): "forged.etaten.example.",
    ("rele.etaten.example", "A"): "127.44.0.9",
    ("forged.etaten.example", "A"): "127.44.0.1",
}


def ask(question: DnsQuestion) -> Observation:
    """A resolver that knows ZONE and nothing else."""
    data = ZONE.get((question.name, question.rdtype))
    strings = tuple(data[at : at + 255] for at in range(0, len(data), 255)) if data else ()
    name, kind = question.name, question.rdtype
    records = (DnsRecord(name, kind, 60, data, strings),) if data else ()
    rcode = "NOERROR" if data else "NXDOMAIN"
    facts = DnsFacts("dns", name, kind, rcode, False, False, False, records, (), "", False, b"")
    return Observation("", "dns", name, kind, "", 0.0, "", "", Origin.WIRE, facts, None)


@dataclass
class Open:
    """A canary that is receiving; `over` ends it and gives what it wrote."""

    setup: Setup
    round: Round
    folder: Path
    stop: threading.Event
    thread: threading.Thread
    outcome: list[Ended]

    def recipient(self, persona: str, host: str = "rele") -> str:
        return self.round.recipient(host, persona)

    def over(self) -> tuple[CanaryRound, Ended]:
        self.stop.set()
        self.thread.join(20)
        with Path(self.round.journal).open("rb") as lines:
            found = read(lines)
        assert (found.not_read, found.round is not None) == (0, True)
        assert found.round is not None
        return found.round, self.outcome[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESSES[0], 0))
        return int(probe.getsockname()[1])


@contextmanager
def receiving(folder: Path, limits: Limits | None = None, setup: Setup | None = None) -> Iterator[Open]:
    made = setup or Setup("canary.example", ADDRESSES, NAMES)
    made = replace(made, port=free_port())
    round_ = new_round(made, ("rele", "m365"), folder / "journal.jsonl", datetime.now(UTC))
    stop, ready, outcome = threading.Event(), threading.Event(), list[Ended]()

    async def main() -> None:
        canary = Canary(made, Keys(folder, made), round_, Journal(folder / "journal.jsonl"), ask, limits)
        await canary.open()
        ready.set()
        await asyncio.to_thread(stop.wait)
        outcome.append(await canary.close())

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield Open(made, round_, folder, stop, thread, outcome)
    finally:
        stop.set()
        thread.join(20)


def client(open_: Open, persona: str, source: str = "127.44.0.9") -> smtplib.SMTP:
    address = open_.setup.address(persona)
    return smtplib.SMTP(
        address, open_.setup.port, local_hostname="rele.etaten.example", timeout=20, source_address=(source, 0)
    )


def context(open_: Open, *, verify: bool = True) -> ssl.SSLContext:
    found = ssl.create_default_context(cafile=str(open_.folder / AUTHORITY))
    if not verify:
        found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


def deliver(open_: Open, persona: str, *, tls: bool, source: str = "127.44.0.9", letter: str | bytes = LETTER) -> None:
    with client(open_, persona, source) as session:
        if tls:
            session._host = open_.setup.host(persona)  # type: ignore[attr-defined]  # the name that is verified
            session.starttls(context=context(open_))
        session.sendmail("postmaster@etaten.example", [open_.recipient(persona)], letter)
