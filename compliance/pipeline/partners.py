"""Counterparties from logs: read, added up, and written as a workbook, inventory entries and evidence."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from compliance.baseline.catalogue import catalogue
from compliance.model.observation import Observation
from compliance.model.supplied import Counterparty, MailLogFacts
from compliance.outbound.counterparties import counterparties, entries
from compliance.outbound.distilled import distilled
from compliance.outbound.intake import given
from compliance.pipeline.order import RunFault
from compliance.pipeline.supplied import read
from compliance.reporting.excel.counterparties import render_counterparties
from compliance.store.files import write_bytes

WORKBOOK, ENTRIES, EVIDENCE = "partners.xlsx", "partners.yaml", "partners.evidence.jsonl"


@dataclass(frozen=True, slots=True)
class Counted:
    """What logs came to."""

    parties: tuple[Counterparty, ...]
    logs: tuple[MailLogFacts, ...]


def count(
    paths: Iterable[Path], days: int, say: Callable[[Observation], None], without: Collection[str], *, grouped: bool
) -> Counted:
    """Read logs of the last `days`; raises RunFault for a file that is not there, and where no log is among them."""
    known = list(paths)
    if missing := [path for path in known if not path.is_file()]:
        raise RunFault("no_such_file", path=str(missing[0]))
    logs = []
    for file in given(known, datetime.now(UTC) - timedelta(days=days)):
        seen = read(file)
        say(seen)
        if isinstance(seen.facts, MailLogFacts):
            logs.append(seen.facts)
    if not logs:
        raise RunFault("no_log_read")
    suffixes = PublicSuffixList(accept_unknown=True)
    name = (lambda domain: suffixes.privatesuffix(domain) or domain) if grouped else str
    return Counted(counterparties(logs, catalogue().suppliers, frozenset(without), name), tuple(logs))


def write(counted: Counted, folder: Path, language: str, top: int, head: str) -> tuple[Path, ...]:
    """Write workbook, entries of the largest and evidence; raises RunFault rather than write over anything."""
    places = [folder / name for name in (WORKBOOK, ENTRIES, EVIDENCE)]
    if there := [path for path in places if path.exists()]:
        raise RunFault("file_exists", path=str(there[0]))
    newest = max((log.file.last for log in counted.logs if log.file.last), default="2000-01-01T00:00:00Z")
    files = [log.file for log in counted.logs]
    contents = (
        render_counterparties(counted.parties, files, language, datetime.fromisoformat(newest)),
        entries(counted.parties[:top], head).encode(),
        distilled(counted.logs),
    )
    return tuple(write_bytes(path, content) for path, content in zip(places, contents, strict=True))
