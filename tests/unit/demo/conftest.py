"""One golden world for all tests here, which may talk to it, and to nothing beyond loopback."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from compliance.demo.world import World


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit tests' block on sockets, in the form this room needs: 127.0.0.0/8 is open, all else fails the test."""

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1] if name == "sendto" else arguments[0]
            if self.family != socket.AF_UNIX and not str(address[0]).startswith("127."):
                pytest.fail(f"a demo test reached beyond loopback: {name} to {address!r}")
            return real(self, *arguments)

        return call

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(name))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(tmp_path_factory.mktemp("world")) as running:
        yield running
