"""Submission ports that speak TLS at once (RFC 8314 section 3.3), and those that do not."""

import ssl

from compliance.model.observation import Failure, SmtpFacts
from compliance.probes.smtp import Host
from compliance.probes.submission import hold_implicit_session
from compliance.settings import SmtpSettings
from tests.unit.probes.servers import Peer, Script, ScriptedServer


def held(script: Script, smtp: SmtpSettings) -> tuple[SmtpFacts | None, Failure | None, ScriptedServer]:
    with ScriptedServer(script) as server:
        facts, failure = hold_implicit_session(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
    return facts, failure, server


def test_greeting_and_ehlo_are_heard_inside_tls(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        peer.tls(context)
        peer.say(b"220 mx.example ESMTP")
        while peer.hear() != b"QUIT":
            peer.say(b"250-mx.example", b"250 AUTH PLAIN")
        peer.say(b"221 bye")

    facts, failure, server = held(script, smtp)
    assert failure is None
    assert facts is not None
    assert facts.tls is not None
    assert [reply.step for reply in facts.replies] == ["greeting", "ehlo_tls", "quit"]
    assert server.heard == [b"EHLO probe.example", b"QUIT"]


def test_a_greeting_in_clear_is_no_tls(smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        peer.say(b"220 mx.example ESMTP")
        peer.wait()

    facts, failure, _ = held(script, smtp)
    assert facts is not None
    assert facts.tls is None
    assert failure is not None
    assert f"{failure.kind} {failure.stage}" == "protocol tls"


def test_a_certificate_is_kept_though_nothing_is_said(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        peer.tls(context)
        peer.wait()

    facts, failure, _ = held(script, smtp)
    assert facts is not None
    assert facts.tls is not None
    assert failure is not None
    assert f"{failure.kind} {failure.stage}" == "timeout greeting"
