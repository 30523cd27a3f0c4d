"""Bytes of one connection, in clear and then inside TLS."""

import asyncio
import contextlib

from OpenSSL import SSL

from compliance.model.canary import CanaryTls
from compliance.outbound.canary.dialogue import Limits
from compliance.outbound.canary.tls import ServerTls, TlsEnded

_PIECE = 16 * 1024


class Wire:
    """One connection; every wait has an end."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: SSL.Context | None,
        limits: Limits,
    ) -> None:
        self._reader, self._writer, self._context, self._limits = reader, writer, context, limits
        self._tls: ServerTls | None = None

    async def receive(self) -> bytes:
        """Give what came, `b""` at the client's end; raises TimeoutError, OSError or TlsEnded."""
        data = b""  # first what came in one piece with the end of the handshake, and waits inside TLS already
        while True:
            if self._tls:
                plain, ended = self._tls.decrypt(data)
                await self._flush()
                if plain or ended:
                    return plain
            async with asyncio.timeout(self._limits.idle):
                data = await self._reader.read(_PIECE)
            if self._tls is None or not data:
                return data

    async def send(self, data: bytes) -> None:
        """Send all of it; raises TimeoutError, OSError or TlsEnded."""
        if not data:
            return
        if self._tls is None:
            self._writer.write(data)
            async with asyncio.timeout(self._limits.idle):
                await self._writer.drain()
            return
        self._tls.encrypt(data)
        await self._flush()

    async def secure(self) -> None:
        """Do the handshake; raises TlsEnded, TimeoutError or OSError."""
        if self._context is None:
            raise RuntimeError("a persona without TLS was asked for it")
        self._tls = ServerTls(self._context)
        async with asyncio.timeout(self._limits.handshake):
            while True:
                data = await self._reader.read(_PIECE)
                if not data:
                    self._tls.failure = "closed in the handshake"
                    raise TlsEnded(self._tls.failure)
                try:
                    complete = self._tls.handshake(data)
                finally:
                    await self._flush()
                if complete:
                    return

    async def _flush(self) -> None:
        if self._tls and (ready := self._tls.outgoing()):
            self._writer.write(ready)
            async with asyncio.timeout(self._limits.idle):
                await self._writer.drain()

    def part(self) -> None:
        """Say close_notify where TLS is on; the connection is closed by whoever opened it."""
        if self._tls and self._tls.done:
            self._tls.farewell()
            with contextlib.suppress(OSError):
                self._writer.write(self._tls.outgoing())

    def facts(self) -> CanaryTls | None:
        """Give what is known of TLS, None where it was never begun."""
        return self._tls.facts() if self._tls else None
