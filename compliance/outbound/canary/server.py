"""The receiver itself: listens, takes connections up to its caps, and writes down how each session went.

It asks nothing of the network: the names of sources and the keys of signatures come through `ask`.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from OpenSSL import SSL

from compliance.model.canary import CanaryMessage, CanarySession, Stage
from compliance.model.names import is_plain, reverse_name, unmapped
from compliance.model.observation import Observation
from compliance.outbound.canary.dialogue import Delivery, Dialogue, Limits, Then
from compliance.outbound.canary.journal import Closed, Journal, Met, Opened
from compliance.outbound.canary.keep import Keeper
from compliance.outbound.canary.keys import Keys
from compliance.outbound.canary.mail import Pending, seen
from compliance.outbound.canary.plan import Round, Setup
from compliance.outbound.canary.tls import TlsEnded, server_context
from compliance.outbound.canary.wire import Wire
from compliance.records.dkim_verify import DkimState, verify
from compliance.records.dns_walk import DnsQuestion, drive, facts

Ask = Callable[[DnsQuestion], Observation]
_LAST_WORDS = 30.0  # seconds for what is still to be asked when the round ends
_ASKING = 8  # questions at a time
_NAMES = 3  # PTR names that are tried
_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a round went."""

    sessions: int
    strangers: int
    refused: int
    defects: int


