"""All servers of the lab at once, and the inventory folder that describes them."""

import re
import shutil
import smtplib
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.build import build, sender
from tests.lab.cases import CASES, SENDER, Case
from tests.lab.front.daemon import Front
from tests.lab.keeper import Keeper
from tests.lab.nameservers import Nsd, Unbound
from tests.lab.pki import Pki
from tests.lab.places import alone, fresh, write_yaml
from tests.lab.postfix import PostfixInstance
from tests.lab.servers import NotStarted, Server
from tests.lab.submission import inventory as submission_hosts
from tests.lab.zones import ORIGINS, write_zones


class _Resolver(Unbound):
    """The lab's resolver, which its sending hosts ask too."""

    also = (53,)


@dataclass(frozen=True)
class World:
    """The running lab: `cases` by name, `mail` servers by case name, the resolver, the roots to judge with."""

    folder: Path
    pki: Pki
    nsd: Nsd
    unbound: Unbound
    mail: Mapping[str, Server]
    front: Front
    sender: PostfixInstance
    cases: Mapping[str, Case]

    @property
    def roots(self) -> Path:
        """The PEM file of the lab's root."""
        return self.pki.roots

    def inventory_folder(
        self,
        parent: Path,
        only: Iterable[str] = (),
        settings: Mapping[str, Any] | None = None,
        with_hosts: bool = False,
        hosts: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write an inventory of every case (or `only` those) below `parent`; `settings` are laid over user_defined.

        `with_hosts` adds the sound domain's mail host as ours, both ways: only then may a probe ask it intrusively.
        Its submission hosts come with it. `hosts` are further entries, or others in the place of a case's.
        """
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
        entries = {
            case.domain: {"groups": [case.kind], **({"data": dict(case.data)} if case.data else {})}
            for case in self.cases.values()
            if case.name in chosen
        }
        if with_hosts:
            entries |= {**self._own_hosts(), **submission_hosts()}
        write_yaml(folder / "config.yaml", config)
        write_yaml(folder / "hosts.yaml", {**entries, **(hosts or {})})
        return folder

    def _own_hosts(self) -> dict[str, Any]:
        sound = self.cases["sound"]
        return {
            sound.host: {"groups": ["inbound_host"], "data": {"receives_for": [sound.domain], "managed_by": "own"}},
            "sender.sound.example": {
                "hostname": SENDER,
                "groups": ["outbound_host"],
                "data": {"sends_for": [sound.domain], "helo": "sender.sound.example", "managed_by": "own"},
            },
        }

    def deliver(self, names: Iterable[str], sender: str = "postmaster@sound.example") -> Path:
        """Send a mail to each case's postmaster through our own outbound Postfix; gives its log when all are logged."""
        recipients = [f"postmaster@{self.cases[name].domain}" for name in names]
        before = len(self.sender.log.read_text())
        with smtplib.SMTP(SENDER, 25, local_hostname="sound.example", timeout=10) as session:
            for recipient in recipients:
                session.sendmail(sender, [recipient], f"From: {sender}\r\nSubject: lab\r\n\r\nlab\r\n")
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            text = self.sender.log.read_text()[before:]
            if all(re.search(rf"to=<{re.escape(recipient)}>.* status=", text) for recipient in recipients):
                return self.sender.log
            time.sleep(0.1)
        raise NotStarted(f"not delivered: {self.sender.last_words()}")

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
        stack.enter_context(alone())
        # Not below the tests' own folder: Postfix drops its rights and must still reach its queue and its data.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="u02-lab-")))
        folder.chmod(0o755)
        world = _build(folder)
        servers: list[Server] = [world.front, world.nsd, world.unbound, world.sender, *world.mail.values()]
        keeper = stack.enter_context(Keeper())
        for server in servers:
            server.start()
            keeper.watch(server.pid)
            stack.callback(_stop, server, keeper)
        for server in servers:
            server.wait()
        yield world


def _stop(server: Server, keeper: Keeper) -> None:
    pid = server.pid
    server.stop()
    keeper.forget(pid)


def _build(folder: Path) -> World:
    pki = Pki(fresh(folder / "pki"))
    built = build(folder, pki)
    names = fresh(folder / "dns")
    zones, anchor = write_zones(names, built.tlsa)
    nsd, unbound = Nsd(names, zones), _Resolver(names, ORIGINS, anchor)
    return World(folder, pki, nsd, unbound, built.mail, built.front, sender(folder), CASES)
