"""A run's questions, put to a DNS server and mail hosts on loopback."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.model.observation import DnsFacts, FailureKind, Observation, VantageFacts
from compliance.model.subject import Kind, Subject
from compliance.model.target import MailAddress
from compliance.probes.asker import Asker
from compliance.probes.prober import Prober
from compliance.records.wildcard import beside
from compliance.settings import Depth, Organisation, ResolverSettings, SelfTestNames, Settings, SmtpSettings
from tests.unit.checks.mails import mail, signature
from tests.unit.probes.servers import DnsServer, Peer, ScriptedServer
from tests.unit.probes.test_smtp import greet, inside, offering, until_quit

TABLE: dict[tuple[str, str], tuple[str, list[str]]] = {
    ("a.example", "MX"): ("NOERROR", ["a.example MX 10 mx.a.example.", "a.example MX 20 dummy.a.example."]),
    ("b.example", "MX"): ("NOERROR", ["b.example MX 10 mx.b.example."]),
    ("p.example", "MX"): ("NOERROR", ["p.example MX 10 mx.p.example."]),
    ("_dmarc.a.example", "TXT"): ("NOERROR", ['_dmarc.a.example TXT "v=DMARC1; p=none; rua=mailto:d@b.example"']),
    ("mx.a.example", "A"): ("NOERROR", ["mx.a.example A 127.0.0.1"]),
    ("mx.b.example", "A"): ("NOERROR", ["mx.b.example A 127.0.0.1"]),
    ("mx.p.example", "A"): ("NOERROR", ["mx.p.example A 127.0.0.3"]),
    ("dummy.a.example", "A"): ("NOERROR", ["dummy.a.example A 127.0.0.2"]),
    ("signed.example", "A"): ("AD", ["signed.example A 192.0.2.1"]),
    ("broken.example", "A"): ("SERVFAIL", []),
    ("broken.example", "A cd"): ("NOERROR", ["broken.example A 192.0.2.2"]),
    ("out.a.example", "A"): ("NOERROR", ["out.a.example A 192.0.2.9"]),
    ("9.2.0.192.in-addr.arpa", "PTR"): ("NOERROR", ["9.2.0.192.in-addr.arpa PTR out.a.example."]),
}
DOMAIN = Subject("a.example", "a.example", (Kind.OWN_DOMAIN,), dkim_selectors=("s1",))
OTHER = Subject("b.example", "b.example", (Kind.PARTNER,))
PARKED = Subject("p.example", "p.example", (Kind.PARKED_DOMAIN,))
DUMMY = Subject("dummy", "dummy.a.example", (Kind.INBOUND_HOST,), dummy="by design", managed_by="own")
RELAY = Subject("relay", "mx.a.example", (Kind.INBOUND_HOST,), managed_by="own")
SENDER = Subject("out", "out.a.example", (Kind.OUTBOUND_HOST,), helo="out.a.example")


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The routing table is asked about loopback."""
    monkeypatch.setattr("compliance.probes.vantage._ANYWHERE", {4: "127.0.0.1", 6: "::1"})


class Run:
    """A prober with its journal."""

    def __init__(
        self,
        dns_port: int,
        smtp: SmtpSettings,
        known: tuple[Observation, ...] = (),
        mail: tuple[Observation, ...] = (),
    ) -> None:
        self.journal: list[Observation] = []
        settings = Settings(
            organisation=Organisation("Etaten"),
            ehlo="out.a.example",
            resolver=ResolverSettings(("127.0.0.1",), dns_port, timeout=0.5),
            self_test=SelfTestNames("signed.example", "broken.example"),
            smtp=smtp,
        )
        self.prober = Prober(settings, Asker(self._keep, "here", "u02", known), Path(), {}, mail)

    def _keep(self, seen: Observation) -> Observation:
        self.journal.append(replace(seen, id=f"o-{len(self.journal):06d}"))
        return self.journal[-1]

    def asked(self, probe: str) -> list[tuple[str, str]]:
        return [(seen.target, seen.question) for seen in self.journal if seen.probe == probe]


