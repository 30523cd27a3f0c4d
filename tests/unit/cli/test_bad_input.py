"""Input that cannot be used: one line a fault, `file:line: what to do`, exit 2, and nothing is asked of anybody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.authorities import leaf
from tests.unit.cli.conftest import SOUND, Call

Write = Callable[..., Path]
CONFIG = SOUND["config.yaml"]
HOSTS = SOUND["hosts.yaml"]
WAIVER = """\
- requirement: U02-1b-1
  subject: etaten.example
  reason: a
  owner: b
  approver: c
  expires: 2027-01-31
"""
STATEMENT = "- {requirement: U02-INT-1, status: pass, statement: a, by: b, date: 2026-10-01}\n"

#: What is written over the sound inventory, and the place and a word of the one line that must be told.
FAULTS = {
    "unknown key in config": ({"config": CONFIG + "  farge: blå\n"}, "config.yaml:4", "farge"),
    "unknown key in hosts": ({"hosts": HOSTS + "a.example:\n  groups: [partner]\n  rom: 1\n"}, "hosts.yaml:5", "rom"),
    "unknown data key": (
        {"hosts": "a.example:\n  groups: [own_domain]\n  data:\n    selector: x\n"},
        "hosts.yaml:4",
        "selector",
    ),
    "unknown group": ({"hosts": HOSTS + "a.example: {groups: [partnar]}\n"}, "hosts.yaml:3", "partner"),
    "tab": ({"hosts": "a.example:\n\tgroups: [partner]\n"}, "hosts.yaml:2", "tabulator"),
    "doubled key": ({"hosts": HOSTS + "etaten.example: {groups: [partner]}\n"}, "hosts.yaml:3", "etaten.example"),
    "no domain": ({"hosts": HOSTS + "https://a.example/: {groups: [partner]}\n"}, "hosts.yaml:3", "https://a.example/"),
    "broken YAML": ({"hosts": "a.example: {groups: [partner}\n"}, "hosts.yaml:1", "YAML"),
    "empty": ({"hosts": ""}, "hosts.yaml:1", "ingen oppføringer"),
    "waiver without a key": ({"waivers": WAIVER.replace("  owner: b\n", "")}, "waivers.yaml:1", "owner"),
    "waiver with an unknown key": ({"waivers": WAIVER + "  godkjent: ja\n"}, "waivers.yaml:7", "godkjent"),
    "waiver of an unknown requirement": (
        {"waivers": WAIVER.replace("1b-1", "1b-77")},
        "waivers.yaml:1",
        "U02-1b-77",
    ),
    "waiver with a date that is none": (
        {"waivers": WAIVER.replace("-01-31", "-02-31")},
        "waivers.yaml:6",
        "2027-02-31",
    ),
    "waiver of an unknown subject": (
        {"waivers": WAIVER.replace("etaten.example", "borte.example")},
        "waivers.yaml:2",
        "borte.example",
    ),
    "a number without end": (
        {"hosts": f"a.example: {{groups: [partner], data: {{volume: {'9' * 5000}}}}}\n"},
        "hosts.yaml:1",
        "",
    ),
    "statement of an unknown requirement": (
        {"statements": STATEMENT.replace("INT-1", "INT-9")},
        "statements.yaml:1",
        "U02-INT-9",
    ),
    "statement about what is measured": (
        {"statements": STATEMENT.replace("INT-1", "1b-1")},
        "statements.yaml:1",
        "U02-1b-1",
    ),
    "unknown baseline": ({"config": CONFIG.replace("u02", "u03")}, "config.yaml:3", "u03"),
    "unknown language": ({"config": CONFIG + "  languages: [nb, da]\n"}, "config.yaml:4", "da"),
    "no organisation": ({"config": "user_defined: {}\n"}, "config.yaml:1", "organisation"),
    "client certificate not there": (
        {"config": CONFIG + "  client_certificate:\n    certificate: a.pem\n    key: config.yaml\n"},
        "config.yaml:5",
        "a.pem",
    ),
    "roots not there": ({"config": CONFIG + "  trust: {bundle: rot.pem}\n"}, "config.yaml:4", "rot.pem"),
}


@pytest.mark.parametrize("verb", ["validate", "run"])
@pytest.mark.parametrize(("files", "place", "word"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_and_nothing_is_asked(
    u02: Call, inventory: Write, tmp_path: Path, verb: str, files: dict[str, str], place: str, word: str
) -> None:
    inventory(**files)
    done = u02(verb)

    assert done.code == 2
    assert len(done.lines) == 1, done.err
    assert done.lines[0].startswith(f"inventory/{place}: ")
    assert word in done.lines[0]
    assert done.out == ""
    assert not (tmp_path / "reports").exists()


def test_a_missing_folder_is_told(u02: Call) -> None:
    done = u02("run", "-i", "nowhere")

    assert done.code == 2
    assert [line.partition(": ")[0] for line in done.lines] == ["nowhere/config.yaml:1", "nowhere/hosts.yaml:1"]


def test_all_faults_of_all_files_are_told_at_once(u02: Call, inventory: Write) -> None:
    inventory(
        config=CONFIG.replace("u02", "u03") + "  farge: blå\n",
        hosts=HOSTS + "a.example: {groups: [partnar]}\nb.example: {}\n",
        groups="partner: {data: {volume: mye}}\n",
        waivers=WAIVER.replace("1b-1", "1b-77") + WAIVER + "  godkjent: ja\n",
        statements=STATEMENT + STATEMENT,
    )
    done = u02("validate")

    assert done.code == 2
    assert [line.partition(": ")[0].removeprefix("inventory/") for line in done.lines] == [
        "config.yaml:3",
        "config.yaml:4",
        "groups.yaml:1",
        "hosts.yaml:3",
        "hosts.yaml:4",
        "statements.yaml:2",
        "waivers.yaml:1",
        "waivers.yaml:13",
    ]


def test_faults_are_told_in_the_language_asked_for(u02: Call, inventory: Write) -> None:
    inventory(hosts="a.example:\n\tgroups: [partner]\n")

    assert "Use spaces" in u02("validate", "--lang", "en").err


def test_an_expired_waiver_is_no_fault(u02: Call, inventory: Write) -> None:
    inventory(waivers=WAIVER.replace("2027", "2020"))

    assert u02("validate").code == 0


#: What is asked for, over a sound inventory, and a word of the answer.
ASKED = {
    "only nothing": (["run", "--only", "ingenting"], "ingenting"),
    "only one of two": (["run", "--only", "partner", "--only", "ingenting"], "ingenting"),
    "run-id with a path": (["run", "--run-id", "../x"], "../x"),
    "existing run-id": (["run", "-o", ".", "--run-id", "inventory"], "--resume"),
    "unknown language": (["run", "--lang", "nb,da"], "da"),
    "unknown language of demo": (["demo", "--lang", "da"], "da"),
    "resume nothing": (["run", "--resume", "borte"], "borte"),
    "resume no run": (["run", "--resume", "inventory"], "inventory"),
    "reports is a file": (["run", "-o", "inventory/hosts.yaml"], "inventory/hosts.yaml"),
    "workers no number": (["run", "--workers", "x"], "--workers"),
    "workers negative": (["run", "--workers", "-1"], "--workers"),
    "check no domain": (["check", "https://a.example"], "https://a.example"),
    "check an address": (["check", "192.0.2.1"], "192.0.2.1"),
    "check nothing": (["check"], "DOMAIN"),
    "evaluate nothing": (["evaluate", "borte"], "borte"),
    "verify nothing": (["verify", "borte"], "borte"),
    "report nothing": (["report", "borte"], "borte"),
    "baseline unknown": (["baseline", "show", "u03"], "u03"),
    "baseline without a word": (["baseline"], "list"),
    "baseline another word": (["baseline", "vis"], "list"),
    "baseline show nothing": (["baseline", "show"], "ID"),
    "no such verb": (["maal"], "maal"),
    "no such option": (["run", "--farge"], "--farge"),
}


@pytest.mark.parametrize(("words", "word"), ASKED.values(), ids=ASKED)
def test_what_cannot_be_done_is_said_and_nothing_is_asked(
    u02: Call, inventory: Write, tmp_path: Path, words: list[str], word: str
) -> None:
    inventory()
    before = sorted(tmp_path.rglob("*"))
    done = u02(*words)

    assert done.code == 2
    assert word in done.err
    assert done.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_client_certificate_must_be_readable(
    u02: Call, inventory: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong password, no password, another's key: told before anything is asked, and no run folder is left."""
    folder = inventory()
    ours, other = leaf(None), leaf(None)
    locked = _pem(ours.key, b"rett")
    (folder / "klient.pem").write_bytes(ours.pem)
    config = CONFIG + "  client_certificate: {certificate: klient.pem, key: klient.key, password_env: U02_TEST}\n"
    (folder / "config.yaml").write_text(config, encoding="utf-8")

    def refused(key: bytes, password: str | None) -> str:
        (folder / "klient.key").write_bytes(key)
        if password is None:
            monkeypatch.delenv("U02_TEST", raising=False)
        else:
            monkeypatch.setenv("U02_TEST", password)
        done = u02("run")
        assert done.code == 2
        assert len(done.lines) == 1, done.err
        assert not (tmp_path / "reports").exists()
        assert password is None or password not in done.err
        return done.err

    assert "klient.key" in refused(locked, "hemmelig-galt")
    assert "U02_TEST" in refused(locked, None)
    assert "klient.key" in refused(_pem(other.key, None), "hemmelig-galt")
    assert "klient.key" in refused(b"no key", "hemmelig-galt")


def _pem(key: object, password: bytes | None) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    lock = form.BestAvailableEncryption(password) if password else form.NoEncryption()
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)  # type: ignore[attr-defined]
