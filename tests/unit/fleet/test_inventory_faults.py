"""Every fault of hosts.yaml, groups.yaml and defaults.yaml is told with its line."""

from pathlib import Path

import pytest

from tests.unit.fleet.folder import faults, told, write

OWN = "etaten.example: {groups: [own_domain]}\n"

HOSTS = {
    "tab": ("a.example:\n\tgroups: [own_domain]\n", [(2, "tab")]),
    "doubled key": (OWN + OWN, [(2, "doubled_key")]),
    "broken": ("a.example: {groups: [own_domain\nb: 1\n", [(2, "broken_yaml")]),
    "empty": ("# nothing\n", [(1, "empty_inventory")]),
    "a list": ("- a.example\n", [(1, "not_a_mapping")]),
    "entry is a text": ("a.example: own_domain\n", [(1, "not_a_mapping")]),
    "label is a number": ("12: {groups: [own_domain]}\n", [(1, "bad_label")]),
    "label twice in another composition": (
        OWN.replace("etaten", "blåbær") + "bla\u030abær.example: {groups: [own_domain]}\n",
        [(2, "doubled_key")],
    ),
    "unknown host key": ("a.example:\n  groups: [own_domain]\n  date: {}\n", [(3, "unknown_key")]),
    "port": ("a.example:\n  groups: [own_domain]\n  port: 25\n", [(3, "nornir_key")]),
    "password": ("a.example:\n  password: x\n  groups: [own_domain]\n", [(2, "nornir_key")]),
    "connection options": ("a.example:\n  connection_options: {}\n  groups: [own_domain]\n", [(2, "nornir_key")]),
    "unknown group": ("a.example:\n  groups:\n    - own_domain\n    - helse\n", [(4, "unknown_group")]),
    "a misspelt kind is told once": ("a.example: {groups: [own_domian]}\n", [(1, "unknown_group")]),
    "groups is a text": ("a.example: {groups: own_domain}\n", [(1, "not_a_list")]),
    "no kind": ("a.example: {}\n", [(1, "no_kind")]),
    "nothing at all": ("a.example:\n", [(1, "no_kind")]),
    "two domain kinds": ("a.example: {groups: [own_domain, partner]}\n", [(1, "kinds_exclude")]),
    "domain and host": (
        OWN + "a.example: {groups: [own_domain, inbound_host], data: {receives_for: [etaten.example]}}\n",
        [(2, "mixed_kinds")],
    ),
    "no domain": ("https://a.example: {groups: [own_domain]}\n", [(1, "bad_domain")]),
    "one label": ("localhost: {groups: [own_domain]}\n", [(1, "bad_domain")]),
    "address as domain": ("192.0.2.1: {groups: [parked_domain]}\n", [(1, "bad_domain")]),
    "mail address as domain": ("post@a.example: {groups: [own_domain]}\n", [(1, "bad_domain")]),
    "bad hostname": ("a:\n  groups: [own_domain]\n  hostname: a_b.example\n", [(3, "bad_domain")]),
    "same domain twice": (OWN + "andre: {hostname: ETATEN.example., groups: [partner]}\n", [(2, "doubled_subject")]),
    "key of another kind": (
        "a.example:\n  groups: [own_domain]\n  data:\n    contact: {name: X}\n",
        [(4, "key_not_for_kind")],
    ),
    "unknown data key": ("a.example:\n  groups: [own_domain]\n  data:\n    dkim_selector: [s]\n", [(4, "unknown_key")]),
    "selectors as text": ("a.example:\n  groups: [own_domain]\n  data: {dkim_selectors: s1}\n", [(3, "not_a_list")]),
    "bad selector": (
        "a.example:\n  groups: [own_domain]\n  data:\n    dkim_selectors:\n      - s1\n      - s 2\n",
        [(6, "bad_selector")],
    ),
    "name is a number": ("a.example: {groups: [own_domain], data: {name: 7}}\n", [(1, "not_a_text")]),
    "merged in": (
        "a.example: &a\n  groups: [own_domain]\n  data: {name: 7}\nb.example:\n  <<: *a\n",
        [(3, "not_a_text"), (4, "not_a_text")],
    ),
    "a list as label": (OWN + "? [a, b]\n: {}\n? {c: 1}\n: {}\n", [(1, "no_kind"), (1, "no_kind")]),
    "managed_by empty": ("a.example: {groups: [own_domain], data: {managed_by: ''}}\n", [(1, "empty_value")]),
    "line break in a name": ('a.example: {groups: [own_domain], data: {name: "a\\nb"}}\n', [(1, "control_character")]),
}

