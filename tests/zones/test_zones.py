"""Each peculiarity of a domain gives its own verdict and reason in a run, and touches nothing else."""

import json
from pathlib import Path

import pytest

from tests.zones.table import cases
from tests.zones.world import SMTP_PORT, Findings, label


@pytest.mark.parametrize("name", cases())
def test_a_peculiarity_gives_its_verdict_and_no_other(name: str, findings: Findings) -> None:
    case = cases()[name]
    found = {key: findings[label(case), key] for key in case.expected}

    assert {key: f"{each['status']} {each['reason']}" for key, each in found.items()} == case.expected, case.rule


@pytest.mark.parametrize("name", [name for name, case in cases().items() if case.values or case.notices])
def test_the_finding_points_at_the_peculiarity(name: str, findings: Findings) -> None:
    case = cases()[name]
    for key, wanted in case.values.items():
        values = findings[label(case), key]["values"]
        assert {each: values.get(each) for each in wanted} == wanted, key
    for key, codes in case.notices.items():
        assert set(codes) <= {notice["notice"] for notice in findings[label(case), key]["notices"]}, key


def test_nothing_is_our_defect(findings: Findings) -> None:
    assert [key for key, finding in findings.items() if finding["status"] == "error"] == []


def test_what_the_dns_withholds_is_theirs(findings: Findings) -> None:
    withheld = [line for line in findings.values() if line["reason"] in {"dns_bogus", "dns_refused", "dns_no_answer"}]

    assert withheld
    assert {line["cause"] for line in withheld} == {"theirs"}


def test_no_machine_but_this_one_was_asked(run: Path) -> None:
    seen = [json.loads(line) for line in (run / "observations.jsonl").read_text().splitlines()]
    asked = {each["target"].partition("[")[2] for each in seen if each["probe"] not in {"dns", "vantage"}}

    assert asked
    assert {target for target in asked if not target.startswith(("127.43.", "::1]"))} == set()
    assert {target for target in asked if not target.endswith(f"]:{SMTP_PORT}")} == set()
