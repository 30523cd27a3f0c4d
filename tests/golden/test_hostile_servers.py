"""The whole pipeline against hostile servers: it ends in time, says what it met, and judges nobody by it.

Every host runs beside a sound one, in one run; the run is judged again from its evidence.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from compliance.baseline.load import load
from compliance.fleet.load import load_folder
from compliance.fleet.processors import Progress
from compliance.fleet.session import open_session
from compliance.pipeline.judge import judge, reproduces
from compliance.pipeline.observe import observe
from compliance.pipeline.order import Order
from compliance.store import run as stored_run
from tests.golden.conftest import findings, journal
from tests.golden.hostile.policies import POLICIES, PolicyRow
from tests.golden.hostile.rows import NAMED, ROWS, SOUND, Row
from tests.golden.hostile.world import SESSION, running

SLACK = 6.0  # taking leave takes three seconds at most; the rest is for a busy machine
_BEHIND = tuple(requirement for requirement in SOUND if requirement != "U02-1b-1")


@dataclass(frozen=True)
class Run:
    """A finished run over every hostile host."""

    folder: Path

    @cached_property
    def found(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(line["subject"], line["requirement"]): line for line in findings(self.folder)}

    @cached_property
    def seen(self) -> dict[str, list[dict[str, Any]]]:
        """What was seen of each host, by its name."""
        by_host: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in journal(self.folder):
            by_host[each["target"].partition("[")[0]].append(each)
        return by_host

    def told(self, domain: str, requirement: str) -> str:
        line = self.found[domain, requirement]
        return " ".join(filter(None, (line["status"], line["cause"], line["reason"])))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("hostile")
    with running(place, ROWS, POLICIES) as inventory:
        loaded = load_folder(inventory, [requirement.id for requirement in load("u02").requirements])
        order = Order(
            session=open_session(loaded),
            settings=loaded.settings,
            all_subjects=loaded.subjects,
            waivers=(),
            statements=(),
            folder=inventory,
            reports=place,
            progress=lambda key: Progress(key, quiet=True),
        )
        folder = observe(order)
    judge(folder)
    return Run(folder)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_hostile_host_is_judged_by_what_was_seen(run: Run, row: Row) -> None:
    domain = f"{row.name}.example"
    first = next(each for each in run.seen[f"mx.{domain}"] if each["question"] == "session")
    stopped = first["failure"] or {"kind": "", "stage": ""}
    assert f"{stopped['kind']} {stopped['stage']}".strip() in {row.stopped, row.overtaken or row.stopped}
    assert run.told(domain, "U02-1b-1") == row.starttls
    wanted = _wanted(row)
    assert {requirement: run.told(domain, requirement) for requirement in wanted} == wanted
    notices = {notice["notice"] for each in SOUND for notice in run.found[domain, each]["notices"]}
    assert set(row.notices) <= notices


def _wanted(row: Row) -> dict[str, str]:
    """What is to be said of all behind STARTTLS: its own verdict where that works, else what keeps it from one."""
    status = row.starttls.partition(" ")[0]
    if status == "pass":
        return {**{each: SOUND[each] for each in _BEHIND}, **row.beyond}
    behind = "not_applicable needs U02-1b-1" if status == "fail" else row.starttls
    return dict.fromkeys(_BEHIND, behind)


@pytest.mark.parametrize("row", POLICIES, ids=lambda row: row.name)
def test_a_hostile_policy_host_is_judged_by_what_was_seen(run: Run, row: PolicyRow) -> None:
    assert run.told(f"{row.name}.example", "STS-1") == row.policy


@pytest.mark.parametrize("name", NAMED)
def test_old_versions_and_weak_suites_are_named(run: Run, name: str) -> None:
    for requirement, named in NAMED[name].items():
        values = run.found[f"{name}.example", requirement]["targets"][0]["values"]
        assert (values.get("versions") or values.get("suites")) == named


def test_a_host_costs_its_deadlines_and_no_more(run: Run) -> None:
    slow = [each for each in journal(run.folder) if each["seconds"] > SESSION + SLACK]
    assert [(each["target"], each["question"], each["seconds"]) for each in slow] == []


def test_no_host_stops_the_run(run: Run) -> None:
    assert stored_run.read(run.folder).state == "complete"
    assert [each for each in journal(run.folder) if (each["failure"] or {}).get("kind") == "defect"] == []
    assert {line["status"] for line in run.found.values()} <= {"pass", "fail", "not_tested", "not_applicable"}


def test_the_sound_host_is_judged_as_if_it_were_alone(run: Run) -> None:
    assert {each: run.told("sound.example", each) for each in SOUND} == SOUND
    assert "limited" not in {(each["failure"] or {}).get("kind") for each in run.seen["mx.sound.example"]}


def test_the_evidence_stays_small(run: Run) -> None:
    for host, seen in run.seen.items():
        assert sum(len(str(each)) for each in seen) < 1_500_000, host


def test_judged_again_it_is_the_same(run: Run) -> None:
    assert reproduces(run.folder)
