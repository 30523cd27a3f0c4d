"""Observe: from an inventory to a run folder with its journal. The only corridor that reaches the network."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from compliance import __version__
from compliance.baseline.load import load as load_baseline
from compliance.fleet.processors import Journal as DefectJournal
from compliance.fleet.processors import Progress
from compliance.fleet.run import sweep_addresses, sweep_subjects
from compliance.fleet.session import Session
from compliance.model.observation import Failure, Observation, Origin, StatementFacts
from compliance.model.subject import Subject
from compliance.model.target import MailAddress
from compliance.model.waiver import Statement, Waiver
from compliance.probes.asker import Asker
from compliance.probes.prober import Prober
from compliance.probes.tls import ClientCertificateFault, load_identity
from compliance.settings import Settings
from compliance.store import inputs as stored_inputs
from compliance.store import run as stored_run
from compliance.store.files import sha256
from compliance.store.inputs import Inputs
from compliance.store.journal import Journal
from compliance.store.journal import read as read_journal
from compliance.store.ledger import connections
from compliance.store.roots import extra_roots, public_suffixes, roots
from compliance.store.run import BaselineNote, Connections, Counts, Run, Tool

TOOL = f"u02-compliance {__version__}"


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to be: over which session, for whom, and where it lands.

    `folder` is the inventory's, from which paths in the settings are read; `reports` where run folders land.
    `all_subjects` is the whole inventory, of which the session may hold a part (`only`).
    """

    session: Session
    settings: Settings
    all_subjects: tuple[Subject, ...]
    waivers: tuple[Waiver, ...]
    statements: tuple[Statement, ...]
    folder: Path
    reports: Path
    progress: Callable[[str], Progress]
    only: bool = False
    run_id: str = ""
    label: str = ""
    languages: tuple[str, ...] = ()
    resume: Path | None = None


class Interrupted(Exception):  # noqa: N818 - no error: somebody pressed Ctrl-C
    """A run was stopped by hand; `folder` holds what was measured."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


class RunFault(Exception):  # noqa: N818 - a fault of what was asked for, shown as one line
    """A run that cannot be made as asked; `key` names the text in texts/cli.yaml."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def observe(order: Order) -> Path:
    """Make (or go on with) a run: ask everything once, write every answer down; gives the run folder.

    Interrupted, it leaves a run folder in state `partial` that `resume` goes on from.
    """
    try:
        load_identity(order.settings.client_certificate, order.folder, os.environ)
    except ClientCertificateFault as fault:
        raise RunFault("client_certificate", why=": ".join(map(str, fault.args))) from None
    folder = order.resume or _new_folder(order)
    if order.resume is None:
        _write_inputs(order, folder)
    log = Journal(folder)
    try:
        addresses = _ask_all(order, log)
    except KeyboardInterrupt:
        raise Interrupted(folder) from None
    finally:
        log.close()
    _finish(folder, addresses)
    return folder


def _new_folder(order: Order) -> Path:
    started = datetime.now(UTC)
    folder = order.reports / (order.run_id or stored_run.run_id(started))
    if folder.exists():
        raise RunFault("run_exists", run=str(folder))
    folder.mkdir(parents=True, mode=0o700)
    return folder


def _write_inputs(order: Order, folder: Path) -> None:
    settings = order.settings
    baseline = load_baseline(settings.baseline, order.folder)
    stored_inputs.write(
        folder,
        Inputs(
            subjects=order.all_subjects,
            waivers=order.waivers,
            statements=order.statements,
            baseline=baseline,
            roots=roots(settings.trust, order.folder),
            extra_roots=extra_roots(settings.trust, order.folder),
            suffixes=public_suffixes(),
        ),
    )
    chosen = order.session.subjects
    stored_run.write(
        folder,
        Run(
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
            vantage_name=vantage_name(settings.ehlo),
            vantage=(),
            started=stored_run.stamp(datetime.now(UTC)),
            finished="",
            state="partial",
            counts=Counts(subjects=len(chosen)),
            connections=Connections(),
            evidence={},
            previous=stored_run.previous_run(folder.parent, settings.organisation.name, folder.name),
        ),
    )


def vantage_name(ehlo: str) -> str:
    """Name the place a run is made from: the EHLO name, or this machine's own."""
    return ehlo or platform.node()


def _ask_all(order: Order, log: Journal) -> tuple[MailAddress, ...]:
    """Self-test, the subjects' DNS, their mail hosts, and once more at the end what did not come through."""
    vantage = vantage_name(order.settings.ehlo)
    asker = Asker(known=log.known, sink=log.append, vantage=vantage, tool=TOOL)
    prober = Prober(order.settings, asker, order.folder, os.environ)
    sink = DefectJournal(_defect_sink(log, vantage), log.sync)
    _write_statements(order, log, vantage)
    prober.vantage(())
    sweep_subjects(order.session, prober, sink, order.progress("sweep_subjects"))
    addresses = prober.addresses(order.session.subjects, order.all_subjects)
    sweep_addresses(order.session, addresses, prober, sink, order.progress("sweep_hosts"))
    sweep_addresses(order.session, addresses, prober, sink, order.progress("sweep_again"), again=True)
    return addresses


def _defect_sink(log: Journal, vantage: str) -> Callable[[str, str, Failure], object]:
    """Put a task that broke on record: our defect, with the host whose turn it was."""

    def record(host: str, task: str, failure: Failure) -> Observation:
        now = stored_run.stamp(datetime.now(UTC))
        return log.append(Observation("", "sweep", host, task, now, 0.0, vantage, TOOL, Origin.WIRE, None, failure))

    return record


def _write_statements(order: Order, log: Journal, vantage: str) -> None:
    """Put on record what people declared, each once."""
    known = {(seen.probe, seen.question) for seen in log.known}
    organisation = order.settings.organisation.name
    for said in order.statements:
        if ("statement", said.requirement) in known:
            continue
        facts = StatementFacts(
            "statement", said.requirement, said.status, said.statement, said.by, said.date.isoformat()
        )
        now = stored_run.stamp(datetime.now(UTC))
        log.append(
            Observation(
                "", "statement", organisation, said.requirement, now, 0.0, vantage, TOOL, Origin.DECLARED, facts, None
            )
        )


def _finish(folder: Path, addresses: tuple[MailAddress, ...]) -> None:
    """Write into run.json what the sweeps showed; the run is complete."""
    observations = read_journal(folder)
    run = stored_run.read(folder)
    stored_run.write(
        folder,
        replace(
            run,
            finished=stored_run.stamp(datetime.now(UTC)),
            state="complete",
            counts=replace(run.counts, observations=len(observations)),
            connections=connections(observations, addresses),
        ),
    )
