"""How fast a large Postfix log is read, and in how much memory: a log is written and read, no network at all.

python -m tests.bench.mail_log [--size 1000] [--packed]     sizes in megabytes (10^6 bytes)
"""

import argparse
import gzip
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from compliance.outbound.intake import given
from compliance.outbound.readers import reader_for

_MEGABYTE = 10**6
_KEPT = "delay=0.3, delays=0.1/0/0.1/0.1, dsn=2.0.0, status=sent (250 2.0.0 Saved)"
_OLDER = "TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)"
_SUITES = (
    (
        "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
        "server-signature RSA-PSS (2048 bits) server-digest SHA256"
    ),
    _OLDER,
)


def lines(size: int, seed: int = 4) -> Iterator[str]:
    """Give the lines of a busy relay's log, about `size` bytes: half of the messages out, half in, 4000 domains.

    The shape of each line is that of Postfix 3.7; how often each comes is that of a relay without content filter.
    """
    dice = random.Random(seed)
    names = [f"{dice.randbytes(4).hex()}.example" for _ in range(4000)]
    weights = [1 / (rank + 1) for rank in range(len(names))]
    moment, written, number = datetime(2026, 9, 1, tzinfo=UTC), 0, 0
    while written < size:
        chosen = dice.choices(range(len(names)), weights, k=500)
        for at in chosen:
            number += 1
            moment += timedelta(seconds=dice.random() * 1.2)
            for line in _message(dice, number, at, names[at], at % 25 == 24):
                text = f"{moment:%b %e %H:%M:%S} rele {line}\n"
                written += len(text)
                yield text


def _message(dice: random.Random, number: int, at: int, name: str, clear: bool) -> list[str]:
    queue, pid = f"{number * 7919 % 0xFFFFFFFFF:09X}", 1000 + number % 60
    host, address = f"mx{at % 3}.{name}", f"198.51.{at % 100}.{at % 250}"
    suite, person = _SUITES[at % 7 == 0], dice.randbytes(5).hex()
    head = [f"postfix/cleanup[{pid + 200}]: {queue}: message-id=<{dice.randbytes(12).hex()}@{name}>"]
    if number % 2:
        taken = (
            f"postfix/qmgr[900]: {queue}: from=<{person}@etaten.example>, size={number % 90000}, nrcpt=1 (queue active)"
        )
        tls = (
            []
            if clear
            else [f"postfix/smtp[{pid}]: Trusted TLS connection established to {host}[{address}]:25: {suite}"]
        )
        sent = (
            f"postfix/smtp[{pid}]: {queue}: to=<{person}@{name}>, relay={host}[{address}]:25, delay=0.91, "
            "delays=0.05/0.01/0.51/0.34, dsn=2.0.0, "
            f"status=sent (250 2.0.0 Ok: queued as {dice.randbytes(5).hex().upper()})"
        )
        own = f"postfix/smtpd[{pid + 400}]: {queue}: client=exchange.etaten.example[10.0.0.5]"
        return [own, *head, taken, *tls, sent, f"postfix/qmgr[900]: {queue}: removed"]
    client = f"{host}[{address}]"
    tls = [] if clear else [f"postfix/smtpd[{pid + 400}]: Anonymous TLS connection established from {client}: {suite}"]
    return [
        f"postfix/smtpd[{pid + 400}]: connect from {client}",
        *tls,
        f"postfix/smtpd[{pid + 400}]: {queue}: client={client}",
        *head,
        f"postfix/qmgr[900]: {queue}: from=<{person}@{name}>, size={number % 90000}, nrcpt=1 (queue active)",
        f"postfix/smtpd[{pid + 400}]: disconnect from {client} ehlo=2 starttls=1 mail=1 rcpt=1 data=1 commands=6",
        f"postfix/lmtp[{pid}]: {queue}: to=<{person}@etaten.example>, relay=dovecot[private/lmtp], {_KEPT}",
        f"postfix/qmgr[900]: {queue}: removed",
    ]


def write(path: Path, size: int) -> None:
    """Write a log of about `size` bytes."""
    with path.open("w", encoding="ascii", newline="\n", buffering=1 << 20) as file:
        file.writelines(lines(size))


def measure(path: Path) -> None:
    """Read one log, and print seconds, megabytes a second and the peak of memory: in a process of its own."""
    begun, used = time.monotonic(), time.process_time()
    file = next(iter(given([path], datetime(2026, 1, 1, tzinfo=UTC))))
    reader = reader_for(file)
    assert reader is not None
    facts = reader.read(file)
    seconds, processor = time.monotonic() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = sum(flow.flow.messages for instance in facts.instances for flow in instance.domains)
    print(
        f"{path.name}: {facts.file.size / _MEGABYTE:.0f} MB on disk, {facts.file.lines} lines, "
        f"{facts.file.not_read} not read, {told} messages: "
        f"{seconds:.1f} s ({processor:.1f} s of processor), peak {peak:.0f} MiB"
    )


def main() -> int:
    """Write and read."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--size", type=int, default=1000)
    words.add_argument("--packed", action="store_true", help="also read it as gzip")
    words.add_argument("--read", type=Path, help="read a log that is there")
    chosen = words.parse_args()
    if chosen.read:
        measure(chosen.read)
        return 0
    with tempfile.TemporaryDirectory(prefix="u02-bench-") as place:
        plain = Path(place) / "mail.log"
        write(plain, chosen.size * _MEGABYTE)
        logs = [plain]
        if chosen.packed:
            logs.append(Path(place) / "mail.log.gz")
            with plain.open("rb") as content, gzip.open(logs[1], "wb", compresslevel=6) as packed:
                shutil.copyfileobj(content, packed, 1 << 20)
        for log in logs:
            subprocess.run([sys.executable, "-m", "tests.bench.mail_log", "--read", str(log)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
