"""A world starts complete, leaves nothing behind, and does not mind a second one."""

import socket
import threading
from pathlib import Path

import dns.name
import dns.rdatatype
import pytest

from compliance.demo.listener import listen_on
from compliance.demo.personas import PERSONAS
from compliance.demo.pki import ORDERS, Pki
from compliance.demo.world import World
from compliance.demo.zones import Answers, Found, ZoneText, make_zone
from compliance.model.names import to_ascii
from compliance.model.subject import Kind, Subject
from compliance.model.waiver import Statement, Waiver
from compliance.strict import plain, read_yaml, shape


def test_two_worlds_run_at_once_and_stop_without_a_trace(tmp_path: Path, world: World) -> None:
    before = set(threading.enumerate())
    with World.start(tmp_path) as second:
        assert (second.smtp_port, second.dns_port) != (world.smtp_port, world.dns_port)
        address = second.servers["mx.stille.example"].address
        with socket.create_connection((address, second.smtp_port), 2):
            second.stop()  # with a client still waiting in the tarpit
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError), socket.create_connection((address, second.smtp_port), 2):
        pass
    with pytest.raises(ConnectionRefusedError), socket.create_connection((second.dns_address, second.dns_port), 2):
        pass


def test_nothing_listens_beyond_loopback() -> None:
    with pytest.raises(ValueError, match=r"0\.0\.0\.0"):
        listen_on(["0.0.0.0"])


def test_the_inventory_is_complete_and_shaped_as_the_contract_says(world: World) -> None:
    from compliance.settings import Settings

    folder = world.inventory
    config = read_yaml(folder / "config.yaml")
    settings = shape(Settings, config, data=config.data["user_defined"])
    assert settings.smtp.port == world.smtp_port
    assert settings.resolver.nameservers == (world.dns_address,)
    assert (folder / settings.trust.bundle).read_bytes() == world.pki.roots.read_bytes()
    waivers = read_yaml(folder / "waivers.yaml")
    first, second = shape(tuple[Waiver, ...], waivers)
    assert second.expires < first.expires
    assert len(shape(tuple[Statement, ...], read_yaml(folder / "statements.yaml"))) == 1


def test_every_host_of_the_inventory_is_a_subject(world: World) -> None:
    hosts = plain(read_yaml(world.inventory / "hosts.yaml").data)
    groups = plain(read_yaml(world.inventory / "groups.yaml").data)
    for label, entry in hosts.items():
        assert set(entry["groups"]) <= set(groups) <= {kind.value for kind in Kind}
        data = dict(entry.get("data", {}))
        if isinstance(both := data.get("require_tls"), str):
            data["require_tls"] = {"to": both, "from_": both}
        elif both:
            data["require_tls"] = {"from_" if key == "from" else key: level for key, level in both.items()}
        known = {*Subject.__dataclass_fields__} - {"label", "hostname", "kinds"}
        assert set(data) <= known, label


def test_every_mail_domain_of_the_inventory_has_its_hosts_in_the_zones(world: World) -> None:
    zones = {zone.origin: zone for zone in world._zones()}
    for name in world.servers:
        zone = zones[dns.name.from_text(world.zone_of(name))]
        assert zone.look_up(dns.name.from_text(name), dns.rdatatype.A)[0] is Found.RECORDS
    hosts = plain(read_yaml(world.inventory / "hosts.yaml").data)
    for label, entry in hosts.items():
        if {"own_domain", "parked_domain", "partner"} & set(entry["groups"]) and label != "borte.example":
            assert dns.name.from_text(to_ascii(world.zone_of(to_ascii(label)))) in zones


def test_every_persona_and_certificate_named_exists(world: World) -> None:
    for server in world.servers.values():
        assert server.persona in PERSONAS
        assert {*server.certificates, *filter(None, [server.unnamed])} <= set(ORDERS)
        assert server.address.startswith("127.25.")
    addresses = [server.address for server in world.servers.values()]
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("kind", ORDERS)
def test_every_kind_of_certificate_can_be_made(tmp_path: Path, kind: str) -> None:
    pki = Pki(tmp_path)
    assert pki.file(kind, "mx.example").stat().st_mode & 0o077 == 0
    assert pki.certificate(kind, "mx.example") == pki.certificate(kind, "mx.example")


@pytest.mark.parametrize(
    ("name", "rdtype", "found"),
    [
        ("a.b.example", "TXT", Found.RECORDS),
        ("b.example", "TXT", Found.NODATA),
        ("x.example", "TXT", Found.RECORDS),
        ("x.y.example", "A", Found.NODATA),
        ("x.b.example", "TXT", Found.NXDOMAIN),  # b.example exists, so the wildcard does not reach below it
    ],
)
def test_a_wildcard_reaches_as_far_as_rfc_4592_says(name: str, rdtype: str, found: Found) -> None:
    zone = make_zone("example", ZoneText(Answers.PLAIN, 'a.b IN TXT "x"\n* IN TXT "y"\n'))
    assert zone.look_up(dns.name.from_text(name), dns.rdatatype.from_text(rdtype))[0] is found
