"""Verbs that need no network: what they print, what they write, and the code they end with."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance import __version__
from compliance.baseline.load import load, shipped
from compliance.cli import inventory as inventory_verbs
from compliance.cli.judging import NOT_BUILT
from compliance.model.observation import VantageItem
from tests.unit.cli.conftest import Call

Write = Callable[..., Path]


def test_the_version_is_told(u02: Call) -> None:
    done = u02("--version")

    assert (done.code, done.out) == (0, f"u02-compliance {__version__}\n")


def test_help_names_every_verb(u02: Call) -> None:
    done = u02("--help")

    assert done.code == 0
    for verb in ("demo", "init", "validate", "selftest", "run", "check", "evaluate", "report", "verify", "baseline"):
        assert f" {verb} " in done.out


@pytest.mark.parametrize("verb", NOT_BUILT)
@pytest.mark.parametrize("words", [[], ["RUN"], ["serve", "--port", "25"]])
def test_a_verb_that_is_not_built_says_so(u02: Call, verb: str, words: list[str]) -> None:
    done = u02(verb, *words)

    assert done.code == 2
    assert done.out == f"u02 {verb} finnes ikke i denne versjonen.\n"


# ---- init, validate


def test_init_writes_what_validates(u02: Call, tmp_path: Path) -> None:
    assert u02("init", "etaten").code == 0
    assert {path.name for path in (tmp_path / "etaten").glob("*.yaml")} >= {"config.yaml", "hosts.yaml", "waivers.yaml"}

    done = u02("validate", "-i", "etaten")
    assert done.code == 0
    assert "etaten er i orden" in done.out


def test_init_with_everything_in_comments_leaves_only_sound_choices(u02: Call, tmp_path: Path) -> None:
    """Its resolver, certificate and marking are commented out: a first run needs none of them."""
    u02("init", "etaten")
    live = [line for line in (tmp_path / "etaten" / "config.yaml").read_text().splitlines() if "#" not in line]

    assert not [line for line in live if any(key in line for key in ("nameservers", "client_certificate", "marking"))]


def test_init_refuses_to_write_over_anything(u02: Call, tmp_path: Path) -> None:
    (tmp_path / "etaten").mkdir()
    (tmp_path / "etaten" / "waivers.yaml").write_text("mine")
    done = u02("init", "etaten")

    assert done.code == 2
    assert "etaten/waivers.yaml" in done.out + done.err
    assert [path.name for path in (tmp_path / "etaten").iterdir()] == ["waivers.yaml"]
    assert (tmp_path / "etaten" / "waivers.yaml").read_text() == "mine"


def test_init_where_a_file_stands_says_so(u02: Call, tmp_path: Path) -> None:
    (tmp_path / "etaten").write_text("mine")
    done = u02("init", "etaten")

    assert done.code == 2
    assert "etaten" in done.out + done.err
    assert (tmp_path / "etaten").read_text() == "mine"


def test_validate_counts(u02: Call, inventory: Write) -> None:
    inventory()
    done = u02("validate", "--lang", "en")

    assert (done.code, done.out) == (0, "inventory is in order. Entries: 2. Waivers: 0.\n")


def test_the_baseline_need_not_be_named(u02: Call, inventory: Write) -> None:
    inventory(config="user_defined: {organisation: {name: Etaten}}\n")

    assert u02("validate").code == 0


@pytest.mark.parametrize("text", ["baseline: ", "baseline: 7", "baseline: ''", "baseline: [u02]"])
def test_a_baseline_that_is_no_name_is_told_with_its_line(u02: Call, inventory: Write, text: str) -> None:
    inventory(config=f"user_defined:\n  organisation: {{name: Etaten}}\n  {text}\n")
    done = u02("validate")

    assert done.code == 2
    assert [line.partition(": ")[0] for line in done.lines] == ["inventory/config.yaml:3"]


def test_the_inventory_of_the_clone_validates(u02: Call) -> None:
    clone = Path(__file__).parents[3] / "inventory"

    assert u02("validate", "-i", str(clone)).code == 0


# ---- selftest

ITEMS = (
    VantageItem("resolver", "ok", True, {"servers": "127.0.0.1"}),
    VantageItem("port25", "unknown", True, {"port": "25"}),
    VantageItem("ipv6", "failed", False, {}),
)


def _stand_in(monkeypatch: pytest.MonkeyPatch, items: tuple[VantageItem, ...]) -> None:
    monkeypatch.setattr(inventory_verbs, "try_vantage", lambda *_: items)


def test_selftest_prints_json(u02: Call, inventory: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory()
    _stand_in(monkeypatch, ITEMS)
    done = u02("selftest", "--json")

    assert done.code == 0
    assert [(line["item"], line["state"], line["blocking"]) for line in json.loads(done.out)] == [
        ("resolver", "ok", True),
        ("port25", "unknown", True),
        ("ipv6", "failed", False),
    ]


def test_selftest_has_a_line_an_item(u02: Call, inventory: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory()
    _stand_in(monkeypatch, ITEMS)
    done = u02("selftest")

    assert [line[:2] for line in done.out.splitlines()] == ["✓ ", "? ", "✕ "]


def test_selftest_ends_with_3_when_a_blocking_item_failed(
    u02: Call, inventory: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory()
    _stand_in(monkeypatch, (VantageItem("port25", "failed", True, {"port": "25"}),))

    assert u02("selftest").code == 3


# ---- baseline


def test_baseline_list_names_each(u02: Call) -> None:
    done = u02("baseline", "list")

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == [entry.id for entry in shipped()]


@pytest.mark.parametrize("name", [entry.id for entry in shipped()])
@pytest.mark.parametrize("lang", ["nb", "nn", "en"])
def test_baseline_show_names_each_requirement(u02: Call, name: str, lang: str) -> None:
    done = u02("baseline", "show", name, "--lang", lang)
    wanted = load(name, None).requirements

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == [entry.id for entry in wanted]
    assert all(entry.title[lang] in done.out for entry in wanted)
