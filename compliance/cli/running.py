"""Verbs that ask the network: run, check, demo."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import typer

from compliance.cli.inventory import INVENTORY, LANGUAGE, loaded
from compliance.cli.say import languages_of, say, say_read, text, words
from compliance.demo.truth import compare
from compliance.demo.world import World
from compliance.fleet.processors import Progress
from compliance.fleet.session import NotInInventory, Session, open_session
from compliance.pipeline.judge import judge
from compliance.pipeline.lookup import code_of_check, look_up
from compliance.pipeline.observe import observe
from compliance.pipeline.order import Interrupted, Order, RunFault
from compliance.pipeline.resume import resumable, supplement
from compliance.pipeline.seal import outcome, seal
from compliance.reporting import check_lines, summary_lines
from compliance.store import manifest

REPORTS = typer.Option(Path("reports"), "--reports", "-o", help="Where run folders land.")


def progress(*, quiet: bool) -> Callable[[str], Progress]:
    """Give what shows how far a sweep has come, titled in the reader's language."""
    return lambda key: Progress(text(key), quiet=quiet)


def run(
    inventory: Path = INVENTORY,
    reports: Path = REPORTS,
    run_id: str = typer.Option("", "--run-id", help="Name the run folder yourself."),
    label: str = typer.Option("", "--label", help="A text that stands on the report, such as '4. kvartal 2026'."),
    only: list[str] = typer.Option([], "--only", metavar="GROUP|NAME", help="Only these; may be given again."),
    lang: str = typer.Option("", "--lang", help="Languages of the reports, such as nb,en."),
    resume: str = typer.Option("", "--resume", metavar="RUN", help="Go on with a run that was stopped."),
    evidence: Path = typer.Option(
        None, "--evidence", metavar="DIR", help="Evidence supplied, where it is not the inventory's evidence/."
    ),
    workers: int = typer.Option(0, "--workers", min=0, help="Hosts asked at the same time."),
    contacts: bool = typer.Option(True, "--contacts/--no-contacts", help="The sheet with contacts."),
    quiet: bool = typer.Option(False, "--quiet", help="No progress."),
) -> None:
    """Probe, judge and report."""
    found = loaded(inventory, lang)
    session = open_session(found, workers or None)
    supplied = _evidence(evidence, inventory)
    resumed = run_folder(resume, reports) if resume else None
    if resumed:
        kept = resumable(resumed, found)
        only, label = list(kept.only), kept.label
        if manifest.is_sealed(resumed):
            raise typer.Exit(_supplemented(resumed, supplied, contacts=contacts))
    order = Order(
        session=_part(session, only),
        settings=found.settings,
        all_subjects=found.subjects,
        waivers=found.waivers,
        statements=found.statements,
        folder=inventory,
        reports=reports,
        progress=progress(quiet=quiet),
        only=bool(only),
        run_id=run_id,
        label=label,
        languages=languages_of(lang),
        resume=resumed,
        evidence=supplied,
        say=say_read,
    )
    raise typer.Exit(carry_out(order, contacts=contacts))


def _evidence(chosen: Path | None, inventory: Path) -> Path:
    """Give the folder of supplied evidence; one that was named must be there."""
    if chosen and not chosen.is_dir():
        raise RunFault("no_evidence_folder", path=str(chosen))
    return chosen or inventory / "evidence"


def _supplemented(folder: Path, evidence: Path, *, contacts: bool) -> int:
    """Judge a complete run again with what was supplied since; nothing is asked of anybody."""
    place = supplement(folder, evidence, say_read)
    if place is None:
        say("already_complete", run=str(folder))
        return outcome(folder)
    say("review_written", path=str(place))
    _publish(place, contacts=contacts)
    return outcome(place)


def carry_out(order: Order, *, contacts: bool = True) -> int:
    """Observe, judge, report and seal; prints where the reports are. Gives the exit code."""
    try:
        folder = observe(order)
    except Interrupted as stop:
        say("interrupted", run=str(stop.folder))
        return 3
    _publish(folder, contacts=contacts)
    return outcome(folder)


def _publish(folder: Path, *, contacts: bool = True) -> None:
    """Judge, report and seal; say in five lines what came out, and where the reports are."""
    reports = seal(folder, judge(folder), contacts=contacts)
    for line in summary_lines(folder, words().language):
        typer.echo(line)
    say("reports_at")
    for report in reports:
        typer.echo(f"  {report}")


def _part(session: Session, only: list[str]) -> Session:
    try:
        return session.only(only) if only else session
    except NotInInventory as unknown:
        raise RunFault("only_nothing", word=", ".join(map(str, unknown.args))) from None


def run_folder(run: str, reports: Path) -> Path:
    """Give the run folder that RUN means: a path, or an id below the reports folder; raises RunFault."""
    for folder in (Path(run), reports / run):
        if (folder / "run.json").is_file():
            return folder
    raise RunFault("no_run", run=run)


def check(
    domains: list[str] = typer.Argument(..., metavar="DOMAIN..."),
    inventory: Path = typer.Option(
        None, "--inventory", "-i", help="Take resolver, port and roots from this inventory."
    ),
    lang: str = LANGUAGE,
    quiet: bool = typer.Option(False, "--quiet", help="No progress."),
) -> None:
    """Say in plain words how a domain receives mail, and what to do now."""
    languages_of(lang)
    settings = loaded(inventory, lang).settings if inventory else None
    with tempfile.TemporaryDirectory(prefix="u02-") as place:
        order = look_up(domains, settings, inventory or Path(), Path(place), progress(quiet=quiet))
        folder = observe(order)
        findings = judge(folder)
        for line in check_lines(folder, words().language):
            typer.echo(line)
        raise typer.Exit(code_of_check(findings))


def demo(
    reports: Path = REPORTS,
    lang: str = typer.Option("", "--lang", help="Languages of the reports, such as nb,en."),
    run_id: str = typer.Option("", "--run-id", help="Name the run folder yourself."),
    quiet: bool = typer.Option(False, "--quiet", help="No progress."),
) -> None:
    """Start the loopback golden world, run everything on it, and hold the verdicts against the truth table."""
    languages = languages_of(lang) or ("nb",)
    with tempfile.TemporaryDirectory(prefix="u02-") as place, World.start(Path(place)) as world:
        say("demo_started", dns=world.dns_port, smtp=world.smtp_port)
        found = loaded(world.inventory, lang)
        order = Order(
            session=open_session(found),
            settings=found.settings,
            all_subjects=found.subjects,
            waivers=found.waivers,
            statements=found.statements,
            folder=world.inventory,
            reports=reports,
            progress=progress(quiet=quiet),
            run_id=run_id,
            languages=languages,
            evidence=world.inventory / "evidence",
        )
        folder = observe(order)
    _publish(folder)
    raise typer.Exit(_against_truth(folder))


def _against_truth(folder: Path) -> int:
    """Hold every verdict of the demo against the truth table; say each one that differs."""
    wrong, count = compare(folder)
    for line in wrong:
        say("demo_differs", subject=line.subject, requirement=line.requirement, wanted=line.wanted, found=line.found)
    if not wrong:
        say("demo_agrees", count=count)
    return 1 if wrong else 0


def register(app: typer.Typer) -> None:
    """Add the verbs of this file."""
    app.command()(demo)
    app.command()(run)
    app.command()(check)
