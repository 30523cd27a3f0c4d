"""A host of MTA-STS policies (RFC 8461 section 3.3): every name its own certificate and its own answer."""

import asyncio
import contextlib
import ssl
from typing import Any

from tests.lab.front.line import Reader, Writer

_PATH = b"GET /.well-known/mta-sts.txt HTTP/1."


async def serve_policies(place: dict[str, Any]) -> None:
    """Serve `sites`: a name to its chain and key (files), status, media_type, location and body."""
    sites: dict[str, dict[str, Any]] = place["sites"]
    contexts = {name: _context(site) for name, site in sites.items()}
    first = next(iter(contexts.values()))

    def choose(channel: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if context := contexts.get(name or ""):
            channel.context = context

    first.sni_callback = choose

    async def one(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            request = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(request, sites))
            await writer.drain()
        writer.close()

    await asyncio.start_server(one, place["address"], place["port"], ssl=first)


def _context(site: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site["chain"], site["key"])
    return context


def _answer(request: bytes, sites: dict[str, dict[str, Any]]) -> bytes:
    host = next((line[5:].strip() for line in request.split(b"\r\n") if line[:5].lower() == b"host:"), b"")
    site = sites.get(host.decode("latin-1").partition(":")[0])
    if site is None or not request.startswith(_PATH):
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    body = site["body"].encode()
    lines = [f"HTTP/1.1 {site['status']} Said", f"Content-Type: {site['media_type']}", f"Content-Length: {len(body)}"]
    lines += [f"Location: {site['location']}"] if site["location"] else []
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body
