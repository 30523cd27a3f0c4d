"""A session: Nornir ready to run over the inventory, and over the mail-host addresses the first sweep finds."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import Defaults, Groups, Host, Hosts, Inventory
from nornir.core.plugins.runners import RunnerPlugin
from nornir.core.state import GlobalState
from nornir.init_nornir import load_runner

from compliance.fleet.field import Field
from compliance.fleet.inventory import inventory_of
from compliance.fleet.load import Loaded
from compliance.fleet.subjects import subjects_of
from compliance.fleet.sweep import address_host
from compliance.model.names import NameFault, to_ascii
from compliance.model.subject import Kind, Subject
from compliance.model.target import MailAddress
from compliance.strict import Fault, Faulty, Located


class NotInInventory(LookupError):  # noqa: N818 - names what was asked for, as everywhere in this house
    """A group or name was asked for that the inventory does not have; `args` are those words."""


@dataclass(frozen=True, slots=True)
class Session:
    """Nornir over the inventory, and the subjects it will be run over, in the inventory's order."""

    nornir: Nornir
    subjects: tuple[Subject, ...]

    def only(self, words: Collection[str]) -> "Session":
        """Give the session of a part of the inventory: kinds, groups, labels or host names; raises NotInInventory."""
        known = {word for subject in self.subjects for word in _words(subject)}
        wanted = {word: {word, _wire(word)} & known for word in words}
        if unknown := [word for word, found in wanted.items() if not found]:
            raise NotInInventory(*unknown)
        chosen = set().union(*wanted.values())
        subjects = tuple(subject for subject in self.subjects if _words(subject) & chosen)
        labels = {subject.label for subject in subjects}
        return Session(self.nornir.filter(filter_func=lambda host: host.name in labels), subjects)

    def over(self, addresses: Iterable[MailAddress]) -> Nornir:
        """Give Nornir over mail-host addresses, with the same runner; a host that failed before is not left out."""
        hosts = [address_host(address) for address in addresses]
        return _nornir(self.nornir.config, _in_memory(hosts), self.nornir.runner)

    def afresh(self) -> Nornir:
        """Give Nornir over the inventory with no memory of failed hosts (Nornir drops those from its next run)."""
        return _nornir(self.nornir.config, self.nornir.inventory, self.nornir.runner)


def open_session(loaded: Loaded, workers: int | None = None) -> Session:
    """Open a session on a loaded inventory folder; `workers` overrides the runner's num_workers. Raises Faulty."""
    return _open(loaded.config, loaded.inventory, loaded.subjects, workers, str(loaded.folder / "config.yaml"))


def open_in_memory(inventory: Inventory, workers: int | None = None) -> Session:
    """Open a session on an inventory made in memory, with Nornir's own runner."""
    return _open(quiet_config(), inventory, subjects_of(inventory), workers, "config.yaml")


def open_domains(domains: Iterable[str], workers: int | None = None) -> Session:
    """Open a session on domains that stand in no inventory: anybody's, so all that is asked of a partner."""
    entry = {"groups": [Kind.PARTNER.value]}
    return open_in_memory(inventory_of(dict.fromkeys(domains, entry)), workers)


def quiet_config() -> Config:
    """Give a configuration for sessions without config.yaml: threaded, no log file."""
    return Config.from_dict(logging={"enabled": False}, core={"raise_on_error": False})


def _open(
    config: Config, inventory: Inventory, subjects: tuple[Subject, ...], workers: int | None, file: str
) -> Session:
    _hush(config)
    if workers is not None and (config.runner.plugin == "threaded" or "num_workers" in config.runner.options):
        config.runner.options = {**config.runner.options, "num_workers": workers}
    try:
        runner = load_runner(config)
    except Exception as trouble:
        faults: list[Fault] = []
        place = Field(Located({}, file), ("runner",), config.runner.plugin, faults)
        place.note("plugin_failed", why=f"{type(trouble).__name__}: {trouble}")
        raise Faulty(faults) from trouble
    return Session(_nornir(config, inventory, runner), subjects)


def _nornir(config: Config, inventory: Inventory, runner: RunnerPlugin) -> Nornir:
    return Nornir(inventory=inventory, config=config, data=GlobalState(), runner=runner)


def _in_memory(hosts: Iterable[Host]) -> Inventory:
    return Inventory(hosts=Hosts({host.name: host for host in hosts}), groups=Groups(), defaults=Defaults())


def _hush(config: Config) -> None:
    """Keep Nornir from logging, also through Python's last resort, unless the configuration asks for its log."""
    logger = logging.getLogger("nornir")
    if config.logging.enabled:
        config.logging.configure()
    elif not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def _words(subject: Subject) -> set[str]:
    return {subject.label, _wire(subject.label), subject.hostname, *subject.kinds, *subject.groups} - {""}


def _wire(name: str) -> str:
    try:
        return to_ascii(name)
    except NameFault:
        return name
