"""Real senders meet the canary: four policies of Postfix, opendkim's signatures, DANE over signed zones."""

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.model.canary import BEFORE_MAIL, CanaryRound, CanarySession
from compliance.model.finding import Finding
from compliance.outbound.canary.journal import read
from compliance.outbound.canary.plan import read_round
from compliance.records.tls_offer import read_offer
from compliance.store.files import read_lines
from tests.lab.canary import PERSONAS, POLICIES, SELECTOR, SENDERS, SENT_FROM, CanaryWorld, Serve, running

WINDOW = "0.35"  # minutes: ten retries of the senders

#: What each policy does with each persona: delivers over TLS, delivers in clear, or does not deliver.
BEHAVIOUR = {
    "may": {"sound": "tls", "no-starttls": "clear", "untrusted": "tls", "broken-tlsa": "tls"},
    "encrypt": {"sound": "tls", "no-starttls": "held", "untrusted": "tls", "broken-tlsa": "tls"},
    "verify": {"sound": "tls", "no-starttls": "held", "untrusted": "held", "broken-tlsa": "tls"},
    "dane": {"sound": "tls", "no-starttls": "clear", "untrusted": "tls", "broken-tlsa": "held"},
    "none": {"sound": "clear", "no-starttls": "clear", "untrusted": "clear", "broken-tlsa": "clear"},
}


@pytest.fixture(scope="module")
def world() -> Iterator[CanaryWorld]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def sent(world: CanaryWorld) -> str:
    """A whole round, as a person runs it: serve, send through every host, wait for the window, end the receiver."""
    serve = Serve(world.folder)
    serve.start()
    try:
        serve.wait()
        done = world.u02("canary", "send", "bird", "--window", WINDOW)
        assert done.returncode == 0, done.stderr
    finally:
        serve.stop()
    assert "Traceback" not in serve.last_words()
    return done.stdout


@pytest.fixture(scope="module")
def met(world: CanaryWorld, sent: str) -> CanaryRound:
    with Path(read_round(world.folder / "bird").journal).open("rb") as lines:
        found = read(lines)
    assert found.not_read == 0
    assert found.round is not None
    return found.round


def sessions(met: CanaryRound, label: str, persona: str) -> list[CanarySession]:
    return [each for each in met.sessions if each.source == SENDERS[label] and each.persona == persona]


@pytest.mark.parametrize("label", POLICIES)
@pytest.mark.parametrize("persona", PERSONAS)
def test_a_policy_does_what_it_says(met: CanaryRound, label: str, persona: str) -> None:
    wanted = BEHAVIOUR[label][persona]
    found = sessions(met, label, persona)
    delivered = [message for each in found for message in each.messages]

    if wanted == "held":
        assert delivered == []
        assert len(found) >= 2
        assert all(each.stage in BEFORE_MAIL for each in found)
    else:
        assert [(each.host, each.persona, each.encrypted) for each in delivered] == [(label, persona, wanted == "tls")]


def test_a_sender_shows_its_offer_and_its_name(met: CanaryRound) -> None:
    (session,) = sessions(met, "dane", "sound")

    assert (session.name, session.ehlo, session.ended) == (f"dane.{SENT_FROM}", f"dane.{SENT_FROM}", "quit")
    assert session.tls is not None
    offer = read_offer(session.tls.hello)
    assert (session.tls.version, offer.newest, offer.sni) == ("TLSv1.3", "TLSv1.3", "mx.sound.kanari.example")
    assert session.tls.suite.startswith("TLS_AES_")


@pytest.mark.parametrize("label", POLICIES)
def test_what_opendkim_signed_verifies(met: CanaryRound, label: str) -> None:
    (session,) = sessions(met, label, "sound")
    (message,) = session.messages
    signatures = [(seen.domain, seen.selector, seen.algorithm, seen.result) for seen in message.signatures]

    assert (message.from_domain, message.mail_from) == (SENT_FROM, SENT_FROM)
    assert signatures == ([] if label == "none" else [(SENT_FROM, SELECTOR, "rsa-sha256", "pass")])


def test_the_sender_logs_the_same(world: CanaryWorld, met: CanaryRound) -> None:
    """Postfix's own word, by its own log: what the receiver says was TLS is what the sender says was."""
    assert "Verified TLS connection established to mx.sound.kanari.example" in world.senders["dane"].log.read_text()
    assert "TLS is required, but was not offered" in world.senders["encrypt"].log.read_text()
    assert "Server certificate not verified" in world.senders["verify"].log.read_text()
    assert "TLS connection established" not in world.senders["none"].log.read_text()


def test_a_person_is_told_how_it_went(sent: str) -> None:
    assert "may took the message to sound." in sent
    assert "Came in clear from may to no-starttls." in sent
    assert f"from {SENDERS['verify']} at untrusted ended before the message was delivered." in sent


def test_it_relays_nothing(world: CanaryWorld, sent: str) -> None:
    serve = Serve(world.folder)
    serve.start()
    try:
        serve.wait()
        session = smtplib.SMTP(serve.address, 25, local_hostname="stranger.example", timeout=10)
        with session, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            session.sendmail("a@b.example", [f"postmaster@{SENT_FROM}", "x@sound.kanari.example"], "x")
    finally:
        serve.stop()
    assert {code for code, _ in caught.value.recipients.values()} == {550}


#: The verdicts that a run draws from the round, and what stands beside the first: by outbound host.
VERDICTS = {
    "may": ("pass canary_sent_encrypted", "pass canary_strong_tls", "pass sent_signed"),
    "encrypt": ("pass canary_sent_encrypted", "pass canary_strong_tls", "pass sent_signed"),
    "verify": ("pass canary_sent_encrypted", "pass canary_strong_tls", "pass sent_signed"),
    "dane": ("pass canary_sent_encrypted", "pass canary_strong_tls", "pass sent_signed"),
    "none": ("fail canary_sent_clear", "not_tested canary_sound_not_encrypted", "fail sent_unsigned"),
}
TURNED_AWAY = {"encrypt": ["no-starttls"], "verify": ["no-starttls", "untrusted"], "dane": ["broken-tlsa"]}


@pytest.fixture(scope="module")
def findings(world: CanaryWorld, met: CanaryRound) -> dict[tuple[str, str], Finding]:
    """A run with the round as its evidence: the journal lies where `serve` put it."""
    done = world.u02("run", "-i", "inventory", "-o", "reports", "--run-id", "lab", "--quiet")
    assert "Traceback" not in done.stderr
    lines = read_lines(world.folder / "reports/lab/findings.jsonl", Finding)
    return {(finding.subject, finding.requirement): finding for finding in lines}


@pytest.mark.parametrize("label", POLICIES)
def test_a_run_judges_each_sender_by_the_round(findings: dict[tuple[str, str], Finding], label: str) -> None:
    found = [findings[label, requirement] for requirement in ("U02-1a-1", "U02-1a-2", "U02-3-3")]
    turned_away = [
        notice.values["personas"]
        for target in found[0].targets
        for notice in target.notices
        if notice.notice == "canary_turned_away"
    ]

    assert tuple(f"{each.status} {each.targets[0].reason}" for each in found) == VERDICTS[label]
    assert turned_away == ([TURNED_AWAY[label]] if label in TURNED_AWAY else [])
    assert all(each.origin == "supplied" for each in found)
