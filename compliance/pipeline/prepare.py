"""Prepare: the run folder with all that judging will need, before anything is asked."""

import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from compliance import __version__
from compliance.baseline.load import load as load_baseline
from compliance.pipeline.order import Order, RunFault
from compliance.settings import Settings, Trust
from compliance.store import inputs as stored_inputs
from compliance.store import run as stored_run
from compliance.store.files import sha256
from compliance.store.inputs import Inputs
from compliance.store.roots import extra_roots, public_suffixes, roots
from compliance.store.run import BaselineNote, Connections, Counts, Run, Tool

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def prepare(order: Order) -> Path:
    """Make the run folder, with inputs and a run.json in state `partial`; raises RunFault and leaves nothing then."""
    inputs = _inputs(order)
    started = datetime.now(UTC)
    name = order.run_id or stored_run.run_id(started)
    folder = order.reports / name
    if not _RUN_ID.fullmatch(name):
        raise RunFault("bad_run_id", run=name)
    if folder.exists():
        raise RunFault("run_exists", run=str(folder))
    folder.mkdir(parents=True, mode=0o700)
    stored_inputs.write(folder, inputs)
    stored_run.write(folder, _run(order, folder, inputs, started))
    return folder


def _inputs(order: Order) -> Inputs:
    settings = order.settings
    kept, extra = _roots(settings.trust, order.folder)
    return Inputs(
        subjects=order.all_subjects,
        waivers=order.waivers,
        statements=order.statements,
        baseline=load_baseline(settings.baseline, order.folder),
        roots=kept,
        extra_roots=extra,
        suffixes=public_suffixes(),
    )


def _run(order: Order, folder: Path, inputs: Inputs, started: datetime) -> Run:
    settings, baseline, chosen = order.settings, inputs.baseline, order.session.subjects
    return Run(
        schema=stored_run.SCHEMA,
        tool=Tool("u02-compliance", __version__),
        organisation=settings.organisation,
        population=settings.population,
        run_id=folder.name,
        scope="subset" if order.only else "full",
        only=tuple(subject.label for subject in chosen) if order.only else (),
        label=order.label,
        baseline=BaselineNote(baseline.id, baseline.version, sha256(folder / "inputs" / "baseline.json")),
        settings=settings,
        languages=order.languages or settings.languages,
        vantage_name=vantage_name(settings),
        vantage=(),
        started=stored_run.stamp(started),
        finished="",
        state="partial",
        counts=Counts(subjects=len(chosen)),
        connections=Connections(),
        evidence={},
        previous=stored_run.previous_run(folder.parent, settings.organisation.name, folder.name),
    )


def _roots(trust: Trust, folder: Path) -> tuple[bytes, bytes]:
    """Read the configured roots; a bundle without a certificate would make everybody untrusted."""
    try:
        kept, extra = roots(trust, folder), extra_roots(trust, folder)
    except OSError as trouble:
        raise RunFault("unusable_file", path=trust.bundle, why=str(trouble.strerror)) from None
    return with_certificates(kept, trust.bundle), extra and with_certificates(extra, ", ".join(trust.extra))


def with_certificates(pem: bytes, path: str) -> bytes:
    """Give a PEM bundle that holds a certificate; raises RunFault for one that does not."""
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise RunFault("unusable_file", path=path, why="-----BEGIN CERTIFICATE-----")
    return pem


def vantage_name(settings: Settings) -> str:
    """Name the place a run is made from: the EHLO name, or this machine's own."""
    return settings.ehlo or platform.node()
