"""The terminal: five lines after a run, and the answer of `u02 check` in words anybody understands."""

from collections.abc import Iterable
from pathlib import Path

from compliance.model.finding import Status
from compliance.reporting import phrases
from compliance.reporting.view.report import Report, read_report
from compliance.reporting.view.results import Result
from compliance.reporting.words import Texts, Words

_MOST = 6  # more to do than this is for the report, not for a terminal


def summary_lines(folder: Path, language: str, texts: Texts | None = None) -> tuple[str, ...]:
    """Give the five lines of a run: whose, the lead, the basic controls, who must act, the fingerprint."""
    report = read_report(folder)
    words = Words(language, baseline=report.source.baseline, texts=texts)
    run = report.source.run
    own = [action for action in report.actions if action.own]
    first = phrases.act(words, own[0]) if own else words.t("no_actions")
    return (
        words.t("line_run", organisation=run.organisation.name, run_id=run.run_id, time=run.started),
        " ".join(str(words.say(said)) for said in report.lead[:2]),
        phrases.must_line(words, report.must),
        f"{words.t('line_first')} {first}",
        words.t("line_fingerprint", fingerprint=report.fingerprint[:19]),
    )


def check_lines(folder: Path, language: str, texts: Texts | None = None) -> tuple[str, ...]:
    """Give the answer on each domain asked about: what is well, what is not and what that means, what to do."""
    report = read_report(folder)
    words = Words(language, baseline=report.source.baseline, texts=texts)
    by_subject: dict[str, list[Result]] = {}
    for result in report.results:
        by_subject.setdefault(result.subject, []).append(result)
    lines: list[str] = []
    for subject in report.source.subjects:
        mine = by_subject.get(subject.display, [])
        if mine:
            lines += [*_domain(words, report, subject.display, mine), ""]
    return tuple(lines[:-1])


def _domain(words: Words, report: Report, name: str, mine: list[Result]) -> Iterable[str]:
    well = [result for result in mine if result.finding.status is Status.PASS]
    badly = [result for result in mine if result.finding.status is Status.FAIL]
    yield words.f(name)
    yield words.t(_verdict(mine))
    if well:
        yield f"{words.t('check_well')}"
        yield from (f"  ✓ {words.title(result.finding.requirement)}" for result in _once(well)[:_MOST])
        yield from _more(words, len(_once(well)))
    if badly:
        yield words.t("check_badly")
        for result in badly[:_MOST]:
            yield from _fault(words, report, result)
        yield from _more(words, len(badly))
    yield from _untested(words, [result for result in mine if result.finding.status is Status.NOT_TESTED])


def _verdict(mine: list[Result]) -> str:
    """Give the key of what it means for a letter sent there."""
    states = {result.finding.requirement: result.finding.status for result in mine}
    if states.get("U02-1b-1") is Status.FAIL:
        return "letter_clear"
    if states.get("U02-1b-1") is not Status.PASS:
        return "letter_none" if states.get("U02-1b-1") is Status.NOT_APPLICABLE else "letter_unknown"
    trusted = [states.get(key) for key in ("U02-1b-2", "U02-1b-3", "U02-1b-4")]
    if Status.FAIL in trusted:
        return "letter_unproven"
    return "letter_safe" if set(trusted) == {Status.PASS} else "letter_encrypted"


def _fault(words: Words, report: Report, result: Result) -> Iterable[str]:
    finding, group = result.finding, result.worst
    requirement = report.source.requirements.get(finding.requirement)
    _, plain = words.remedy(finding.requirement, group.reason, group.values)
    yield f"  ✕ {words.title(finding.requirement)}"
    yield f"    {words.reason(group.reason, group.values)}"
    if requirement:
        yield f"    {words.text(requirement.consequence)}"
    if plain:
        yield f"    → {' '.join(plain.split())}"


def _untested(words: Words, left: list[Result]) -> Iterable[str]:
    if not left:
        return
    yield words.t("check_untested")
    said = dict.fromkeys(
        (words.reason(result.worst.reason, result.worst.values), words.t(f"cause_{result.finding.cause}"))
        for result in left
        if result.finding.cause
    )
    yield from (f"  ? {reason} ({cause})" for reason, cause in list(said)[:_MOST])
    yield from _more(words, len(said))


def _once(found: list[Result]) -> list[Result]:
    return list({result.finding.requirement: result for result in found}.values())


def _more(words: Words, n: int) -> Iterable[str]:
    if n > _MOST:
        yield f"  {words.t('and_more', n=n - _MOST)}"
