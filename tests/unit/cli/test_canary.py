"""The verbs of the canary: what they print, what they keep, and what they refuse."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.cli import canary as verbs
from compliance.model.canary import CanaryMessage, CanarySession, Stage
from compliance.outbound.canary.journal import Journal, Met, read
from compliance.outbound.canary.plan import read_round
from tests.unit.cli.conftest import Call

Write = Callable[..., Path]
HOSTS = """
etaten.example: {groups: [own_domain]}
rele: {hostname: 127.44.9.9, groups: [outbound_host], data: {sends_for: [etaten.example]}}
m365: {groups: [outbound_host], data: {sends_for: [etaten.example], service: exchange_online}}
"""
DNS = ("canary", "dns", "bird", "--base", "canary.etaten.example", "--address", "127.44.9.1", "--lang", "en")


@pytest.fixture
def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.44.9.1", 0))
        return str(probe.getsockname()[1])


def test_dns_prints_the_zone_and_says_who_trusts_it(u02: Call) -> None:
    done = u02(*DNS)
    lines = done.out.splitlines()

    assert done.code == 0
    assert "sound.canary.etaten.example. 300 IN MX 10 mx.sound.canary.etaten.example." in lines
    assert "mx.untrusted.canary.etaten.example. 300 IN A 127.44.9.1" in lines
    assert sum(" TLSA 3 1 1 " in line for line in lines) == 2
    assert lines[-1].startswith("; ")
    assert "bird/ca.pem" in lines[-1]


def test_dns_prints_the_same_again_without_being_told_again(u02: Call) -> None:
    assert u02(*DNS).out == u02("canary", "dns", "bird", "--lang", "en").out


def test_dns_prints_the_policy_that_nobody_matches(u02: Call) -> None:
    done = u02(*DNS, "--persona", "sound", "--persona", "sts-mismatch")

    assert "https://mta-sts.sts-mismatch.canary.etaten.example/.well-known/mta-sts.txt" in done.out
    assert "mx: mx.elsewhere.canary.etaten.example" in done.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--base", "nowhere"), "nowhere is not a domain name"),
        (("--address", "mx.example"), "mx.example is not an IP address"),
        (("--address", "127.44.9.2"), "2 different addresses do not fit 4 personas"),
        (("--persona", "friendly"), "No persona is called friendly"),
        (("--certificate", "a.pem"), "--certificate, --key"),
        (("--certificate", "a.pem", "--key", "a.key"), "cannot be used"),
    ],
)
def test_a_setup_that_cannot_be_is_told_in_one_line(u02: Call, more: tuple[str, ...], words: str) -> None:
    done = u02(*DNS, *more)

    assert done.code == 2
    assert words in done.err
    assert len(done.lines) == 1


def test_serve_opens_a_round_for_every_outbound_host(u02: Call, inventory: Write, port: str) -> None:
    folder = inventory(hosts=HOSTS)
    u02(*DNS, "--port", port)
    done = u02("canary", "serve", "bird", "--seconds", "0.05", "--lang", "en")
    made = read_round(Path("bird"))

    assert done.code == 0
    assert "Sessions: 0. Unknown recipients turned away: 0." in done.out
    assert {place.host for place in made.recipients.values()} == {"rele", "m365"}
    assert Path(made.journal).parent == (folder / "evidence" / "canary").absolute()
    with Path(made.journal).open("rb") as lines:
        found = read(lines).round
    assert found is not None
    assert (found.hosts, [note.name for note in found.personas]) == (
        ("rele", "m365"),
        ["sound", "no-starttls", "untrusted", "broken-tlsa"],
    )


def test_serve_says_why_it_cannot_listen(u02: Call, inventory: Write, port: str) -> None:
    inventory(hosts=HOSTS)
    u02(*DNS, "--port", port)
    with socket.create_server(("127.44.9.1", int(port))):
        done = u02("canary", "serve", "bird", "--seconds", "0.05", "--lang", "en")

    assert done.code == 2
    assert f"cannot listen on port {port}" in done.err


def test_serve_without_a_setup_names_the_file(u02: Call, inventory: Write) -> None:
    inventory(hosts=HOSTS)
    done = u02("canary", "serve", "bird")

    assert done.code == 2
    assert "setup.json" in done.err


@pytest.fixture
def open_round(u02: Call, inventory: Write, port: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A round that is kept, and a wait that ends at once; gives its journal."""
    inventory(hosts=HOSTS)
    u02(*DNS, "--port", port)
    u02("canary", "serve", "bird", "--seconds", "0.05")
    follow = verbs._follow
    monkeypatch.setattr(verbs, "_follow", lambda journal, _until: follow(journal, datetime.now(UTC)))
    return Path(read_round(Path("bird")).journal)


def test_by_hand_prints_recipients_and_subjects(u02: Call, open_round: Path) -> None:
    done = u02("canary", "send", "bird", "--by-hand", "--only", "m365", "--window", "90", "--lang", "en")
    made = read_round(Path("bird"))

    assert done.code == 0
    for persona in ("sound", "no-starttls", "untrusted", "broken-tlsa"):
        assert f"  {made.recipient('m365', persona)}  u02 canary {made.round} {persona}\n" in done.out
    assert "rele" not in done.out
    assert "(90 minutes)" in done.out
    with open_round.open("rb") as lines:
        found = read(lines).round
    assert found is not None
    assert [(each.host, each.persona) for each in found.submissions][:2] == [("m365", "sound"), ("m365", "no-starttls")]


def test_a_host_the_round_does_not_know_is_refused(u02: Call, open_round: Path) -> None:
    done = u02("canary", "send", "bird", "--only", "other", "--lang", "en")

    assert done.code == 2
    assert "by the name other" in done.err


def test_a_service_is_not_sent_through(u02: Call, open_round: Path) -> None:
    done = u02("canary", "send", "bird", "--only", "m365", "--lang", "en")

    assert done.code == 2
    assert "--by-hand" in done.err


def test_what_arrives_is_told_as_it_stands(u02: Call, open_round: Path) -> None:
    message = CanaryMessage(
        "rele", "sound", "2026-11-01T12:00:01.000Z", True, "etaten.example", "etaten.example", 9, ()
    )
    met = ("127.44.9.9", "", "2026-11-01T12:00:00.000Z", 1.0, "rele.etaten.example")
    journal = Journal(open_round)
    for persona, stage, messages in (
        ("sound", Stage.MESSAGE, (message,)),
        ("untrusted", Stage.TLS, ()),
        ("untrusted", Stage.TLS, ()),
    ):
        session = CanarySession(persona, "127.44.9.1", *met, True, stage, "quit", None, messages)
        journal.append(Met("session", session))
    journal.close()
    done = u02("canary", "send", "bird", "--by-hand", "--lang", "en")

    assert "Came encrypted from rele to sound." in done.out
    assert "Attempt 2 from 127.44.9.9 at untrusted ended" in done.out


def test_a_setup_spoilt_by_hand_is_told(u02: Call, inventory: Write) -> None:
    inventory(hosts=HOSTS)
    u02(*DNS)
    path = Path("bird/setup.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "relay": True}))
    done = u02("canary", "dns", "bird", "--lang", "en")

    assert done.code == 2
    assert "bird/setup.json" in done.err
