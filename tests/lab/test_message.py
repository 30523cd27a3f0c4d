"""Messages that a real Postfix received of real senders, as evidence of how those send."""

import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.model.finding import Finding
from compliance.store.files import read_lines
from tests.lab.canary import SELECTOR, SENDERS, SENT_FROM, CanaryWorld, running, write_inventory
from tests.lab.mailbox import DOMAIN, Mailbox

WITHIN = 20.0
Findings = dict[tuple[str, str], Finding]


@pytest.fixture(scope="module")
def world() -> Iterator[CanaryWorld]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def received(world: CanaryWorld) -> list[bytes]:
    """One message through each of two senders: one opportunistic and signed, one in clear and unsigned."""
    mailbox = Mailbox(world.folder)
    mailbox.start()
    try:
        mailbox.wait()
        for label in ("may", "none"):
            with smtplib.SMTP(SENDERS[label], 25, local_hostname=SENT_FROM, timeout=10) as session:
                text = f"From: Ola <ola@{SENT_FROM}>\r\nTo: kari@{DOMAIN}\r\nSubject: hemmelig\r\n\r\nHei, {label}\r\n"
                session.sendmail(f"ola@{SENT_FROM}", [f"kari@{DOMAIN}"], text)
        deadline = time.monotonic() + WITHIN
        while len(mailbox.messages()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        return mailbox.messages()
    finally:
        mailbox.stop()


@pytest.fixture(scope="module")
def findings(world: CanaryWorld, received: list[bytes]) -> Findings:
    """A run with both messages as its evidence, and no selector in its inventory."""
    assert len(received) == 2
    inventory = world.folder / "samples"
    write_inventory(inventory, selectors=())
    (inventory / "evidence/messages").mkdir(parents=True)
    for number, content in enumerate(received):
        (inventory / f"evidence/messages/{number}.eml").write_bytes(content)
    done = world.u02("run", "-i", "samples", "-o", "reports", "--run-id", "samples", "--quiet")
    assert "Traceback" not in done.stderr
    lines = read_lines(world.folder / "reports/samples/findings.jsonl", Finding)
    return {(finding.subject, finding.requirement): finding for finding in lines}


VERDICTS = {
    ("may", "U02-1a-1"): "pass sample_encrypted",
    ("may", "U02-1a-2"): "pass sample_strong_tls",
    ("may", "U02-3-3"): "pass sent_signed",
    ("none", "U02-1a-1"): "not_tested sample_not_encrypted",
    ("none", "U02-1a-2"): "not_tested sample_tls_untold",
    ("none", "U02-3-3"): "fail sent_unsigned",
    ("encrypt", "U02-3-3"): "not_tested no_sent_message",
    (SENT_FROM, "U02-3-1"): "pass dkim_key_published",
}


@pytest.mark.parametrize("place", VERDICTS, ids=" ".join)
def test_a_run_judges_each_sender_by_what_arrived(findings: Findings, place: tuple[str, str]) -> None:
    found = findings[place]

    assert f"{found.status} {found.targets[0].reason}" == VERDICTS[place]


def test_the_selector_in_use_is_learned(findings: Findings) -> None:
    (target,) = findings[SENT_FROM, "U02-3-1"].targets

    assert [notice.values for notice in target.notices if notice.notice == "dkim_selectors_learned"] == [
        {"selectors": [SELECTOR]}
    ]


def test_nothing_of_a_person_is_in_the_run(world: CanaryWorld, findings: Findings) -> None:
    run: Path = world.folder / "reports/samples"
    kept = b"".join(path.read_bytes() for path in run.rglob("*.jsonl"))

    assert findings
    for word in (b"hemmelig", b"kari", b"ola@", b"Ola", b"Hei"):
        assert word not in kept
