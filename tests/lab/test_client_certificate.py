"""A host that asks for a client certificate before it tells anything is judged when we have one to show."""

import os
from pathlib import Path

import pytest

from tests.lab.test_run import read_findings, u02, verdict
from tests.lab.truth import SOUND
from tests.lab.verdicts import TRANSPORT
from tests.lab.world import World

PASSWORD = "correct horse"
CASES = ("needs-certificate", "asks-certificate")


@pytest.fixture
def inventory(world: World, tmp_path: Path) -> Path:
    certificate, key = world.pki.client(tmp_path, PASSWORD.encode())
    settings = {"client_certificate": {"certificate": "client.pem", "key": "client.key", "password_env": "LAB_KEY"}}
    folder = world.inventory_folder(tmp_path, only=CASES, settings=settings)
    for file in (certificate, key):
        file.rename(folder / file.name)
    return folder


@pytest.mark.lab
def test_a_client_certificate_with_an_encrypted_key_opens_the_door(
    world: World, inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LAB_KEY", PASSWORD)

    done = u02("run", "-i", str(inventory), "-o", "reports", "--run-id", "shown", "--quiet", cwd=tmp_path)

    assert done.returncode in {0, 3}, done.stderr
    findings = read_findings(tmp_path / "reports" / "shown")
    for name in CASES:
        domain = world.cases[name].domain
        assert {key: verdict(findings[domain, key]) for key in TRANSPORT} == {key: SOUND[key] for key in TRANSPORT}
    kept = (tmp_path / "reports" / "shown" / "run.json").read_text()
    assert PASSWORD not in kept


@pytest.mark.lab
def test_a_wrong_password_stops_before_anything_is_asked(
    inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LAB_KEY", "wrong")

    done = u02("run", "-i", str(inventory), "-o", "reports", "--run-id", "shut", "--quiet", cwd=tmp_path)

    assert done.returncode == 2
    assert not (tmp_path / "reports" / "shut").exists()
