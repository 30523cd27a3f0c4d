"""Old TLS that is there and hard to see: behind a name, behind slowness, behind a burst of closed connections."""

import socket
import ssl
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from compliance.checks.tls import tls_versions
from compliance.checks.views import HostView
from compliance.model.finding import Verdict
from compliance.model.observation import HelloFacts, Observation
from compliance.model.target import MailAddress
from compliance.settings import SmtpSettings
from tests.unit.checks.build import context as judging
from tests.unit.checks.build import told
from tests.unit.probes.servers import Peer, Script, ScriptedServer
from tests.unit.probes.test_prober import Run
from tests.unit.probes.test_smtp import greet, until_quit

NAME, ADDRESS = "mx.a.example", "127.0.0.1"


@pytest.fixture
def old(pem: tuple[Path, Path]) -> ssl.SSLContext:
    """A context that takes TLS 1.0 and 1.1 too."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1
    made.load_cert_chain(*pem)
    return made


def begun(peer: Peer) -> bytes:
    """Go as far as the 220, and give the first three bytes of the hello."""
    greet(peer)
    peer.hear()
    peer.say(b"250-mx", b"250 STARTTLS")
    peer.hear()
    peer.say(b"220 go")
    return peer.line.recv(3, socket.MSG_PEEK | socket.MSG_WAITALL)


def is_old(hello: bytes) -> bool:
    return hello == b"\x16\x03\x00"


def inside(peer: Peer, context: ssl.SSLContext) -> None:
    peer.tls(context)
    until_quit(peer)


def asked(script: Script, smtp: SmtpSettings) -> tuple[Verdict, list[Observation], int]:
    """Ask as a run does, its end with it, and judge what came of it."""
    with ScriptedServer(script) as server:
        run = Run(1, smtp)
        host = MailAddress(ADDRESS, server.port, (NAME,))
        run.prober.mail_host(host)
        run.prober.mail_host_again(host)
        context = judging(run.journal)
        view = HostView(context, context.subjects[0], context.subjects[0].kinds[0], NAME, ADDRESS, server.port)
        return tls_versions(view, {}), run.journal, server.connections


def ends(journal: list[Observation]) -> list[str]:
    return [seen.facts.ended for seen in journal if isinstance(seen.facts, HelloFacts) and "ssl3" in seen.question]


def test_a_certificate_for_those_alone_who_ask_by_name_hides_nothing(old: ssl.SSLContext, smtp: SmtpSettings) -> None:
    nameless = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    nameless.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
    nameless.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED

    def choose(session: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name == NAME:
            session.context = old

    nameless.sni_callback = choose

    def script(peer: Peer) -> None:
        begun(peer)
        inside(peer, nameless)

    verdict, journal, _ = asked(script, smtp)
    assert told(verdict) == "fail old_tls_accepted"
    first = next(seen.facts for seen in journal if seen.question == "hello ssl3_tls11")
    assert isinstance(first, HelloFacts)
    assert first.received.endswith(b"\x02\x28")  # handshake_failure, to who names nobody


def slow(seconds: float, old: ssl.SSLContext, *, greeting: float = 0.0) -> Script:
    """Answer old hellos late, all others at once; the first connection is greeted late."""
    numbers = count(1)

    def script(peer: Peer) -> None:
        if next(numbers) == 1:
            peer.stop.wait(greeting)
        if is_old(begun(peer)):
            peer.stop.wait(seconds)
        inside(peer, old)

    return script


def test_who_answers_old_hellos_slowly_is_heard_out_at_the_end(old: ssl.SSLContext, smtp: SmtpSettings) -> None:
    verdict, journal, _ = asked(slow(0.8, old), replace(smtp, greeting_timeout=2.5))
    assert told(verdict) == "fail old_tls_accepted"
    assert ends(journal) == ["timeout", "answered"]


def test_a_host_that_greets_slowly_may_answer_as_slowly(old: ssl.SSLContext, smtp: SmtpSettings) -> None:
    patient = replace(smtp, session_timeout=6.0, greeting_timeout=2.5, hello_timeout=0.1)
    verdict, journal, _ = asked(slow(0.8, old, greeting=0.7), patient)
    assert told(verdict) == "fail old_tls_accepted"
    assert ends(journal)[0] == "answered"


@pytest.mark.parametrize(
    ("hello_timeout", "expected", "ended"),
    [
        (0.3, "pass only_new_tls", ["timeout", "timeout"]),
        # Our own deadline comes before an answer could be expected: that proves nothing.
        (30.0, "not_tested theirs old_tls_unproven", ["cut"]),
    ],
)
def test_silence_on_old_hellos_refuses_only_where_it_was_waited_out(
    hello_timeout: float, expected: str, ended: list[str], context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    def script(peer: Peer) -> None:
        hello = begun(peer)
        if is_old(hello):
            peer.line.recv(100_000)
            peer.line.recv(1)  # until the client has gone
        else:
            inside(peer, context)

    quick = replace(smtp, session_timeout=2.0, hello_timeout=hello_timeout)
    verdict, journal, _ = asked(script, quick)
    assert told(verdict) == expected
    assert ends(journal) == ended


def hangs_up(peer: Peer) -> None:
    begun(peer)


def resets(peer: Peer) -> None:
    begun(peer)
    peer.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def turns_away(peer: Peer) -> None:
    peer.say(b"421 4.7.0 too many connections")
    until_quit(peer)


@pytest.mark.parametrize("limited", [hangs_up, resets, turns_away])
@pytest.mark.parametrize(("speaks_old", "expected"), [(True, "fail old_tls_accepted"), (False, "pass only_new_tls")])
def test_a_limit_on_bursts_is_no_refusal_of_old_tls(
    speaks_old: bool,
    expected: str,
    limited: Callable[[Peer], None],
    old: ssl.SSLContext,
    context: ssl.SSLContext,
    smtp: SmtpSettings,
) -> None:
    """Connections 4 and 5 of a run are the old hello and SSLv2's."""
    numbers = count(1)

    def script(peer: Peer) -> None:
        if next(numbers) in {4, 5}:
            limited(peer)
            return
        begun(peer)
        inside(peer, old if speaks_old else context)

    verdict, _, connections = asked(script, smtp)
    assert told(verdict) == expected
    assert connections <= 12
