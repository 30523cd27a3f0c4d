"""The whole pipeline on real servers: each fault gives its own verdict and reason, and touches nothing else."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.exim import Exim
from tests.lab.submission import PLACES, Place
from tests.lab.truth import FAULTS, SOUND
from tests.lab.world import World

Findings = dict[tuple[str, str], dict[str, Any]]


def u02(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compliance", *words], cwd=cwd, capture_output=True, text=True, timeout=280, check=False
    )


def read_findings(run: Path) -> Findings:
    lines = map(json.loads, (run / "findings.jsonl").read_text().splitlines())
    return {(line["subject"], line["requirement"]): line for line in lines}


def verdict(finding: Mapping[str, Any]) -> str:
    return f"{finding['status']} {finding['reason']}"


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs over the same lab, `first` and `second`, below one folder."""
    place = tmp_path_factory.mktemp("runs")
    world.inventory_folder(place, with_hosts=True)
    for name in ("first", "second"):
        done = u02("run", "-i", "inventory", "-o", "reports", "--run-id", name, "--quiet", cwd=place)
        assert done.returncode == 1, done.stderr + done.stdout  # 1: the expired certificate is ours
    return place / "reports"


@pytest.fixture(scope="module")
def findings(folder: Path) -> Findings:
    return read_findings(folder / "first")


@pytest.mark.lab
@pytest.mark.parametrize("name", FAULTS)
def test_a_case_has_its_own_fault_and_no_other(name: str, world: World, findings: Findings) -> None:
    domain = world.cases[name].domain
    wanted = {**SOUND, **FAULTS[name]}
    found = {key: verdict(findings[domain, key]) for key in wanted}

    assert found == wanted


@pytest.mark.lab
def test_every_case_of_the_lab_is_judged(world: World) -> None:
    assert set(FAULTS) | {"parked"} == set(world.cases)


@pytest.mark.lab
def test_our_own_hosts_and_parked_domain_are_judged(world: World, findings: Findings) -> None:
    sound = world.cases["sound"]

    assert verdict(findings[sound.host, "U02-1b-3"]) == "pass name_matches"
    assert verdict(findings["sender.sound.example", "PTR-1"]) == "pass ptr_agrees"
    assert verdict(findings["sender.sound.example", "U02-2-4"]) == "pass spf_sender_passes"
    assert verdict(findings["parked.example", "MX-1"]) == "pass null_mx_alone"
    assert verdict(findings["parked.example", "U02-2-3"]) == "pass spf_sends_nothing"
    assert verdict(findings[sound.domain, "U02-3-1"]) == "pass dkim_key_published"
    assert verdict(findings[sound.domain, "U02-3-4"]) == "pass dkim_strong_key"
    assert verdict(findings["strong.example", "U02-1a-1"]) == "not_tested no_sender_listed"


@pytest.mark.lab
def test_causes_say_whose_doing_it_is(findings: Findings) -> None:
    causes = {name: findings[f"{name}.example", "U02-1b-1"]["cause"] for name in ("rejects", "bogus", "unsafe-name")}

    assert causes == dict.fromkeys(causes, "theirs")


@pytest.mark.parametrize(
    ("name", "requirement", "notices"),
    [
        ("not-now", "U02-1b-1", ["starttls_unsteady"]),
        ("bytes-behind", "U02-1b-1", ["bytes_behind_220"]),
        ("lower-case", "U02-1b-1", []),
        ("sts-testing", "STS-1", ["policy_testing"]),
        ("sts-testing", "STS-2", ["policy_testing_mismatch"]),
        ("sts-no-dane", "STS-2", ["dane_decides"]),
        ("sts", "STS-2", []),
    ],
)
def test_a_case_gets_its_own_notice(name: str, requirement: str, notices: list[str], findings: Findings) -> None:
    assert [each["notice"] for each in findings[f"{name}.example", requirement]["notices"]] == notices