RECEIVES = "  groups: [inbound_host]\n  data: {receives_for: [etaten.example]}"
MX = "mx.etaten.example: {groups: [inbound_host], data: {receives_for: [etaten.example], "
M365 = "m365:\n  groups: [outbound_host]\n  data: {sends_for: [etaten.example], "
PARTNER = "p.example:\n  groups: [partner]\n  data:\n    "

HOST_KINDS = {
    "receives_for missing": ("mx.etaten.example: {groups: [inbound_host]}", [(2, "missing_key")]),
    "sends_for missing": ("rele.etaten.example: {groups: [outbound_host]}", [(2, "missing_key")]),
    "receives_for empty": (
        "mx.etaten.example: {groups: [inbound_host], data: {receives_for: []}}",
        [(2, "empty_value")],
    ),
    "receives_for a text": (
        "mx.etaten.example: {groups: [inbound_host], data: {receives_for: etaten.example}}",
        [(2, "not_a_list")],
    ),
    "not our domain": (
        "rele.etaten.example:\n  groups: [outbound_host]\n  data:\n    sends_for:\n      - annen.example",
        [(6, "not_own_domain")],
    ),
    "bad address": ("mx:\n  hostname: 192.0.2.300\n" + RECEIVES, [(3, "bad_address")]),
    "a network": ("mx:\n  hostname: 192.0.2.0/24\n" + RECEIVES, [(3, "bad_address")]),
    "bad IPv6 address": ("mx:\n  hostname: 2001:db8:::1\n" + RECEIVES, [(3, "bad_address")]),
    "multicast": ("mx:\n  hostname: 224.0.0.1\n" + RECEIVES, [(3, "bad_address")]),
    "label is no host": ("mx: {groups: [inbound_host], data: {receives_for: [etaten.example]}}", [(2, "bad_host")]),
    "dummy without reason": (MX + "dummy: {}}}", [(2, "missing_key")]),
    "dummy a word": (MX + "dummy: ja}}", [(2, "not_a_mapping"), (2, "missing_key")]),
    "probe": (MX + "probe: sometimes}}", [(2, "not_one_of")]),
    "helo": (
        "rele.etaten.example: {groups: [outbound_host], data: {sends_for: [etaten.example], helo: rele}}",
        [(2, "bad_domain")],
    ),
    "service with hostname": (M365 + "service: other}\n  hostname: a.example", [(5, "service_has_no_hostname")]),
    "service with helo": (M365 + "service: other, helo: a.example}", [(4, "service_has_no_helo")]),
    "service that receives": (
        M365.replace("[out", "[inbound_host, out") + "service: other, receives_for: [etaten.example]}",
        [(4, "service_is_no_host")],
    ),
    "unknown service": (
        "m365.example:\n  groups: [outbound_host]\n  data: {service: office, sends_for: [etaten.example]}",
        [(4, "not_one_of")],
    ),
    "ports": (
        "inn.etaten.example: {groups: [submission_host], data: {ports: [587, 70000, x]}}",
        [(2, "out_of_range"), (2, "not_a_number")],
    ),
    "same host twice": (
        "a: {hostname: 192.0.2.1, groups: [submission_host]}\nb: {hostname: 192.0.2.1, groups: [submission_host]}",
        [(3, "doubled_subject")],
    ),
    "word for require_tls": ("p.example: {groups: [partner], data: {require_tls: always}}", [(2, "not_one_of")]),
    "require_tls is no": ("p.example: {groups: [partner], data: {require_tls: no}}", [(2, "not_one_of")]),
    "require_tls one way": (PARTNER + "require_tls:\n      to: verify\n      from: tls", [(7, "not_one_of")]),
    "require_tls unknown key": (PARTNER + "require_tls:\n      too: verify", [(6, "unknown_key"), (5, "empty_value")]),
    "require_tls match": (
        "p.example: {groups: [partner], data: {require_tls: {to: verify, match: ['*']}}}",
        [(2, "bad_domain")],
    ),
    "contact is a text": ("p.example: {groups: [partner], data: {contact: Kari}}", [(2, "not_a_mapping")]),
    "contact unknown key": (PARTNER + "contact:\n      telefon: '1'", [(6, "unknown_key")]),
    "contact phone a number": (PARTNER + "contact:\n      phone: +4722000000", [(6, "not_a_text")]),
    "contact reviewed": (PARTNER + "contact:\n      reviewed: i fjor", [(6, "not_a_date")]),
    "contact email": (PARTNER + "contact:\n      email: kari", [(6, "bad_email")]),
    "language": ("p.example: {groups: [partner], data: {language: no}}", [(2, "not_one_of")]),
    "volume": ("p.example: {groups: [partner], data: {volume: many}}", [(2, "not_a_number")]),
}


