"""A subject whose name servers are silent has its share of the time, and no more."""

import time
from pathlib import Path

import pytest

from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from compliance.probes import dns_asking
from compliance.probes.asker import Asker
from compliance.probes.dns import Resolver
from compliance.probes.dns_asking import DnsAsking
from compliance.probes.prober import Prober
from compliance.settings import Organisation, ResolverSettings, SelfTestNames, Settings, SmtpSettings
from tests.unit.probes.servers import DnsServer

NAMES = [f"n{at}.example" for at in range(6)]
TABLE: dict[tuple[str, str], tuple[str, list[str]]] = {(name, "A"): ("SILENT", []) for name in NAMES}
TABLE["heard.example", "A"] = ("NOERROR", ["heard.example A 192.0.2.1"])


def as_it_is(seen: Observation) -> Observation:
    return seen


def words(seen: Observation) -> str:
    return f"{seen.failure.kind} {seen.failure.detail}".strip() if seen.failure else "answered"


def test_after_its_share_a_subject_asks_nothing_more() -> None:
    with DnsServer(TABLE) as server:
        settings = ResolverSettings(("127.0.0.1",), server.port, timeout=0.3)
        asking = DnsAsking(Asker(as_it_is, "here", "u02"), Resolver(settings), 0.5)
        assert words(asking.ask("heard.example", "A")) == "answered"
        begun = time.monotonic()
        with asking.share():
            told = [words(asking.ask(name, "A")) for name in (*NAMES, "heard.example")]
        assert time.monotonic() - begun < 1.5
        assert told == ["timeout", "timeout", *["unresolved not recorded"] * 4, "answered"]
        assert words(asking.ask(NAMES[-1], "A")) == "unresolved not recorded"  # nor is it made up for later
        with asking.share():  # but another subject has a share of its own
            assert words(asking.ask(NAMES[-1], "A")) == "timeout"


def test_a_run_gives_each_subject_its_share(monkeypatch: pytest.MonkeyPatch, smtp: SmtpSettings) -> None:
    monkeypatch.setattr(dns_asking.DnsAsking.__init__, "__defaults__", (0.5,))
    records = [f"a.example MX 10 {name}." for name in NAMES]
    with DnsServer({**TABLE, ("a.example", "MX"): ("NOERROR", records)}) as server:
        settings = Settings(
            organisation=Organisation("Etaten"),
            ehlo="out.a.example",
            resolver=ResolverSettings(("127.0.0.1",), server.port, timeout=0.3),
            self_test=SelfTestNames("signed.example", "broken.example"),
            smtp=smtp,
        )
        prober = Prober(settings, Asker(as_it_is, "here", "u02"), Path(), {})
        begun = time.monotonic()
        chosen = (Subject("a.example", "a.example", (Kind.OWN_DOMAIN,)),)
        prober.subject(chosen[0])
        assert prober.addresses(chosen, chosen) == ()
        assert time.monotonic() - begun < 3


def test_ten_reverse_names_are_asked_about(smtp: SmtpSettings) -> None:
    back = "9.2.0.192.in-addr.arpa"
    names = [f"{back} PTR n{at:02}.example." for at in range(12)]
    with DnsServer({(back, "PTR"): ("NOERROR", names)}) as server:
        settings = Settings(
            organisation=Organisation("Etaten"),
            ehlo="out.a.example",
            resolver=ResolverSettings(("127.0.0.1",), server.port, timeout=0.5),
            self_test=SelfTestNames("signed.example", "broken.example"),
            smtp=smtp,
        )
        Prober(settings, Asker(as_it_is, "here", "u02"), Path(), {}).subject(
            Subject("out", "192.0.2.9", (Kind.OUTBOUND_HOST,))
        )
        assert len({name for name, rdtype, _, _ in server.asked if rdtype == "A"}) == 10
