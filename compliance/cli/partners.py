"""Verbs on counterparties: partners (from logs), import (from a list)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from compliance.cli.inventory import LANGUAGE, loaded
from compliance.cli.say import languages_of, say, say_read, text, words
from compliance.model.observation import Observation
from compliance.model.subject import DOMAIN_KINDS
from compliance.model.supplied import Counterparty, Flow
from compliance.outbound.intake import shown_name
from compliance.outbound.list_entries import list_entries
from compliance.outbound.partner_list import ListFault, read_list
from compliance.pipeline.order import RunFault
from compliance.pipeline.partners import Counted, count, write
from compliance.store.files import write_bytes

_SHOWN = 15


def partners(
    logs: list[Path] = typer.Argument(..., metavar="LOG..."),
    output: Path = typer.Option(Path(), "--output", "-o", help="The folder to write in."),
    inventory: Path = typer.Option(None, "--inventory", "-i", help="Leave out the domains of this inventory."),
    top: int = typer.Option(50, "--top", min=1, help="So many of the largest become inventory entries."),
    days: int = typer.Option(92, "--days", min=1, help="Lines older than this do not count."),
    grouped: bool = typer.Option(
        False, "--by-registered-domain", help="Count sub-domains under the domain registered."
    ),
    lang: str = LANGUAGE,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Counterparties by volume from mail logs: a workbook, inventory entries, and evidence for a run."""
    languages_of(lang)
    known = loaded(inventory, lang).subjects if inventory else ()
    without = {subject.hostname for subject in known if subject.domain_kind in DOMAIN_KINDS}
    tell: Callable[[Observation], None] = (lambda _seen: None) if as_json else say_read
    counted = count(logs, days, tell, without, grouped=grouped)
    made = write(counted, output, words().language, top, text("partners_head"))
    if as_json:
        typer.echo(json.dumps(_data(counted), ensure_ascii=False))
        return
    _show(counted)
    for path in made:
        typer.echo(f"  {path}")


def _show(counted: Counted) -> None:
    if not counted.parties:
        say("partners_none")
    for party in counted.parties[:_SHOWN]:
        name = f"{party.domain} ({party.supplier})" if party.supplier else party.domain
        say("partners_line", name=name, to=party.to.messages, to_share=_share(party.to),
            received=party.from_.messages, from_share=_share(party.from_))  # fmt: skip
    say("partners_written", count=len(counted.parties))


def _share(flow: Flow) -> str:
    told = flow.encrypted + flow.clear
    return f"{100 * flow.encrypted // told} %" if told else "?"


def _data(counted: Counted) -> dict[str, Any]:
    return {
        "files": [
            {"name": log.file.name, "sha256": log.file.sha256, "first": log.file.first, "last": log.file.last,
             "lines": log.file.lines, "older": log.file.older, "not_read": log.file.not_read}
            for log in counted.logs
        ],
        "partners": [_party(party) for party in counted.parties],
    }  # fmt: skip


def _party(party: Counterparty) -> dict[str, Any]:
    told = {"domain": party.domain, "supplier": party.supplier, "hosts": list(party.hosts)}
    return told | {"to": _flow(party.to), "from": _flow(party.from_)}


def _flow(flow: Flow) -> dict[str, Any]:
    kinds = [
        {"version": tally.version, "suite": tally.suite, "trust": tally.trust, "count": tally.count}
        for tally in flow.tls
    ]
    return {
        "messages": flow.messages,
        "encrypted": flow.encrypted,
        "authenticated": flow.authenticated,
        "clear": flow.clear,
        "unknown": flow.unknown,
        "tls": kinds,
    }


def import_list(
    file: Path = typer.Argument(..., metavar="FILE.xlsx|csv"),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write the entries to a file instead of the terminal."
    ),
    lang: str = LANGUAGE,
) -> None:
    """A partner list as inventory entries; each bad row named by sheet, row and column."""
    languages_of(lang)
    if not file.is_file():
        raise RunFault("no_such_file", path=str(file))
    if output and output.exists():
        raise RunFault("file_exists", path=str(output))
    try:
        found = read_list(file)
    except ListFault as fault:
        raise RunFault(str(fault.args[0]), path=str(file)) from None
    for cell in found.bad:
        where = {"sheet": cell.sheet, "row": cell.row, "column": cell.column, "value": cell.value}
        typer.echo(text("import_bad_cell", why=text(cell.key), **where), err=True)
    if found.bad or not found.entries:
        say("import_nothing", bad=len(found.bad), good=len(found.entries))
        raise typer.Exit(2)
    made = list_entries(found.entries, text("import_head", name=shown_name(file)))
    if output is None:
        typer.echo(made, nl=False)
        return
    write_bytes(output, made.encode())
    say("import_written", count=len(found.entries), path=str(output))


def register(app: typer.Typer) -> None:
    """Add the verbs of this file."""
    app.command()(partners)
    app.command("import")(import_list)
