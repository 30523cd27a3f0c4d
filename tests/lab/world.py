"""All servers of the lab at once, and the inventory folder that describes them."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.lab.cases import CASES, Case
from tests.lab.debs import LAB
from tests.lab.nameservers import Nsd, Unbound
from tests.lab.pki import Pki
from tests.lab.postfix import PostfixInstance
from tests.lab.servers import Server
from tests.lab.zones import ORIGINS, write_zones


@dataclass(frozen=True)
class World:
    """The running lab: `cases` by name, `postfix` by case name, the resolver, the roots to judge with."""

    folder: Path
    pki: Pki
    nsd: Nsd
    unbound: Unbound
    postfix: Mapping[str, PostfixInstance]
    cases: Mapping[str, Case]

    @property
    def roots(self) -> Path:
        """The PEM file of the lab's root."""
        return self.pki.roots

    def inventory_folder(
        self, parent: Path, only: Iterable[str] = (), settings: Mapping[str, Any] | None = None
    ) -> Path:
        """Write an inventory of every case (or `only` those) below `parent`; `settings` are laid over user_defined."""
        chosen = set(only) or set(self.cases)
        unknown = chosen - set(self.cases)
        assert not unknown, f"no such cases: {unknown}"
        folder = parent / "inventory"
        folder.mkdir(parents=True)
        shutil.copy(self.roots, folder / "roots.pem")
        config = {
            "inventory": {"plugin": "u02", "options": {"folder": "."}},
            "runner": {"plugin": "threaded", "options": {"num_workers": 16}},
            "user_defined": {**self._user_defined(), **(settings or {})},
        }
        hosts = {
            case.domain: {"groups": [case.kind], **({"data": dict(case.data)} if case.data else {})}
            for case in self.cases.values()
            if case.name in chosen
        }
        _write_yaml(folder / "config.yaml", config)
        _write_yaml(folder / "hosts.yaml", hosts)
        return folder

    def _user_defined(self) -> dict[str, Any]:
        return {
            "organisation": {"name": "Labetaten"},
            "baseline": "u02",
            "languages": ["nb"],
            "ehlo": "probe.example",
            "resolver": {"nameservers": [self.unbound.address], "port": self.unbound.port, "trust_ad": True},
            "self_test": {"signed": self.cases["sound"].domain, "broken": self.cases["bogus"].domain},
            "trust": {"bundle": "roots.pem"},
            "smtp": {"port": 25, "session_timeout": 20, "greeting_timeout": 10},
        }


@contextmanager
def running() -> Iterator[World]:
    """Start everything, wait until all of it answers, and stop each server by its process id on the way out."""
    with ExitStack() as stack:
        stack.enter_context(_alone())
        # Not below the tests' own folder: Postfix drops its rights and must still reach its queue and its data.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="u02-lab-")))
        folder.chmod(0o755)
        world = _build(folder)
        servers: list[Server] = [world.nsd, world.unbound, *world.postfix.values()]
        for server in servers:
            stack.callback(server.stop)
            server.start()
        for server in servers:
            server.wait()
        yield world


def _build(folder: Path) -> World:
    pki = Pki(_fresh(folder / "pki"))
    postfix, tlsa = {}, {}
    for case in CASES.values():
        if not case.server:
            continue
        settings = dict(case.settings)
        if case.leaf is not None:
            files = pki.leaf(case.leaf, case.host, case.name)
            tlsa[case.name] = files.tlsa
            settings = {"smtpd_tls_chain_files": f"{files.key}, {files.chain}", **settings}
        postfix[case.name] = PostfixInstance(case.name, folder / case.name, case.address, case.host, settings)
    names = _fresh(folder / "dns")
    zones, anchor = write_zones(names, tlsa)
    return World(folder, pki, Nsd(names, zones), Unbound(names, ORIGINS, anchor), postfix, CASES)


@contextmanager
def _alone() -> Iterator[None]:
    """Let a second test run wait: the addresses are the same for both."""
    LAB.mkdir(exist_ok=True)
    with (LAB / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _write_yaml(path: Path, data: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(data, file)