@pytest.mark.parametrize(("text", "expected"), HOSTS.values(), ids=HOSTS)
def test_a_faulty_entry_is_told_with_its_line(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert told(write(tmp_path, hosts=text), "hosts") == sorted(expected)


@pytest.mark.parametrize(("text", "expected"), HOST_KINDS.values(), ids=HOST_KINDS)
def test_a_faulty_host_or_partner_is_told(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert sorted(told(write(tmp_path, hosts=OWN + text + "\n"), "hosts")) == sorted(expected)


GROUPS = {
    "hostname": ("helse:\n  hostname: a.example\n", [(2, "unknown_key")]),
    "username": ("helse:\n  username: root\n", [(2, "nornir_key")]),
    "unknown data": ("helse:\n  data:\n    langauge: nb\n", [(3, "unknown_key")]),
    "a kind's group": ("partner:\n  data:\n    helo: a.example\n", [(3, "key_not_for_kind")]),
    "unknown parent": ("helse:\n  groups: [stat]\n", [(2, "unknown_group")]),
    "cycle": ("a: {groups: [b]}\nb: {groups: [a]}\n", [(2, "group_cycle")]),
    "itself": ("a: {groups: [a]}\n", [(1, "group_cycle")]),
    "tab": ("a:\n\tdata: {}\n", [(2, "tab")]),
}


@pytest.mark.parametrize(("text", "expected"), GROUPS.values(), ids=GROUPS)
def test_a_faulty_group_is_told(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert told(write(tmp_path, groups=text), "groups") == expected


def test_faulty_defaults_are_told(tmp_path: Path) -> None:
    text = "data:\n  langauge: nb\nport: 25\nhostname: a\n"
    assert told(write(tmp_path, defaults=text), "defaults") == [
        (2, "unknown_key"),
        (3, "nornir_key"),
        (4, "unknown_key"),
    ]


def test_a_bad_inherited_value_is_told_once_where_it_stands(tmp_path: Path) -> None:
    hosts = "a.example: {groups: [partner, helse]}\nb.example: {groups: [partner, helse]}\n"
    folder = write(tmp_path, hosts=hosts, groups="helse:\n  data:\n    require_tls: always\n")
    assert told(folder, "groups") == [(3, "not_one_of")]


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        config="user_defined:\n  organisation: {name: Etaten}\n  langauges: [nb]\n  period: {days: 0}\n",
        hosts="etaten.example: {groups: [own_domain], data: {contact: x}}\nmx: {groups: [inbound_host]}\n",
        groups="helse: {port: 1}\n",
        defaults="datta: {}\n",
        waivers="- {requirement: U9, subject: borte.example, reason: r, owner: o, approver: a, expires: 2027-01-31}\n",
        statements="- {requirement: U02-INT-1, status: maybe, statement: s, by: b, date: i dag}\n",
    )
    assert [(Path(fault.file).stem, fault.line, fault.key) for fault in faults(folder)] == [
        ("config", 3, "unknown_key"),
        ("config", 4, "out_of_range"),
        ("defaults", 1, "unknown_key"),
        ("groups", 1, "nornir_key"),
        ("hosts", 1, "key_not_for_kind"),
        ("hosts", 2, "missing_key"),
        ("hosts", 2, "bad_host"),
        ("statements", 1, "not_a_date"),
        ("statements", 1, "not_one_of"),
        ("waivers", 1, "unknown_requirement"),
        ("waivers", 1, "unknown_subject"),
    ]


def test_files_are_named_as_the_folder_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mappe").mkdir()
    assert {fault.file for fault in faults(Path("mappe"))} == {"mappe/config.yaml", "mappe/hosts.yaml"}
    assert {fault.key for fault in faults(Path("mappe"))} == {"missing_file"}
