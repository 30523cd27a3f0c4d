"""What hosts become: labels, IDNA, inheritance; from this plugin and from any other."""

from pathlib import Path
from typing import Any

import pytest
from nornir.core.inventory import Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups
from nornir.core.plugins.inventory import InventoryPluginRegister
from nornir.plugins.inventory import SimpleInventory

from compliance.fleet.inventory import U02Inventory
from compliance.fleet.load import load_folder
from compliance.fleet.session import NotInInventory, open_domains, open_session
from compliance.fleet.subjects import subjects_of
from compliance.model.subject import Kind, Level, RequireTls
from compliance.strict import Faulty
from tests.unit.fleet.folder import REQUIREMENTS, write

HOSTS = """
z.example: {groups: [own_domain]}
blåbær.example: {groups: [own_domain]}
rele:
  hostname: 2001:DB8::0:10
  groups: [outbound_host, inbound_host, drift]
  data: {receives_for: [BLÅBÆR.example], sends_for: [xn--blbr-roah.example]}
p.example: {groups: [partner, stat]}
"""
GROUPS = """
partner: {data: {language: en, require_tls: encrypt}}
stat: {groups: [offentlig], data: {require_tls: {to: verify}, language: nn}}
offentlig: {data: {volume: 7}}
drift: {}
own_domain: {}
outbound_host: {}
inbound_host: {}
"""
DEFAULTS = "data: {managed_by: own, language: nb, dkim_selectors: [s1]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, hosts=HOSTS, groups=GROUPS, defaults=DEFAULTS)


def test_the_order_is_the_inventory_s_and_labels_stay_as_written(folder: Path) -> None:
    subjects = load_folder(folder, REQUIREMENTS).subjects
    assert [subject.label for subject in subjects] == ["z.example", "blåbær.example", "rele", "p.example"]
    assert [subject.hostname for subject in subjects][1:3] == ["xn--blbr-roah.example", "2001:db8::10"]
    assert subjects[2].receives_for == subjects[2].sends_for == ("xn--blbr-roah.example",)
    assert subjects[2].kinds == (Kind.INBOUND_HOST, Kind.OUTBOUND_HOST)
    assert subjects[2].groups == ("drift",)


def test_data_is_inherited_in_nornir_s_order_and_only_where_it_is_meant(folder: Path) -> None:
    own, _, host, partner = load_folder(folder, REQUIREMENTS).subjects
    assert (own.dkim_selectors, own.language, own.managed_by) == (("s1",), "", "own")
    assert (host.dkim_selectors, host.managed_by) == ((), "own")
    assert (partner.language, partner.require_tls) == ("en", RequireTls(Level.ENCRYPT, Level.ENCRYPT))
    assert (partner.volume, partner.groups) == (7, ("stat", "offentlig"))


def test_nornir_s_own_plugin_gives_the_same_subjects(folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "inventory:\n  plugin: SimpleInventory\n"
        "  options: {host_file: hosts.yaml, group_file: groups.yaml, defaults_file: defaults.yaml}\n"
        "user_defined: {organisation: {name: Etaten}}\n"
    )
    loaded = load_folder(folder, REQUIREMENTS)
    assert InventoryPluginRegister.get_plugin(loaded.config.inventory.plugin) is SimpleInventory
    assert loaded.subjects == subjects_of(U02Inventory(str(folder)).load())


class FromDict:
    """An inventory plugin of somebody else's, with data of its own."""

    def __init__(self, hosts: dict[str, Any]) -> None:
        self.hosts = hosts

    def load(self) -> Inventory:
        groups = Groups({kind: Group(kind) for kind in ("own_domain", "partner")})
        hosts = Hosts(
            {
                name: Host(name, groups=ParentGroups([groups[entry["group"]]]), data=entry["data"])
                for name, entry in self.hosts.items()
            }
        )
        return Inventory(hosts=hosts, groups=groups, defaults=Defaults())


def _from_dict(folder: Path, options: str) -> Path:
    InventoryPluginRegister.register("from_dict", FromDict)
    plugin = f"inventory: {{plugin: from_dict, options: {{hosts: {options}}}}}\n"
    return write(folder, config="user_defined: {organisation: {name: E}}\n" + plugin)


def test_a_foreign_plugin_s_further_data_is_left_alone(tmp_path: Path) -> None:
    folder = _from_dict(tmp_path, "{a.example: {group: own_domain, data: {site: Oslo, dkim_selectors: [s]}}}")
    (subject,) = load_folder(folder, REQUIREMENTS).subjects
    assert (subject.label, subject.dkim_selectors) == ("a.example", ("s",))


def test_a_foreign_plugin_s_faults_name_the_entry(tmp_path: Path) -> None:
    folder = _from_dict(tmp_path, "{a.example: {group: partner, data: {require_tsl: verify, language: sv}}}")
    with pytest.raises(Faulty) as trouble:
        load_folder(folder, REQUIREMENTS)
    found = [(fault.file, fault.line, fault.key) for fault in trouble.value.faults]
    assert sorted(found) == [("a.example", 0, "not_one_of"), ("a.example", 0, "unknown_key")]


def test_a_part_of_the_inventory_is_chosen_by_group_label_or_name(folder: Path) -> None:
    session = open_session(load_folder(folder, REQUIREMENTS))
    chosen = session.only(["drift", "Blåbær.example", "partner"])
    assert [subject.label for subject in chosen.subjects] == ["blåbær.example", "rele", "p.example"]
    assert list(chosen.nornir.inventory.hosts) == ["blåbær.example", "rele", "p.example"]
    with pytest.raises(NotInInventory) as trouble:
        session.only(["drift", "borte.example"])
    assert trouble.value.args == ("borte.example",)


def test_domains_of_no_inventory_are_looked_at_as_anybody_s_once_each() -> None:
    (first, second) = open_domains(["a.example", "xn--blbr-roah.example", "a.example"]).subjects
    assert (first.kinds, second.hostname, first.managed_by) == ((Kind.PARTNER,), "xn--blbr-roah.example", "")
