"""Log lines made by hand, in the forms the lab's own servers wrote, and a reader put before them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from compliance.model.supplied import DomainFlow, Flow, MailLogFacts, RelayFlow
from compliance.outbound.intake import shown_name
from compliance.outbound.reader import Reader, SuppliedInput
from compliance.outbound.readers import reader_for

SINCE = datetime(2026, 8, 1, tzinfo=UTC)
SUITE = "TLS_AES_256_GCM_SHA384"
_KEYS = "(256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"


def stamped(minute: int, body: str, program: str = "postfix/smtp[10]", host: str = "rele") -> str:
    """One syslog line, so many minutes after eight in the morning of 2 November."""
    return f"Nov  2 {8 + minute // 60:02}:{minute % 60:02}:00 {host} {program}: {body}"


def tls_to(
    where: str = "mx.part.example[192.0.2.1]:25", trust: str = "Trusted", how: str = "established", **more: str
) -> str:
    version, suite = more.get("version", "TLSv1.3"), more.get("suite", SUITE)
    return f"{trust} TLS connection {how} to {where}: {version} with cipher {suite} {_KEYS}"


def sent(
    where: str = "mx.part.example[192.0.2.1]:25",
    to: str = "kari@part.example",
    queue: str = "4F2A11",
    status: str = "sent",
    cached: str = "",
    reply: str = "250 2.0.0 Ok: queued as 1B2C3D",
) -> str:
    use = f"conn_use={cached}, " if cached else ""
    return (
        f"{queue}: to=<{to}>, relay={where}, {use}delay=0.3, delays=0.1/0/0.1/0.1, dsn=2.0.0, status={status} ({reply})"
    )


def tls_from(client: str = "mx.part.example[192.0.2.1]", trust: str = "Anonymous") -> str:
    return f"{trust} TLS connection established from {client}: TLSv1.3 with cipher {SUITE} {_KEYS}"


def supplied(path: Path, folder: str = "logs", place: str = "", since: datetime = SINCE) -> SuppliedInput:
    return SuppliedInput(path, folder, place, shown_name(path), "0" * 64, since)


def log_file(folder: Path, lines: Iterable[str], name: str = "mail.log", modified: datetime | None = None) -> Path:
    """Write a log last written to a day after its lines were."""
    path = folder / name
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    _set_date(path, modified or datetime(2026, 11, 3, tzinfo=UTC))
    return path


def _set_date(path: Path, moment: datetime) -> None:
    import os

    os.utime(path, (moment.timestamp(), moment.timestamp()))


def distilled(path: Path, **more: object) -> MailLogFacts:
    """Read a file with the reader that recognises it."""
    file = supplied(path, **more)  # type: ignore[arg-type]
    reader: Reader | None = reader_for(file)
    assert reader is not None
    facts = reader.read(file)
    assert isinstance(facts, MailLogFacts)
    return facts


def relay(facts: MailLogFacts, address: str = "192.0.2.1") -> Flow:
    found = [each for instance in facts.instances for each in instance.relays if each.address == address]
    assert len(found) <= 1
    return found[0].flow if found else Flow()


def relays(facts: MailLogFacts) -> list[RelayFlow]:
    return [each for instance in facts.instances for each in instance.relays]


def domains(facts: MailLogFacts, direction: str = "to") -> dict[str, DomainFlow]:
    return {
        each.domain: each for instance in facts.instances for each in instance.domains if each.direction == direction
    }
