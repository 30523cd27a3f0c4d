"""`u02 check`: the same pipeline on domains that stand in no inventory."""

import platform
from collections.abc import Callable, Sequence
from pathlib import Path

from compliance.fleet.processors import Progress
from compliance.fleet.session import open_domains
from compliance.model.finding import Finding, Status
from compliance.model.names import NameFault, is_domain, to_ascii
from compliance.model.requirement import Duty
from compliance.pipeline.order import Order, RunFault
from compliance.settings import Organisation, Settings


def look_up(
    domains: Sequence[str],
    settings: Settings | None,
    folder: Path,
    place: Path,
    progress: Callable[[str], Progress],
) -> Order:
    """Give the order for a look at domains as anybody's; raises RunFault for what is no domain."""
    session = open_domains([_domain(name) for name in domains])
    return Order(
        session=session,
        settings=settings or Settings(Organisation(platform.node() or "u02")),
        all_subjects=session.subjects,
        waivers=(),
        statements=(),
        folder=folder,
        reports=place,
        progress=progress,
        run_id="check",
    )


def _domain(text: str) -> str:
    try:
        name = to_ascii(text)
    except NameFault:
        name = ""
    if not is_domain(name):
        raise RunFault("no_domain", word=text)
    return name


def code_of_check(findings: Sequence[Finding]) -> int:
    """Give the exit code of a look: 1 something basic is not met, 3 nothing basic could be tested, else 0."""
    statuses = {finding.status for finding in findings if finding.level is Duty.MUST}
    if Status.FAIL in statuses:
        return 1
    return 0 if Status.PASS in statuses else 3
