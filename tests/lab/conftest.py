"""The lab's fixtures."""

from collections.abc import Iterator

import pytest

from tests.lab.world import World, running


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Every server of the lab, running; see tests/lab/cases.py for what each is made to do."""
    with running() as started:
        yield started
