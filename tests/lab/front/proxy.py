"""A proxy in front of a real mail server that speaks STARTTLS in a way of its own; TLS itself passes untouched."""

import asyncio
from typing import Any

from tests.lab.front.line import Reader, Writer, joined, listen, read_reply, splice

#: How often `not_now` says so before it lets STARTTLS through for good.
_NOT_NOW = 1


class Dialect:
    """Passes everything on as it came; the others say what they change."""

    def command(self, line: bytes) -> bytes:
        """Give the line the server gets."""
        return line

    def own_reply(self, line: bytes) -> bytes:
        """Give the proxy's own reply, where the server is not to hear the line."""
        return b""

    def reply(self, line: bytes, lines: list[bytes]) -> list[bytes]:
        """Give the lines the client gets for what it said."""
        return lines


class Masked(Dialect):
    """A firewall that hides what it does not know: X over the keyword, X over the command (Cisco's fixup of SMTP)."""

    def command(self, line: bytes) -> bytes:
        return b"XXXXXXXX\r\n" if _is(line, b"STARTTLS") else line

    def reply(self, line: bytes, lines: list[bytes]) -> list[bytes]:
        return [each.replace(b"STARTTLS", b"XXXXXXXA") for each in lines]


class SecondEhlo(Dialect):
    """Offers STARTTLS to those who say EHLO twice."""

    said = False

    def reply(self, line: bytes, lines: list[bytes]) -> list[bytes]:
        if _is(line, b"EHLO") and not self.said:
            self.said = True
            return [each for each in lines if b"STARTTLS" not in each]
        return lines


class LowerCase(Dialect):
    """Writes the keyword in lower case."""

    def reply(self, line: bytes, lines: list[bytes]) -> list[bytes]:
        return [each.replace(b"STARTTLS", b"starttls") for each in lines]


class NotNow(Dialect):
    """Says 454 to the first that ask for STARTTLS (RFC 3207 section 4), and no more after that."""

    asked = 0

    def own_reply(self, line: bytes) -> bytes:
        if not _is(line, b"STARTTLS"):
            return b""
        NotNow.asked += 1
        return b"454 4.7.0 TLS not available due to local problem\r\n" if NotNow.asked <= _NOT_NOW else b""


class Garbage(Dialect):
    """Says 220, and goes on in clear."""

    def own_reply(self, line: bytes) -> bytes:
        if _is(line, b"STARTTLS"):
            return b"220 2.0.0 Ready to start TLS\r\n"
        return b"" if line[:4].isalpha() else b"\x00\xff\r\nnot TLS at all\r\n" * 4


class BytesBehind(Dialect):
    """Writes a line in clear behind the 220, in the same packet."""

    def reply(self, line: bytes, lines: list[bytes]) -> list[bytes]:
        return [*lines, b"250 2.0.0 Ok\r\n"] if _is(line, b"STARTTLS") else lines


_DIALECTS = {
    "masked": Masked,
    "second_ehlo": SecondEhlo,
    "lower_case": LowerCase,
    "not_now": NotNow,
    "garbage": Garbage,
    "bytes_behind": BytesBehind,
}


async def serve_dialect(place: dict[str, Any]) -> None:
    """Serve one host in a `dialect`, in front of the server at `behind` (address and port)."""

    async def serve(reader: Reader, writer: Writer) -> None:
        far_reader, far_writer = await asyncio.open_connection(*place["behind"])
        try:
            await _converse(_DIALECTS[place["dialect"]](), reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()

    await listen(place["address"], place["port"], serve)


async def _converse(dialect: Dialect, reader: Reader, writer: Writer, far_reader: Reader, far_writer: Writer) -> None:
    writer.write(joined(await read_reply(far_reader)))
    while line := await reader.readline():
        if said := dialect.own_reply(line):
            writer.write(said)
            continue
        far_writer.write(dialect.command(line))
        answer = await read_reply(far_reader)
        shown = dialect.reply(line, answer)
        begins = answer[0].startswith(b"220")
        writer.write(b"".join(shown) if begins else joined(shown))
        await writer.drain()
        if begins:
            await splice(reader, writer, far_reader, far_writer)
            return
        if _is(line, b"QUIT"):
            return


def _is(line: bytes, word: bytes) -> bool:
    return line.strip().upper().startswith(word)
