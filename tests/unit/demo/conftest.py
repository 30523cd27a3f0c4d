"""One golden world for all tests here, which may talk to it, and to nothing beyond loopback."""

from collections.abc import Iterator

import pytest

from compliance.demo.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(tmp_path_factory.mktemp("world")) as running:
        yield running
