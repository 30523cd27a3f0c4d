"""The receiver met by Python's own SMTP and TLS: what it records, what it refuses, what it survives."""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.model.canary import CanarySession, Stage
from compliance.outbound.canary.dialogue import Limits
from compliance.outbound.canary.journal import Closed, Opened, Wrapped, read
from compliance.outbound.canary.plan import Setup
from compliance.outbound.canary.reading import CanaryJournal
from compliance.outbound.canary.server import confirmed_name
from compliance.outbound.reader import Unreadable
from compliance.records.tls_offer import read_offer
from compliance.strict import dump_json
from tests.unit.outbound.build import supplied
from tests.unit.outbound.canary.receiver import (
    ADDRESSES,
    LETTER,
    NAMES,
    Open,
    ask,
    client,
    context,
    deliver,
    receiving,
)
from tests.unit.records.test_dkim_signature import signed_message


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Open]:
    with receiving(tmp_path) as open_:
        yield open_


def test_a_delivery_over_tls_is_recorded_with_what_was_offered(canary: Open) -> None:
    deliver(canary, "sound", tls=True)
    found, ended = canary.over()

    (session,) = found.sessions
    (message,) = session.messages
    assert (session.persona, session.source, session.name) == ("sound", "127.44.0.9", "rele.etaten.example")
    assert (session.ehlo, session.offered, session.stage, session.ended) == (
        "rele.etaten.example", True, Stage.MESSAGE, "quit",
    )  # fmt: skip
    assert (message.host, message.persona, message.encrypted, message.mail_from) == (
        "rele", "sound", True, "etaten.example",
    )  # fmt: skip
    assert session.tls is not None
    offer = read_offer(session.tls.hello)
    assert (session.tls.version, session.tls.suite[:4], offer.newest) == ("TLSv1.3", "TLS_", "TLSv1.3")
    assert offer.sni == "mx.sound.canary.example"
    assert (ended.sessions, ended.defects) == (1, 0)


def test_a_clear_delivery_is_told_from_one_that_had_no_choice(canary: Open) -> None:
    deliver(canary, "sound", tls=False)
    deliver(canary, "no-starttls", tls=False)
    found, _ = canary.over()

    assert [(session.persona, session.offered, session.messages[0].encrypted) for session in found.sessions] == [
        ("sound", True, False),
        ("no-starttls", False, False),
    ]


def test_a_client_that_verifies_leaves_the_untrusted_persona_at_the_tls_stage(canary: Open) -> None:
    deliver(canary, "sound", tls=True)
    for _ in range(2):
        with pytest.raises(ssl.SSLCertVerificationError):
            deliver(canary, "untrusted", tls=True)
    found, _ = canary.over()

    assert [(session.stage, session.ended, session.messages) for session in found.sessions[1:]] == [
        (Stage.STARTTLS, "tls_failure", ())
    ] * 2
    assert all(session.tls and session.tls.failure and read_offer(session.tls.hello) for session in found.sessions[1:])


def test_the_old_persona_speaks_tls_1_0_alone(canary: Open) -> None:
    deliver(canary, "sound", tls=True)
    old = context(canary, verify=False)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with client(canary, "old-tls") as session:
        session.starttls(context=old)
        session.sendmail("postmaster@etaten.example", [canary.recipient("old-tls")], LETTER)
    with pytest.raises(ssl.SSLError):
        deliver(canary, "old-tls", tls=True)
    found, _ = canary.over()

    assert [session.tls.version for session in found.sessions if session.tls] == ["TLSv1.3", "TLSv1", ""]


def test_a_signature_is_held_against_its_key(canary: Open) -> None:
    good = signed_message(message=b"From: <a@b.example>\r\nSubject: y\r\n\r\nbody\r\n")
    for letter in (good, good.replace(b"body", b"evil"), good.replace(b"s=s1", b"s=s2"), LETTER.encode()):
        deliver(canary, "sound", tls=True, letter=letter)
    found, _ = canary.over()

    assert [
        [(seen.domain, seen.selector, seen.result, seen.why) for seen in session.messages[0].signatures]
        for session in found.sessions
    ] == [
        [("b.example", "s1", "pass", "")],
        [("b.example", "s1", "fail", "body_hash")],
        [("b.example", "s2", "permerror", "no_key")],
        [],
    ]


def test_nothing_of_a_person_or_a_body_is_written(canary: Open) -> None:
    header = "From: Kari Nordmann <kari@etaten.example>\r\nSubject: secret subject\r\nMessage-ID: <id77@x>\r\n"
    deliver(canary, "sound", tls=True, letter=f"{header}\r\nsecret body\r\n")
    canary.over()
    written = Path(canary.round.journal).read_text()

    words = ("Nordmann", "kari@", "secret", "id77@x", canary.recipient("sound").partition("@")[0])
    assert not [word for word in words if word in written]
    assert Path(canary.round.journal).stat().st_mode & 0o077 == 0


def test_a_stranger_leaves_a_count_and_nothing_else(canary: Open) -> None:
    with client(canary, "sound", "127.44.0.50") as session, pytest.raises(smtplib.SMTPRecipientsRefused):
        session.sendmail("a@b.example", ["postmaster@elsewhere.example", "c@sound.canary.example"], LETTER)
    with client(canary, "untrusted", "127.44.0.50") as session:
        session.ehlo()
    found, _ = canary.over()

    assert (found.sessions, found.strangers) == ((), 2)


def test_attempts_of_a_host_are_kept_once_it_has_shown_a_recipient(canary: Open) -> None:
    for _ in range(2):
        with client(canary, "no-starttls") as session:
            session.ehlo()
    deliver(canary, "sound", tls=True)
    found, _ = canary.over()

    assert sorted((session.persona, session.stage) for session in found.sessions) == [
        ("no-starttls", Stage.EHLO),
        ("no-starttls", Stage.EHLO),
        ("sound", Stage.MESSAGE),
    ]


