"""The folder as a whole: config.yaml, waivers, statements, the texts of faults, and the starter."""

import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from compliance.fleet import starter
from compliance.fleet.load import load_folder, load_waivers
from compliance.fleet.starter import write_starter
from compliance.strict import Faulty, plain, read_yaml
from tests.unit.fleet.folder import REQUIREMENTS, faults, told, write

ROOT = Path(__file__).parents[3]
HEAD = "user_defined:\n  organisation: {name: Etaten}\n"

CONFIG = {
    "no organisation": ("user_defined: {}\n", [(1, "missing_key")]),
    "no user_defined": ("runner: {plugin: serial}\n", [(1, "missing_key")]),
    "empty": ("\n", [(1, "not_a_mapping")]),
    "unknown section": (HEAD + "user: {}\n", [(3, "unknown_key")]),
    "unknown setting": (HEAD + "  resolvers: {}\n", [(3, "unknown_key")]),
    "unknown part of a setting": (HEAD + "  resolver:\n    nameserver: x\n", [(4, "unknown_key")]),
    "unknown runner key": (HEAD + "runner:\n  plugins: serial\n", [(4, "unknown_key")]),
    "number of the organisation": (
        "user_defined:\n  organisation:\n    name: E\n    number: 999\n",
        [(4, "not_a_text")],
    ),
    "name empty": ("user_defined:\n  organisation:\n    name: ''\n", [(3, "empty_value")]),
    "language": (HEAD + "  languages:\n    - nb\n    - sv\n", [(5, "not_one_of")]),
    "no language": (HEAD + "  languages: []\n", [(3, "empty_value")]),
    "ehlo": (HEAD + "  ehlo: maskin\n", [(3, "bad_domain")]),
    "nameserver": (HEAD + "  resolver:\n    nameservers: [ns.example]\n", [(4, "bad_address")]),
    "resolver port": (HEAD + "  resolver: {port: 0}\n", [(3, "out_of_range")]),
    "depth": (HEAD + "  smtp: {depth: deep}\n", [(3, "not_one_of")]),
    "timeout": (HEAD + "  smtp: {session_timeout: 0}\n", [(3, "out_of_range")]),
    "timeout a text": (HEAD + "  smtp: {session_timeout: long}\n", [(3, "not_a_number")]),
    "trust_ad": (HEAD + "  resolver: {trust_ad: maybe}\n", [(3, "not_a_boolean")]),
    "bundle": (HEAD + "  trust: {bundle: ca.pem}\n", [(3, "file_not_there")]),
    "extra root": (HEAD + "  trust:\n    extra:\n      - ca.pem\n", [(5, "file_not_there")]),
    "client certificate": (
        HEAD + "  client_certificate: {certificate: k.pem, key: k.key}\n",
        [(3, "file_not_there")] * 2,
    ),
    "population date": (HEAD + "  population: {source: Norid, date: i fjor}\n", [(3, "not_a_date")]),
    "inside": (HEAD + "  self_test: {inside: ja}\n", [(3, "not_one_of")]),
    "unknown plugin": (HEAD + "inventory:\n  plugin: netboks\n", [(4, "unknown_plugin")]),
    "option of our plugin": (HEAD + "inventory:\n  options: {mappe: .}\n", [(4, "unknown_key")]),
    "option of a plugin": (
        HEAD + "inventory:\n  plugin: SimpleInventory\n  options: {mappe: .}\n",
        [(4, "plugin_failed")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CONFIG.values(), ids=CONFIG)
def test_a_faulty_configuration_is_told_with_its_line(
    tmp_path: Path, text: str, expected: list[tuple[int, str]]
) -> None:
    assert told(write(tmp_path, config=text), "config") == expected


WAIVER = "- requirement: U02-1b-1\n  subject: etaten.example\n  reason: r\n  owner: o\n  approver: a\n"
DATED = WAIVER + "  expires: 2027-01-31\n"
WAIVERS = {
    "no last day": (WAIVER, [(1, "missing_key")]),
    "no date": (WAIVER + "  expires: snart\n", [(6, "not_a_date")]),
    "unknown key": (DATED + "  until: x\n", [(7, "unknown_key")]),
    "where is ours": (DATED + "  where: x\n", [(7, "unknown_key")]),
    "unknown requirement": (DATED.replace("U02-1b-1", "U02-1b-99"), [(1, "unknown_requirement")]),
    "unknown subject": (DATED.replace("etaten", "naboen"), [(2, "unknown_subject")]),
    "no scope": (DATED.replace("  subject: etaten.example\n", ""), [(1, "waiver_without_scope")]),
    "bad target": (DATED + "  target: mx.example:25\n", [(7, "bad_target")]),
    "no approver": (DATED.replace("approver: a", "approver: ''"), [(5, "empty_value")]),
    "no list": ("requirement: U02-1b-1\n", [(1, "not_a_list")]),
    "no mapping": ("- U02-1b-1\n", [(1, "not_a_mapping")]),
}


@pytest.mark.parametrize(("text", "expected"), WAIVERS.values(), ids=WAIVERS)
def test_a_faulty_waiver_is_told_with_its_line(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert told(write(tmp_path, waivers=text), "waivers") == expected


def test_an_expired_waiver_is_no_fault_and_a_text_date_is_a_date(tmp_path: Path) -> None:
    text = "# old\n" + WAIVER + "  expires: '2020-01-31'\n  target: MX1.Etaten.example.\n"
    (waiver,) = load_folder(write(tmp_path, waivers=text), REQUIREMENTS).waivers
    assert (waiver.expires, waiver.where, waiver.target) == (date(2020, 1, 31), "waivers.yaml:2", "mx1.etaten.example")


def test_a_waiver_may_name_its_subject_in_either_spelling_or_the_organisation(tmp_path: Path) -> None:
    hosts = "blåbær.example: {groups: [own_domain]}\n"
    spelt = [DATED.replace("etaten.example", name) for name in ("xn--blbr-roah.example", "blåbær.example", "Etaten")]
    waivers = load_folder(write(tmp_path, hosts=hosts, waivers="".join(spelt)), REQUIREMENTS).waivers
    assert [waiver.subject for waiver in waivers] == ["blåbær.example", "blåbær.example", "Etaten"]


def test_waivers_are_also_loaded_alone(tmp_path: Path) -> None:
    loaded = load_folder(write(tmp_path, waivers=DATED), REQUIREMENTS)
    path = tmp_path / "waivers.yaml"
    assert load_waivers(path, REQUIREMENTS, loaded.subjects, "Etaten") == loaded.waivers
    with pytest.raises(Faulty):
        load_waivers(tmp_path / "none.yaml", REQUIREMENTS, loaded.subjects, "Etaten")


STATEMENT = "- {requirement: U02-INT-1, status: pass, statement: Ja, by: Leder, date: 2026-10-01}\n"
STATEMENTS = {
    "status": (STATEMENT.replace("pass", "yes"), [(1, "not_one_of")]),
    "twice": (STATEMENT + STATEMENT, [(2, "doubled_statement")]),
    "future": (STATEMENT.replace("2026-10-01", "2999-01-01"), [(1, "future_statement")]),
    "requirement": (STATEMENT.replace("INT-1", "INT-9"), [(1, "unknown_requirement")]),
}


@pytest.mark.parametrize(("text", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_faulty_statement_is_told_with_its_line(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert told(write(tmp_path, statements=text), "statements") == expected


def test_files_named_in_the_configuration_are_found_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    config = HEAD + "  trust: {bundle: ca.pem}\n  ehlo: Måling.example\n"
    loaded = load_folder(write(tmp_path, config=config), REQUIREMENTS)
    assert loaded.path(loaded.settings.trust.bundle) == tmp_path / "ca.pem"
    assert loaded.settings.ehlo == "xn--mling-mra.example"


def test_the_starter_is_valid_as_written_and_never_overwrites(tmp_path: Path) -> None:
    folder = tmp_path / "ny" / "mappe"
    write_starter(folder)
    assert faults(folder) == []
    assert {path.name for path in (folder / "evidence").iterdir()} == set(starter.EVIDENCE)
    loaded = load_folder(folder, REQUIREMENTS)
    assert (loaded.settings.resolver.nameservers, loaded.settings.client_certificate) == ((), None)
    with pytest.raises(FileExistsError) as there:
        write_starter(folder)
    assert there.value.filename == str(folder / "config.yaml")


@pytest.mark.parametrize("name", starter.NAMES)
def test_the_example_in_the_clone_is_the_starter(name: str) -> None:
    shipped = ROOT / "compliance" / "fleet" / "starter" / name
    assert (ROOT / "inventory" / name).read_text("utf-8") == shipped.read_text("utf-8")


def test_every_fault_has_its_text_in_three_languages_with_the_same_placeholders() -> None:
    texts = plain(read_yaml(ROOT / "compliance/reporting/texts/faults.yaml").data)
    for key, text in texts.items():
        assert set(text) == {"nb", "nn", "en"}, key
        fields = {
            language: {field for _, field, _, _ in Formatter().parse(said) if field} for language, said in text.items()
        }
        assert fields["nb"] == fields["nn"] == fields["en"], key
        assert fields["nb"] <= {"key", "value", "expected", "why", "problem"}, key


def test_every_fault_key_in_the_code_has_a_text_and_every_text_its_fault() -> None:
    texts = plain(read_yaml(ROOT / "compliance/reporting/texts/faults.yaml").data)
    files = [ROOT / "compliance" / "strict.py", *(ROOT / "compliance" / "fleet").glob("*.py")]
    rooms = ("baseline/load.py", "cli/inventory.py", "cli/say.py")
    elsewhere = [ROOT / "compliance" / room for room in rooms]
    code = "".join(path.read_text("utf-8") for path in files)
    everywhere = code + "".join(path.read_text("utf-8") for path in elsewhere)
    said = {key.removesuffix("_alone") for key in texts}  # the sentence for where there is nothing to suggest
    assert {key for key in said if f'"{key}"' not in everywhere} == set()
    noted = set(re.findall(r'\.note\(\s*"([a-z_]+)"', code)) | set(re.findall(r'": "([a-z_]+)",\n', code))
    noted |= set(re.findall(r'_fault\(source, [^"]*(?:"[a-z]+"[^"]*)*?, "([a-z_]+)", ', everywhere))
    assert noted - set(texts) == set()
