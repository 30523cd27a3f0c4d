"""Verbs on a run folder, without network: evaluate, report, verify. And those this version does not have."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import typer

from compliance.baseline.load import known_requirements, load
from compliance.cli.running import REPORTS, run_folder
from compliance.cli.say import languages_of, say, speak, words
from compliance.fleet.load import load_waivers
from compliance.pipeline.judge import judge, reproduces, review
from compliance.pipeline.order import RunFault
from compliance.pipeline.prepare import with_certificates
from compliance.pipeline.seal import seal
from compliance.pipeline.verify import is_redrawn
from compliance.pipeline.verify import verify as verify_folder
from compliance.reporting import summary_lines, write_reports
from compliance.store import inputs as stored_inputs
from compliance.store import manifest
from compliance.store import run as stored_run
from compliance.store.files import Spoilt, sha256

RUN = typer.Argument(..., metavar="RUN")
FORMATS = ("html", "xlsx", "csv")


def evaluate(
    run: str = RUN,
    reports: Path = REPORTS,
    baseline: str = typer.Option("", "--baseline", help="Judge by another baseline: a shipped one or a path."),
    waivers: Path = typer.Option(None, "--waivers", help="Judge with another file of waivers."),
    trust: Path = typer.Option(None, "--trust", help="Judge with other roots: a PEM file."),
) -> None:
    """Judge stored evidence again, no network."""
    folder = run_folder(run, reports)
    kept = stored_run.read(folder)
    speak(kept.languages[0])
    if not (baseline or waivers or trust):
        raise typer.Exit(_again(folder))
    if not manifest.is_sealed(folder):
        say("not_sealed", run=str(folder))
        raise typer.Exit(2)
    inputs = stored_inputs.read(folder)
    names = []
    if baseline:
        inputs = replace(inputs, baseline=load(baseline, Path()))
        names.append(inputs.baseline.id)
    if waivers:
        found = load_waivers(waivers, known_requirements(), inputs.subjects, kept.organisation.name)
        inputs = replace(inputs, waivers=found)
        names.append(waivers.stem)
    if trust:
        inputs = replace(inputs, roots=_pem(trust), extra_roots=b"")
        names.append(trust.stem)
    place, findings = review(folder, inputs, "-".join(names))
    seal(place, findings)
    say("review_written", path=str(place))
    for line in summary_lines(place, words().language):
        typer.echo(line)


def _pem(path: Path) -> bytes:
    try:
        return with_certificates(path.read_bytes(), str(path))
    except OSError as trouble:
        raise RunFault("unusable_file", path=str(path), why=str(trouble.strerror)) from None


def _again(folder: Path) -> int:
    """Judge by the run's own inputs: a sealed run must be reproduced, a stopped one is judged as far as it came."""
    if not manifest.is_sealed(folder):
        judge(folder)
        say("judged_partial", run=str(folder))
        return 0
    same = reproduces(folder)
    say("reproduced" if same else "not_reproduced", run=str(folder))
    return 0 if same else 1


def report(
    run: str = RUN,
    reports: Path = REPORTS,
    formats: str = typer.Option("html,xlsx", "--format", help="html, xlsx, csv."),
    lang: str = typer.Option("", "--lang", help="nb, nn, en."),
    contacts: bool = typer.Option(True, "--contacts/--no-contacts", help="The sheet with contacts."),
) -> None:
    """Draw the reports again, into the run's `out/`."""
    folder = run_folder(run, reports)
    languages = languages_of(lang) or stored_run.read(folder).languages
    chosen = tuple(part.strip() for part in formats.split(","))
    if unknown := [part for part in chosen if part not in FORMATS]:
        raise typer.BadParameter(f"{', '.join(unknown)}: {', '.join(FORMATS)}", param_hint="--format")
    for path in write_reports(folder, folder / "out", languages, chosen, contacts=contacts):
        typer.echo(str(path))


def verify(run: str = RUN, reports: Path = REPORTS) -> None:
    """Check a sealed run: nothing changed, every file of its form, and the reports as the evidence gives them."""
    folder = run_folder(run, reports)
    with suppress(Spoilt):  # a spoilt run.json is a finding of verify, told below
        speak(stored_run.read(folder).languages[0])
    faults = verify_folder(folder)
    for fault in faults:
        say(f"verify_{fault.what}", file=fault.file)
    if faults:
        raise typer.Exit(1)
    seal_of_seal = sha256(folder / manifest.NAME)
    say("verify_consistent", run=str(folder), fingerprint=stored_run.fingerprint(folder), manifest=seal_of_seal)
    if not is_redrawn(folder):
        say("verify_not_redrawn", version=stored_run.read(folder).tool.version)


#: Verbs the program will have; until then each says plainly that it has not.
NOT_BUILT = ("compare", "letters")


def _not_built(verb: str) -> Callable[[], None]:
    def command() -> None:
        """Not in this version."""
        say("verb_not_built", verb=verb)
        raise typer.Exit(2)

    return command


def register(app: typer.Typer) -> None:
    """Add the verbs of this file."""
    app.command()(evaluate)
    app.command()(report)
    app.command()(verify)
    anything = {"allow_extra_args": True, "ignore_unknown_options": True}
    for verb in NOT_BUILT:
        app.command(verb, context_settings=anything)(_not_built(verb))
