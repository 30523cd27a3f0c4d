"""`u02 run` over the golden world: stopped and resumed, a part alone, ours at fault, supplied evidence."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from compliance.demo.world import World
from tests.golden.conftest import SECONDS, U02, Demo, Said, Write, contents, findings, here, journal, u02, verdicts

_BASIC = ("U02-1b-1", "U02-1b-2", "U02-1b-3", "U02-1b-4", "U02-1b-5")
_TRANSPORT = (*_BASIC, *(f"U02-TLS-{number}" for number in (1, 2, 3, 4, 5, 7)))


@dataclass(frozen=True)
class Stopped:
    """A run stopped by Ctrl-C in the middle of its second sweep, spoilt by a torn line, and then resumed."""

    inventory: Path
    folder: Path
    stopped: Said
    state: str
    lines: bytes
    again: Said


@pytest.fixture(scope="module")
def stopped(world: World, demo_started: Demo, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    reports = tmp_path_factory.mktemp("stopped")
    folder = reports / "a"
    words = ["run", "-i", world.inventory, "-o", reports, "--quiet"]
    process = subprocess.Popen(
        [*U02, *words, "--run-id", "a", "--label", "høst"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + SECONDS
    log = folder / "observations.jsonl"
    while not (log.exists() and log.read_bytes().count(b'"probe":"smtp"') >= 5):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    lines = log.read_bytes()
    state = json.loads((folder / "run.json").read_text(encoding="utf-8"))["state"]
    with log.open("ab") as file:
        file.write(b'{"id":"o-9999')
    again = u02(*words, "--resume", "a")
    return Stopped(
        world.inventory,
        folder,
        Said(process.returncode, out, err),
        state,
        lines,
        Said(again.returncode, again.stdout, again.stderr),
    )


def test_ctrl_c_leaves_a_partial_run_and_says_how_to_go_on(stopped: Stopped) -> None:
    assert stopped.stopped.returncode == 3, stopped.stopped.stderr
    assert f"u02 run --resume {stopped.folder}" in stopped.stopped.stdout
    assert "Traceback" not in stopped.stopped.stderr
    assert stopped.state == "partial"
    assert stopped.lines.endswith(b"\n")


def test_resume_goes_on_where_it_stopped(stopped: Stopped) -> None:
    """What was written stays as it was, the torn line is gone, nothing is asked twice, ids go on."""
    log = (stopped.folder / "observations.jsonl").read_bytes()
    seen = journal(stopped.folder)
    asked = [(line["target"], line["question"]) for line in seen]

    assert stopped.again.returncode == 1, stopped.again.stderr
    assert log.startswith(stopped.lines)
    assert len(log) > len(stopped.lines)
    assert len(asked) == len(set(asked))
    assert [line["id"] for line in seen] == [f"o-{n:06d}" for n in range(1, len(seen) + 1)]


def test_resume_completes_and_seals(stopped: Stopped) -> None:
    run = json.loads((stopped.folder / "run.json").read_text(encoding="utf-8"))

    assert (run["state"], run["scope"], run["label"]) == ("complete", "full", "høst")
    assert run["counts"]["observations"] == len(journal(stopped.folder))
    assert run["started"] < run["finished"]
    assert here("verify", stopped.folder).returncode == 0
    assert here("evaluate", stopped.folder).returncode == 0


def test_a_resumed_run_gives_the_verdicts_of_one_that_was_not_stopped(stopped: Stopped, demo: Demo) -> None:
    assert verdicts(stopped.folder) == verdicts(demo.folder)


def test_resume_of_a_complete_run_asks_nothing(stopped: Stopped, demo: Demo) -> None:
    before = contents(stopped.folder)
    done = here("run", "-i", stopped.inventory, "-o", stopped.folder.parent, "--resume", "a")

    assert done.returncode == 1  # as the run itself: an own verdict fails
    assert "Ingenting ble spurt på nytt" in done.stdout
    assert contents(stopped.folder) == before


def test_the_next_run_knows_this_one(stopped: Stopped, inventory: Write) -> None:
    folder = inventory("kommunen.example: {groups: [own_domain]}\n")
    done = here("run", "-i", folder, "-o", stopped.folder.parent, "--run-id", "b", "--quiet")
    run = json.loads((stopped.folder.parent / "b" / "run.json").read_text(encoding="utf-8"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert run["previous"]["run_id"] == "a"


def test_a_run_id_that_is_taken_is_refused(stopped: Stopped) -> None:
    before = contents(stopped.folder)
    done = here("run", "-i", stopped.inventory, "-o", stopped.folder.parent, "--run-id", "a")

    assert done.returncode == 2
    assert "--resume" in done.stderr
    assert contents(stopped.folder) == before


# ---- small runs

_SOUND = "kommunen.example: {groups: [own_domain], data: {dkim_selectors: [s1]}}\n"
_PARTNERS = """\
departement.example: {groups: [partner], data: {require_tls: verify}}
ecdsa.example: {groups: [partner]}
"""


@pytest.mark.parametrize(
    "change",
    [
        {"hosts": _SOUND},
        {"hosts": _SOUND + _PARTNERS.replace("verify", "encrypt")},
        {"settings": True},
    ],
    ids=["a subject less", "another level", "another EHLO name"],
)
def test_resume_with_another_inventory_is_refused(inventory: Write, tmp_path: Path, change: dict[str, object]) -> None:
    folder = inventory(_SOUND + _PARTNERS)
    run = ("run", "-i", folder, "-o", tmp_path, "--quiet")
    assert here(*run, "--run-id", "a").returncode == 0
    (tmp_path / "a" / "MANIFEST.sha256").unlink()
    if "hosts" in change:
        (folder / "hosts.yaml").write_text(str(change["hosts"]), encoding="utf-8")
    else:
        config = (folder / "config.yaml").read_text(encoding="utf-8")
        (folder / "config.yaml").write_text(config.replace("ehlo: probe", "ehlo: another"), encoding="utf-8")
    before = contents(tmp_path / "a")
    done = here(*run, "--resume", "a")

    assert done.returncode == 2
    assert "endret" in done.stderr
    assert contents(tmp_path / "a") == before


def test_a_part_of_the_inventory_is_a_subset_and_keeps_its_rules(inventory: Write, tmp_path: Path) -> None:
    """`probe: never` and `dummy` of hosts that are not chosen are honoured: they say who must not be asked."""
    hosts = (
        _SOUND
        + _PARTNERS
        + "mx.ecdsa.example: {groups: [inbound_host], data: {receives_for: [kommunen.example], probe: never}}\n"
        + "mx.departement.example:\n"
        + "  groups: [inbound_host]\n"
        + "  data: {receives_for: [kommunen.example], dummy: {reason: lokkefugl}}\n"
    )
    folder = inventory(hosts)
    done = here("run", "-i", folder, "-o", tmp_path, "--run-id", "a", "--only", "partner", "--quiet")
    run = json.loads((tmp_path / "a" / "run.json").read_text(encoding="utf-8"))
    found = {(line["subject"], line["requirement"]): line for line in findings(tmp_path / "a")}
    asked = {seen["target"] for seen in journal(tmp_path / "a") if seen["probe"] in {"smtp", "hello"}}

    assert run["scope"] == "subset"
    assert run["only"] == ["departement.example", "ecdsa.example"]
    assert {subject for subject, _ in found} == {"departement.example", "ecdsa.example"}
    assert not [target for target in asked if "mx.ecdsa.example" in target]
    assert found["ecdsa.example", "U02-1b-1"]["cause"] == "not_asked"
    assert found["departement.example", "U02-1b-1"]["status"] == "not_applicable"
    assert done.returncode == 3  # no own must was tested


def test_a_group_of_ones_own_or_a_name_can_be_chosen(inventory: Write, tmp_path: Path) -> None:
    hosts = _SOUND + _PARTNERS.replace("{groups: [partner]}", "{groups: [partner, nære]}")
    folder = inventory(hosts, groups="nære: {}\npartner: {}\nown_domain: {}\n")
    run = ("run", "-i", folder, "-o", tmp_path, "--only", "kommunen.example", "--only", "nære", "--quiet")
    assert here(*run, "--run-id", "a").returncode == 0

    assert {line["subject"] for line in findings(tmp_path / "a")} == {"kommunen.example", "ecdsa.example"}


def test_languages_of_a_run_name_its_reports(inventory: Write, tmp_path: Path) -> None:
    done = here("run", "-i", inventory(_SOUND), "-o", tmp_path, "--run-id", "a", "--lang", "nn,en", "--quiet")

    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "a").glob("report.*")} == {
        "report.nn.html",
        "report.xlsx",
        "report.en.html",
        "report.en.xlsx",
    }


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that is held, and on which nobody listens on any address."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_a_port_closed_to_us_is_our_trouble_and_nobodys_failure(inventory: Write, tmp_path: Path, nobody: int) -> None:
    folder = inventory(_SOUND + _PARTNERS, smtp_port=nobody)
    done = here("run", "-i", folder, "-o", tmp_path, "--run-id", "a", "--quiet")
    run = json.loads((tmp_path / "a" / "run.json").read_text(encoding="utf-8"))
    transport = [line for line in findings(tmp_path / "a") if line["requirement"] in _TRANSPORT]

    assert done.returncode == 3
    assert [item["state"] for item in run["vantage"] if item["item"] == "port25"] == ["failed"]
    assert len(transport) == 3 * len(_TRANSPORT)
    assert {(line["status"], line["cause"]) for line in transport} == {("not_tested", "ours")}


def test_selftest_is_json_for_programs(world: World) -> None:
    done = here("selftest", "-i", world.inventory, "--json")
    items = {item["item"]: item["state"] for item in json.loads(done.stdout)}

    assert done.returncode == 0
    assert items["port25"] == "ok"
    assert items["resolver"] == "ok"


def test_a_run_needs_no_home_and_no_terminal(inventory: Write, tmp_path: Path) -> None:
    folder = inventory(_SOUND)
    done = u02("run", "-i", folder, "-o", tmp_path / "r", "--run-id", "a", HOME="/nonexistent", TERM="dumb", LC_ALL="C")

    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["a"]
    assert "\x1b" not in done.stdout + done.stderr