class Canary:
    """One round of receiving. `clock` gives seconds since 1970."""

    def __init__(
        self,
        setup: Setup,
        keys: Keys,
        round_: Round,
        journal: Journal,
        ask: Ask,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.setup, self.round, self.limits = setup, round_, limits or Limits()
        self.sessions = self.strangers = self.refused = self.defects = 0
        self._journal, self._ask, self._clock = journal, ask, clock
        self._begun = clock()
        self._contexts = {name: self._context(name, keys) for name in setup.personas}
        self._keeper = Keeper(self.limits, lambda session: journal.append(Met("session", session)))
        self._live: Counter[str] = Counter()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._talking: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Semaphore(_ASKING)
        self._names: dict[str, str] = {}

    def _context(self, persona: str, keys: Keys) -> SSL.Context | None:
        identity = keys.identity(persona)
        return server_context(identity, self.setup.behaviour(persona).versions) if identity else None

    async def open(self) -> None:
        """Listen on every address; raises OSError."""
        for address in self.setup.addresses:
            server = await asyncio.start_server(self._connected, address, self.setup.port, backlog=1024)
            self._servers.append(server)
        hosts = tuple(dict.fromkeys(place.host for place in self.round.recipients.values()))
        notes = self.setup.notes()
        self._journal.append(Opened("opened", self.round.round, self.setup.base, self.round.started, notes, hosts))

    async def close(self) -> Ended:
        """Stop listening, end what is open, and write the last line."""
        for server in self._servers:
            server.close()
        if self._talking:  # a client that has said its last is heard out
            await asyncio.wait(self._talking, timeout=self.limits.grace)
        for task in tuple(self._talking):
            task.cancel()
        if self._tasks:  # those whose session is over still have a signature or a name to ask for
            _, late = await asyncio.wait(self._tasks, timeout=_LAST_WORDS)
            self.defects += len(late)
        self._keeper.end()
        self._journal.append(Closed("closed", _stamp(self._clock()), self.strangers, self._keeper.left_out))
        return Ended(self.sessions, self.strangers, self.refused, self.defects)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        source = str(unmapped(str(writer.get_extra_info("peername")[0]).partition("%")[0]))
        try:
            if self._live.total() >= self.limits.connections or self._live[source] >= self.limits.per_source:
                self.refused += 1
                writer.write(b"421 4.3.2 Busy, come again\r\n")
                return
            self._live[source] += 1
            try:
                await self._hold(reader, writer, source)
            finally:
                self._live[source] -= 1
                if not self._live[source]:
                    del self._live[source]
        except Exception:  # noqa: BLE001 - one session that breaks must not end the receiver; it is counted and told
            self.defects += 1
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str) -> None:
        address = str(unmapped(str(writer.get_extra_info("sockname")[0])))
        begun = self._clock()
        persona = self.setup.persona_at(address, begun - self._begun)
        context = self._contexts[persona]
        offers = context is not None
        host = self.setup.host(persona)
        dialogue = Dialogue(host, persona, offers, self.round.recipients, self.limits, self._clock)
        wire = Wire(reader, writer, context, self.limits)
        try:
            await self._talk(dialogue, wire)
        except TimeoutError:
            dialogue.ended = dialogue.ended or "timeout"
        except TlsEnded:
            dialogue.ended = "tls_failure"
        except OSError:
            dialogue.ended = dialogue.ended or "closed"
        finally:
            wire.part()
        self.sessions += 1
        self.strangers += dialogue.strangers
        if dialogue.stage is Stage.CONNECT:
            return
        messages = [await self._message(each) for each in dialogue.deliveries]
        session = CanarySession(
            persona=persona,
            address=address,
            source=source,
            name=await self._name(source),
            started=_stamp(begun),
            seconds=round(self._clock() - begun, 3),
            ehlo=dialogue.ehlo,
            offered=offers,
            stage=dialogue.stage,
            ended=dialogue.ended or "closed",
            tls=wire.facts(),
            messages=tuple(messages),
        )
        self._keeper.take(session, turned_away=dialogue.strangers > 0)

    async def _talk(self, dialogue: Dialogue, wire: Wire) -> None:
        """Hold the conversation; `close` cuts it short, and what was seen until then counts."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("no task")
        self._talking.add(task)
        try:
            async with asyncio.timeout(self.limits.session):
                await _converse(dialogue, wire)
        except asyncio.CancelledError:
            task.uncancel()
            dialogue.ended = "closed"
        finally:
            self._talking.discard(task)

    async def _message(self, delivery: Delivery) -> CanaryMessage:
        arrived = delivery.arrived
        found = [await self._signature(pending) for pending in arrived.pending]
        return CanaryMessage(
            host=delivery.place.host,
            persona=delivery.place.persona,
            received=_stamp(delivery.at),
            encrypted=delivery.encrypted,
            mail_from=delivery.mail_from,
            from_domain=arrived.from_domain,
            size=arrived.size,
            signatures=tuple(seen(pending, state, why, testing=testing) for pending, state, why, testing in found),
        )

    async def _signature(self, pending: Pending) -> tuple[Pending, DkimState, str, bool]:
        if pending.signed is None:
            return pending, DkimState.PERMERROR, pending.fault, False
        async with self._asking:
            result = await asyncio.to_thread(drive, verify(pending.signed), self._ask)
        return pending, result.state, result.why, result.testing

    async def _name(self, source: str) -> str:
        """Give the source's PTR name, if the name leads back to it (RFC 8601 section 3: `iprev`)."""
        if source not in self._names:
            if len(self._names) >= _KNOWN:
                self._names.clear()
            async with self._asking:
                self._names[source] = await asyncio.to_thread(confirmed_name, self._ask, source)
        return self._names[source]


async def _converse(dialogue: Dialogue, wire: Wire) -> None:
    await wire.send(dialogue.greeting())
    while data := await wire.receive():
        reply, then = dialogue.receive(data)
        await wire.send(reply)
        if then is Then.CLOSE:
            return
        if then is Then.TLS:
            await wire.secure()
            dialogue.secured()
    dialogue.ended = dialogue.ended or "closed"


def confirmed_name(ask: Ask, address: str) -> str:
    """Give the PTR name of an address if it leads back to the address, else ``."""
    named = facts(ask(DnsQuestion(reverse_name(address), "PTR")))
    for record in (named.records if named else ())[:_NAMES]:
        name = record.data.rstrip(".").lower()
        if not is_plain(name):
            continue
        back = facts(ask(DnsQuestion(name, "AAAA" if ":" in address else "A")))
        if back and any(str(unmapped(each.data)) == address for each in back.records):
            return name
    return ""


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
