"""The resolver, against one on loopback: answers as facts, silence as failures."""

import time

import pytest

from compliance.model.observation import DnsFacts, FailureKind
from compliance.probes.dns import Resolver, reverse_name
from compliance.settings import ResolverSettings
from tests.unit.probes.servers import DnsServer

TABLE: dict[tuple[str, str], tuple[str, list[str]]] = {
    ("a.example", "MX"): ("AD", ["a.example MX 10 MX1.A.Example.", "a.example MX 20 mx2.a.example."]),
    ("null.example", "MX"): ("NOERROR", ["null.example MX 0 ."]),
    ("a.example", "TXT"): ("NOERROR", ['a.example TXT "v=spf1 " "-all\\255"']),
    ("www.a.example", "A"): ("NOERROR", ["www.a.example CNAME b.example.", "b.example CNAME C.example.", "c.example A 192.0.2.1"]),  # noqa: E501
    ("loop.example", "A"): ("NOERROR", ["loop.example CNAME loop2.example.", "loop2.example CNAME loop.example."]),
    ("_25._tcp.mx.example", "TLSA"): ("NOERROR", ["_25._tcp.mx.example TLSA 3 0 0 " + "ab" * 100]),
    ("1.2.0.192.in-addr.arpa", "PTR"): ("NOERROR", ["1.2.0.192.in-addr.arpa PTR Mail.Example."]),
    ("long.example", "TXT"): ("TRUNCATED", ['long.example TXT "whole"']),
    ("cut.example", "MX"): ("CUT", []),
    ("stray.example", "MX"): ("NOERROR", ["other.example MX 10 mx.other.example."]),
    ("off.example", "MX"): ("NOERROR", ["off.example CNAME b.example.", "other.example MX 10 mx.other.example."]),
    ("kind.example", "MX"): ("NOERROR", ["kind.example A 192.0.2.1"]),
    ("both.example", "MX"): ("NXDOMAIN", ["both.example MX 10 mx.example."]),
    ("empty.example", "MX"): ("NOERROR", ["empty.example CNAME b.example."]),
    ("gone.example", "MX"): ("NXDOMAIN", ["gone.example CNAME b.example."]),
    ("broken.example", "A"): ("SERVFAIL", []),
    ("broken.example", "A cd"): ("NOERROR", ["broken.example A 192.0.2.2"]),
    ("silent.example", "A"): ("SILENT", []),
    ("refused.example", "A"): ("REFUSED", []),
    ("malformed.example", "A"): ("FORMERR", []),
    ("old.example", "MX"): ("OLD", ["old.example MX 10 mx.old.example."]),
    ("short.example", "TXT"): ("UDP ONLY", []),
    ("forged.example", "forged"): ("", []),
    ("forged.example", "MX"): ("NOERROR", ["forged.example MX 10 mx.forged.example."]),
}  # fmt: skip


@pytest.fixture(scope="module")
def server():  # type: ignore[no-untyped-def]
    with DnsServer(TABLE) as running:
        yield running


def resolver(port: int, **settings: bool) -> Resolver:
    return Resolver(ResolverSettings(("127.0.0.1",), port, timeout=1.0, **settings))


def ask(server: DnsServer, name: str, rdtype: str, **named: bool) -> DnsFacts:
    facts, failure = resolver(server.port).ask(name, rdtype, **named)
    assert failure is None
    assert facts is not None
    return facts


def test_records_are_lower_case_and_without_trailing_dot(server: DnsServer) -> None:
    facts = ask(server, "a.example", "MX")
    assert [record.data for record in facts.records] == ["10 mx1.a.example", "20 mx2.a.example"]
    assert (facts.rcode, facts.ad, facts.ad_trusted, facts.over_tcp) == ("NOERROR", True, True, False)
    assert facts.server == f"127.0.0.1#{server.port}"
    assert facts.wire[2] & 0x80


ROWS = [
    ("null MX", "null.example", "MX", "0 ."),
    ("PTR", "1.2.0.192.in-addr.arpa", "PTR", "mail.example"),
    ("TLSA without blanks", "_25._tcp.mx.example", "TLSA", "3 0 0 " + "ab" * 100),
]


