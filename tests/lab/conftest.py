"""The lab's fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.sending import measure
from tests.lab.world import World, running


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Every server of the lab, running; see tests/lab/cases.py for what each is made to do."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def measured(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without evidence of how our host sends; see tests/lab/sending.py."""
    return measure(world, tmp_path_factory.mktemp("measured"))
