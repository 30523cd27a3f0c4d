"""Verbs of the canary receiver: dns, serve, send."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from compliance.cli.inventory import INVENTORY, LANGUAGE, loaded
from compliance.cli.say import languages_of, say
from compliance.fleet.load import Loaded
from compliance.outbound.canary.journal import Journal, read
from compliance.outbound.canary.keys import AUTHORITY, Keys
from compliance.outbound.canary.plan import (
    FIRST,
    PlanFault,
    Round,
    Setup,
    checked,
    read_round,
    read_setup,
    write_setup,
)
from compliance.outbound.canary.progress import Standing, standings
from compliance.outbound.canary.running import asking, open_round, senders
from compliance.outbound.canary.running import serve as receive
from compliance.outbound.canary.sending import note, subject_of, submit
from compliance.outbound.canary.zone import policy_hosts, policy_text, zone_lines
from compliance.pipeline.order import RunFault
from compliance.pipeline.prepare import vantage_name
from compliance.probes.submit import Login
from compliance.store.roots import roots

FOLDER = typer.Argument(Path("canary"), metavar="[DIR]", help="The canary's own folder: its keys, its recipients.")
_USER, _PASSWORD = "U02_CANARY_USER", "U02_CANARY_PASSWORD"
_LOOK = 2.0  # seconds between looks at the journal
app = typer.Typer(no_args_is_help=True, help="A receiver that proves how our outbound hosts send.")


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except PlanFault as fault:
        raise RunFault(fault.key, **fault.values) from None


@app.command()
def dns(
    folder: Path = FOLDER,
    base: str = typer.Option("", "--base", metavar="DOMAIN", help="The domain the personas live below."),
    address: list[str] = typer.Option([], "--address", help="One for each persona in order, or one for all in turn."),
    persona: list[str] = typer.Option(list(FIRST), "--persona", help="Who is to be met; may be given again."),
    port: int = typer.Option(25, "--port", help="Where the canary listens; another than 25 only in a lab."),
    turn: int = typer.Option(60, "--turn", min=1, help="Minutes a persona stays, where they share an address."),
    certificate: Path = typer.Option(None, "--certificate", help="PEM of a certificate the world trusts."),
    key: Path = typer.Option(None, "--key", help="Its key."),
    lang: str = LANGUAGE,
) -> None:
    """Set the canary up (with --base), and print the zone lines its personas need."""
    languages_of(lang)
    with _faults():
        if base:
            files = {"certificate": certificate, "key": key}
            given = {name: str(path.absolute()) for name, path in files.items() if path}
            if len(given) == 1:
                raise RunFault("canary_certificate", why="--certificate, --key")
            made = checked(Setup(base, tuple(address), tuple(persona), port, turn * 60, **given))
            write_setup(folder, made)
        setup = read_setup(folder)
        keys = Keys(folder, setup)
        for line in zone_lines(setup, keys):
            typer.echo(line)
    if not setup.certificate:
        say("canary_own_root", path=str(folder / AUTHORITY))
    for host in policy_hosts(setup):
        say("canary_policy", host=host)
        typer.echo(policy_text(setup))


@app.command()
def serve(
    folder: Path = FOLDER,
    inventory: Path = INVENTORY,
    evidence: Path = typer.Option(None, "--evidence", metavar="DIR", help="Where the journal goes."),
    seconds: float = typer.Option(0.0, "--seconds", min=0.0, help="End after so long; without it, at Ctrl-C."),
    lang: str = LANGUAGE,
) -> None:
    """Receive one round: mail to its own recipients alone, on every persona."""
    found = loaded(inventory, lang)
    with _faults():
        setup = read_setup(folder)
        made = open_round(folder, setup, found.subjects, evidence or inventory / "evidence" / "canary")
        say("canary_open", round=made.round, journal=made.journal)
        for name in setup.personas:
            say("canary_persona", persona=name, host=setup.host(name), address=setup.address(name), port=setup.port)
        try:
            ended = receive(folder, setup, made, asking(found.settings.resolver), seconds)
        except OSError as trouble:
            raise RunFault("canary_cannot_listen", port=str(setup.port), why=str(trouble.strerror)) from None
    say("canary_closed", sessions=ended.sessions, strangers=ended.strangers, refused=ended.refused)
    if ended.defects:
        say("canary_defects", count=ended.defects)
        raise typer.Exit(3)


@app.command()
def send(
    folder: Path = FOLDER,
    inventory: Path = INVENTORY,
    by_hand: bool = typer.Option(False, "--by-hand", help="Print recipients to send to from an ordinary mail program."),
    only: list[str] = typer.Option([], "--only", metavar="NAME", help="Only these outbound hosts."),
    port: int = typer.Option(25, "--port", help="The port of the outbound hosts."),
    window: float = typer.Option(60.0, "--window", min=0.01, help="Minutes to wait: longer than two retries."),
    lang: str = LANGUAGE,
) -> None:
    """Send one marked message per persona through each outbound host, and wait for what arrives."""
    found = loaded(inventory, lang)
    with _faults():
        setup, made = read_setup(folder), read_round(folder)
        until = datetime.now(UTC) + timedelta(minutes=window)
        if by_hand:
            _print_recipients(setup, made, only)
            _note_all(setup, made, only, timedelta(minutes=window))
        else:
            _submit_all(found, setup, made, only, port, timedelta(minutes=window))
    say("canary_window", until=until.astimezone().strftime("%H:%M"), minutes=f"{window:g}")
    try:
        _follow(Path(made.journal), until)
    except KeyboardInterrupt:
        say("canary_not_waited")


def _labels(made: Round, only: list[str]) -> tuple[str, ...]:
    labels = tuple(dict.fromkeys(place.host for place in made.recipients.values()))
    if unknown := [word for word in only if word not in labels]:
        raise RunFault("canary_no_host", word=", ".join(unknown))
    return tuple(label for label in labels if not only or label in only)


def _print_recipients(setup: Setup, made: Round, only: list[str]) -> None:
    for label in _labels(made, only):
        say("canary_by_hand", host=label)
        for persona in setup.personas:
            typer.echo(f"  {made.recipient(label, persona)}  {subject_of(made, persona)}")


def _note_all(setup: Setup, made: Round, only: list[str], window: timedelta) -> None:
    journal = Journal(Path(made.journal))
    for label in _labels(made, only):
        for persona in setup.personas:
            note(journal, label, persona, "", datetime.now(UTC), window)
    journal.close()


def _submit_all(found: Loaded, setup: Setup, made: Round, only: list[str], port: int, window: timedelta) -> None:
    labels = _labels(made, only)
    settings, ehlo = replace(found.settings.smtp, session_timeout=300.0), vantage_name(found.settings)
    through = [each for each in senders(found.subjects, asking(found.settings.resolver)) if each.label in labels]
    if not through:
        raise RunFault("canary_no_host", word=", ".join(only) or "outbound_host")
    journal = Journal(Path(made.journal))
    for sender in through:
        now = datetime.now(UTC)
        for persona, handed in submit(setup, made, sender, port, ehlo, settings, _login(found), now):
            note(journal, sender.label, persona, handed.refusal, now, window)
            key = "canary_refused" if handed.refusal else "canary_handed"
            say(key, host=sender.label, persona=persona, why=handed.refusal)
    journal.close()


def _login(found: Loaded) -> Login | None:
    """Read user and password from the environment: they stand in no file and on no command line."""
    user, password = os.environ.get(_USER), os.environ.get(_PASSWORD)
    if not user or not password:
        return None
    return Login(user, password, roots(found.settings.trust, found.folder))


def _follow(journal: Path, until: datetime) -> None:
    """Say of each arrival and attempt as it comes, until the window is over."""
    told: set[Standing] = set()
    while True:
        with journal.open("rb") as lines:
            now = standings(read(lines).round)
        for standing in now:
            if standing not in told:
                told.add(standing)
                say(f"canary_{standing.what}", host=standing.host, persona=standing.persona, count=standing.count)
        left = (until - datetime.now(UTC)).total_seconds()
        if left <= 0:
            return
        time.sleep(min(_LOOK, left))


def register(parent: typer.Typer) -> None:
    """Add the verbs of this file."""
    parent.add_typer(app, name="canary")
