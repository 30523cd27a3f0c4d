"""The closed world: every check is used, every requirement judged or says why not, every text there and used."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import compliance
import compliance.checks.catalogue as rooms
from compliance.baseline.load import load
from compliance.checks.registry import CHECKS
from compliance.checks.reperform import _HOST_WAYS
from compliance.cli.judging import NOT_BUILT
from compliance.strict import plain, read_yaml

HOUSE = Path(compliance.__file__).parent
TEXTS = HOUSE / "reporting" / "texts"
NOTICES = sorted(f"notices/{path.name}" for path in (TEXTS / "notices").glob("*.yaml"))
LANGUAGES = {"nb", "nn", "en"}
BASELINE = load("u02")


def _modules() -> list[str]:
    return [found.name for found in pkgutil.walk_packages([str(HOUSE)], "compliance.")]


def _calls(name: str) -> Iterator[str]:
    """The first argument of every call to a function of this name in the command line's rooms, where it is a text."""
    rooms_ = (HOUSE / "cli", HOUSE / "pipeline", HOUSE / "outbound/canary")
    for path in (path for room in rooms_ for path in room.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
            if called and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def _keys(path: Path) -> Iterator[str]:
    """Every text that stands alone in a room, among them the keys of what it says is wrong."""
    constants = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    yield from (text for text in constants if isinstance(text, str) and text.isidentifier())


def _texts(name: str) -> dict[str, dict[str, str]]:
    data: dict[str, dict[str, str]] = plain(read_yaml(TEXTS / name, name).data)
    return data


@pytest.mark.parametrize("name", _modules())
def test_every_module_imports(name: str) -> None:
    if not name.endswith("__main__"):
        importlib.import_module(name)


def test_every_requirement_has_a_check_or_says_why_not() -> None:
    for requirement in BASELINE.requirements:
        if requirement.check is None:
            assert requirement.assessment in {"manual", "not_built"}, requirement.id
        else:
            assert requirement.check in CHECKS, requirement.id


def test_every_check_is_asked_for_by_a_requirement() -> None:
    assert set(CHECKS) == {requirement.check for requirement in BASELINE.requirements if requirement.check}


def test_every_room_of_checks_is_in_the_catalogue() -> None:
    registering = {
        path.stem
        for path in (HOUSE / "checks").glob("*.py")
        if any(line.startswith("@check(") for line in path.read_text().splitlines())
    }

    assert registering == set(rooms.__all__)


def test_every_way_to_repeat_a_measurement_is_known() -> None:
    on_hosts = {
        check.reperform
        for check in CHECKS.values()
        if check.scope in {"mail_hosts", "own_inbound", "own_mail_hosts", "submission_ports"}
    }

    assert on_hosts == set(_HOST_WAYS)


def test_no_module_holds_norwegian() -> None:
    for path in HOUSE.rglob("*.py"):
        constants = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        words = [
            text
            for text in constants
            if isinstance(text, str) and {" ikke ", " ikkje ", " og "} & {f" {w} " for w in text.split()}
        ]
        assert not words or path.name == "words.py", (path, words)


@pytest.mark.parametrize("name", ["cli.yaml", "selftest.yaml", "faults.yaml", "interface.yaml", *NOTICES])
def test_texts_stand_in_three_languages(name: str) -> None:
    for key, entry in _texts(name).items():
        assert set(entry) == LANGUAGES, key
        assert all(text.strip() for text in entry.values()), key


def test_every_text_of_the_command_line_is_there_and_used() -> None:
    said = {key for name in ("say", "text", "RunFault", "PlanFault", "progress") for key in _calls(name)}
    faults = ("changed", "missing", "added", "malformed", "unsealed", "evidence", "judgement", "report")
    made = {f"verify_{what}" for what in faults}
    chosen = {"reproduced", "not_reproduced", "canary_handed", "canary_refused"}  # one of two, by what was found
    chosen |= {f"canary_{what}" for what in ("encrypted", "clear", "attempt")}
    rooms = (*(HOUSE / "outbound").glob("*.py"),)
    chosen |= {key for path in rooms for key in _keys(path) if key.startswith(("cell_", "list_"))}

    assert said | made | chosen == set(_texts("cli.yaml"))


def test_every_state_of_the_self_test_has_its_text() -> None:
    items = {"resolver", "dnssec", "ipv4", "ipv6", "port25", "ehlo_name", "ptr", "clock", "roots"}

    assert set(_texts("selftest.yaml")) == {
        f"{item}_{state}" for item in items for state in ("ok", "failed", "unknown")
    }


def test_verbs_not_built_are_not_built_elsewhere() -> None:
    verbs = {path.stem for path in (HOUSE / "outbound").glob("*.py")}

    assert not verbs & set(NOT_BUILT)
