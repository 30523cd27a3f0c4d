"""What the canary receiver stands: many clients at once, and dialogues that make no sense.

    python tests/bench/canary.py [--clients 500] [--dialogues 5000] [--seed 1]

The receiver is `u02 canary serve`, a process of its own on loopback; the clients share another. Every client is there
before the first goes on. Half of them bring a message for a recipient of the round over TLS, the others ask for
somebody else. Then come dialogues put together by chance from the words of SMTP, broken bytes and hellos.
"""

import argparse
import asyncio
import random
import resource
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from compliance.outbound.canary.journal import read
from compliance.outbound.canary.plan import Round, read_round

ADDRESS, PORT = "127.46.0.1", 8025
_LETTER = b"From: <postmaster@etaten.example>\r\nSubject: bench\r\n\r\n" + b"line of text\r\n" * 20 + b".\r\n"
_INVENTORY = {
    "config.yaml": "user_defined: {organisation: {name: A}, resolver: {nameservers: [127.46.0.9], timeout: 0.2}}\n",
    "hosts.yaml": "etaten.example: {groups: [own_domain]}\n"
    "rele: {hostname: 127.46.0.10, groups: [outbound_host], data: {sends_for: [etaten.example]}}\n",
}
_WORDS = (
    b"EHLO x", b"HELO x", b"STARTTLS", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<>", b"RCPT TO:<postmaster@b.example>",
    b"RCPT TO:<x@sound.canary.example>", b"RCPT TO:<@a.example:x@sound.canary.example>", b"DATA", b"BDAT 9 LAST",
    b"AUTH PLAIN AAAA", b"VRFY root", b"QUIT", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b".", b"", b"\x00\xff",
    b"RSET",
)  # fmt: skip


@dataclass
class Tally:
    """What the clients saw."""

    there: int = 0
    taken: int = 0
    turned_away: int = 0
    accepted_strangers: int = 0
    broken: list[str] = field(default_factory=list)


async def _reply(reader: asyncio.StreamReader) -> int:
    while True:
        line = await reader.readline()
        if not line:
            raise ConnectionResetError("closed")
        if line[3:4] != b"-":
            return int(line[:3])


async def _say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> int:
    writer.write(line + b"\r\n")
    await writer.drain()
    return await _reply(reader)


async def client(number: int, recipient: str, tally: Tally, all_there: asyncio.Barrier) -> None:
    """One client, with an address shared by few others."""
    source = (f"127.46.{1 + number // 10 // 250}.{1 + number // 10 % 250}", 0)
    reader, writer = await asyncio.open_connection(ADDRESS, PORT, local_addr=source)
    try:
        await _reply(reader)
        tally.there += 1
        await all_there.wait()
        await _say(reader, writer, b"EHLO client.example")
        assert await _say(reader, writer, b"STARTTLS") == 220
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await writer.start_tls(context)
        await _say(reader, writer, b"EHLO client.example")
        await _say(reader, writer, b"MAIL FROM:<postmaster@etaten.example>")
        known = number % 2 == 0
        code = await _say(reader, writer, f"RCPT TO:<{recipient if known else f'x{number}@b.example'}>".encode())
        if known:
            assert await _say(reader, writer, b"DATA") == 354
            writer.write(_LETTER)
            code = await _reply(reader)
            tally.taken += code == 250
        else:
            tally.turned_away += code == 550
            tally.accepted_strangers += code < 400
        await _say(reader, writer, b"QUIT")
    except (AssertionError, OSError, ValueError) as trouble:
        tally.broken.append(f"{type(trouble).__name__}: {trouble}")
    finally:
        writer.close()


async def nonsense(number: int, seed: int, tally: Tally) -> None:
    """One dialogue by chance; the only thing that matters is what is accepted."""
    chance = random.Random(seed * 1_000_003 + number)
    source = (f"127.46.9.{1 + number % 250}", 0)
    reader, writer = await asyncio.open_connection(ADDRESS, PORT, local_addr=source)
    said = bytearray()
    try:
        for _ in range(chance.randrange(1, 12)):
            word = chance.choice(_WORDS) if chance.random() < 0.9 else chance.randbytes(chance.randrange(200))
            end = chance.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""))
            said += word + end
        writer.write(said)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(-1), 30)
        # 354 comes only behind an accepted recipient, and there is none that is anybody's.
        tally.accepted_strangers += b"\r\n354 " in answer or b"2.1.5" in answer
    except OSError:
        pass  # it may hang up at any time
    finally:
        writer.close()


async def load(clients: int, recipient: str) -> tuple[Tally, float]:
    """All clients at once."""
    tally, barrier = Tally(), asyncio.Barrier(clients)
    begun = time.monotonic()
    await asyncio.gather(*(client(number, recipient, tally, barrier) for number in range(clients)))
    return tally, time.monotonic() - begun


async def fuzz(dialogues: int, seed: int) -> tuple[Tally, float]:
    """Dialogues by chance, fifty at a time."""
    tally = Tally()
    begun = time.monotonic()
    for start in range(0, dialogues, 50):
        await asyncio.gather(*(nonsense(each, seed, tally) for each in range(start, min(start + 50, dialogues))))
    return tally, time.monotonic() - begun


def _u02(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "compliance", "canary", words[0], str(folder / "bird"), *words[1:], "--lang", "en"]


def main() -> int:
    """Run both, and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--dialogues", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="u02-bench-") as place:
        folder = Path(place)
        (folder / "inventory").mkdir()
        for name, text in _INVENTORY.items():
            (folder / "inventory" / name).write_text(text)
        setup = ("--base", "canary.example", "--address", ADDRESS, "--persona", "sound", "--port", str(PORT))
        subprocess.run(_u02(folder, "dns", *setup), check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(
            _u02(folder, "serve", "-i", str(folder / "inventory")), stdout=subprocess.PIPE, text=True
        )
        try:
            made = _opened(folder, server)
            loaded, load_seconds = asyncio.run(load(asked.clients, made.recipient("rele", "sound")))
            fuzzed, fuzz_seconds = asyncio.run(fuzz(asked.dialogues, asked.seed))
        finally:
            server.send_signal(signal.SIGTERM)
            said, _ = server.communicate(timeout=60)
        with Path(made.journal).open("rb") as lines:
            found = read(lines)
    kept = sum(len(session.messages) for session in found.round.sessions) if found.round else 0
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"clients at once        {loaded.there} of {asked.clients}, done in {load_seconds:.1f} s")
    print(f"messages taken         {loaded.taken}, in the journal {kept}")
    print(
        f"strangers turned away  {loaded.turned_away}, accepted {loaded.accepted_strangers + fuzzed.accepted_strangers}"
    )
    print(f"clients that broke     {len(loaded.broken)} {loaded.broken[:3]}")
    print(f"dialogues by chance    {asked.dialogues} in {fuzz_seconds:.1f} s")
    print(f"receiver ended with    {server.returncode}, {memory:.0f} MB at most")
    print(said.strip().splitlines()[-1])
    sound = server.returncode == 0 and kept == loaded.taken == (asked.clients + 1) // 2 and not loaded.broken
    return 0 if sound and not loaded.accepted_strangers + fuzzed.accepted_strangers else 1


def _opened(folder: Path, server: "subprocess.Popen[str]") -> Round:
    """Wait until the receiver greets."""
    import smtplib

    for _ in range(200):
        if server.poll() is not None:
            raise SystemExit("the receiver did not start")
        try:
            with smtplib.SMTP(ADDRESS, PORT, timeout=5):
                return read_round(folder / "bird")
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the receiver did not answer")


if __name__ == "__main__":
    sys.exit(main())
