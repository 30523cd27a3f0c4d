"""Observe: from an inventory to a run folder with its journal. The only corridor that reaches the network."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from compliance import __version__
from compliance.fleet.processors import Journal as DefectJournal
from compliance.fleet.run import sweep_addresses, sweep_subjects
from compliance.model.observation import Failure, Observation, Origin, StatementFacts
from compliance.model.target import MailAddress
from compliance.pipeline.order import Interrupted, Order, RunFault
from compliance.pipeline.prepare import prepare, vantage_name
from compliance.pipeline.supplied import take_in, waiting
from compliance.probes.asker import Asker
from compliance.probes.prober import Prober
from compliance.probes.tls import ClientCertificateFault, load_identity
from compliance.store import run as stored_run
from compliance.store.journal import Journal
from compliance.store.journal import read as read_journal
from compliance.store.ledger import connections

TOOL = f"u02-compliance {__version__}"


def observe(order: Order) -> Path:
    """Make (or go on with) a run: ask everything once, write every answer down; gives the run folder.

    Interrupted, it leaves a run folder in state `partial` that `resume` goes on from.
    """
    try:
        load_identity(order.settings.client_certificate, order.folder, os.environ)
    except ClientCertificateFault as fault:
        raise RunFault("client_certificate", why=": ".join(map(str, fault.args))) from None
    folder = order.resume or prepare(order)
    log = Journal(folder)
    try:
        taken: tuple[Observation, ...] = ()
        if order.evidence:
            taken = take_in(waiting(order.evidence, stored_run.read(folder), log.known), log, order.say)
        addresses = _ask_all(order, log, (*log.known, *taken))
    except KeyboardInterrupt:
        raise Interrupted(folder) from None
    finally:
        log.close()
    _finish(folder, addresses)
    return folder


def _ask_all(order: Order, log: Journal, mail: Iterable[Observation]) -> tuple[MailAddress, ...]:
    """Self-test, the subjects' DNS, their mail hosts, and once more at the end what did not come through.

    Gives every address and port that a mail session was meant for.
    """
    vantage = vantage_name(order.settings)
    asker = Asker(known=log.known, sink=log.append, vantage=vantage, tool=TOOL)
    prober = Prober(order.settings, asker, order.folder, os.environ, mail)
    sink = DefectJournal(_defect_sink(log, vantage), log.sync)
    _write_statements(order, log, vantage)
    prober.vantage(())
    sweep_subjects(order.session, prober, sink, order.progress("sweep_subjects"))
    addresses = prober.addresses(order.session.subjects, order.all_subjects)
    sweep_addresses(order.session, addresses, prober, sink, order.progress("sweep_hosts"))
    sweep_addresses(order.session, addresses, prober, sink, order.progress("sweep_again"), again=True)
    sweep_subjects(order.session, prober, sink, order.progress("sweep_again"), again=True)
    return (*addresses, *prober.submission_addresses(order.session.subjects))


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
            connections=connections(observations, addresses, run.settings.mta_sts.port),
        ),
    )
