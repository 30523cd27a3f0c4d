"""LES-MEG.txt: how to check a run folder, on any machine, without this program."""

from pathlib import Path

from compliance.reporting.words import Words
from compliance.store import run as run_file
from compliance.store.files import write_bytes

NAME = "LES-MEG.txt"
_LINES = (
    "title", "what", "linux", "linux_command", "windows", "windows_command", "fingerprint", "fingerprint_command",
    "signed", "signed_command", "tool", "tool_command", "contacts",
)  # fmt: skip


def write_readme(folder: Path, language: str) -> Path:
    """Write LES-MEG.txt into a run folder, with CRLF so that every editor shows its lines."""
    run = run_file.read(folder)
    words = Words(language)
    values = {"organisation": run.organisation.name, "run_id": run.run_id}
    lines = [words.t(f"readme_{line}", **values) for line in _LINES]
    if run.review_of:
        lines.insert(1, words.t("readme_review", run_id=run.review_of.run_id))
    return write_bytes(folder / NAME, "\r\n\r\n".join([*lines, ""]).encode())
