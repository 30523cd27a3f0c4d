"""The table `u02 policy` writes, in a real Postfix: what it demands, or no delivery. And as evidence."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.canary import u02
from tests.lab.debs import ROOT
from tests.lab.postfix import LIBRARIES, SendingPostfix
from tests.lab.sending import ASKED, judged_with, sending_postfix, serving, submit, until
from tests.lab.world import World

#: What the table says of those that can carry what is asked, and what Postfix logs of a session that is good enough.
CARRIED = {
    "defaults": ("encrypt", "Trusted"),
    "also-from": ("verify", "Verified"),
    "dane-only": ("dane-only", "Verified"),
}
#: What a person demands by hand of those that cannot, and why Postfix then holds the message back.
LEFT_OUT = {
    "no-starttls": ("encrypt", "TLS is required, but was not offered"),
    "wrong-name": ("verify", "Server certificate not verified"),
    "dane-mismatch": ("dane-only", "Server certificate not verified"),
}


@dataclass(frozen=True)
class Policed:
    """A run of the partners, the table drawn from it, and the Postfix that has it."""

    run: Path
    server: SendingPostfix
    table: Path
    written: str


@pytest.fixture(scope="module")
def policed(world: World, measured: Path) -> Iterator[Policed]:
    assert u02(measured.parents[1], "policy", "a").returncode == 0
    written = (measured / "out/tls_policy").read_text()
    table = world.folder / "tls_policy"
    table.write_text(written)
    server = sending_postfix(world, "demanding", smtp_tls_policy_maps=f"texthash:{table}")
    with serving(server):
        yield Policed(measured, server, table, written)


def by_hand(world: World, text: str) -> str:
    """Demand of those the table left out what is asked of them."""
    return text + "".join(f"{world.cases[name].domain} {row[0]}\n" for name, row in LEFT_OUT.items())


def change(policed: Policed, text: str) -> None:
    """Give Postfix another table: it is read when a delivery agent starts."""
    before = policed.server.log.read_text().count("reload -- version")
    policed.table.write_text(text)
    os.utime(policed.table, (time.time() - 60,) * 2)
    os.kill(policed.server.pid, signal.SIGHUP)
    until(policed.server.log, policed.server, "reload -- version", times=before + 1)


def entries(text: str) -> dict[str, str]:
    lines = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {domain.removesuffix(".example"): policy for domain, _, policy in lines}


def test_the_table_names_those_that_carry_the_level(policed: Policed) -> None:
    assert entries(policed.written) == {name: row[0] for name, row in CARRIED.items()}


def test_postfix_gets_what_the_table_demands_or_does_not_deliver(world: World, policed: Policed) -> None:
    server, everybody = policed.server, [world.cases[name].domain for name in ASKED]
    submit(server, *everybody)
    log = until(server.log, server, *(f"to=<postmaster@{domain}>" for domain in everybody))

    # Those that were left out are sent to as before: nothing bounces for a table that was only drawn up.
    assert {name: outcome(log, f"{name}.example") for name in ASKED} == dict.fromkeys(ASKED, "sent")
    for name, (_, trust) in CARRIED.items():
        assert f"{trust} TLS connection established to {world.cases[name].host}[" in log

    before = len(log)
    change(policed, by_hand(world, policed.written))
    submit(server, *everybody)
    until(server.log, server, *(f"to=<postmaster@{domain}>" for domain in everybody), times=2)
    log = server.log.read_text()[before:]

    held = dict.fromkeys(CARRIED, "sent") | dict.fromkeys(LEFT_OUT, "deferred")
    assert {name: outcome(log, f"{name}.example") for name in ASKED} == held
    for name, (_, why) in LEFT_OUT.items():
        assert why in line_of(log, f"{name}.example")


def line_of(log: str, domain: str) -> str:
    (line,) = (line for line in log.splitlines() if f"to=<postmaster@{domain}>" in line)
    return line


def outcome(log: str, domain: str) -> str:
    return line_of(log, domain).partition(" status=")[2].partition(" ")[0]


def said(policed: Policed, program: str, *words: str) -> str:
    """Give what one of Postfix's own programs says of this Postfix."""
    command = [ROOT / "usr/sbin" / program, "-c", policed.server.folder, *words]
    environment = {"LD_LIBRARY_PATH": str(LIBRARIES), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20, env=environment)
    return done.stdout


def judged(policed: Policed, name: str, table: str) -> Mapping[str, str]:
    """Judge the run again with the settings as evidence: the table, Postfix's own dump of it, and its parameters."""
    evidence = policed.run.parent / "supplied" / name
    (evidence / "policy").mkdir(parents=True)
    policed.table.write_text(table)
    shutil.copy(policed.table, evidence / "policy/tls_policy")
    (evidence / "policy/dump").write_text(said(policed, "postmap", "-s", f"texthash:{policed.table}"))
    (evidence / "policy/postconf").write_text(said(policed, "postconf", "-n"))
    return {
        found.subject.removesuffix(".example"): f"{found.status} {found.targets[0].reason}"
        for found in judged_with(policed.run, evidence)
        if found.requirement == "U02-1c-2"
    }


def test_the_table_in_use_is_evidence_of_what_it_demands(world: World, policed: Policed) -> None:
    found = judged(policed, "by-hand", by_hand(world, policed.written))

    assert found == dict.fromkeys(ASKED, "pass settings_demand")


def test_a_table_that_demands_less_is_not_enough(policed: Policed) -> None:
    """As written it says nothing of those left out: for them it is `may`, as for everybody."""
    weaker = policed.written.replace(" verify\n", " encrypt\n").replace(" dane-only\n", " dane\n")

    assert judged(policed, "weaker", weaker) == {
        "defaults": "pass settings_demand",
        **dict.fromkeys((*LEFT_OUT, "also-from", "dane-only"), "fail settings_weaker"),
    }
