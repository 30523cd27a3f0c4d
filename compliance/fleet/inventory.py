"""The inventory plugin `u02`: Nornir's SimpleInventory files, read strictly, every fault with its file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from unicodedata import normalize

from nornir.core.inventory import Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups

from compliance.fleet.field import Field, nearest, raise_all, root
from compliance.fleet.field import Path as Steps
from compliance.fleet.subjects import (
    COMMON_KEYS,
    ENTRY,
    HOSTNAME,
    KIND_KEYS,
    KNOWN_KEYS,
    Place,
    relations,
    subject_of,
    takers,
)
from compliance.model.names import NameFault, to_ascii
from compliance.model.subject import Subject
from compliance.strict import Fault, Faulty, Located, plain, read_yaml

#: Keys of Nornir's hosts that this program has no use for: it logs in nowhere.
NORNIR_KEYS = ("port", "username", "password", "platform", "connection_options")


class U02Inventory:
    """Nornir inventory plugin: `hosts.yaml`, and if they are there `groups.yaml` and `defaults.yaml`, of a folder."""

    def __init__(self, folder: str = ".") -> None:
        self.folder = Path(folder)

    def load(self) -> Inventory:
        """Give the inventory; raises Faulty with every fault of the three files."""
        faults: list[Fault] = []
        hosts, groups, defaults = (
            self._read(name, faults, optional=name != "hosts.yaml")
            for name in ("hosts.yaml", "groups.yaml", "defaults.yaml")
        )
        broken = groups is None and (self.folder / "groups.yaml").exists()
        inventory = build(hosts, groups, defaults, faults, groups_broken=broken)
        raise_all(faults)
        return inventory

    def _read(self, name: str, faults: list[Fault], *, optional: bool) -> Located | None:
        path = self.folder / name
        if optional and not path.exists():
            return None
        try:
            return read_yaml(path)
        except Faulty as trouble:
            faults.extend(trouble.faults)
            return None


def build(
    hosts: Located | None,
    groups: Located | None,
    defaults: Located | None,
    faults: list[Fault],
    *,
    groups_broken: bool = False,
) -> Inventory:
    """Build Nornir's inventory from parsed files; what is wrong with them is added to `faults`.

    A file that could not be read is None: what depends on it is then not complained about.
    """
    standing = Defaults(data=_defaults(defaults, faults))
    known = _groups(groups, faults)
    inventory = Inventory(hosts=Hosts(), groups=known, defaults=standing)
    if hosts is None:
        return inventory
    places: dict[str, Place] = {}
    subjects: list[Subject] = []
    doubtful: set[str] = set()
    for written, entry in _entries(root(hosts, faults), "empty_inventory"):
        host, sure = _host(entry, written, inventory, broken=groups_broken)
        if host is None:
            continue
        inventory.hosts[host.name] = host
        places[host.name] = _place(host, written, (hosts, groups, defaults))
        subject = subject_of(host, places[host.name], faults) if sure else None
        if subject is not None:
            subjects.append(subject)
        if subject is None or not subject.hostname:
            doubtful |= {_wire(name) for name in (host.name, host.hostname) if isinstance(name, str)}
        if subject is not None and isinstance(host.hostname, str):
            host.hostname = subject.hostname
    faults += relations(subjects, lambda subject: places[subject.label], doubtful)
    return inventory


def _wire(name: str) -> str:
    try:
        return to_ascii(name)
    except NameFault:
        return name


def _entries(document: Field, if_empty: str = "") -> Iterator[tuple[str, Field]]:
    entries = document.parts()
    if not entries and if_empty and (document.value is None or document.value == {}):
        document.note(if_empty)
    for name, entry in entries.items():
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            entry.note("bad_label", value=str(name))
        else:
            yield name, entry


def _host(entry: Field, written: str, inventory: Inventory, *, broken: bool) -> tuple[Host | None, bool]:
    """Make one host; the second value tells whether its groups are known, so that its data can be judged."""
    label = normalize("NFC", written)
    if label in inventory.hosts:
        entry.note("doubled_key", problem=label)
        return None, False
    parts = _allowed(entry, ("hostname", "groups", "data"))
    groups, sure = _parents(parts.get("groups"), inventory.groups, broken=broken)
    sure = sure and isinstance(entry.value, dict | None)
    data = parts["data"].parts() if "data" in parts else {}
    hostname = parts["hostname"].value if "hostname" in parts else None
    return Host(
        name=label,
        hostname=hostname,
        groups=ParentGroups(groups),
        data={str(key): field.value for key, field in data.items()},
        defaults=inventory.defaults,
    ), sure


def _allowed(entry: Field, known: tuple[str, ...]) -> dict[str, Field]:
    """Give the parts of a host, a group or the defaults; Nornir's other keys have a fault of their own."""
    if not isinstance(entry.value, dict):
        return entry.parts(known)
    for key in NORNIR_KEYS:
        if key in entry.value:
            entry.part(key).note("nornir_key")
    return Field(
        entry.source,
        entry.path,
        {key: value for key, value in entry.value.items() if key not in NORNIR_KEYS},
        entry.faults,
    ).parts(known)


