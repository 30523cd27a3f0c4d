"""The zone lab's fixtures: its servers, and one run of the whole pipeline over all its domains."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.zones.world import World, running

Findings = Mapping[tuple[str, str], Mapping[str, Any]]


@pytest.fixture(scope="session")
def zones() -> Iterator[World]:
    """Every server of the zone lab, running."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def run(zones: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run over every case."""
    place = tmp_path_factory.mktemp("zones")
    zones.inventory_folder(place)
    words = ("-m", "compliance", "run", "-i", "inventory", "-o", "reports", "--run-id", "zones", "--quiet")
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 1, done.stderr + done.stdout  # 1: something basic is not met
    return place / "reports" / "zones"


@pytest.fixture(scope="session")
def findings(run: Path) -> Findings:
    """Every finding by subject and requirement."""
    lines = map(json.loads, (run / "findings.jsonl").read_text().splitlines())
    return {(line["subject"], line["requirement"]): line for line in lines}
