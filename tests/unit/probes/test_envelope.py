"""Senders named to a host of ours: on the wire, inside TLS first, never as far as DATA, and never elsewhere."""

import ssl
from dataclasses import replace

import pytest

from compliance.model.observation import Observation, SmtpFacts
from compliance.model.subject import Kind, Level, RequireTls, Subject
from compliance.probes.envelope import put_envelopes
from compliance.probes.own_host import envelopes_of
from compliance.probes.smtp import Host
from compliance.records.envelope import Fate, read_envelope, sessions
from compliance.settings import Depth, SmtpSettings
from tests.unit.probes.servers import DnsServer, Peer, ScriptedServer
from tests.unit.probes.test_prober import DOMAIN, RELAY, TABLE, Run
from tests.unit.probes.test_smtp import greet

ASKED = RequireTls(from_=Level.ENCRYPT)
PARTNER = Subject("b.example", "b.example", (Kind.PARTNER,), require_tls=ASKED)
OURS = replace(RELAY, receives_for=("a.example",))


def demanding(
    peer: Peer, context: ssl.SSLContext, refused: bytes = b"450 4.7.1 Session encryption is required"
) -> None:
    """A host that takes a partner's mail inside TLS alone."""
    greet(peer)
    encrypted = False
    while (line := peer.hear()) != b"QUIT" and line:
        if line.startswith(b"EHLO"):
            peer.say(b"250-mx", *([] if encrypted else [b"250-STARTTLS"]), b"250 SIZE 1000")
        elif line == b"STARTTLS":
            peer.say(b"220 go")
            peer.tls(context)
            encrypted = True
        else:
            peer.say(refused if line.startswith(b"RCPT") and not encrypted else b"250 Ok")
    peer.say(b"221 bye")


def put(server: ScriptedServer, smtp: SmtpSettings, *, inside: bool, count: int = 1) -> SmtpFacts:
    envelopes = [(f"p{number}.example", "a.example") for number in range(count)]
    host = Host("mx.a.example", "127.0.0.1", server.port)
    facts, failure = put_envelopes(host, "probe.example", smtp, envelopes, None, inside=inside)
    assert failure is None
    assert facts is not None
    return facts


