"""An inventory folder as a whole: configuration, entries, waivers, statements; every fault of every file at once."""

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from nornir.core.configuration import Config
from nornir.core.exceptions import PluginNotRegistered
from nornir.core.inventory import Defaults, Groups, Hosts, Inventory
from nornir.core.plugins.inventory import InventoryPluginRegister
from nornir.init_nornir import load_inventory

from compliance.fleet.config import read_config
from compliance.fleet.field import Field, nearest, raise_all
from compliance.fleet.inventory import U02Inventory, labels_written
from compliance.fleet.notes import Known, read_statements, read_waivers
from compliance.fleet.subjects import subjects_of
from compliance.model.names import NameFault, to_ascii
from compliance.model.subject import Subject
from compliance.model.waiver import Statement, Waiver
from compliance.settings import Settings
from compliance.strict import Fault, Faulty, Located


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an inventory folder says. Paths in `settings` stand as written: `path` finds them."""

    folder: Path
    settings: Settings
    config: Config
    inventory: Inventory
    subjects: tuple[Subject, ...]
    waivers: tuple[Waiver, ...]
    statements: tuple[Statement, ...]

    def path(self, written: str) -> Path:
        """Give the place of a file that the configuration names (relative to the inventory folder)."""
        return self.folder / written


def load_folder(folder: Path, known_requirements: Collection[str]) -> Loaded:
    """Load an inventory folder; raises Faulty with all faults of all its files, named as `folder` was given."""
    faults: list[Fault] = []
    file, source = read_config(folder, faults)
    settings, config = file.user_defined, file.nornir(folder)
    inventory, subjects = _inventory(config, source, faults)
    labels: Iterable[str] | None = [subject.label for subject in subjects]
    if not subjects and config.inventory.plugin == "u02":
        labels = labels_written(Path(config.inventory.options["folder"]))
    known = Known(known_requirements, _spellings((*labels, settings.organisation.name)) if labels else None)
    waivers = read_waivers(folder / "waivers.yaml", known, faults)
    statements = read_statements(folder / "statements.yaml", known, faults)
    raise_all(faults)
    return Loaded(folder, settings, config, inventory, subjects, waivers, statements)


def load_waivers(
    path: Path, known_requirements: Collection[str], subjects: Iterable[Subject], organisation: str
) -> tuple[Waiver, ...]:
    """Load one file of waivers for subjects already known; raises Faulty, also if the file is not there."""
    faults: list[Fault] = []
    labels = [*(subject.label for subject in subjects), organisation]
    waivers = read_waivers(path, Known(known_requirements, _spellings(labels)), faults, optional=False)
    raise_all(faults)
    return waivers


def _inventory(config: Config, source: Located, faults: list[Fault]) -> tuple[Inventory, tuple[Subject, ...]]:
    """Load the inventory through whichever plugin the configuration names; empty, with faults noted, if it fails."""
    InventoryPluginRegister.register("u02", U02Inventory)
    at = Field(source, ("inventory", "plugin"), config.inventory.plugin, faults)
    try:
        inventory = load_inventory(config)
        return inventory, subjects_of(inventory)
    except Faulty as trouble:
        faults.extend(trouble.faults)
    except PluginNotRegistered:
        at.note("unknown_plugin", expected=nearest(config.inventory.plugin, sorted(InventoryPluginRegister.available)))
    except Exception as trouble:  # a foreign plugin may raise anything, and then the input is to be mended
        if config.inventory.plugin == "u02" and not config.inventory.transform_function:
            raise
        at.note("plugin_failed", why=f"{type(trouble).__name__}: {trouble}")
    return Inventory(hosts=Hosts(), groups=Groups(), defaults=Defaults()), ()


def _spellings(labels: Iterable[str]) -> dict[str, str]:
    """Map each way a subject may be named, as labelled or in its wire form, to its label."""
    ways: dict[str, str] = {}
    for label in labels:
        with contextlib.suppress(NameFault):
            ways.setdefault(to_ascii(label), label)
        ways[label] = label
    return ways
