"""Whose doing it is that no connection came about: our routing table alone says what we have no way to."""

import errno
import socket

import pytest

from compliance.model.names import is_address, is_inside, is_lab, is_no_host, is_no_mail_host
from compliance.model.observation import Failure
from compliance.probes import net

UNREACHED = [
    (errno.EHOSTUNREACH, "127.0.0.1", "refused"),  # an ICMP message from a firewall, at once
    (errno.EHOSTUNREACH, None, "no_route"),
    (errno.ENETUNREACH, "127.0.0.1", "refused"),
    (errno.ENETUNREACH, None, "no_route"),
    (errno.EACCES, "127.0.0.1", "refused"),
    (errno.EACCES, None, "no_route"),
    (errno.EINVAL, "127.0.0.1", "refused"),
    (errno.EAFNOSUPPORT, None, "no_route"),
    (errno.ECONNREFUSED, None, "refused"),
    (errno.ETIMEDOUT, None, "timeout"),
]


@pytest.mark.parametrize(("code", "source", "expected"), UNREACHED)
def test_no_route_is_our_own_routing_tables_word(
    code: int, source: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_line: socket.socket, _place: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(net, "source_address", lambda _address, _port: source)
    found = net.connect("127.0.0.1", 25, 1.0)
    assert isinstance(found, Failure)
    assert (found.kind, found.stage) == (expected, "connect")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "169.254.9.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "ff02::1",
        "::ffff:0.0.0.0",
        "::ffff:169.254.1.1",
        "::ffff:255.255.255.255",
    ],
)
def test_nobody_is_asked_at_an_address_of_no_host(address: str) -> None:
    assert is_no_host(address)
    assert isinstance(net.connect(address, 25, 1.0), Failure)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "64:ff9b::c000:201", "::ffff:192.0.2.1", "10.0.0.1"])
def test_other_addresses_may_be_a_hosts(address: str) -> None:
    assert not is_no_mail_host(address, lab=False)


LABS = [
    (("127.0.0.1", "::1", "127.0.0.9"), True, True),
    (("127.0.0.1", "::1", "127.0.0.9"), False, False),
    (("::ffff:127.0.0.1", "0.0.0.0"), True, True),
    (("127.0.0.1", "192.0.2.1"), True, False),
    (("127.0.0.1", "10.0.0.1"), True, False),
    (("0.0.0.0",), True, False),
    ((), True, False),
]


@pytest.mark.parametrize(("addresses", "vouched", "expected"), LABS)
def test_loopback_is_a_lab_only_where_all_is_and_somebody_vouches(
    addresses: tuple[str, ...], vouched: bool, expected: bool
) -> None:
    assert is_lab(addresses, vouched=vouched) is expected
    assert is_no_mail_host("::ffff:127.0.0.1", lab=expected) is not expected


def test_a_mapped_address_is_the_one_in_it() -> None:
    assert is_inside("::ffff:192.168.1.1")
    assert not is_inside("::ffff:192.0.2.1")


def test_a_zone_means_nothing_elsewhere() -> None:
    assert not is_address("fe80::1%eth0")