def test_a_domain_is_asked_for_all_that_dns_knows(smtp: SmtpSettings) -> None:
    with DnsServer(TABLE) as server:
        run = Run(server.port, smtp)
        run.prober.subject(DOMAIN)
    asked = set(run.asked("dns"))
    assert {
        ("a.example", "MX"),
        ("a.example", "TXT"),
        ("_dmarc.a.example", "TXT"),
        ("s1._domainkey.a.example", "TXT"),
        (beside("a.example").name, "TXT"),
        (beside("_domainkey.a.example").name, "TXT"),
        ("a.example._report._dmarc.b.example", "TXT"),
        ("b.example", "MX"),
        ("mx.a.example", "A"),
        ("mx.a.example", "AAAA"),
        ("_25._tcp.mx.a.example", "TLSA"),
    } <= asked
    assert len(asked) == len(run.journal)


def test_the_keys_that_supplied_messages_name_as_ours_are_asked_for(smtp: SmtpSettings) -> None:
    marks = (("a.example", "s7"), ("post.a.example", "s8"), ("else.example", "s9"))
    seen = mail(signatures=tuple(signature(domain, selector) for domain, selector in marks))
    with DnsServer(TABLE) as server:
        run = Run(server.port, smtp, mail=(seen,))
        run.prober.subject(DOMAIN)
        run.prober.subject(replace(DOMAIN, hostname="c.example", kinds=(Kind.PARTNER,)))
    asked = set(run.asked("dns"))

    assert {("s7._domainkey.a.example", "TXT"), ("s8._domainkey.post.a.example", "TXT")} <= asked
    assert ("s9._domainkey.else.example", "TXT") not in asked


def test_only_an_own_domain_is_asked_where_its_reports_go(smtp: SmtpSettings) -> None:
    with DnsServer(TABLE) as server:
        run = Run(server.port, smtp)
        run.prober.subject(replace(DOMAIN, kinds=(Kind.PARTNER,)))
    assert ("b.example", "MX") not in run.asked("dns")


def test_a_sending_host_is_asked_for_its_way_back(smtp: SmtpSettings) -> None:
    with DnsServer(TABLE) as server:
        run = Run(server.port, smtp)
        run.prober.subject(SENDER)
    assert ("9.2.0.192.in-addr.arpa", "PTR") in run.asked("dns")


def test_a_sending_host_is_checked_as_receivers_do(smtp: SmtpSettings) -> None:
    spf = {
        ("s.example", "TXT"): (
            "NOERROR",
            ['s.example TXT "v=spf1 exists:%{l}.%{ir}.x.s.example include:i.example ~all"'],
        ),
        ("postmaster.9.2.0.192.x.s.example", "A"): ("NXDOMAIN", []),
        ("i.example", "TXT"): ("NOERROR", ['i.example TXT "v=spf1 ip4:192.0.2.9 mx -all"']),
    }
    with DnsServer(TABLE | spf) as server:
        run = Run(server.port, smtp)
        run.prober.subject(replace(SENDER, sends_for=("s.example",)))
        service = Subject("m365", "", (Kind.OUTBOUND_HOST,), service="exchange_online", sends_for=("s.example",))
        run.prober.subject(service)
    asked = set(run.asked("dns"))
    checked = {("s.example", "TXT"), ("postmaster.9.2.0.192.x.s.example", "A"), ("i.example", "TXT")}
    assert checked | {("out.a.example", "TXT")} <= asked  # the HELO name too
    assert ("i.example", "MX") in asked  # the tree goes on where a check stops


def test_the_retired_type_is_asked_where_there_is_no_other(smtp: SmtpSettings) -> None:
    retired = ("NOERROR", ['t.example SPF "v=spf1 -all"'])
    table = {("t.example", "TXT"): ("NOERROR", ['t.example TXT "x"']), ("t.example", "SPF"): retired}
    with DnsServer(TABLE | table) as server:
        run = Run(server.port, smtp)
        run.prober.subject(replace(DOMAIN, label="t.example", hostname="t.example"))
    (seen,) = [each for each in run.journal if (each.target, each.question) == ("t.example", "SPF")]
    assert isinstance(seen.facts, DnsFacts)
    assert seen.facts.records[0].strings == ("v=spf1 -all",)


