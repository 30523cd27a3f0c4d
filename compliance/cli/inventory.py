"""Verbs that look at the inventory alone: init, validate, selftest; and the baselines there are."""

import json
from collections.abc import Mapping
from pathlib import Path

import typer

from compliance.baseline.load import known_requirements, load, shipped
from compliance.cli.say import languages_of, say, speak, text, words
from compliance.fleet.load import Loaded, load_folder
from compliance.fleet.starter import write_starter
from compliance.model.observation import VantageItem
from compliance.model.requirement import Baseline
from compliance.pipeline.selftest import selftest as try_vantage
from compliance.settings import Organisation, Settings
from compliance.strict import Fault, Faulty, read_yaml, to_data

INVENTORY = typer.Option(Path("inventory"), "--inventory", "-i", help="The inventory folder.")
LANGUAGE = typer.Option("", "--lang", help="nb, nn or en.")
_DEFAULT = Settings(Organisation(""))


def loaded(folder: Path, lang: str = "") -> Loaded:
    """Load an inventory and speak its language unless another was asked for; raises Faulty with all faults."""
    chosen = languages_of(lang)
    baseline, faults = _baseline(folder)
    try:
        found = load_folder(folder, known_requirements())
    except Faulty as trouble:
        raise Faulty([*trouble.faults, *faults]) from None
    if not chosen:
        speak(found.settings.languages[0])
    if baseline is None:
        raise Faulty(faults)
    _only_manual(found, baseline, folder)
    return found


def _baseline(folder: Path) -> tuple[Baseline | None, tuple[Fault, ...]]:
    """Load the baseline that config.yaml names, however much else is wrong there; else say what is wrong with it."""
    try:
        source = read_yaml(folder / "config.yaml")
    except Faulty:
        return None, ()  # told by load_folder
    named = source.data.get("user_defined") if isinstance(source.data, Mapping) else None
    name = named.get("baseline", _DEFAULT.baseline) if isinstance(named, Mapping) else None
    if not isinstance(name, str):
        return None, ()
    try:
        return load(name, folder), ()
    except Faulty as trouble:
        if (folder / name).is_file():
            return None, trouble.faults
        known = ", ".join(entry.id for entry in shipped())
        fault = source.fault(("user_defined", "baseline"), "unknown_baseline", value=name, expected=known)
        return None, (fault,)


def _only_manual(found: Loaded, baseline: Baseline, folder: Path) -> None:
    """A person's word stands only where no probe can see; raises Faulty."""
    measured = {entry.id for entry in baseline.requirements if entry.assessment != "manual"}
    wrong = [statement for statement in found.statements if statement.requirement in measured]
    if wrong:
        raise Faulty(
            Fault(
                str(folder / "statements.yaml"),
                int(said.where.rpartition(":")[2]),
                "not_manual",
                {"value": said.requirement},
            )
            for said in wrong
        )


def init(folder: Path = typer.Argument(..., metavar="DIR"), lang: str = LANGUAGE) -> None:
    """Write a commented inventory to edit."""
    languages_of(lang)
    try:
        write_starter(folder)
    except FileExistsError as there:
        say("init_exists", path=str(there.filename or folder))
        raise typer.Exit(2) from None
    say("init_done", path=str(folder))


def validate(inventory: Path = INVENTORY, lang: str = LANGUAGE) -> None:
    """Check inventory, config and waivers; exit 2 with file:line on a fault."""
    found = loaded(inventory, lang)
    say("validate_done", path=str(inventory), subjects=len(found.subjects), waivers=len(found.waivers))


def selftest(
    inventory: Path = INVENTORY,
    lang: str = LANGUAGE,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Say what this machine can and cannot test, each line with the next step."""
    found = loaded(inventory, lang)
    items = try_vantage(found.settings, found.subjects, inventory)
    if as_json:
        typer.echo(json.dumps([to_data(item) for item in items], ensure_ascii=False))
    else:
        for item in items:
            typer.echo(line_of(item))
    if any(item.blocking and item.state == "failed" for item in items):
        raise typer.Exit(3)


def line_of(item: VantageItem) -> str:
    """Give one line of the self-test: a sign, what was tried, what was seen, and unless all is well the next step."""
    sign = {"ok": "✓", "failed": "✕"}.get(item.state, "?")
    return f"{sign} {text(f'{item.item}_{item.state}', 'selftest.yaml', **item.values)}"


def baseline(
    verb: str = typer.Argument(..., metavar="list|show"),
    name: str = typer.Argument("", metavar="ID"),
    lang: str = LANGUAGE,
) -> None:
    """List the baselines, or show one requirement by requirement."""
    languages_of(lang)
    language = words().language
    if verb == "list":
        for entry in shipped():
            typer.echo(f"{entry.id}  {entry.version}  {entry.title[language]}")
        return
    if verb != "show" or not name:
        raise typer.BadParameter("list | show ID")
    for requirement in load(name, None).requirements:
        levels = ", ".join(f"{kind}: {level}" for kind, level in requirement.levels.items())
        typer.echo(f"{requirement.id}  {requirement.title[language]}  ({levels})")


def register(app: typer.Typer) -> None:
    """Add the verbs of this file."""
    app.command()(init)
    app.command()(validate)
    app.command()(selftest)
    app.command()(baseline)
