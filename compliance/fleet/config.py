"""config.yaml: Nornir's own configuration, with this program's settings under `user_defined`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from nornir.core.configuration import Config

from compliance.fleet.field import Field, root
from compliance.fleet.subjects import LANGUAGES
from compliance.model.names import to_ascii
from compliance.settings import Organisation, Settings
from compliance.strict import Fault, Faulty, Located, read_yaml

_STRICT: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin of Nornir by name, and its options (runner)."""

    __pydantic_config__: ClassVar = _STRICT
    plugin: str = "threaded"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InventoryPlugin:
    """Nornir's inventory section; ours is the plugin unless another is named."""

    __pydantic_config__: ClassVar = _STRICT
    plugin: str = "u02"
    options: Mapping[str, Any] = field(default_factory=dict)
    transform_function: str = ""
    transform_function_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Logging:
    """Nornir's own log of its workings: off unless asked for, for the journal says what was done."""

    __pydantic_config__: ClassVar = _STRICT
    enabled: bool = False
    level: str = "INFO"
    log_file: str = ""
    format: str = ""
    to_console: bool = False
    loggers: tuple[str, ...] = ("nornir",)


@dataclass(frozen=True, slots=True)
class Core:
    """Nornir's core section; a sweep never stops at one host's error, whatever stands here."""

    __pydantic_config__: ClassVar = _STRICT
    raise_on_error: bool = False


@dataclass(frozen=True, slots=True)
class Ssh:
    """Nornir's ssh section, accepted because a Nornir configuration may have one; nothing here uses it."""

    __pydantic_config__: ClassVar = _STRICT
    config_file: str = ""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """All of config.yaml."""

    __pydantic_config__: ClassVar = _STRICT
    user_defined: Settings
    inventory: InventoryPlugin = field(default_factory=InventoryPlugin)
    runner: Plugin = field(default_factory=Plugin)
    logging: Logging = field(default_factory=Logging)
    core: Core = field(default_factory=Core)
    ssh: Ssh = field(default_factory=Ssh)

    def nornir(self, folder: Path) -> Config:
        """Give Nornir's configuration; file options are read as relative to the inventory folder."""
        options = dict(self.inventory.options)
        if self.inventory.plugin == "u02":
            options = {"folder": str(folder / str(options.get("folder", ".")))}
        files = {"host_file", "group_file", "defaults_file"} if self.inventory.plugin == "SimpleInventory" else set()
        options |= {name: str(folder / str(value)) for name, value in options.items() if name in files}
        log = self.logging
        return Config.from_dict(
            inventory={
                "plugin": self.inventory.plugin,
                "options": options,
                "transform_function": self.inventory.transform_function,
                "transform_function_options": dict(self.inventory.transform_function_options),
            },
            runner={"plugin": self.runner.plugin, "options": dict(self.runner.options)},
            logging={
                "enabled": log.enabled,
                "level": log.level,
                "to_console": log.to_console,
                "loggers": list(log.loggers),
                **({"log_file": str(folder / log.log_file)} if log.log_file else {}),
                **({"format": log.format} if log.format else {}),
            },
            core={"raise_on_error": False},
        )


def read_config(folder: Path, faults: list[Fault]) -> tuple[ConfigFile, Located]:
    """Read config.yaml: its shape, and what a type cannot check.

    With faults noted, what comes back serves only to find the inventory, so that its faults are told too.
    """
    try:
        source = read_yaml(folder / "config.yaml")
    except Faulty as trouble:
        faults.extend(trouble.faults)
        return _salvaged({}), Located({}, str(folder / "config.yaml"))
    shaping: list[Fault] = []
    whole = root(source, shaping)
    config = whole.shaped(ConfigFile)
    meaning: list[Fault] = []
    for ours in _at(replace(whole, faults=meaning), ("user_defined",)):
        _check(ours, folder)
    if _salvaged(whole.value).inventory.plugin == "u02":
        for options in _at(replace(whole, faults=meaning), ("inventory", "options")):
            for folders in options.parts(("folder",)).values():
                folders.text()
    lines = {fault.line for fault in shaping}
    faults += [*shaping, *(fault for fault in meaning if fault.line not in lines)]
    if config is None or meaning:
        return _salvaged(whole.value), source
    settings = config.user_defined
    return replace(config, user_defined=replace(settings, ehlo=settings.ehlo and to_ascii(settings.ehlo))), source


def _salvaged(value: Any) -> ConfigFile:
    """Give what is sound of a faulty config.yaml and says which inventory is meant, and whose it is."""
    quiet = Field(Located(value, ""), (), value, [])
    plugin = next((part.shaped(InventoryPlugin) for part in _at(quiet, ("inventory",))), None)
    names = [part.value for part in _at(quiet, ("user_defined", "organisation", "name"))]
    return ConfigFile(Settings(Organisation(str(names[0]) if names else "")), plugin or InventoryPlugin())


def _check(ours: Field, folder: Path) -> None:
    """Check that names are names, addresses addresses, numbers in range, files there."""
    for steps, read in _READERS.items():
        for item in _at(ours, steps):
            read(item)
    for steps, (low, high) in _RANGES.items():
        for item in _at(ours, steps):
            if not isinstance(item.value, int | float) or not low <= item.value <= high:
                item.note("out_of_range", expected=f"{low:g}-{high:g}")
    for item in _files(ours):
        if not isinstance(item.value, str) or not (folder / item.value).is_file():
            item.note("file_not_there")


def _languages(field: Field) -> None:
    items = field.items()
    if not items:
        field.note("empty_value")
    for item in items:
        item.one_of(LANGUAGES)


_READERS: Mapping[tuple[str, ...], Callable[[Field], object]] = {
    ("organisation", "name"): Field.text,
    ("population", "source"): Field.text,
    ("languages",): _languages,
    ("ehlo",): lambda field: field.value == "" or field.domain(),
    ("resolver", "nameservers", "*"): Field.address,
    ("self_test", "signed"): Field.domain,
    ("self_test", "broken"): Field.domain,
    ("self_test", "inside"): lambda field: field.one_of(("accepted", "")),
}
_RANGES: Mapping[tuple[str, ...], tuple[float, float]] = {
    ("resolver", "port"): (1, 65535),
    ("resolver", "timeout"): (0.1, 300),
    ("smtp", "port"): (1, 65535),
    ("smtp", "session_timeout"): (1, 3600),
    ("smtp", "greeting_timeout"): (1, 3600),
    ("smtp", "connect_timeout"): (0.1, 600),
    ("smtp", "per_address"): (1, 100),
    ("smtp", "connections_per_address"): (1, 1000),
    ("mta_sts", "port"): (1, 65535),
    ("period", "days"): (1, 3660),
}


def _files(ours: Field) -> Iterator[Field]:
    for item in _at(ours, ("trust", "bundle")):
        if item.value not in ("mozilla", "system"):
            yield item
    yield from _at(ours, ("trust", "extra", "*"))
    yield from _at(ours, ("client_certificate", "certificate"))
    yield from _at(ours, ("client_certificate", "key"))


def _at(start: Field, steps: tuple[str, ...]) -> Iterator[Field]:
    """Give what stands at a path, if it does; `*` is every item of a list."""
    if not steps:
        yield start
    elif steps[0] == "*":
        for item in start.items() if isinstance(start.value, list) else []:
            yield from _at(item, steps[1:])
    elif isinstance(start.value, dict) and steps[0] in start.value:
        yield from _at(start.part(steps[0]), steps[1:])
