"""What goes to hosts of our own alone: on the wire, against servers that keep, drop or choke on what stood in clear."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.model.observation import FailureKind, Observation, SmtpFacts
from compliance.model.subject import Kind, Subject
from compliance.model.target import MailAddress
from compliance.probes.own_host import put_injection
from compliance.probes.smtp import Host
from compliance.records.injection import Fate, read_injection
from compliance.settings import Depth, SmtpSettings
from tests.unit.probes.servers import DnsServer, Peer, ScriptedServer
from tests.unit.probes.test_prober import DOMAIN, OTHER, RELAY, TABLE, Run
from tests.unit.probes.test_smtp import greet, inside, until_quit

Served = Callable[[Peer, ssl.SSLContext], None]
IMPLICIT_HOST = Subject("post", "mx.a.example", (Kind.SUBMISSION_HOST,), managed_by="own")


def starttls(peer: Peer) -> bytes:
    """Greet, offer, and take what comes at STARTTLS as one read gives it; what stood behind the line is given back."""
    greet(peer)
    peer.hear()
    peer.say(b"250-mx", b"250 STARTTLS")
    line, _, rest = peer.line.recv(1000).partition(b"\r\n")
    assert line == b"STARTTLS"
    peer.heard.extend([line, *rest.splitlines()])
    return rest


def answer(peer: Peer) -> None:
    """Answer EHLO and QUIT inside TLS."""
    while peer.hear() != b"QUIT":
        peer.say(b"250-mx", b"250 SIZE 1000")
    peer.say(b"221 bye")


def drops(peer: Peer, context: ssl.SSLContext) -> None:
    starttls(peer)
    peer.say(b"220 go")
    peer.tls(context)
    answer(peer)


def keeps(peer: Peer, context: ssl.SSLContext) -> None:
    kept = starttls(peer)
    peer.say(b"220 go")
    peer.tls(context)
    if kept == b"NOOP\r\n":
        peer.say(b"250 Ok")  # before a word was said inside TLS
    answer(peer)


def keeps_until_spoken_to(peer: Peer, context: ssl.SSLContext) -> None:
    kept = starttls(peer)
    peer.say(b"220 go")
    peer.tls(context)
    peer.hear()
    peer.say(*([b"250 Ok"] if kept else []), b"250-mx", b"250 SIZE 1000")
    until_quit(peer)


def obeys_in_clear(peer: Peer, _: ssl.SSLContext) -> None:
    starttls(peer)
    peer.line.sendall(b"220 go\r\n250 Ok\r\n")
    peer.line.recv(10_000)


def obeys_in_clear_later(peer: Peer, _: ssl.SSLContext) -> None:
    starttls(peer)
    peer.say(b"220 go")
    peer.line.recv(10_000)  # the hello
    peer.say(b"250 Ok")
    peer.line.recv(10_000)


def reads_no_further_than_the_line(peer: Peer, context: ssl.SSLContext) -> None:
    greet(peer)
    peer.hear()
    peer.say(b"250-mx", b"250 STARTTLS")
    peer.hear()
    peer.say(b"220 go")
    peer.tls(context)  # NOOP is no TLS record


def refuses(peer: Peer, _: ssl.SSLContext) -> None:
    starttls(peer)
    peer.say(b"554 SMTP synchronization error")


def hangs_up(peer: Peer, _: ssl.SSLContext) -> None:
    starttls(peer)
    peer.say(b"220 go")
    peer.line.shutdown(socket.SHUT_WR)
    peer.line.recv(10_000)


def says_nothing(peer: Peer, _: ssl.SSLContext) -> None:
    starttls(peer)
    peer.wait()


@pytest.mark.parametrize(
    ("served", "fate"),
    [
        (drops, Fate.DROPPED),
        (keeps, Fate.ANSWERED),
        (keeps_until_spoken_to, Fate.ANSWERED),
        (obeys_in_clear, Fate.OBEYED),
        (obeys_in_clear_later, Fate.OBEYED),
        (reads_no_further_than_the_line, Fate.ENDED),
        (refuses, Fate.REFUSED),
        (hangs_up, Fate.ENDED),
        (says_nothing, Fate.UNSEEN),
    ],
)
def test_the_fate_of_a_command_behind_starttls(
    served: Served, fate: Fate, context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    with ScriptedServer(lambda peer: served(peer, context)) as server:
        facts, failure = put_injection(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
        assert server.connections == 1
    assert read_injection(facts, failure).fate is fate


def test_every_reply_is_kept_with_what_it_came_to(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    with ScriptedServer(lambda peer: keeps(peer, context)) as server:
        facts, failure = put_injection(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
    assert facts is not None
    assert failure is None
    assert [(reply.step, reply.sent, reply.code) for reply in facts.replies] == [
        ("greeting", "", 220),
        ("ehlo", "EHLO probe.example", 250),
        ("starttls", "STARTTLS\r\nNOOP", 220),
        ("ehlo_tls", "EHLO probe.example", 250),
        ("quit", "QUIT", 250),
        ("surplus", "", 221),
    ]


def test_a_host_that_never_ends_its_replies_is_left(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    def floods(peer: Peer) -> None:
        starttls(peer)
        peer.say(b"220 go")
        peer.tls(context)
        while not peer.stop.is_set():
            peer.say(b"250 Ok")

    with ScriptedServer(floods) as server:
        facts, _ = put_injection(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
    assert facts is not None
    assert len(facts.replies) == 8


class Asked:
    """Asks a server as a run does, from the inventory on, and tells what it received."""

    def __init__(self, smtp: SmtpSettings, context: ssl.SSLContext, *inventory: Subject) -> None:
        self.named: list[str | None] = []
        context.sni_callback = lambda _, name, __: self.named.append(name)
        with DnsServer(TABLE) as names, ScriptedServer(lambda peer: drops(peer, context)) as server:
            run = Run(names.port, replace(smtp, port=server.port))
            for host in run.prober.addresses(inventory, inventory):
                run.prober.mail_host(host)
                run.prober.mail_host_again(host)
            self.heard, self.connections = tuple(server.heard), server.connections
        self.probes = {seen.probe for seen in run.journal} - {"dns"}


@pytest.mark.parametrize(
    ("others", "depth"),
    [
        ((), "full"),
        ((replace(RELAY, managed_by="Drift AS"),), "own"),
        ((replace(RELAY, managed_by=""),), "full"),
        ((replace(RELAY, kinds=(Kind.OUTBOUND_HOST,)),), "own"),
        ((RELAY, replace(IMPLICIT_HOST, managed_by="Drift AS")), "own"),  # two entries that disagree
        ((RELAY, Subject("b", "mx.b.example", (Kind.INBOUND_HOST,), managed_by="Drift AS")), "own"),
        ((RELAY,), "light"),
    ],
)
def test_a_host_that_is_not_plainly_ours_receives_nothing_beyond_the_ordinary(
    others: tuple[Subject, ...], depth: str, context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    asked = Asked(replace(smtp, depth=Depth(depth)), context, DOMAIN, OTHER, *others)
    assert {line.partition(b" ")[0] for line in asked.heard} == {b"EHLO", b"STARTTLS", b"QUIT"}
    assert asked.probes == {"smtp", "hello"}
    assert asked.connections == 6  # two names, four hellos
    assert set(asked.named) == {"mx.a.example", "mx.b.example"}  # no TLS that came about was without a name


@pytest.mark.parametrize("host", [RELAY, IMPLICIT_HOST])
def test_a_host_of_ours_is_asked_with_two_connections_more(
    host: Subject, context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    asked = Asked(replace(smtp, depth=Depth.OWN), context, DOMAIN, host)
    assert asked.probes == {"smtp", "hello", "injection", "unnamed"}
    assert asked.connections == 7
    assert None in asked.named


def own(run: Run, server: ScriptedServer) -> list[Observation]:
    host = MailAddress("127.0.0.1", server.port, ("mx.a.example",), ours=True)
    run.prober.mail_host(host)
    run.prober.mail_host_again(host)
    return [seen for seen in run.journal if seen.probe == "injection"]


def test_a_session_that_breaks_off_is_tried_again_at_the_end_and_held_against_an_ordinary_one(
    context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    with ScriptedServer(inside(context)) as server:  # which reads a line at a time: NOOP breaks the handshake
        seen = own(Run(1, smtp), server)
    assert [each.question for each in seen] == ["injection", "injection again", "injection session after"]
    assert isinstance(seen[2].facts, SmtpFacts)
    assert seen[2].facts.tls is not None


def test_the_budget_holds_for_own_hosts_too(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    with ScriptedServer(inside(context)) as server:
        seen = own(Run(1, replace(smtp, connections_per_address=5)), server)
        assert server.connections == 5
    assert [(each.failure and each.failure.kind, each.failure and each.failure.stage) for each in seen] == [
        (FailureKind.LIMITED, "budget")
    ]


def test_a_session_without_a_name_shows_what_others_are_shown(
    context: ssl.SSLContext, pem: tuple[Path, Path], smtp: SmtpSettings
) -> None:
    named: list[str | None] = []
    context.sni_callback = lambda _, name, __: named.append(name)
    with ScriptedServer(inside(context)) as server:
        run = Run(1, smtp)
        own(run, server)
    (seen,) = [each for each in run.journal if each.probe == "unnamed"]
    assert isinstance(seen.facts, SmtpFacts)
    assert seen.facts.tls is not None
    assert seen.facts.tls.sni == ""
    assert seen.facts.tls.chain == (ssl.PEM_cert_to_DER_cert(pem[0].read_text()),)
