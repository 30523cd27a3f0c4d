"""SMTP sessions with servers that have one fault each: what is recorded, and that each costs its deadline at most."""

import contextlib
import ssl
import time
from collections.abc import Callable

import pytest

from compliance.model.observation import Failure, FailureKind, SmtpFacts
from compliance.probes.smtp import Host, Session, hold_session
from compliance.settings import SmtpSettings
from tests.unit.probes.servers import Peer, Script, ScriptedServer

BOUND = 8.0  # seconds: the deadline of the fixture, the leave-taking, and a slow machine


def run(script: Script, smtp: SmtpSettings) -> tuple[SmtpFacts | None, Failure | None, ScriptedServer]:
    with ScriptedServer(script) as server:
        begun = time.monotonic()
        facts, failure = hold_session(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
        assert time.monotonic() - begun < BOUND
        time.sleep(0.05)  # the server's thread notices the end
    assert not server.reset
    assert not any(word.split(b" ")[0].upper() in {b"MAIL", b"RCPT", b"DATA", b"AUTH"} for word in server.heard)
    return facts, failure, server


def greet(peer: Peer) -> None:
    peer.say(b"220 mx.example ESMTP")


def until_quit(peer: Peer) -> None:
    while peer.hear() != b"QUIT":
        peer.say(b"250 ok")
    peer.say(b"221 bye")


def offering(*lines: bytes, reply: bytes = b"220 go") -> Script:
    """Greet, answer EHLO with these lines, answer STARTTLS with `reply`, wait for QUIT."""

    def script(peer: Peer) -> None:
        greet(peer)
        while (command := peer.hear()) != b"QUIT":
            peer.say(*lines) if command.startswith(b"EHLO") else peer.say(reply)
        peer.say(b"221 bye")

    return script


def one_reply(*said: bytes) -> Script:
    """Greet, answer the first command with these bytes, then close."""

    def script(peer: Peer) -> None:
        greet(peer)
        peer.hear()
        for piece in said:
            peer.line.sendall(piece)

    return script


def greeting(said: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.line.sendall(said)
        until_quit(peer)

    return script


def byte_a_second(peer: Peer) -> None:
    for byte in b"220 " + b"x" * 60:
        peer.line.sendall(bytes([byte]))
        if peer.stop.wait(0.5):
            return


def endless_ehlo(peer: Peer) -> None:
    greet(peer)
    peer.hear()
    while not peer.stop.is_set():
        peer.say(b"250-MORE")


def long_line(peer: Peer) -> None:
    greet(peer)
    peer.hear()
    peer.line.sendall(b"250-" + b"X" * 10_000_000)


def mute(peer: Peer) -> None:
    peer.wait()


def closes_at_starttls(peer: Peer) -> None:
    greet(peer)
    peer.hear()
    peer.say(b"250-mx.example", b"250 STARTTLS")
    peer.hear()


def closes_in_handshake(peer: Peer) -> None:
    closes_at_starttls(peer)
    peer.say(b"220 go")
    peer.line.recv(100_000)


def says(after: bytes) -> Script:
    def script(peer: Peer) -> None:
        closes_at_starttls(peer)
        peer.say(b"220 go")
        peer.line.recv(100_000)
        peer.line.sendall(after)
        peer.line.recv(100_000)

    return script


def silent_in_handshake(peer: Peer) -> None:
    closes_at_starttls(peer)
    peer.say(b"220 go")
    peer.wait()


EHLO = (b"250-mx.example", b"250 STARTTLS")
STOPPED: list[tuple[str, Script, FailureKind, str]] = [
    ("byte a second", byte_a_second, FailureKind.TIMEOUT, "greeting"),
    ("mute", mute, FailureKind.TIMEOUT, "greeting"),
    ("endless EHLO", endless_ehlo, FailureKind.PROTOCOL, "ehlo"),
    ("ten megabytes in a line", long_line, FailureKind.PROTOCOL, "ehlo"),
    ("closed before greeting", lambda peer: None, FailureKind.CLOSED, "greeting"),
    ("closed after greeting", greet, FailureKind.CLOSED, "ehlo"),
    ("closed at STARTTLS", closes_at_starttls, FailureKind.CLOSED, "starttls"),
    ("closed in handshake", closes_in_handshake, FailureKind.CLOSED, "tls"),
    ("silent in handshake", silent_in_handshake, FailureKind.TIMEOUT, "tls"),
    ("garbage for TLS", says(b"502 what is this\r\n" * 20), FailureKind.PROTOCOL, "tls"),
    ("fatal alert", says(b"\x15\x03\x03\x00\x02\x02\x28"), FailureKind.HANDSHAKE, "tls"),
    ("554 greeting", greeting(b"554 5.7.1 no service\r\n"), FailureKind.REJECTED, "greeting"),
    ("521 greeting", greeting(b"521 5.7.1 no mail\r\n"), FailureKind.REJECTED, "greeting"),
    ("421 greeting", greeting(b"421 4.3.2 busy\r\n"), FailureKind.LIMITED, "greeting"),
    ("no greeting we know", greeting(b"HTTP/1.1 400 Bad Request\r\n"), FailureKind.PROTOCOL, "greeting"),
    ("NUL for a code", greeting(b"\x00\x00\x00 hello\r\n"), FailureKind.PROTOCOL, "greeting"),
    ("two greetings", greeting(b"220 a\r\n220 b\r\n"), FailureKind.PROTOCOL, "ehlo"),
    ("421 to EHLO", one_reply(b"421 later\r\n"), FailureKind.LIMITED, "ehlo"),
    ("550 to EHLO", one_reply(b"550 go away\r\n"), FailureKind.REJECTED, "ehlo"),
    ("code changes", one_reply(b"250-a\r\n251 b\r\n"), FailureKind.PROTOCOL, "ehlo"),
    ("non-numeric line", one_reply(b"250-a\r\nxyz\r\n"), FailureKind.PROTOCOL, "ehlo"),
    ("454", offering(*EHLO, reply=b"454 4.7.0 TLS not available"), FailureKind.LIMITED, "starttls"),
    ("501 to STARTTLS", offering(*EHLO, reply=b"501 5.5.4 no"), FailureKind.REJECTED, "starttls"),
]


@pytest.mark.parametrize(("script", "kind", "stage"), [row[1:] for row in STOPPED], ids=[row[0] for row in STOPPED])
def test_a_fault_is_recorded_with_its_stage(script: Script, kind: FailureKind, stage: str, smtp: SmtpSettings) -> None:
    facts, failure, _ = run(script, smtp)
    assert failure is not None
    assert (failure.kind, failure.stage) == (kind, stage)
    assert facts is not None
    assert facts.tls is None


def test_an_early_fault_keeps_what_was_heard(smtp: SmtpSettings) -> None:
    facts, failure, server = run(offering(*EHLO, reply=b"454 4.7.0 TLS not available"), smtp)
    assert facts is not None
    assert [reply.step for reply in facts.replies] == ["greeting", "ehlo", "starttls", "quit"]
    assert failure is not None
    assert failure.detail == "454 4.7.0 TLS not available"
    assert server.heard == [b"EHLO probe.example", b"STARTTLS", b"QUIT"]


UNOFFERED = [
    ("nothing", (b"250-mx.example", b"250 SIZE 100")),
    ("free text", (b"250-mx.example", b"250-we love STARTTLS here", b"250 SIZE")),
    ("masked", (b"250-mx.example", b"250 XXXXXXXA")),
    ("hostile", (b"250-mx \x00 \xff\xfe <script>", b"250 " + b"X" * 2000)),
    ("bare", (b"250",)),
]


@pytest.mark.parametrize("lines", [row[1] for row in UNOFFERED], ids=[row[0] for row in UNOFFERED])
def test_no_offer_is_no_failure(lines: tuple[bytes, ...], smtp: SmtpSettings) -> None:
    facts, failure, server = run(offering(*lines), smtp)
    assert failure is None
    assert facts is not None
    ehlo = facts.reply("ehlo")
    assert ehlo is not None
    assert ehlo.lines == tuple(line.decode("latin-1") for line in lines)
    assert server.heard == [b"EHLO probe.example", b"QUIT"]


@pytest.mark.parametrize("code", [b"500", b"502"])
def test_a_host_without_ehlo_hears_helo_and_quit(code: bytes, smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        greet(peer)
        peer.hear()
        peer.say(code + b" what?")
        until_quit(peer)

    facts, failure, server = run(script, smtp)
    assert failure is None
    assert facts is not None
    assert [reply.step for reply in facts.replies] == ["greeting", "ehlo", "helo", "quit"]
    assert server.heard == [b"EHLO probe.example", b"HELO probe.example", b"QUIT"]


def test_a_late_greeting_is_waited_for_in_silence(smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        peer.line.settimeout(0.4)
        with contextlib.suppress(TimeoutError):
            peer.heard.append(b"early: " + peer.line.recv(100))
        peer.line.settimeout(5)
        offering(b"250 mx.example")(peer)

    _facts, failure, server = run(script, smtp)
    assert failure is None
    assert server.heard == [b"EHLO probe.example", b"QUIT"]


def test_a_closed_port_is_refused(smtp: SmtpSettings) -> None:
    with ScriptedServer(mute) as server:
        port = server.port
    facts, failure = hold_session(Host("mx.example", "127.0.0.1", port), "probe.example", smtp)
    assert facts is None
    assert failure == Failure(FailureKind.REFUSED, "connect")


def inside(
    context: ssl.SSLContext, *ehlo: bytes, behind: bytes = b"", then: Callable[[Peer], None] = until_quit
) -> Script:
    def script(peer: Peer) -> None:
        greet(peer)
        peer.hear()
        peer.say(*(ehlo or EHLO))
        peer.hear()
        peer.line.sendall(b"220 go\r\n" + behind)
        peer.tls(context)
        then(peer)

    return script


@pytest.mark.parametrize(
    "ehlo",
    [EHLO, (b"250-mx.example", b"250-starttls", b"250 SIZE"), (b"250-mx.example", b"250   StartTLS  ")],
    ids=["plain", "lower case", "odd spacing"],
)
def test_tls_is_begun_and_ehlo_said_again(ehlo: tuple[bytes, ...], context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    facts, failure, server = run(inside(context, *ehlo), smtp)
    assert failure is None
    assert facts is not None
    assert facts.tls is not None
    assert (facts.tls.version, facts.tls.sni, len(facts.tls.chain)) == ("TLSv1.3", "mx.example", 1)
    assert facts.tls.suite.startswith("TLS_")
    assert [reply.step for reply in facts.replies] == ["greeting", "ehlo", "starttls", "ehlo_tls", "quit"]
    assert server.heard == [b"EHLO probe.example", b"STARTTLS", b"EHLO probe.example", b"QUIT"]


def test_bare_line_feeds_are_read_as_line_ends(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        peer.line.sendall(b"220 hello\n")
        peer.hear()
        peer.line.sendall(b"250-mx\n250 SIZE\n")
        until_quit(peer)

    facts, failure, _ = run(script, smtp)
    assert failure is None
    assert facts is not None
    assert facts.replies[1].lines == ("250-mx", "250 SIZE")


def test_bytes_behind_220_are_dropped_and_noted(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    facts, failure, _ = run(inside(context, behind=b"250 injected\r\n"), smtp)
    assert failure == Failure(FailureKind.PROTOCOL, "starttls", "bytes behind 220")
    assert facts is not None
    assert facts.tls is not None
    assert facts.reply("ehlo_tls") is not None


def test_a_host_that_leaves_inside_tls_has_shown_its_chain(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    facts, failure, _ = run(inside(context, then=lambda peer: None), smtp)
    assert facts is not None
    assert facts.tls is not None
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.CLOSED, "ehlo_tls")


def test_a_session_that_was_never_opened_ends_quietly(smtp: SmtpSettings) -> None:
    Session(Host("mx.example", "127.0.0.1", 1), "probe.example", smtp).quit()
