"""Unit tests open no connection; those of probes, fleet, demo and canary may talk to their own servers on loopback."""

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
LOOPBACK = (HERE / "probes", HERE / "fleet", HERE / "demo", HERE / "outbound" / "canary")


def _is_loopback(address: Any) -> bool:
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting, sending a datagram and looking up a name fail the test.

    pytest.fail raises past `except Exception`: a probe that records every trouble cannot hide it.
    """
    may_loop = any(folder in request.path.parents for folder in LOOPBACK)

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[0] if name.startswith("connect") else arguments[-1]
            if self.family != socket.AF_UNIX and not (may_loop and _is_loopback(address)):
                pytest.fail(f"a unit test reached for the network: {name} to {address!r}")
            return real(self, *arguments)

        return call

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(name))
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        if not (may_loop and _is_loopback((host,))):
            pytest.fail(f"a unit test reached for the network: getaddrinfo of {host!r}")
        return look_up(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
