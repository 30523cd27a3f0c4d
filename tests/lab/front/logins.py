"""As much of Dovecot's authentication protocol as Postfix needs to offer PLAIN and LOGIN; nobody is let in."""

import asyncio
from pathlib import Path
from typing import Any

from tests.lab.front.line import Reader, Writer

_HELLO = b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"


async def serve_logins(place: dict[str, Any]) -> None:
    """Serve the socket at `path`, which every account may open."""

    async def one(reader: Reader, writer: Writer) -> None:
        writer.write(_HELLO)
        while line := await reader.readline():
            kind, _, rest = line.strip().partition(b"\t")
            if kind == b"AUTH":
                writer.write(b"FAIL\t" + rest.partition(b"\t")[0] + b"\n")
        writer.close()

    await asyncio.start_unix_server(one, place["path"])
    Path(place["path"]).chmod(0o666)
