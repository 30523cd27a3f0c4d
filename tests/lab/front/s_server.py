"""SMTP in front of OpenSSL's s_server, which has none: greeting, EHLO and STARTTLS here, all TLS there.

Every connection gets an s_server of its own, told to serve one, so that nobody waits for another. What is said inside
TLS comes out of its standard output, and our replies go into its standard input.
"""

import asyncio
import contextlib
import re
from typing import Any

from tests.lab.front.line import Reader, Writer, listen, splice

_ACCEPT = re.compile(rb"ACCEPT \S*?:(\d+)\s")
_SAID = re.compile(rb"(?:^|\n)([A-Z]{4})[^\r\n]*\r\n", re.IGNORECASE)


async def serve_s_server(place: dict[str, Any]) -> None:
    """Serve one host: `command` is s_server with its options, `host` the name to greet with."""
    host = place["host"].encode()

    async def serve(reader: Reader, writer: Writer) -> None:
        writer.write(b"220 " + host + b" ESMTP\r\n")
        while line := await reader.readuntil(b"\r\n"):
            word = line[:4].upper()
            if line.strip().upper() == b"STARTTLS":
                await _inside(reader, writer, place["command"], host)
                return
            writer.write(_reply(word, host, b"STARTTLS"))
            await writer.drain()
            if word == b"QUIT":
                return

    await listen(place["address"], place["port"], serve)


def _reply(word: bytes, host: bytes, offer: bytes) -> bytes:
    if word == b"EHLO":
        return b"250-" + host + b"\r\n250-8BITMIME\r\n250 " + offer + b"\r\n"
    return {b"HELO": b"250 " + host, b"QUIT": b"221 bye", b"NOOP": b"250 ok"}.get(word, b"500 what?") + b"\r\n"


async def _inside(reader: Reader, writer: Writer, command: list[str], host: bytes) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        said = b""
        while not (found := _ACCEPT.search(said)):
            piece = await process.stdout.read(4096)
            if not piece:
                raise ConnectionAbortedError(said.decode(errors="replace"))
            said += piece
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(found[1]))
        writer.write(b"220 go ahead\r\n")
        talking = asyncio.create_task(_talk(process.stdout, process.stdin, host))
        await splice(reader, writer, far_reader, far_writer)
        far_writer.close()
        await talking
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _talk(heard: Reader, say: Writer, host: bytes) -> None:
    """Answer the lines that come out between s_server's own words."""
    text = b""
    while piece := await heard.read(4096):
        text += piece
        while found := _SAID.search(text):
            say.write(_reply(found[1].upper(), host, b"SIZE 1000000"))
            text = text[found.end() :]
        text = text[-4096:]
