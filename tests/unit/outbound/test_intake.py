"""Files of `evidence/`: which are given to a reader, in what order, unpacked how, and never too much of it."""

import gzip
import lzma
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from compliance.model.observation import FailureKind, Origin
from compliance.model.supplied import MailLogFacts
from compliance.outbound import readers, unpack
from compliance.outbound.intake import files_of
from compliance.outbound.lines import LONGEST, Unread, batches
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.pipeline.supplied import read
from tests.unit.outbound.build import SINCE, log_file, sent, stamped, supplied, tls_to

TEXT = "".join(f"{line}\n" for line in (stamped(0, tls_to()), stamped(1, sent()))).encode()


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


PACKED = {
    "plain": TEXT,
    "gzip": gzip.compress(TEXT),
    "two gzip members": gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:]),
    "xz": lzma.compress(TEXT),
    "two xz streams with padding": lzma.compress(TEXT[:50]) + b"\0" * 8 + lzma.compress(TEXT[50:]),
    "zstd": _zstd(TEXT),
    "two zstd frames": _zstd(TEXT[:50]) + _zstd(TEXT[50:]),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_content_is_unpacked_by_what_it_is(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "mail.log.1.dat"
    path.write_bytes(packed)

    assert b"".join(unpack.blocks(path)) == TEXT


@pytest.mark.parametrize("kind", ["gzip", "xz", "zstd"])
@pytest.mark.parametrize("spoil", ["cut", "changed"])
def test_a_broken_file_is_a_failure_and_no_crash(tmp_path: Path, kind: str, spoil: str) -> None:
    long = TEXT * 400
    packed = {"gzip": gzip.compress(long), "xz": lzma.compress(long), "zstd": _zstd(os.urandom(3000) + long)}[kind]
    path = tmp_path / "mail.log.1"
    path.write_bytes(packed[: len(packed) // 2] if spoil == "cut" else packed[:40] + b"\xff" * 40 + packed[80:])

    with pytest.raises(Unreadable):
        list(supplied(path).blocks())


def test_a_bomb_stops_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_FREE", 1 << 20)
    path = tmp_path / "mail.log.gz"
    path.write_bytes(gzip.compress(bytes(1 << 25)))

    with pytest.raises(ValueError, match="far more than a log"):
        list(unpack.blocks(path))


def test_an_endless_line_costs_no_memory(tmp_path: Path) -> None:
    unread, blocks = Unread(), [b"one\n" + b"x" * 70000] + [b"x" * 70000] * 20 + [b"end\ntwo\nthree"]
    lines = [line for batch in batches(blocks, unread) for line in batch]

    assert lines == [b"one", b"two", b"three"]
    assert [(kind.kind, kind.count) for kind in unread.kinds()] == [("too_long", 1)]
    assert LONGEST < 70000


def _evidence(tmp_path: Path) -> Path:
    logs = tmp_path / "evidence" / "logs"
    (logs / "rele2.etaten.example").mkdir(parents=True)
    for number, name in enumerate(("mail.log.10.gz", "mail.log.2.gz", "mail.log.1", "mail.log")):
        line = stamped(number, tls_to()).encode() + b"\n"
        (logs / name).write_bytes(gzip.compress(line) if name.endswith("gz") else line)
    log_file(logs / "rele2.etaten.example", [stamped(7, tls_to())], "mainlog")
    (logs / ".hidden").write_text("x")
    (logs / "copy of mail.log").write_bytes((logs / "mail.log").read_bytes())
    return tmp_path / "evidence"


def test_a_rotated_set_is_read_from_its_oldest_file_and_each_content_once(tmp_path: Path) -> None:
    found = list(files_of(_evidence(tmp_path), SINCE))

    assert [(file.place, file.name) for file in found] == [
        ("", "copy of mail.log"),
        ("", "mail.log.10.gz"),
        ("", "mail.log.2.gz"),
        ("", "mail.log.1"),
        ("rele2.etaten.example", "mainlog"),
    ]


def test_a_message_is_not_known_by_its_subject(tmp_path: Path) -> None:
    saved = tmp_path / "evidence" / "messages" / "Oppsigelse Kari Nordmann.eml"
    saved.parent.mkdir(parents=True)
    saved.write_text("From: a@b.example\n")
    (found,) = files_of(tmp_path / "evidence", SINCE)

    assert found.name == f"message-{found.sha256[:12]}"
    assert "Kari" not in repr(read(found))


def test_files_known_by_their_digest_are_not_given_again(tmp_path: Path) -> None:
    evidence = _evidence(tmp_path)
    digests = [file.sha256 for file in files_of(evidence, SINCE)]

    assert list(files_of(evidence, SINCE, digests)) == []
    assert len(list(files_of(evidence, SINCE, digests[1:]))) == 1


def test_an_older_file_of_a_set_is_no_newer_than_the_next(tmp_path: Path) -> None:
    """Files copied without their dates are all of today: the years of the older ones follow from the newer."""
    logs = tmp_path / "evidence" / "logs"
    logs.mkdir(parents=True)
    path = log_file(logs, ["Dec 20 10:00:00 rele postfix/smtp[1]: x"], "mail.log.1", datetime(2026, 12, 30, tzinfo=UTC))
    log_file(logs, ["Nov 20 10:00:00 rele postfix/smtp[1]: x"], "mail.log", datetime(2026, 11, 21, tzinfo=UTC))
    older = next(file for file in files_of(tmp_path / "evidence", datetime(2020, 1, 1, tzinfo=UTC)))
    seen = read(older)

    assert older.path == path
    assert isinstance(seen.facts, MailLogFacts)
    assert seen.facts.file.first.startswith("2025-12-20")


def test_gzip_keeps_the_date_of_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.2.gz"
    with gzip.GzipFile(path, "wb", mtime=datetime(2025, 11, 3, tzinfo=UTC).timestamp()) as file:
        file.write(stamped(0, tls_to()).encode())

    assert supplied(path).modified == datetime(2025, 11, 3, tzinfo=UTC)


def test_a_file_becomes_an_observation(tmp_path: Path) -> None:
    seen = read(supplied(log_file(tmp_path, [stamped(0, tls_to()), stamped(1, sent())], "mail\x1b[2J.log")))

    assert (seen.origin, seen.probe, seen.question) == (Origin.SUPPLIED, "postfix_log", f"logs {'0' * 64}")
    assert seen.target == "mail?[2J.log"
    assert isinstance(seen.facts, MailLogFacts)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"%PDF-1.7", TEXT[:20]])
def test_a_file_nobody_recognises_is_put_on_record(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "what"
    path.write_bytes(content)
    seen = read(supplied(path))

    assert seen.facts is None
    assert seen.failure is not None
    assert (seen.failure.kind, seen.failure.stage) == (FailureKind.PROTOCOL, "recognise")


def test_what_was_read_before_a_file_broke_off_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.gz"
    lines = [stamped(0, tls_to()), *(stamped(1, sent(queue=os.urandom(8).hex())) for _ in range(40000))]
    path.write_bytes(gzip.compress("\n".join(lines).encode())[:-2000])
    seen = read(supplied(path))

    assert seen.failure is not None
    assert seen.failure.stage == "read"
    assert isinstance(seen.facts, MailLogFacts)
    assert seen.facts.file.lines > 1000


def test_a_reader_that_breaks_is_our_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        name, folders = "broken", frozenset({"logs"})

        def recognises(self, head: bytes) -> bool:
            return True

        def read(self, file: SuppliedInput) -> MailLogFacts:
            raise KeyError("kari@part.example")

    monkeypatch.setattr(readers, "READERS", (Broken(),))
    seen = read(supplied(log_file(tmp_path, ["x"])))

    assert seen.failure is not None
    assert (seen.failure.kind, seen.failure.detail) == (FailureKind.DEFECT, "KeyError")


def test_every_reader_has_its_folder_and_a_name_of_its_own() -> None:
    assert {folder for reader in readers.READERS for folder in reader.folders} <= set(readers.FOLDERS)
    assert len({reader.name for reader in readers.READERS}) == len(readers.READERS)