@pytest.mark.parametrize(
    ("address", "name"), [("127.44.0.9", "rele.etaten.example"), ("127.44.0.8", ""), ("127.44.0.7", "")]
)
def test_a_name_counts_that_leads_back(address: str, name: str) -> None:
    assert confirmed_name(ask, address) == name


def test_a_source_gets_its_share_of_connections_and_no_more(tmp_path: Path) -> None:
    with receiving(tmp_path, Limits(per_source=3, connections=5)) as open_:
        held = [client(open_, "sound", source) for source in ("127.44.0.9",) * 3 + ("127.44.0.8",) * 2]
        for source in ("127.44.0.9", "127.44.0.7"):
            with pytest.raises(smtplib.SMTPConnectError) as caught:
                client(open_, "sound", source)
            assert caught.value.smtp_code == 421
        for session in held:
            session.close()
        _, ended = open_.over()

    assert (ended.refused, ended.defects) == (2, 0)


def test_silence_costs_its_time_and_no_more(tmp_path: Path) -> None:
    with receiving(tmp_path, Limits(idle=0.2, handshake=0.2)) as open_:
        for said in (b"", b"EHLO x\r\n", b"EHLO x\r\nSTARTTLS\r\n", b"EHLO x\r\nMAIL FR"):
            with socket.create_connection((open_.setup.address("sound"), open_.setup.port), 20) as line:
                line.sendall(said)
                while line.recv(4096):
                    pass
        _, ended = open_.over()

    assert (ended.sessions, ended.defects) == (4, 0)


@pytest.mark.parametrize(
    "noise", [b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/1.0\r\n\r\n", b"\x80" * 5000, b"\x16" * 300_000]
)
def test_what_is_no_hello_ends_the_session_quietly(canary: Open, noise: bytes) -> None:
    with socket.create_connection((canary.setup.address("sound"), canary.setup.port), 20) as line:
        line.sendall(b"EHLO x\r\nSTARTTLS\r\n")
        try:
            line.sendall(noise)
            line.shutdown(socket.SHUT_WR)
            while line.recv(4096):
                pass
        except OSError:
            pass  # it may be gone already
    _, ended = canary.over()

    assert (ended.sessions, ended.defects) == (1, 0)


def test_a_command_in_one_piece_with_the_end_of_the_handshake_is_heard(canary: Open) -> None:
    """A busy receiver reads both at once; nothing more comes until it has answered."""
    tls, inward, outward = context(canary, verify=False), ssl.MemoryBIO(), ssl.MemoryBIO()
    tls.maximum_version = ssl.TLSVersion.TLSv1_3
    inside = tls.wrap_bio(inward, outward)
    with socket.create_connection((canary.setup.address("sound"), canary.setup.port), 20) as line:
        line.recv(4096)
        line.sendall(b"EHLO x\r\n")
        line.recv(4096)
        line.sendall(b"STARTTLS\r\n")
        line.recv(4096)
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                line.sendall(outward.read())
                inward.write(line.recv(65536))
        inside.write(b"NOOP\r\n")
        line.sendall(outward.read())  # Finished and the command, in one segment
        answer = b""
        while not answer.endswith(b"\r\n"):
            inward.write(line.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                answer += inside.read(4096)

    assert answer == b"250 2.0.0 Ok\r\n"


def test_a_session_that_is_open_at_the_end_is_ended(tmp_path: Path) -> None:
    with receiving(tmp_path, Limits(grace=0.1)) as open_:
        session = client(open_, "sound")
        session.ehlo()
        _, ended = open_.over()
        session.close()

    assert (ended.sessions, ended.defects) == (1, 0)


def test_a_receiver_taken_in_turn_counts_a_session_for_whom_it_met(tmp_path: Path) -> None:
    shared = Setup("canary.example", ADDRESSES[:1], NAMES, turn_seconds=86400)
    with receiving(tmp_path, setup=shared) as open_:
        deliver(open_, "sound", tls=True)
        with client(open_, "untrusted") as session, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            session.sendmail("postmaster@etaten.example", [open_.recipient("untrusted")], LETTER)
        found, _ = open_.over()

    assert [code for code, _ in caught.value.recipients.values()] == [451]
    assert [(session.persona, session.stage) for session in found.sessions] == [
        ("sound", Stage.MESSAGE),
        ("sound", Stage.MAIL),
    ]


@pytest.mark.parametrize("ended", ["", "i går", "2026-11-25T22:00:00"])
def test_a_journal_with_a_time_that_is_none_is_not_read(tmp_path: Path, ended: str) -> None:
    path = tmp_path / "journal.jsonl"
    opened = Opened("opened", "r", "b.example", "2026-11-25T22:00:00+00:00", (), ("rele",))
    path.write_text("".join(f"{dump_json(Wrapped(line))}\n" for line in (opened, Closed("closed", ended, 0, 0))))

    with pytest.raises(Unreadable):
        CanaryJournal().read(supplied(path, "canary"))


def test_lines_of_no_known_form_are_counted(tmp_path: Path) -> None:
    with receiving(tmp_path) as open_:
        deliver(open_, "sound", tls=True)
        open_.over()
        lines = Path(open_.round.journal).read_bytes().splitlines()
    found = read([b"nonsense", *lines, lines[0].replace(b'"opened"', b'"invented"'), b"{" * 300_000])

    assert (found.read, found.not_read) == (3, 3)
    assert found.round is not None
    assert isinstance(found.round.sessions[0], CanarySession)
    assert read([]).round is None