@pytest.mark.parametrize(("inside", "fate"), [(True, Fate.ACCEPTED), (False, Fate.REFUSED)])
def test_a_demanding_host_hears_the_partner_inside_tls_alone(
    inside: bool, fate: Fate, context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    with ScriptedServer(lambda peer: demanding(peer, context)) as server:
        facts = put(server, smtp, inside=inside, count=2)
    answers = [read_envelope(facts, f"p{number}.example") for number in range(2)]
    assert [answer and answer.fate for answer in answers] == [fate, fate]
    assert (facts.tls is not None) is inside
    assert [line for line in server.heard if not line.startswith((b"EHLO", b"STARTTLS"))] == [
        b"MAIL FROM:<postmaster@p0.example>", b"RCPT TO:<postmaster@a.example>", b"RSET",
        b"MAIL FROM:<postmaster@p1.example>", b"RCPT TO:<postmaster@a.example>", b"RSET", b"QUIT",
    ]  # fmt: skip


def limiting(peer: Peer, context: ssl.SSLContext, taken: list[bytes], most: int) -> None:
    """A host that takes anybody's mail in any form, and of one client only so many recipients."""
    greet(peer)
    while (line := peer.hear()) != b"QUIT" and line:
        if line.startswith(b"EHLO"):
            peer.say(b"250-mx", b"250 STARTTLS")
        elif line == b"STARTTLS":
            peer.say(b"220 go")
            peer.tls(context)
        else:
            taken += [line] if line.startswith(b"RCPT") else []
            peer.say(b"450 4.7.1 Error: too many recipients" if len(taken) > most else b"250 Ok")
    peer.say(b"221 bye")


@pytest.mark.parametrize(
    ("most", "fates"),
    [(1, [Fate.ACCEPTED, Fate.REFUSED, Fate.REFUSED]), (2, [Fate.ACCEPTED, Fate.ACCEPTED])],
)
def test_a_refusal_in_clear_that_tells_no_reason_is_held_against_tls_after_it(
    most: int, fates: list[Fate], context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    taken: list[bytes] = []
    with DnsServer(TABLE) as names, ScriptedServer(lambda peer: limiting(peer, context, taken, most)) as server:
        run = Run(names.port, replace(smtp, port=server.port, depth=Depth.OWN))
        inventory = (DOMAIN, OURS, PARTNER)
        for host in run.prober.addresses(inventory, inventory):
            run.prober.mail_host(host)
            run.prober.mail_host_again(host)
    seen = [each for each in run.journal if each.probe == "envelope"]
    asked = ["envelope inside TLS 1", "envelope in clear 1", "envelope inside TLS after 1"]
    assert [each.question for each in seen] == asked[: len(fates)]
    answers = [read_envelope(each.facts, "b.example") for each in seen if isinstance(each.facts, SmtpFacts)]
    assert [answer and answer.fate for answer in answers] == fates


def test_a_host_that_is_closing_is_asked_no_more(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    with ScriptedServer(lambda peer: demanding(peer, context, b"421 4.7.0 too many errors")) as server:
        host = Host("mx.a.example", "127.0.0.1", server.port)
        envelopes = [("p0.example", "a.example"), ("p1.example", "a.example")]
        facts, failure = put_envelopes(host, "probe.example", smtp, envelopes, None, inside=False)
    assert failure is not None
    first = read_envelope(facts, "p0.example")
    assert first is not None
    assert first.fate is Fate.UNSEEN
    assert read_envelope(facts, "p1.example") is None


def test_many_partners_are_spread_over_sessions_that_a_host_bears() -> None:
    asked = [(f"p{number}.example", "a.example") for number in range(19)]
    held = [(question, inside, len(batch)) for question, inside, batch in sessions(asked)]
    assert held == [
        ("envelope inside TLS 1", True, 8), ("envelope inside TLS 2", True, 8), ("envelope inside TLS 3", True, 3),
        ("envelope in clear 1", False, 8), ("envelope in clear 2", False, 8), ("envelope in clear 3", False, 3),
    ]  # fmt: skip


def run_over(context: ssl.SSLContext, smtp: SmtpSettings, *inventory: Subject) -> tuple[list[Observation], list[bytes]]:
    with DnsServer(TABLE) as names, ScriptedServer(lambda peer: demanding(peer, context)) as server:
        run = Run(names.port, replace(smtp, port=server.port))
        for host in run.prober.addresses(inventory, inventory):
            run.prober.mail_host(host)
            run.prober.mail_host_again(host)
        return [seen for seen in run.journal if seen.probe == "envelope"], list(server.heard)


def test_a_run_names_the_partners_of_the_register_to_a_host_of_ours(
    context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    seen, heard = run_over(context, replace(smtp, depth=Depth.OWN), DOMAIN, OURS, PARTNER)
    assert [each.question for each in seen] == ["envelope inside TLS 1", "envelope in clear 1"]
    assert heard.count(b"MAIL FROM:<postmaster@b.example>") == 2
    assert not [line for line in heard if line.upper().startswith((b"DATA", b"BDAT", b"AUTH"))]


@pytest.mark.parametrize(
    ("entry", "partner", "depth"),
    [
        (OURS, PARTNER, "light"),
        (replace(OURS, managed_by="Drift AS"), PARTNER, "own"),
        (replace(OURS, managed_by=""), PARTNER, "full"),
        (OURS, replace(PARTNER, require_tls=RequireTls(to=Level.VERIFY)), "own"),
        (OURS, replace(PARTNER, require_tls=None), "own"),
    ],
)
def test_nobody_else_is_told_of_a_sender(
    entry: Subject, partner: Subject, depth: str, context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    seen, heard = run_over(context, replace(smtp, depth=Depth(depth)), DOMAIN, entry, partner)
    assert seen == []
    assert not [line for line in heard if line.startswith(b"MAIL")]


def test_a_name_that_is_no_domain_is_named_to_nobody() -> None:
    strange = replace(PARTNER, hostname="b.example> SIZE=1", label="x")
    assert envelopes_of((strange, OURS, PARTNER), {"mx.a.example"}) == (("b.example", "a.example"),)
    assert envelopes_of((PARTNER, replace(OURS, receives_for=())), {"mx.a.example"}) == ()
