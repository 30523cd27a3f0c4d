"""One line of SMTP or one reply, and bytes passed on both ways until one side ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Serve = Callable[[Reader, Writer], Awaitable[None]]


async def listen(address: str, port: int, serve: Serve) -> None:
    """Serve each connection; a client that leaves at any step is no trouble."""

    async def one(reader: Reader, writer: Writer) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        finally:
            writer.close()

    await asyncio.start_server(one, address, port, backlog=64)


async def read_reply(reader: Reader) -> list[bytes]:
    """Read the lines of one SMTP reply; the last has a space behind its code."""
    lines = [await reader.readuntil(b"\r\n")]
    while lines[-1][3:4] == b"-":
        lines.append(await reader.readuntil(b"\r\n"))
    return lines


def joined(lines: list[bytes]) -> bytes:
    """Give lines as one reply: whatever they said, the last one ends it."""
    *first, last = lines
    return b"".join([*(line[:3] + b"-" + line[4:] for line in first), last[:3] + b" " + last[4:]])


async def splice(reader: Reader, writer: Writer, far_reader: Reader, far_writer: Writer) -> None:
    """Pass bytes on both ways until both sides have ended."""
    await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))


async def _pass(reader: Reader, writer: Writer) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()
