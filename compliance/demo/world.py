"""The golden world: Eksempel kommune, its mail hosts, partners and DNS, on loopback, with its inventory."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TypeVar

import dns.reversename

from compliance.demo.dns_server import DnsServer
from compliance.demo.personas import PERSONAS
from compliance.demo.pki import Pki
from compliance.demo.policy_host import PolicyHosts
from compliance.demo.smtp_server import MailHost, SmtpServers
from compliance.demo.tls_context import prefer_name, server_context
from compliance.demo.zones import Zone, ZoneText, make_zone
from compliance.strict import read_yaml, shape

T = TypeVar("T")

DNS_ADDRESS = "127.25.0.53"
POLICY_ADDRESS = "127.25.0.80"
_REVERSE = "127.in-addr.arpa"
_PLACEHOLDER = re.compile(r"\{(\w+):([^}]*)\}")
_PIECE = 200  # a character-string holds 255 bytes at most (RFC 1035 section 3.3)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail host as servers.yaml says it."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    address: str
    persona: str = "sound"
    certificates: tuple[str, ...] = ("sound",)
    ptr: str | None = None
    listens: bool = True
    certificate_name: str = ""
    unnamed: str = ""
    tls_only_from: tuple[str, ...] = ()


class World:
    """A running golden world; made by `start`, ended by `stop` or by leaving the `with`.

    `inventory` is the folder of a complete inventory that describes it, `servers` its mail hosts by name, `pki` its
    keys (those that DKIM signs with among them). Two worlds have the same addresses and different ports.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        self.inventory.mkdir(parents=True, exist_ok=True)
        self.pki = Pki(folder / "pki")
        self.servers = _data("servers.yaml", dict[str, Server])
        self._policies = _data("policies.yaml", dict[str, str])
        self._dns = DnsServer(DNS_ADDRESS, self._zones())
        try:
            self._smtp = SmtpServers([self._host(name) for name, server in self.servers.items() if server.listens])
            self._https = self._policy_hosts()
        except BaseException:
            self._dns.stop()
            raise
        self.dns_address = DNS_ADDRESS
        self.dns_port = self._dns.port
        self.smtp_port = self._smtp.port
        self.https_port = self._https.port
        self._write_inventory()

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Make a world in a folder and let it run; raises NoPort, OSError."""
        world = cls(folder)
        world._dns.start()
        world._smtp.start()
        world._https.start()
        return world

    def stop(self) -> None:
        """Close every socket and wait for every thread; the inventory and the keys stay."""
        self._https.stop()
        self._smtp.stop()
        self._dns.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def zone_of(self, name: str) -> str:
        """Give the zone a name (wire form) belongs to; raises KeyError where it is in none."""
        return _closest(name, _data("zones.yaml", dict[str, ZoneText]))

    def target(self, name: str) -> str:
        """Give a mail host's target name as reports show it: `mx.name[address]:port`."""
        return f"{name}[{self.servers[name].address}]:{self.smtp_port}"

    def _host(self, name: str) -> MailHost:
        server = self.servers[name]
        persona = PERSONAS[server.persona]
        chains = [self.pki.file(kind, server.certificate_name or name) for kind in server.certificates]
        context = server_context(persona.tls, chains, self.pki.roots)
        if server.unnamed:
            named, context = context, server_context(persona.tls, [self.pki.file(server.unnamed, name)], self.pki.roots)
            prefer_name(context, name, named)
        return MailHost(name, server.address, persona, context, server.tls_only_from)

    def _policy_hosts(self) -> PolicyHosts:
        chain = self.pki.file("policies", "mta-sts.kommunen.example")
        context = server_context(PERSONAS["sound"].tls, [chain], self.pki.roots)
        return PolicyHosts(POLICY_ADDRESS, context, self._policies)

    def _zones(self) -> list[Zone]:
        texts = _data("zones.yaml", dict[str, ZoneText])
        added: dict[str, list[str]] = {origin: [] for origin in texts}
        for name, server in self.servers.items():
            added[_closest(name, added)].append(f"{name}. IN A {server.address}")
            points_to = name if server.ptr is None else server.ptr
            if points_to:
                added[_REVERSE].append(f"{dns.reversename.from_address(server.address)} IN PTR {points_to}.")
        for name in self._policies:
            added[_closest(name, added)].append(f"{name}. IN A {POLICY_ADDRESS}")
        return [
            make_zone(origin, ZoneText(text.answers, "\n".join([self._filled(text.records), *added[origin], ""])))
            for origin, text in texts.items()
        ]

    def _filled(self, records: str) -> str:
        def fill(found: re.Match[str]) -> str:
            if found[1] == "dkim":
                key = self.pki.dkim(found[2])
                return '" "'.join(key[start : start + _PIECE] for start in range(0, len(key), _PIECE))
            kind, _, host = found[2].partition(" ")
            return self.pki.tlsa(kind, host)

        return _PLACEHOLDER.sub(fill, records)

    def _write_inventory(self) -> None:
        today = date.today()  # noqa: DTZ011 - the dates are weeks away from any edge
        values = {
            "dns_address": self.dns_address,
            "dns_port": self.dns_port,
            "smtp_port": self.smtp_port,
            "https_port": self.https_port,
            "roots": "roots.pem",
            "yesterday": today - timedelta(days=1),
            "last_week": today - timedelta(days=7),
            "two_weeks_ago": today - timedelta(days=14),
            "last_month": today - timedelta(days=30),
            "long_ago": today - timedelta(days=500),
            "next_quarter": today + timedelta(days=90),
        }
        (self.inventory / "roots.pem").write_bytes(self.pki.roots.read_bytes())
        _fill(files("compliance.demo").joinpath("data", "inventory"), self.inventory, values)


def _fill(source: Traversable, target: Path, values: Mapping[str, object]) -> None:
    """Write a folder's files, and those of the folders in it, with their values in place."""
    target.mkdir(exist_ok=True)
    for each in source.iterdir():
        if each.is_dir():
            _fill(each, target / each.name, values)
        else:
            text = string.Template(each.read_text(encoding="utf-8")).substitute(values)
            (target / each.name).write_text(text, encoding="utf-8")


def _data(name: str, kind: type[T]) -> T:
    with as_file(files("compliance.demo").joinpath("data", name)) as path:
        return shape(kind, read_yaml(path, name))


def _closest(name: str, origins: Mapping[str, object]) -> str:
    """Give the zone a name belongs to: the longest origin it ends in."""
    rest = name
    while rest not in origins:
        rest = rest.partition(".")[2]
        if not rest:
            raise KeyError(name)
    return rest
