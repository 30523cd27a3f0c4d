"""Runs and observations for tests of the store."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compliance.model.observation import DnsFacts, DnsRecord, Failure, FailureKind, Observation, Origin
from compliance.settings import Organisation, Settings
from compliance.store import manifest
from compliance.store import run as stored_run
from compliance.store.run import BaselineNote, Connections, Counts, Run, Tool

STARTED = datetime(2026, 11, 3, 8, 30, tzinfo=UTC)
OURS = Organisation("Etaten", "999999999")


def make_run(run_id: str = "a", **changed: Any) -> Run:
    """A complete, full run of Etaten; `changed` replaces fields."""
    run = Run(
        schema=stored_run.SCHEMA,
        tool=Tool("u02-compliance", "0.0.1"),
        organisation=OURS,
        population=None,
        run_id=run_id,
        scope="full",
        only=(),
        label="4. kvartal «2026»",
        baseline=BaselineNote("u02", "1", "0" * 64),
        settings=Settings(OURS),
        languages=("nb", "en"),
        vantage_name="probe.etaten.example",
        vantage=(),
        started=stored_run.stamp(STARTED),
        finished=stored_run.stamp(STARTED),
        state="complete",
        counts=Counts(subjects=1, by_status={"pass": 1}),
        connections=Connections(),
        evidence={"findings.jsonl": "1" * 64},
        previous=None,
    )
    return replace(run, **changed)


def put_run(reports: Path, run: Run, *, sealed: bool = True) -> Path:
    """Write a run folder that holds run.json alone, sealed unless told."""
    folder = reports / run.run_id
    folder.mkdir(parents=True)
    stored_run.write(folder, run)
    if sealed:
        manifest.seal(folder)
    return folder


def observation(target: str = "etaten.example", text: str = "v=spf1 -all") -> Observation:
    """A DNS answer with a TXT record."""
    record = DnsRecord(target, "TXT", 300, f'"{text}"', (text,))
    facts = DnsFacts(
        "dns", target, "TXT", "NOERROR", True, True, False, (record,), (), "127.0.0.1#53", False, b"\x00\xff\r\n"
    )
    return Observation(
        "", "dns", target, "TXT", stored_run.stamp(STARTED), 0.1, "here", "u02 0", Origin.WIRE, facts, None
    )


def failed(target: str = "etaten.example") -> Observation:
    """A question nobody answered."""
    failure = Failure(FailureKind.TIMEOUT, "query")
    return Observation(
        "", "dns", target, "MX", stored_run.stamp(STARTED), 5.0, "here", "u02 0", Origin.WIRE, None, failure
    )
