"""The whole pipeline on real servers: each fault gives its own verdict and reason, and touches nothing else."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.world import World

BASIC = ("U02-1b-1", "U02-1b-2", "U02-1b-3", "U02-1b-4", "U02-1b-5")
TRANSPORT = (*BASIC, *(f"U02-TLS-{number}" for number in (1, 2, 3, 4, 5, 7)))
DOMAIN = ("U02-2-1", "U02-2-3", "U02-4-1", "U02-4-2", "MX-1")
BEHIND_MX = ("DIGDIR-DNSSEC-2", "DIGDIR-DANE-1", "DIGDIR-DANE-2")

#: What a sound domain gets, and every other domain where its fault does not reach.
SOUND: Mapping[str, str] = {
    "U02-1b-1": "pass starttls_works",
    "U02-1b-2": "pass issuer_trusted",
    "U02-1b-3": "pass name_matches",
    "U02-1b-4": "pass in_date",
    "U02-1b-5": "pass strong_enough",
    "U02-TLS-1": "pass only_new_tls",
    "U02-TLS-2": "pass no_weak_suites",
    "U02-TLS-3": "pass forward_secrecy_kept",
    "U02-TLS-4": "pass tls13_accepted",
    "U02-TLS-5": "pass no_compression_safe_renegotiation",
    "U02-TLS-7": "pass no_anonymous_suites",
    "U02-2-1": "pass spf_valid",
    "U02-2-3": "pass spf_refuses_others",
    "U02-4-1": "pass dmarc_valid",
    "U02-4-2": "pass dmarc_stops_false_senders",
    "MX-1": "pass mx_resolves",
    "DIGDIR-DNSSEC-1": "pass dnssec_secure",
    "DIGDIR-DNSSEC-2": "pass dnssec_secure",
    "DIGDIR-DANE-1": "pass tlsa_published",
    "DIGDIR-DANE-2": "pass tlsa_matches",
    "DIGDIR-TLSRPT-1": "pass tls_rpt_valid",
    "STS-1": "fail sts_missing",
}


def _all(verdict: str, *requirements: str) -> dict[str, str]:
    return dict.fromkeys(requirements, verdict)


_NO_TLSA = {"DIGDIR-DANE-1": "fail tlsa_missing", "DIGDIR-DANE-2": "not_applicable tlsa_missing"}
_NEEDS_STARTTLS = _all("not_applicable needs U02-1b-1", *TRANSPORT[1:])

_AS_IT_COMES = {"U02-TLS-3": "fail no_forward_secrecy", "U02-TLS-7": "fail anonymous_suites_accepted"}

#: Per case what differs from SOUND: status and reason.
FAULTS: Mapping[str, Mapping[str, str]] = {
    "sound": {},
    "strong": {},
    "ecdsa": {},
    "unsigned": {**_all("fail dnssec_insecure", "DIGDIR-DNSSEC-1", "DIGDIR-DNSSEC-2"), **_NO_TLSA},
    "expired": {"U02-1b-4": "fail expired", **_NO_TLSA},
    "no-starttls": {
        "U02-1b-1": "fail starttls_not_offered",
        **_NEEDS_STARTTLS,
        "U02-1c-1": "fail starttls_not_offered",
        **_NO_TLSA,
    },
    "self-signed": {"U02-1b-2": "fail self_signed", "U02-1c-1": "fail self_signed", **_NO_TLSA},
    "wrong-name": {"U02-1b-3": "fail name_mismatch", "U02-1c-1": "fail name_mismatch", **_NO_TLSA},
    "no-intermediate": {"U02-1b-2": "fail missing_intermediate", **_NO_TLSA},
    "dane-only": {"U02-1b-2": "pass met_through_dane", "U02-1c-1": "fail self_signed"},
    "dane-mismatch": {"DIGDIR-DANE-2": "fail tlsa_mismatch"},
    # Postfix as it comes takes anonymous suites and key exchange without forward secrecy.
    "old-tls": {"U02-TLS-1": "fail old_tls_accepted", **_AS_IT_COMES},
    "null-cipher": {"U02-TLS-1": "fail old_tls_accepted", "U02-TLS-2": "fail weak_suites_accepted", **_AS_IT_COMES},
    # It takes TLS 1.1 too with suites that need no signature, whatever OpenSSL's security level says.
    "defaults": {"U02-1c-1": "pass carries_level", "U02-TLS-1": "fail old_tls_accepted", **_AS_IT_COMES},
    "greet-delay": {},
    "rejects": _all("not_tested rejected_us", *TRANSPORT, "DIGDIR-DANE-2"),
    "asks-certificate": {},
    "needs-certificate": _all("not_tested client_certificate_wanted", *TRANSPORT),
    "needs-certificate-12": _all("not_tested client_certificate_wanted", *TRANSPORT),
    "null-mx": {
        **_all("not_applicable null_mx", *TRANSPORT, *BEHIND_MX, "DIGDIR-TLSRPT-1", "STS-1"),
        "MX-1": "pass null_mx_alone",
    },
    "bogus": {
        **_all("not_tested dns_bogus", *TRANSPORT, *DOMAIN, *BEHIND_MX, "DIGDIR-TLSRPT-1", "STS-1"),
        "DIGDIR-DNSSEC-1": "fail dnssec_broken",
    },
    "no-such-host": {**_all("not_applicable mx_no_address", *TRANSPORT, *BEHIND_MX), "MX-1": "fail mx_no_such_name"},
    "unsafe-name": {**_all("not_tested unsafe_name", *TRANSPORT, *BEHIND_MX), "MX-1": "fail mx_no_host_name"},
    "idn": {},
}

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
    assert verdict(findings["parked.example", "MX-1"]) == "pass null_mx_alone"
    assert verdict(findings["parked.example", "U02-2-3"]) == "pass spf_sends_nothing"
    assert verdict(findings[sound.domain, "U02-3-1"]) == "pass dkim_key_published"
    assert verdict(findings[sound.domain, "U02-3-4"]) == "pass dkim_strong_key"
    assert verdict(findings["strong.example", "U02-1a-1"]) == "not_tested no_sender_listed"


@pytest.mark.lab
def test_causes_say_whose_doing_it_is(findings: Findings) -> None:
    causes = {name: findings[f"{name}.example", "U02-1b-1"]["cause"] for name in ("rejects", "bogus", "unsafe-name")}

    assert causes == dict.fromkeys(causes, "theirs")


@pytest.mark.lab
def test_an_old_version_is_named(findings: Findings) -> None:
    assert findings["old-tls.example", "U02-TLS-1"]["values"]["versions"] == ["TLSv1", "TLSv1.1"]


@pytest.mark.lab
def test_a_name_from_a_shell_enters_no_command(findings: Findings) -> None:
    finding = findings["unsafe-name.example", "U02-1b-1"]

    assert all(target["reperform"]["command"] is None for target in finding["targets"])


@pytest.mark.lab
def test_each_finding_on_a_host_has_evidence_and_a_command(findings: Findings) -> None:
    judged = [line for line in findings.values() if line["status"] in {"pass", "fail"} and line["origin"] == "wire"]
    for line in judged:
        for target in line["targets"]:
            if target["status"] in {"pass", "fail"} and line["requirement"] != "U02-1c-4":
                assert target["evidence"], (line["subject"], line["requirement"])
                unsafe = target["reperform"]["expect"] == "unsafe_name"
                assert target["reperform"]["command"] or unsafe, (line["subject"], line["requirement"])


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
    for name, postfix in world.postfix.items():
        log = postfix.log.read_text()
        assert "NOQUEUE: reject: MAIL" not in log, name
        assert " from=<" not in log or name == "sender", name


@pytest.mark.lab
def test_few_connections_were_opened(world: World, folder: Path, findings: Findings) -> None:
    """A sound host costs at most six; one that accepts much, no more than the budget."""
    ledger = json.loads((folder / "first" / "run.json").read_text())["connections"]
    spent = {line["target"].partition("]")[0].strip("["): line["connections"] for line in ledger["addresses"]}
    sound = [case for case in world.cases.values() if findings[case.domain, "MX-1"]["status"] == "pass"]
    sound = [case for case in sound if {"U02-TLS-3", "U02-TLS-7"}.isdisjoint(FAULTS.get(case.name, {}))]

    assert max(spent[case.address] for case in sound if case.server) <= 6
    assert max(spent.values()) <= 12
