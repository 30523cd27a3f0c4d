"""Baselines: the shipped ones, a user's own, and every fault of a file with its line."""

from pathlib import Path

import pytest

from compliance.baseline.load import known_requirements, load, shipped
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.strict import Faulty, dump_json, load_json

HEAD = """\
id: vårt
version: "1"
title: {nb: Vårt, nn: Vårt, en: Ours}
"""


def own(folder: Path, text: str) -> str:
    (folder / "eget.yaml").write_text(HEAD + text, encoding="utf-8")
    return "eget.yaml"


def faults_of(folder: Path, text: str) -> list[tuple[int, str]]:
    name = own(folder, text)
    with pytest.raises(Faulty) as caught:
        load(name, folder)
    return [(fault.line, fault.key) for fault in caught.value.faults]


def test_the_shipped_baselines_are_these() -> None:
    assert [baseline.id for baseline in shipped()] == ["digdir", "u02", "u02-2013"]


def test_u02_asks_everything_and_counts_dane() -> None:
    baseline = load("u02")
    assert {requirement.id for requirement in baseline.requirements} == known_requirements()
    assert baseline.dane_counts
    assert baseline.version == "1.0"


def test_the_edition_of_2013_asks_measure_one_and_does_not_count_dane() -> None:
    baseline = load("u02-2013")
    assert {requirement.measure for requirement in baseline.requirements} == {"1a", "1b", "1c", "transport"}
    assert not baseline.dane_counts
    assert "RFC9989" not in {source.key for source in baseline.sources}


def test_digdir_raises_its_own_standards_and_leaves_the_rest() -> None:
    u02, digdir = load("u02"), load("digdir")
    assert {one.id for one in digdir.requirements} == {one.id for one in u02.requirements}
    for requirement in digdir.requirements:
        if requirement.id.startswith("DIGDIR-"):
            assert set(requirement.levels.values()) == {Duty.MUST}
        else:
            assert requirement == u02.requirement(requirement.id)


def test_every_shipped_baseline_survives_the_run_folder() -> None:
    for baseline in shipped():
        assert load_json(type(baseline), dump_json(baseline)) == baseline


def test_an_own_baseline_names_requirements_levels_and_thresholds(tmp_path: Path) -> None:
    text = """\
dane_counts: false
requirements:
  - U02-4-1
  - id: U02-1b-5
    levels: {partner: may, inbound_host: none}
    with: {rsa_bits: 3072}
"""
    baseline = load(own(tmp_path, text), tmp_path)
    assert [one.id for one in baseline.requirements] == ["U02-1b-5", "U02-4-1"]  # the order of the catalogue
    strength = baseline.requirement("U02-1b-5")
    assert strength.levels == {Kind.OWN_DOMAIN: Duty.MUST, Kind.PARTNER: Duty.MAY}
    assert strength.parameters == {"rsa_bits": 3072, "rsa_notice_bits": 3072, "ec_bits": 256}
    assert not baseline.dane_counts


def test_an_own_baseline_may_start_from_a_shipped_one(tmp_path: Path) -> None:
    text = """\
extends: u02-2013
requirements:
  - id: U02-TLS-4
    levels: {own_domain: must}
  - U02-2-1
"""
    baseline = load(own(tmp_path, text), tmp_path)
    assert len(baseline.requirements) == len(load("u02-2013").requirements) + 1
    assert baseline.requirement("U02-TLS-4").levels[Kind.OWN_DOMAIN] is Duty.MUST
    assert load("u02").requirement("U02-TLS-4").levels[Kind.OWN_DOMAIN] is Duty.SHOULD
    assert not baseline.dane_counts


def test_a_requirement_asked_of_nobody_is_left_out(tmp_path: Path) -> None:
    text = "extends: u02\nrequirements:\n  - id: PTR-1\n    levels: {outbound_host: none}\n"
    baseline = load(own(tmp_path, text), tmp_path)
    assert "PTR-1" not in {one.id for one in baseline.requirements}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("requirements: [U02-9]\n", [(4, "unknown_requirement")]),
        ("requirements:\n  - U02-1b-1\n  - id: U02-1b-99\n", [(6, "unknown_requirement")]),
        ("requirements:\n  - U02-1b-1\n  - U02-1b-1\n", [(6, "doubled_requirement")]),
        ("requirements:\n  - id: MX-1\n    levels: {inbound_host: must}\n", [(6, "kind_not_asked")]),
        ("requirements:\n  - id: MX-1\n    levels: {own_domain: alltid}\n", [(6, "not_one_of")]),
        ("requirements:\n  - id: MX-1\n    with:\n      bits: 3\n", [(7, "unknown_key")]),
        ("requirements:\n  - id: U02-3-2\n    with:\n      rsa_bits: mange\n", [(7, "not_a_number")]),
        ("requirements:\n  - id: U02-3-2\n    with:\n      rsa_bits: true\n", [(7, "not_a_number")]),
        ("requirements:\n  - id: U02-3-4\n    with:\n      ed25519_beside: 1\n", [(7, "not_a_boolean")]),
        ("requirements:\n  - id: U02-3-2\n    with: 3072\n", [(6, "not_a_mapping")]),
        ("requirements:\n  - id: MX-1\n    nivå: must\n", [(6, "unknown_key")]),
        ("requirements: 3\n", [(4, "not_a_list")]),
        ("extends: u03\nrequirements: []\n", [(4, "unknown_baseline")]),
        ("krav: []\nrequirements: []\n", [(4, "unknown_key")]),
        ("requirements:\n  - U-9\n  - id: MX-1\n    with: {a: 1}\n", [(5, "unknown_requirement"), (7, "unknown_key")]),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert faults_of(tmp_path, text) == expected


def test_an_own_baseline_cannot_pass_for_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "eget.yaml").write_text(HEAD.replace("vårt", "u02") + "requirements: all\n", encoding="utf-8")
    with pytest.raises(Faulty, match="reserved_id"):
        load("eget.yaml", tmp_path)


@pytest.mark.parametrize(("name", "key"), [("u2", "unknown_baseline"), ("mangler.yaml", "missing_file")])
def test_a_name_that_leads_nowhere_is_a_fault(tmp_path: Path, name: str, key: str) -> None:
    with pytest.raises(Faulty, match=key):
        load(name, tmp_path)


@pytest.mark.parametrize("text", ["", "[]\n", "bare ord\n"])
def test_a_file_that_is_no_baseline_is_a_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "eget.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Faulty):
        load("eget.yaml", tmp_path)
