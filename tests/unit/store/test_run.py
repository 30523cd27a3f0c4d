"""run.json comes back as it was written, and the previous run is found by itself."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from compliance.model.observation import VantageItem
from compliance.settings import ClientCertificate, Organisation, Population, Settings, Trust
from compliance.store import run as stored_run
from compliance.store.files import sha256
from compliance.store.manifest import NAME as MANIFEST
from compliance.store.run import Connections, Ledger, Previous
from tests.unit.store.build import OURS, make_run, put_run


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    settings = Settings(OURS, trust=Trust(extra=("ca/rot.pem",)), client_certificate=ClientCertificate("a", "b", "C"))
    run = make_run(
        population=Population("Norid", date(2026, 11, 1), "IT-drift"),
        settings=settings,
        vantage=(VantageItem("port25", "ok", True, {"port": "25"}),),
        connections=Connections(3, (Ledger("[192.0.2.1]:25", ("mx.a.example",), 3, True),)),
        previous=Previous("b", "2" * 64),
        review_of=Previous("c", "3" * 64),
    )
    stored_run.write(tmp_path, run)

    assert stored_run.read(tmp_path) == run
    assert stored_run.fingerprint(tmp_path) == sha256(tmp_path / "run.json")


def test_no_secret_stands_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("U02_KEY_PASSWORD", "hemmelig-ord")
    run = make_run(settings=Settings(OURS, client_certificate=ClientCertificate("a.pem", "a.key", "U02_KEY_PASSWORD")))
    stored_run.write(tmp_path, run)

    assert "hemmelig-ord" not in (tmp_path / "run.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("spoil", [{"more": 1}, {"schema": "x"}, {"counts": None}])
def test_a_file_of_another_form_is_refused(tmp_path: Path, spoil: dict[str, object]) -> None:
    stored_run.write(tmp_path, make_run())
    data = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    (tmp_path / "run.json").write_text(json.dumps(data | spoil))

    with pytest.raises(ValueError, match=r"run\.json"):
        stored_run.read(tmp_path)


def test_times_are_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 3, 9, 30, 0, 5000, tzinfo=timezone(timedelta(hours=1)))

    assert stored_run.stamp(moment) == "2026-11-03T08:30:00.005Z"
    assert stored_run.run_id(moment) == "20261103T083000Z"


# ---- the previous run


def _at(run_id: str, day: int, **changed: object) -> object:
    return make_run(run_id, started=stored_run.stamp(datetime(2026, 11, day, tzinfo=UTC)), **changed)


def test_the_previous_run_is_the_last_full_one_of_ours(tmp_path: Path) -> None:
    put_run(tmp_path, _at("20261101T000000Z", 1))
    wanted = put_run(tmp_path, _at("20261102T000000Z", 2))
    put_run(tmp_path, _at("20261103T000000Z", 3, organisation=Organisation("En annen")))
    put_run(tmp_path, _at("20261104T000000Z", 4, scope="subset"))
    put_run(tmp_path, _at("20261105T000000Z", 5, state="partial"))
    put_run(tmp_path, _at("20261106T000000Z", 6), sealed=False)
    put_run(tmp_path, _at("20261107T000000Z", 7))

    found = stored_run.previous_run(tmp_path, "Etaten", "20261107T000000Z")

    assert found == Previous("20261102T000000Z", sha256(wanted / MANIFEST))


def test_the_last_one_is_told_by_its_time_not_its_name(tmp_path: Path) -> None:
    put_run(tmp_path, _at("oktober", 1))
    put_run(tmp_path, _at("november", 2))

    found = stored_run.previous_run(tmp_path, "Etaten", "desember")

    assert found is not None
    assert found.run_id == "november"


def test_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    spoilt = put_run(tmp_path, make_run("spoilt"))
    (spoilt / "run.json").write_text("{")

    assert stored_run.previous_run(tmp_path, "Etaten", "a") is None


def test_no_reports_folder_yet_is_no_previous_run(tmp_path: Path) -> None:
    assert stored_run.previous_run(tmp_path / "reports", "Etaten", "a") is None