@pytest.mark.parametrize(("name", "rdtype", "data"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_data_has_one_form(server: DnsServer, name: str, rdtype: str, data: str) -> None:
    assert [record.data for record in ask(server, name, rdtype).records] == [data]


def test_strings_keep_their_bytes(server: DnsServer) -> None:
    assert ask(server, "a.example", "TXT").records[0].strings == ("v=spf1 ", "-all\xff")


def test_aliases_are_followed_to_the_end(server: DnsServer) -> None:
    facts = ask(server, "www.a.example", "A")
    assert facts.aliases == ("b.example", "c.example")
    assert [(record.name, record.data) for record in facts.records] == [("c.example", "192.0.2.1")]


def test_a_loop_of_aliases_ends(server: DnsServer) -> None:
    assert ask(server, "loop.example", "A").records == ()


def test_a_truncated_answer_is_asked_for_over_tcp(server: DnsServer) -> None:
    facts = ask(server, "long.example", "TXT")
    assert facts.over_tcp
    assert facts.records[0].strings == ("whole",)


def test_a_truncated_answer_without_tcp_is_a_failure_and_no_empty_answer(server: DnsServer) -> None:
    facts, failure = resolver(server.port).ask("short.example", "TXT")
    assert facts is None
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.CLOSED, "query")


def test_an_answer_with_another_id_or_question_is_passed_over(server: DnsServer) -> None:
    facts = ask(server, "forged.example", "MX")
    assert (facts.rcode, facts.over_tcp, facts.records[0].data) == ("NOERROR", False, "10 mx.forged.example")


def test_a_server_that_knows_no_edns_is_asked_without(server: DnsServer) -> None:
    facts = ask(server, "old.example", "MX")
    assert (facts.rcode, facts.records[0].data) == ("NOERROR", "10 mx.old.example")
    assert ask(server, "malformed.example", "A").rcode == "FORMERR"


@pytest.mark.parametrize(("name", "rcode"), [("broken.example", "SERVFAIL"), ("none.example", "NXDOMAIN"), ("refused.example", "REFUSED")])  # fmt: skip  # noqa: E501
def test_an_rcode_is_a_fact(server: DnsServer, name: str, rcode: str) -> None:
    assert ask(server, name, "A").rcode == rcode


@pytest.mark.parametrize("name", ["cut.example", "stray.example", "off.example", "kind.example", "both.example"])
def test_an_answer_that_is_none_is_no_empty_answer(server: DnsServer, name: str) -> None:
    facts, failure = resolver(server.port).ask(name, "MX")
    assert facts is None
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.PROTOCOL, "query")


@pytest.mark.parametrize("name", ["empty.example", "gone.example"])
def test_an_alias_may_lead_to_nothing(server: DnsServer, name: str) -> None:
    assert ask(server, name, "MX").records == ()


def test_checking_can_be_disabled(server: DnsServer) -> None:
    facts = ask(server, "broken.example", "A", checking_disabled=True)
    assert (facts.rcode, facts.checking_disabled, facts.records[0].data) == ("NOERROR", True, "192.0.2.2")


def test_silence_costs_the_timeout(server: DnsServer) -> None:
    begun = time.monotonic()
    facts, failure = resolver(server.port).ask("silent.example", "A")
    assert time.monotonic() - begun < 3
    assert facts is None
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.TIMEOUT, "query")


def test_a_closed_port_is_refused() -> None:
    with DnsServer({}) as gone:
        port = gone.port
    _, failure = resolver(port).ask("a.example", "A")
    assert failure is not None
    assert failure.kind is FailureKind.REFUSED


def test_a_name_that_is_none_is_unresolved(server: DnsServer) -> None:
    _, failure = resolver(server.port).ask(f"{'x' * 64}.example", "A")
    assert failure is not None
    assert failure.kind is FailureKind.UNRESOLVED


def test_ad_is_believed_as_the_settings_say(server: DnsServer) -> None:
    facts, _ = resolver(server.port, trust_ad=False).ask("a.example", "MX")
    assert facts is not None
    assert (facts.ad, facts.ad_trusted) == (True, False)


def test_reverse_names() -> None:
    assert reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa"
    assert reverse_name("2001:db8::1").endswith(".8.b.d.0.1.0.0.2.ip6.arpa")
