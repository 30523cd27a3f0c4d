"""`u02 policy` on the golden world: who can carry what is asked, and a map that holds nothing else."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.model.finding import Status
from compliance.model.subject import Level, RequireTls
from compliance.reporting.postfix_map import policy_of, render_map
from compliance.reporting.view.policy import policy_rows
from compliance.reporting.view.report import lay_out, read_report
from compliance.reporting.words import Words
from tests.golden.conftest import Demo, here
from tests.lab.debs import ROOT, libraries

CARRIED = {"departement.example": "verify", "tilsyn.example": "encrypt"}


def entries(text: str) -> dict[str, str]:
    lines = (line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return dict(lines)


def test_the_map_holds_those_who_can_carry_the_level_alone(demo: Demo) -> None:
    done = here("policy", demo.folder, "--lang", "en")

    assert done.returncode == 0
    assert "toward 2 of 6 partners" in done.stdout
    assert "direktorat.example (encrypt): The server did not offer STARTTLS" in done.stdout
    assert "cannot require DANE" in done.stdout
    text = (demo.folder / "out" / "tls_policy").read_text(encoding="utf-8")
    assert entries(text) == CARRIED
    assert "# Left out: fylke.example (Not met)" in text


def test_a_program_reads_every_partner_of_the_register(demo: Demo) -> None:
    found = {row["partner"]: row for row in json.loads(here("policy", demo.folder, "--json").stdout)}

    assert {name: row["policy"] for name, row in found.items() if row["policy"]} == CARRIED
    assert found["universitet.example"]["status"] == "fail"
    assert found["universitet.example"]["reason"] == "tlsa_lookup_broken"


@pytest.mark.parametrize(
    ("asked", "policy"),
    [
        (RequireTls(to=Level.ENCRYPT), "encrypt"),
        (RequireTls(to=Level.ENCRYPT, match=("mx.departement.example",)), "encrypt"),
        (RequireTls(to=Level.VERIFY), "verify"),
        (RequireTls(to=Level.VERIFY, match=("a.example", "b.example")), "secure match=a.example:b.example"),
        (RequireTls(to=Level.DANE), "dane-only"),
        (RequireTls(to=Level.VERIFY, match=("a.example protocols=SSLv2",)), None),
        (RequireTls(to=Level.NONE), None),
        (None, None),
    ],
)
def test_a_level_has_postfix_own_word(demo: Demo, asked: RequireTls | None, policy: str | None) -> None:
    source = read_report(demo.folder).source
    subjects = tuple(
        replace(each, require_tls=asked if each.label == "departement.example" else None) for each in source.subjects
    )
    report = lay_out(replace(source, subjects=subjects))
    rows = [row for row in policy_rows(report) if row.carried]

    assert [policy_of(row) for row in rows] == ([policy] if policy else [])
    assert entries(render_map(report, rows, Words("nb"))) == ({"departement.example": policy} if policy else {})


def test_what_was_not_proven_is_in_no_map(demo: Demo) -> None:
    source = read_report(demo.folder).source
    unproven = tuple(
        replace(each, status=Status.NOT_TESTED) if each.requirement == "U02-1c-1" else each for each in source.findings
    )
    report = lay_out(replace(source, findings=unproven))

    assert entries(render_map(report, policy_rows(report), Words("nb"))) == {}


@pytest.mark.lab
def test_postfix_reads_the_map(demo: Demo, tmp_path: Path) -> None:
    here("policy", demo.folder)
    (tmp_path / "main.cf").write_text("mail_owner = list\nsetgid_group = games\n")  # accounts every Debian has
    table = demo.folder / "out" / "tls_policy"

    def ask(name: str) -> str:
        command = [ROOT / "usr/sbin/postmap", "-c", tmp_path, "-q", name, f"texthash:{table}"]
        folder = {"LD_LIBRARY_PATH": f"{ROOT / 'usr/lib/postfix'}:{libraries().get('LD_LIBRARY_PATH', '')}"}
        done = subprocess.run(command, capture_output=True, text=True, env=folder, check=False)
        assert "fatal" not in done.stderr, done.stderr
        return done.stdout.strip()

    assert {name: ask(name) for name in CARRIED} == CARRIED
    assert ask("fylke.example") == ""
