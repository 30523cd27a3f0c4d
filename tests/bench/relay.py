"""A TCP relay in a process of its own: delays both directions, and counts the connections to each of its addresses.

Loopback has no queueing discipline to delay by, so the far end does it. What a client would wait for before the first
byte of a server that speaks first (the TCP handshake and the way back) is waited for here: its connect() itself returns
at once, so that the whole time of a session is right and its parts are not.
"""

import asyncio
import contextlib
import multiprocessing
import socket
import struct
from collections import Counter
from collections.abc import Mapping
from multiprocessing.connection import Connection
from types import TracebackType

Place = tuple[str, int]
_CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: close() sends RST


class Relay:
    """The process, used with `with`. `routes`: where it listens -> where it connects; `round_trip` in seconds."""

    def __init__(self, routes: Mapping[Place, Place], round_trip: float) -> None:
        self._routes, self._round_trip = dict(routes), round_trip

    def __enter__(self) -> "Relay":
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._routes, self._round_trip), daemon=True)
        self._process.start()
        theirs.close()
        self._ours.recv()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ours.close()  # it ends when its pipe does, also where this process is killed
        self._process.join(10)

    def counts(self) -> dict[str, int]:
        """Give the connections per address since this was last asked."""
        self._ours.send("counts")
        counted: dict[str, int] = self._ours.recv()
        return counted


def _serve(pipe: Connection, routes: Mapping[Place, Place], round_trip: float) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_relay(pipe, routes, round_trip))


async def _relay(pipe: Connection, routes: Mapping[Place, Place], round_trip: float) -> None:
    counts: Counter[str] = Counter()
    busy: set[asyncio.Task[None]] = set()  # the loop itself does not keep a task whose client has left
    over = asyncio.Event()

    def asked() -> None:
        try:
            pipe.recv()
        except EOFError:
            asyncio.get_running_loop().remove_reader(pipe.fileno())
            over.set()
            return
        pipe.send({address: counts[address] for address, _ in routes})
        counts.clear()

    for (address, port), to in routes.items():

        def accepted(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str = address, to: Place = to
        ) -> None:
            counts[address] += 1
            task = asyncio.create_task(_pass_on(reader, writer, to, round_trip))
            busy.add(task)
            task.add_done_callback(busy.discard)

        await asyncio.start_server(accepted, address, port, backlog=512)
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
    pipe.send("ready")
    await over.wait()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: Place, round_trip: float) -> None:
    _no_delay(writer)
    # SYN, SYN and ACK, ACK: a server's accept() comes one and a half round trips after the client's connect().
    await asyncio.sleep(1.5 * round_trip)
    try:
        far_reader, far_writer = await asyncio.open_connection(*to)
    except OSError:
        _reset(writer)
        return
    _no_delay(far_writer)
    await asyncio.gather(_one_way(reader, far_writer, round_trip / 2), _one_way(far_reader, writer, round_trip / 2))
    for each in (writer, far_writer):
        each.close()
        with contextlib.suppress(OSError):
            await each.wait_closed()


async def _one_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Pass on what comes, each piece `delay` after it came; the end and a reset are passed on likewise."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue()

    async def send() -> None:
        while True:
            due, data = await waiting.get()
            if (left := due - loop.time()) > 0:
                await asyncio.sleep(left)
            try:
                if data is None:
                    _reset(writer)
                    return
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()
            except OSError:
                return  # the receiver has left; its own direction tells the sender

    sending = asyncio.create_task(send())
    data: bytes | None = b"-"
    while data:
        try:
            data = await reader.read(_CHUNK)
        except OSError:
            data = None
        waiting.put_nowait((loop.time() + delay, data))
    await sending


def _no_delay(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