def _parents(field: Field | None, known: Mapping[str, Group], *, broken: bool) -> tuple[list[Group], bool]:
    if field is None or field.value is None:
        return [], True
    groups, sure = [], isinstance(field.value, list)
    for item in field.items():
        if isinstance(item.value, str) and item.value in known:
            groups.append(known[item.value])
        else:
            sure = False
            if not broken:
                item.note("unknown_group", expected=nearest(str(item.value), known))
    return groups, sure


def _groups(source: Located | None, faults: list[Fault]) -> Groups:
    """Make the groups of groups.yaml, and those named after the kinds, which need not stand there."""
    groups = Groups({kind.value: Group(kind.value) for kind in KIND_KEYS})
    if source is None:
        return groups
    entries = dict(_entries(root(source, faults)))
    groups.update({name: Group(name) for name in entries if name not in groups})
    for name, entry in entries.items():
        parts = _allowed(entry, ("groups", "data"))
        parents, _ = _parents(parts.get("groups"), groups, broken=False)
        if any(name == parent.name or groups[name] in parent.extended_groups() for parent in parents):
            parts["groups"].note("group_cycle", value=name)
            parents = []
        groups[name].groups = ParentGroups(parents)
        groups[name].data = _inheritable(parts.get("data"), name)
    return groups


def _defaults(source: Located | None, faults: list[Fault]) -> dict[str, object]:
    parts = _allowed(root(source, faults), ("data",)) if source is not None else {}
    return _inheritable(parts.get("data"), "")


def _inheritable(field: Field | None, group: str) -> dict[str, object]:
    """Give data to inherit: keys some kind takes, and in a kind's own group only that kind's."""
    kind = next((kind for kind in KIND_KEYS if kind == group), None)
    parts = field.parts(KNOWN_KEYS) if field is not None else {}
    for key, part in parts.items():
        if kind is not None and key not in (*COMMON_KEYS, *KIND_KEYS[kind]):
            part.note("key_not_for_kind", value=kind, expected=", ".join(takers(key)))
    return {key: part.value for key, part in parts.items()}


def _place(host: Host, written: str, files: tuple[Located, Located | None, Located | None]) -> Place:
    hosts, groups, defaults = files

    def place(key: str) -> tuple[Located, Steps]:
        if key in (ENTRY, HOSTNAME):
            return hosts, (written, "hostname") if key else (written,)
        if key not in host.data:
            group = next((group.name for group in host.extended_groups() if key in group.data), None)
            if group is not None and groups is not None:
                return groups, (group, "data", key)
            if defaults is not None:
                return defaults, ("data", key)
        return hosts, (written, "data", key)

    return place


def labels_written(folder: Path) -> tuple[str, ...] | None:
    """Give the names of hosts.yaml's entries, sound or not; None if it cannot be read."""
    try:
        data = read_yaml(folder / "hosts.yaml").data
    except Faulty:
        return None
    return tuple(normalize("NFC", str(name)) for name in data) if isinstance(data, dict) else None


def inventory_of(hosts: Mapping[str, object], name: str = "") -> Inventory:
    """Give an inventory made in memory from the form of hosts.yaml; raises Faulty."""
    faults: list[Fault] = []
    inventory = build(Located(plain(hosts), name), None, None, faults)
    raise_all(faults)
    return inventory
