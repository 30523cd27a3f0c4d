"""The zone lab running: NSD, the relay with bad manners, Unbound, and the inventory of every case."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.keeper import Keeper
from tests.lab.nameservers import Nsd, Unbound
from tests.lab.places import alone, fresh, write_yaml
from tests.zones.relay import Relay
from tests.zones.table import Case, cases
from tests.zones.zonefile import BEHIND_RELAY, NSD, RELAY, REVERSE4, REVERSE6, ROOT, write_zones

RESOLVER = "127.43.0.1"
Findings = Mapping[tuple[str, str], Mapping[str, Any]]
#: Nobody listens here at any address of the lab: what mail hosts answer is not what these domains are about.
SMTP_PORT = 2599


class ZoneNsd(Nsd):
    """The name server of every zone."""

    address, port = NSD, 53


class OddNsd(Nsd):
    """The name server of the zones with bad manners, asked by the relay; it knows no other zone."""

    address, port = BEHIND_RELAY, 53
    known = "dane-lookup-fails.example."


class ZoneUnbound(Unbound):
    """The resolver: it is told the root's name server alone, and follows the delegations."""

    address, port = RESOLVER, 53
    name_server = f"{NSD}@53"


@dataclass(frozen=True)
class World:
    """The running lab."""

    folder: Path
    cases: Mapping[str, Case]

    def inventory_folder(self, parent: Path) -> Path:
        """Write an inventory of every case below `parent`."""
        folder = parent / "inventory"
        folder.mkdir(parents=True)
        config = {
            "inventory": {"plugin": "u02", "options": {"folder": "."}},
            "runner": {"plugin": "threaded", "options": {"num_workers": 16}},
            "user_defined": {
                "organisation": {"name": "Soneetaten"},
                "baseline": "u02",
                "languages": ["nb"],
                "ehlo": "probe.good.example",
                "resolver": {"nameservers": [RESOLVER], "port": 53, "trust_ad": True, "timeout": 2.0},
                "self_test": {"signed": "mx-sound.example", "broken": "dnssec-expired.example"},
                "smtp": {"port": SMTP_PORT, "session_timeout": 5, "greeting_timeout": 2, "connect_timeout": 2},
            },
        }
        write_yaml(folder / "config.yaml", config)
        write_yaml(folder / "hosts.yaml", {label(case): _entry(case) for case in self.cases.values()})
        return folder


def label(case: Case) -> str:
    """The name of a case's entry: the domain, or for a host the name of the case."""
    return case.name if case.kind.endswith("_host") else case.domain


def _entry(case: Case) -> dict[str, Any]:
    data = {key: value for key, value in case.data.items() if key != "hostname"}
    entry: dict[str, Any] = {"groups": [case.kind], **({"data": data} if data else {})}
    if "hostname" in case.data:
        entry["hostname"] = case.data["hostname"]
    return entry


def run(world: World, place: Path) -> Path:
    """Run the whole pipeline once over every case; gives the run's folder below `place`."""
    world.inventory_folder(place)
    words = ("-m", "compliance", "run", "-i", "inventory", "-o", "reports", "--run-id", "zones", "--quiet")
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 1, done.stderr + done.stdout  # 1: something basic is not met
    return place / "reports" / "zones"


def findings_of(folder: Path) -> Findings:
    """Every finding of a run by subject and requirement."""
    lines = map(json.loads, (folder / "findings.jsonl").read_text().splitlines())
    return {(line["subject"], line["requirement"]): line for line in lines}


@contextmanager
def running() -> Iterator[World]:
    """Start everything, wait until all of it answers, and stop it on the way out."""
    with ExitStack() as stack:
        stack.enter_context(alone("zones.lock"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="u02-zones-")))
        zones = write_zones(folder, cases())
        odd = {case.zone.origin: case.zone.odd for case in cases().values() if case.zone and case.zone.odd}
        relay = Relay(RELAY, BEHIND_RELAY, odd)
        stack.callback(relay.stop)
        relay.start()
        keeper = stack.enter_context(Keeper())
        servers = (
            ZoneNsd(fresh(folder / "nsd"), zones.plain),
            OddNsd(fresh(folder / "odd"), zones.odd),
            ZoneUnbound(folder, (ROOT,), zones.anchor, (REVERSE4, REVERSE6)),
        )
        for server in servers:
            server.start()
            stack.callback(keeper.forget, server.pid)
            keeper.watch(server.pid)
            stack.callback(server.stop)
        for server in servers:
            server.wait()
        yield World(folder, cases())
