"""The command line: verbs, options, exit codes, and nothing else."""

from compliance.cli.app import main

__all__ = ["main"]
