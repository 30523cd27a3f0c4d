"""The zone lab's fixtures: its servers, and one run of the whole pipeline over all its domains."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.zones import world
from tests.zones.world import Findings, World, findings_of


@pytest.fixture(scope="session")
def zones() -> Iterator[World]:
    """Every server of the zone lab, running."""
    with world.running() as started:
        yield started


@pytest.fixture(scope="session")
def run(zones: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run over every case."""
    return world.run(zones, tmp_path_factory.mktemp("zones"))


@pytest.fixture(scope="session")
def findings(run: Path) -> Findings:
    """Every finding of that run."""
    return findings_of(run)
