"""The sending Postfix's own log as evidence: it proves that the host encrypts, and shows when it did not."""

import json
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.cases import SENDER
from tests.lab.servers import NotStarted
from tests.lab.world import World

SENDING_HOST = "sender.sound.example"
WITHIN = 20.0


def deliver(world: World, name: str) -> None:
    """Send one message to a case through the sending Postfix, and wait until it is logged as sent."""
    recipient = f"postmaster@{world.cases[name].domain}"
    before = len(world.sender.log.read_bytes())
    with smtplib.SMTP(SENDER, 25, local_hostname="sound.example", timeout=10) as session:
        session.sendmail("postmaster@sound.example", [recipient], "Subject: lab\r\n\r\nlab\r\n")
    until(world, rf"to=<{re.escape(recipient)}>.* status=sent", before)


def until(world: World, wanted: str, before: int) -> None:
    """Wait for a line that the sending Postfix writes behind what was there before."""
    deadline = time.monotonic() + WITHIN
    while not re.search(wanted, world.sender.log.read_bytes()[before:].decode()):
        if time.monotonic() > deadline:
            raise NotStarted(f"{wanted}: {world.sender.last_words()}")
        time.sleep(0.05)


@contextmanager
def set_to(world: World, setting: str) -> Iterator[None]:
    """Give the sending Postfix one more line of main.cf for a while."""
    file = world.sender.folder / "main.cf"
    kept = file.read_text()
    _reload(world, f"{kept}{setting}\n")
    try:
        yield
    finally:
        _reload(world, kept)


def _reload(world: World, text: str) -> None:
    file = world.sender.folder / "main.cf"
    before = len(world.sender.log.read_bytes())
    file.write_text(text)
    os.utime(file, (time.time() - 60,) * 2)  # Postfix does not read a file written in this second
    os.kill(world.sender.pid, signal.SIGHUP)
    until(world, r"reload -- version", before)


def run(world: World, place: Path, log: bytes) -> Mapping[tuple[str, str], Any]:
    """Measure the sound domain and its hosts with a log as evidence; gives the findings."""
    inventory = world.inventory_folder(place, only=("sound", "strong", "no-starttls"), with_hosts=True)
    (inventory / "evidence" / "logs").mkdir(parents=True)
    (inventory / "evidence" / "logs" / "mail.log").write_bytes(log)
    words = [sys.executable, "-m", "compliance", "run", "-i", "inventory", "-o", "reports", "--run-id", "a", "--quiet"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    lines = (place / "reports" / "a" / "findings.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return {(line["subject"], line["requirement"]): line for line in found}


def verdict(finding: Mapping[str, Any]) -> str:
    return f"{finding['status']} {finding['reason']}"


@pytest.mark.lab
def test_a_log_proves_that_the_host_encrypts_and_shows_when_it_did_not(world: World, tmp_path: Path) -> None:
    for name in ("sound", "no-starttls", "strong"):
        deliver(world, name)
    sound = world.sender.log.read_bytes()
    found = run(world, tmp_path / "sound", sound)
    encrypts = found[SENDING_HOST, "U02-1a-1"]

    assert verdict(encrypts) == "pass sent_encrypted"
    assert [notice["notice"] for notice in encrypts["notices"]] == ["sent_clear_unoffered"]
    assert verdict(found[SENDING_HOST, "U02-1a-2"]) == "pass sent_with_strong_tls"
    assert (encrypts["origin"], encrypts["observed"]["first"][:4]) == ("supplied", encrypts["values"]["first"][:4])

    with set_to(world, "smtp_tls_security_level = none"):
        deliver(world, "strong")
    deliver(world, "sound")
    found = run(world, tmp_path / "spoilt", world.sender.log.read_bytes())
    spoilt = found[SENDING_HOST, "U02-1a-1"]

    assert verdict(spoilt) == "fail sent_clear_though_offered"
    assert spoilt["values"]["count"] == 1
    assert spoilt["values"]["hosts"] == [world.cases["strong"].address]


@pytest.mark.lab
def test_a_log_without_tls_lines_proves_nothing(world: World, tmp_path: Path) -> None:
    """As Postfix writes it by default, smtp_tls_loglevel being 0."""
    before = len(world.sender.log.read_bytes())
    with set_to(world, "smtp_tls_loglevel = 0"):
        deliver(world, "sound")
        deliver(world, "strong")
    found = run(world, tmp_path, world.sender.log.read_bytes()[before:])

    assert verdict(found[SENDING_HOST, "U02-1a-1"]) == "not_tested log_without_tls_lines"
    assert verdict(found[SENDING_HOST, "U02-1a-2"]) == "not_tested log_without_tls_lines"


@pytest.mark.lab
def test_partners_come_out_of_a_log_as_an_inventory(world: World, tmp_path: Path) -> None:
    """What `u02 partners` writes validates, and names those who were sent to."""
    deliver(world, "sound")
    deliver(world, "strong")
    shutil.copy(world.sender.log, tmp_path / "mail.log")
    words = [sys.executable, "-m", "compliance", "partners", "mail.log", "--json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    rows = {row["domain"]: row for row in json.loads(done.stdout)["partners"]}

    assert done.returncode == 0, done.stderr
    assert rows["strong.example"]["to"]["encrypted"] >= 1
    assert (tmp_path / "partners.yaml").is_file()
    assert (tmp_path / "partners.xlsx").is_file()
