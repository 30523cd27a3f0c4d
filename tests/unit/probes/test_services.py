"""Policy hosts and submission ports: who is asked, what, and what is asked again; nothing that needs a login."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from compliance.model.observation import Failure, FailureKind, Observation, PolicyFacts, Reply, SmtpFacts, TlsFacts
from compliance.model.subject import Kind, Subject
from compliance.probes import services
from compliance.probes.asker import Asker
from compliance.probes.services import Services
from compliance.records.dns_walk import DnsQuestion
from compliance.settings import Organisation, PolicySettings, SelfTestNames, Settings
from tests.unit.checks.build import dns

POLICY_HOST = "mta-sts.a.example"
RECORD = dns("_mta-sts.a.example", "TXT", "v=STSv1; id=1")
ADDRESS = dns(POLICY_HOST, "A", "192.0.2.8", "10.0.0.8")
SHOWN = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", (b"leaf",), POLICY_HOST, False, False, 0.1)
SILENCE = Failure(FailureKind.TIMEOUT, "connect")
NO_ROUTE = Failure(FailureKind.NO_ROUTE, "connect")


class Wire:
    """Stands for the network: `answers` by what is done, and a list of what was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failure: Failure | None = None) -> None:
        self.done: list[tuple[object, ...]] = []
        self.failure = failure
        self.facts: SmtpFacts | None = None
        monkeypatch.setattr(services, "fetch", self.fetch)
        monkeypatch.setattr(services, "hold_session", self.hold("in clear"))
        monkeypatch.setattr(services, "hold_implicit_session", self.hold("at once"))

    def fetch(self, host: str, addresses: tuple[str, ...], **more: Any) -> tuple[None, Failure | None]:
        self.done.append((host, *addresses, more["port"]))
        return None, self.failure

    def hold(self, how: str) -> Any:
        def held(host: Any, _ehlo: str, _settings: object) -> tuple[SmtpFacts | None, Failure | None]:
            self.done.append((how, host.name, host.address, host.port))
            return self.facts, self.failure

        return held


def asked(seen: Mapping[tuple[str, str], Observation], *, inside: str = "") -> tuple[Services, list[Observation]]:
    """Services over a journal, with the DNS answers given."""
    journal: list[Observation] = []

    def keep(each: Observation) -> Observation:
        journal.append(replace(each, id=f"o-{len(journal)}"))
        return journal[-1]

    def answer(question: DnsQuestion) -> Observation:
        return seen.get((question.name, question.rdtype), dns(question.name, question.rdtype))

    settings = Settings(
        Organisation("Etaten"), self_test=SelfTestNames(inside=inside), mta_sts=PolicySettings(port=8443)
    )
    gate = threading.BoundedSemaphore()
    made = Services(
        settings, "out.a.example", Asker(keep, "here", "u02"), answer, lambda _a, _k, act: act, lambda _: gate
    )
    return made, journal


def table(*answers: Observation) -> dict[tuple[str, str], Observation]:
    return {(each.target, each.question): each for each in answers}


@pytest.mark.parametrize(
    "record",
    [
        dns("_mta-sts.a.example", "TXT"),
        dns("_mta-sts.a.example", "TXT", "v=STSv1; id=1", "v=STSv1; id=2"),
        dns("_mta-sts.a.example", "TXT", "v=STSv1;"),
        dns("_mta-sts.a.example", "TXT", "v=STSv1; id=1", rcode="SERVFAIL"),
    ],
)
def test_nothing_is_fetched_where_no_sender_would(record: Observation, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    made, journal = asked(table(record, ADDRESS))
    made.policy("a.example")
    made.policy_again("a.example")

    assert (wire.done, journal) == ([], [])


@pytest.mark.parametrize(("inside", "addresses"), [("", ("192.0.2.8",)), ("accepted", ("192.0.2.8", "10.0.0.8"))])
def test_a_policy_is_fetched_from_outside_addresses(
    inside: str, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch)
    made, journal = asked(table(RECORD, ADDRESS), inside=inside)
    made.policy("a.example")

    assert wire.done == [(POLICY_HOST, *addresses, 8443)]
    assert [(seen.probe, seen.target, seen.question) for seen in journal] == [("https", POLICY_HOST, "policy")]


@pytest.mark.parametrize(("lab", "fetched"), [(True, 1), (False, 0)])
def test_our_own_machine_serves_no_strangers_policy(lab: bool, fetched: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "asks_a_lab", lab)
    wire = Wire(monkeypatch)
    made, _ = asked(table(RECORD, dns(POLICY_HOST, "A", "127.0.0.1")))
    made.policy("a.example")

    assert len(wire.done) == fetched


@pytest.mark.parametrize(
    ("failure", "questions"),
    [(None, ["policy"]), (SILENCE, ["policy", "policy again"]), (NO_ROUTE, ["policy"])],
)
def test_a_policy_is_fetched_again_where_it_was_the_worlds_trouble(
    failure: Failure | None, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Wire(monkeypatch, failure)
    made, journal = asked(table(RECORD, ADDRESS))
    made.policy("a.example")
    made.policy_again("a.example")

    assert [seen.question for seen in journal] == questions


@pytest.mark.parametrize(("status", "times"), [(200, 1), (301, 1), (404, 2), (503, 2)])
def test_a_policy_that_was_not_there_is_looked_for_again(
    status: int, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, journal = asked(table(RECORD, ADDRESS))
    facts = PolicyFacts("policy", POLICY_HOST, "192.0.2.8", 8443, SHOWN, status, "", "", "")
    monkeypatch.setattr(services, "fetch", lambda *_args, **_more: (facts, None))
    made.policy("a.example")
    made.policy_again("a.example")

    assert len(journal) == times


def host(**more: Any) -> Subject:
    return Subject("smtp.a.example", "smtp.a.example", (Kind.SUBMISSION_HOST,), managed_by="own", **more)


def test_each_port_is_asked_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    made, journal = asked({})
    made.submission(host(), ["192.0.2.5", "10.0.0.5"])

    assert wire.done == [
        ("at once", "smtp.a.example", "192.0.2.5", 465),
        ("in clear", "smtp.a.example", "192.0.2.5", 587),
    ]
    assert [(seen.probe, seen.target, seen.question) for seen in journal] == [
        ("submission", "smtp.a.example[192.0.2.5]:465", "implicit tls"),
        ("submission", "smtp.a.example[192.0.2.5]:587", "submission"),
    ]


@pytest.mark.parametrize("entry", [host(probe="never"), host(dummy="by design"), replace(host(), kinds=())])
def test_a_host_to_be_left_alone_is_not_asked(entry: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    made, _ = asked({})
    made.submission(entry, ["192.0.2.5"])

    assert wire.done == []


@pytest.mark.parametrize(("code", "questions"), [(250, 1), (502, 2)])
def test_a_port_is_asked_again_where_its_ehlo_was_not_heard(
    code: int, questions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, SILENCE)
    reply = Reply("ehlo", "EHLO out.a.example", code, (f"{code} smtp.a.example",), 0.1)
    wire.facts = SmtpFacts("smtp", "smtp.a.example", "192.0.2.5", 587, (reply,), None, 1)
    made, journal = asked({})
    made.submission(host(ports=(587,)), ["192.0.2.5"])
    made.submission_again(host(ports=(587,)), ["192.0.2.5"])

    assert [seen.question for seen in journal] == ["submission", "submission again"][:questions]
