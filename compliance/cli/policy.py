"""`u02 policy`: which partners can carry required TLS, and a ready Postfix map for them. No network."""

import json
from pathlib import Path

import typer

from compliance.cli.running import REPORTS, run_folder
from compliance.cli.say import languages_of, say, speak, words
from compliance.model.subject import Level
from compliance.reporting.postfix_map import NAME, policy_of, render_map
from compliance.reporting.view.policy import PolicyRow, policy_rows, sends_through_exchange_online
from compliance.reporting.view.report import Report, read_report
from compliance.reporting.words import Words
from compliance.store import run as stored_run
from compliance.store.files import write_bytes


def policy(
    run: str = typer.Argument(..., metavar="RUN"),
    reports: Path = REPORTS,
    lang: str = typer.Option("", "--lang", help="nb, nn, en."),
    as_json: bool = typer.Option(False, "--json", help="One JSON list, for programs."),
) -> None:
    """Say which partners can carry the level asked and which cannot, and write a Postfix map for those that can."""
    folder = run_folder(run, reports)
    languages = languages_of(lang)
    if not languages:
        speak(stored_run.read(folder).languages[0])
    report = read_report(folder)
    rows = policy_rows(report)
    spoken = Words(words().language, baseline=report.source.baseline)
    path = write_bytes(folder / "out" / NAME, render_map(report, rows, spoken).encode())
    if as_json:
        typer.echo(json.dumps([_as_data(row) for row in rows], ensure_ascii=False))
        return
    _tell(report, rows, spoken, path)


def _tell(report: Report, rows: tuple[PolicyRow, ...], spoken: Words, path: Path) -> None:
    if not rows:
        say("policy_nobody")
        return
    carried = [row for row in rows if row.carried]
    say("policy_carried", n=len(carried), total=len(rows))
    for row in carried:
        typer.echo(f"  ✓ {row.subject.display}: {policy_of(row)}")
        for caution in row.cautions:
            typer.echo(f"    ! {spoken.notice(caution)}")
    left = [row for row in rows if not row.carried]
    if left:
        say("policy_not_carried")
    for row in left:
        why = spoken.reason(row.why.reason, row.why.values, row.why.cause)
        typer.echo(f"  {spoken.t(f'sign_{row.result.mark}')} {row.subject.display} ({row.level}): {why}")
    if sends_through_exchange_online(report) and any(row.level is Level.DANE for row in rows):
        say("policy_no_dane_connector")
    say("policy_written", path=str(path))


def _as_data(row: PolicyRow) -> dict[str, object]:
    return {
        "partner": row.subject.label,
        "level": row.level.value,
        "status": row.result.finding.status.value,
        "reason": row.why.reason,
        "policy": policy_of(row) if row.carried else None,
    }


def register(app: typer.Typer) -> None:
    """Add the verb of this file."""
    app.command()(policy)