_PORTS = {
    "submit": ("pass submission_encrypted", "pass submission_no_login_in_clear"),
    "submit-open": ("fail submission_untrusted", "fail submission_login_in_clear"),
    "submit-exim": ("pass submission_encrypted", "pass submission_no_login_in_clear"),
    "submit-exim-open": ("fail submission_not_tls", "fail submission_login_in_clear"),
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_each_submission_port_has_its_own_verdict(place: Place, findings: Findings) -> None:
    found = findings[place.host, "SUBMIT-1"]
    ports = {each["target"].rpartition(":")[2]: verdict(each) for each in found["targets"]}

    assert (ports["465"], ports["587"]) == _PORTS[place.name]
    assert found["status"] == ("fail" if any(text.startswith("fail") for text in ports.values()) else "pass")


@pytest.mark.lab
def test_an_old_version_is_named(findings: Findings) -> None:
    assert findings["old-tls.example", "U02-TLS-1"]["values"]["versions"] == ["TLSv1", "TLSv1.1"]


@pytest.mark.lab
def test_a_name_from_a_shell_enters_no_command(findings: Findings) -> None:
    finding = findings["unsafe-name.example", "U02-1b-1"]

    assert all(target["reperform"]["command"] is None for target in finding["targets"])


#: No client of today speaks RC4 or 3DES, or puts a command behind STARTTLS: what was sent stands in the evidence.
_IN_HEX = {("exim-old.example", "U02-TLS-2"), ("exim-old.example", "U02-TLS-3"), ("mx.sound.example", "U02-TLS-6")}


@pytest.mark.lab
def test_each_finding_on_a_host_has_evidence_and_a_command(findings: Findings) -> None:
    judged = [line for line in findings.values() if line["status"] in {"pass", "fail"} and line["origin"] == "wire"]
    for line in judged:
        for target in line["targets"]:
            if target["status"] in {"pass", "fail"} and line["requirement"] not in {"U02-1c-4", "U02-TLS-6"}:
                assert target["evidence"], (line["subject"], line["requirement"])
                unsafe = target["reperform"]["expect"] == "unsafe_name"
                where = (line["subject"], line["requirement"])
                assert target["reperform"]["command"] or unsafe or where in _IN_HEX, where


@pytest.mark.lab
def test_two_runs_agree(folder: Path, findings: Findings) -> None:
    second = read_findings(folder / "second")

    assert {key: verdict(line) for key, line in findings.items()} == {
        key: verdict(line) for key, line in second.items()
    }


@pytest.mark.lab
def test_evaluate_reproduces_the_findings_without_a_network(folder: Path) -> None:
    blocked = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('a socket was opened')\n"
        "socket.socket.__init__ = refuse\n"
        "socket.getaddrinfo = refuse\n"
        f"sys.argv = ['u02', 'evaluate', {str(folder / 'first')!r}]\n"
        "from compliance.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.lab
def test_the_seal_holds_and_shows_a_change(folder: Path) -> None:
    checked = subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=folder / "second", check=False)
    assert checked.returncode == 0
    assert u02("verify", str(folder / "second"), cwd=folder).returncode == 0

    with (folder / "second" / "observations.jsonl").open("r+b") as journal:
        journal.seek(200)
        journal.write(b"0")

    assert u02("verify", str(folder / "second"), cwd=folder).returncode == 1


@pytest.mark.lab
def test_no_mail_host_was_sent_mail(world: World, folder: Path) -> None:
    for name, server in world.mail.items():
        log = server.last_words() if isinstance(server, Exim) else server.log.read_text()
        assert "rejected MAIL" not in log, name
        # Other tests deliver mail, from the sender's own address; Postfix counts each session's commands at its end.
        ours = [line for line in log.splitlines() if "disconnect from" in line and "[127.0.0.1]" in line]
        assert not [line for line in ours if " data=" in line or " auth=" in line], name
        assert name == "sound" or not [line for line in ours if " mail=" in line], name  # our own host is asked more


@pytest.mark.lab
def test_few_connections_were_opened(world: World, folder: Path, findings: Findings) -> None:
    """A sound host costs at most six, four more if it is our own; one that accepts much, no more than the budget."""
    ledger = json.loads((folder / "first" / "run.json").read_text())["connections"]
    spent = {line["target"].partition("]")[0].strip("["): line["connections"] for line in ledger["addresses"]}
    sound = [case for case in world.cases.values() if _both(findings, case.domain) == ("pass", "pass")]
    sound = [case for case in sound if {"U02-TLS-3", "U02-TLS-7"}.isdisjoint(FAULTS.get(case.name, {}))]

    assert max(spent[case.address] for case in sound if case.server and case.name != "sound") <= 6
    assert spent[world.cases["sound"].address] <= 10
    assert max(spent.values()) <= 12


def _both(findings: Findings, domain: str) -> tuple[str, str]:
    """Whether its names lead to a host, and whether that host speaks TLS; a parked domain has none."""
    heard = findings.get((domain, "U02-1b-1"), {"status": "none"})
    return findings[domain, "MX-1"]["status"], heard["status"]
