"""The program `u02`: its verbs are registered here, one file each group."""

import sys

import typer

from compliance import __version__
from compliance.cli import canary, inventory, judging, partners, policy, running
from compliance.cli.say import complain, unusable
from compliance.pipeline.order import RunFault
from compliance.store.files import Spoilt
from compliance.strict import Faulty

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Measure mail transport against NSM U-02, and write reports an auditor can re-perform.",
)
for room in (running, inventory, judging, partners, policy, canary):
    room.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"u02-compliance {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main() -> None:
    """Run a verb. Exit 2 for bad usage, inventory or configuration, with every fault on a line of its own."""
    try:
        app()
    except (Faulty, RunFault) as trouble:
        complain(trouble)
        sys.exit(2)
    except (Spoilt, OSError) as trouble:
        if not unusable(trouble):
            raise
        sys.exit(2)