def test_servfail_is_asked_again_with_checking_disabled(smtp: SmtpSettings) -> None:
    with DnsServer(TABLE) as server:
        run = Run(server.port, smtp)
        run.prober.dns("broken.example", "A")
    assert run.asked("dns") == [("broken.example", "A"), ("broken.example", "A cd")]


def test_addresses_are_each_once_with_all_their_names(smtp: SmtpSettings) -> None:
    with DnsServer(TABLE) as server:
        everyone = (DOMAIN, OTHER, PARKED, DUMMY, RELAY)
        found = Run(server.port, smtp).prober.addresses(everyone, everyone)
    assert found == (MailAddress("127.0.0.1", 25, ("mx.a.example", "mx.b.example"), ours=True),)


def test_our_own_machine_is_not_asked_in_a_strangers_place(smtp: SmtpSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "asks_a_lab", False)
    with DnsServer(TABLE) as server:
        run = Run(server.port, smtp)
        assert run.prober.addresses((OTHER,), (OTHER,)) == ()
        assert run.prober.addresses((OTHER,), (OTHER, DOMAIN)) != ()


def test_a_sound_host_costs_a_session_a_name_and_few_hellos(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    with ScriptedServer(inside(context)) as server:
        run = Run(1, smtp)
        host = MailAddress("127.0.0.1", server.port, ("mx.a.example", "mx.b.example"))
        run.prober.mail_host(host)
        run.prober.mail_host_again(host)
        resumed = Run(1, smtp, tuple(run.journal))
        resumed.prober.mail_host(host)
    first = host.target("mx.a.example")
    assert run.asked("smtp") == [(first, "session"), (host.target("mx.b.example"), "session")]
    assert run.asked("hello") == [
        (first, "hello weak12"),
        (first, "hello ordinary12"),
        (first, "hello ssl3_tls11"),
        (first, "hello ssl2"),
    ]
    assert all(seen.failure is None for seen in run.journal)
    assert resumed.journal == []


def silent(peer: Peer) -> None:
    """Say no more once STARTTLS was said."""
    greet(peer)
    peer.hear()
    peer.say(b"250-mx", b"250 STARTTLS")
    peer.hear()
    peer.say(b"220 go")
    peer.line.recv(10_000)


def test_a_hello_met_with_silence_is_put_again_and_modern_tls_tried_after_it(
    context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    serve = inside(context)
    with ScriptedServer(lambda peer: serve(peer) if server.connections in {1, 5} else silent(peer)) as server:
        run = Run(1, smtp)
        host = MailAddress("127.0.0.1", server.port, ("mx.a.example",))
        run.prober.mail_host(host)
    asked = [seen.question for seen in run.journal]
    assert asked[:5] == ["session", "hello weak12", "hello weak12 smaller", "hello ordinary12", "session after"]
    assert run.journal[4].failure is None


def busy(peer: Peer) -> None:
    peer.say(b"421 later")
    until_quit(peer)


def test_what_was_not_put_is_put_at_the_end_of_the_run(context: ssl.SSLContext, smtp: SmtpSettings) -> None:
    serve = inside(context)
    with ScriptedServer(lambda peer: busy(peer) if server.connections in {2, 3} else serve(peer)) as server:
        run = Run(1, smtp)
        host = MailAddress("127.0.0.1", server.port, ("mx.a.example",))
        run.prober.mail_host(host)
        first = [question for _, question in run.asked("hello")]
        run.prober.mail_host_again(host)
    assert first == ["hello weak12", "hello ordinary12"]  # two in a row that came to nothing: it is let be
    assert [question for _, question in run.asked("hello")][2:] == [
        "hello weak12 again",
        "hello ordinary12 again",
        "hello ssl3_tls11",
        "hello ssl2",
    ]
    assert all(seen.facts for seen in run.journal[3:])


@pytest.mark.parametrize(
    ("ours", "depth", "name"), [(True, "full", "all12"), (False, "full", "weak12"), (True, "own", "weak12")]
)
def test_every_suite_is_asked_of_own_hosts_alone(
    ours: bool, depth: str, name: str, context: ssl.SSLContext, smtp: SmtpSettings
) -> None:
    with ScriptedServer(inside(context)) as server:
        run = Run(1, replace(smtp, depth=Depth(depth), connections_per_address=1))
        run.prober.mail_host(MailAddress("127.0.0.1", server.port, ("mx.a.example",), ours=ours))
    assert run.asked("hello")[0][1] == f"hello {name}"
    spent = [seen for seen in run.journal if seen.failure and seen.failure.stage == "budget"]
    assert bool(spent) is (name == "weak12")  # to name them all takes more than the budget of others


def test_what_came_to_nothing_is_asked_again_without_hellos(smtp: SmtpSettings) -> None:
    with ScriptedServer(offering(b"250 mx.a.example")) as server:
        run = Run(1, smtp)
        host = MailAddress("127.0.0.1", server.port, ("mx.a.example",))
        run.prober.mail_host(host)
        run.prober.mail_host_again(host)
    assert [seen.question for seen in run.journal] == ["session", "session again"]


def test_the_budget_of_an_address_is_kept(smtp: SmtpSettings) -> None:
    with ScriptedServer(offering(b"250 mx.a.example")) as server:
        run = Run(1, replace(smtp, connections_per_address=8))
        host = MailAddress("127.0.0.1", server.port, tuple(f"mx{number}.example" for number in range(5)))
        run.prober.mail_host(host)
        assert server.connections == 2
    failures = [seen.failure for seen in run.journal if seen.failure]
    assert {(failure.kind, failure.stage) for failure in failures} == {(FailureKind.LIMITED, "budget")}
    assert len(failures) == 3


def vantage(greeting: bytes, smtp: SmtpSettings, candidates: bool = True) -> VantageFacts:
    def script(peer: Peer) -> None:
        peer.say(greeting)
        until_quit(peer)

    with DnsServer(TABLE) as server, ScriptedServer(script) as host:
        run = Run(server.port, smtp)
        known = (MailAddress("127.0.0.1", host.port, ("mx.a.example",)),) if candidates else ()
        known += (MailAddress("127.0.0.2", host.port, ("mx.b.example",)),) if candidates else ()
        seen = run.prober.vantage(known)
        assert host.heard == ([b"QUIT"] if candidates else [])
    assert isinstance(seen.facts, VantageFacts)
    return seen.facts


def test_the_self_test_tells_what_can_be_tested(smtp: SmtpSettings) -> None:
    facts = vantage(b"220 mx ESMTP Mon, 1 Jan 2001 00:00:00 +0000", smtp)
    states = {item.item: item.state for item in facts.items}
    assert states == {
        "resolver": "ok",
        "dnssec": "ok",
        "ipv4": "ok",
        "ipv6": states["ipv6"],
        "port25": "ok",
        "ehlo_name": "ok",
        "ptr": "unknown",
        "clock": "unknown",  # one greeting is too little to call a clock wrong
        "roots": "ok",
    }
    assert {item.item for item in facts.items if item.blocking} == {"resolver", "port25", "clock"}


def test_the_self_test_without_mail_hosts_leaves_port_25_open(smtp: SmtpSettings) -> None:
    assert vantage(b"220 mx", smtp, candidates=False).state("port25") == "unknown"


def test_the_self_test_without_a_resolver_says_so(smtp: SmtpSettings) -> None:
    seen = Run(1, smtp).prober.vantage(())
    assert isinstance(seen.facts, VantageFacts)
    assert (seen.facts.state("resolver"), seen.facts.state("dnssec")) == ("failed", "failed")
