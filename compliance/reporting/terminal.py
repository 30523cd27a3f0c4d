"""The terminal: five lines after a run, and the answer of `u02 check` in words anybody understands."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

from compliance.model.finding import Cause, Status
from compliance.reporting import phrases
from compliance.reporting.view.report import Report, read_report
from compliance.reporting.view.results import Group, Result
from compliance.reporting.view.spf import spf_drawing
from compliance.reporting.words import Texts, Words

_WIDTH = 80
_MOST = 8  # more of a sort than this is for the report, not for a terminal
_TRUST = ("U02-1b-2", "U02-1b-3", "U02-1b-4")


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
    """Give the answer on each domain asked about: what it means for a letter, what is well, what is not, what to do."""
    report = read_report(folder)
    words = Words(language, baseline=report.source.baseline, texts=texts)
    by_subject: dict[str, list[Result]] = {}
    for result in report.results:
        by_subject.setdefault(result.subject, []).append(result)
    lines: list[str] = []
    for subject in report.source.subjects:
        mine = by_subject.get(subject.display, [])
        if mine:
            lines += [*_domain(words, report, subject.display, mine), *_spf(words, report, subject.hostname), ""]
    return (*lines, *_not_built(words, report)) if lines else ()


def _domain(words: Words, report: Report, name: str, mine: list[Result]) -> Iterable[str]:
    yield words.f(name)
    yield from _wrapped(_letter(words, mine))
    yield from _well(words, [result for result in mine if result.finding.status is Status.PASS])
    badly = [result for result in mine if result.finding.status is Status.FAIL]
    if badly:
        yield ""
        yield words.t("check_badly")
        for result in badly[:_MOST]:
            yield from _fault(words, report, result)
        yield from _more(words, len(badly))
    yield from _untested(words, mine)


def _letter(words: Words, mine: list[Result]) -> str:
    """Give what it means for a letter sent there; where none arrives, why."""
    key = _verdict(mine)
    said = words.t(key)
    if key != "letter_none":
        return said
    carried = next(result for result in mine if result.finding.requirement == "U02-1b-1").worst
    return f"{said} {words.below('not_applicable', words.reason(carried.reason, carried.values))}"


def _verdict(mine: list[Result]) -> str:
    """Give the key of what it means for a letter sent there."""
    states = {result.finding.requirement: result.finding.status for result in mine}
    if states.get("U02-1b-1") is Status.FAIL:
        return "letter_clear"
    if states.get("U02-1b-1") is not Status.PASS:
        return "letter_none" if states.get("U02-1b-1") is Status.NOT_APPLICABLE else "letter_unknown"
    trusted = [states.get(key) for key in _TRUST]
    if Status.FAIL in trusted:
        return "letter_unproven"
    return "letter_safe" if set(trusted) == {Status.PASS} else "letter_encrypted"


def _well(words: Words, well: list[Result]) -> Iterable[str]:
    titles = list(dict.fromkeys(words.title(result.finding.requirement) for result in well))
    if titles:
        yield ""
        yield words.t("check_well")
    for title in titles[:_MOST]:
        yield from _wrapped(title, "  ✓ ", "    ")
    yield from _more(words, len(titles))
    for notice in dict.fromkeys(words.notice(notice) for result in well for notice in result.finding.notices):
        yield from _wrapped(notice, "  ! ", "    ")


def _fault(words: Words, report: Report, result: Result) -> Iterable[str]:
    finding, group = result.finding, result.worst
    requirement = report.source.requirements.get(finding.requirement)
    _, plain = words.remedy(finding.requirement, group.reason, group.values)
    yield from _wrapped(f"{_at(words, group)}{words.reason(group.reason, group.values)}", "  ✕ ", "    ")
    if requirement:
        yield from _wrapped(words.t("check_means", text=words.text(requirement.consequence)), "    ", "    ")
    if plain:
        yield from _wrapped(plain, "    → ", "      ")
    if publish := phrases.to_publish(words, group.values):
        yield from _wrapped(publish[0], "    → ", "      ")
        yield f"      {publish[1]}"  # not wrapped: it is there to be copied


def _spf(words: Words, report: Report, domain: str) -> Iterable[str]:
    """The tree of SPF records in short: the names, what each costs, and what is wrong there."""
    drawing = spf_drawing(report.source, domain, domain)
    if not drawing.root.texts:
        return
    yield ""
    yield words.t("check_spf", count=drawing.root.total)
    branches = list(drawing.root.walk())
    for depth, branch in branches[:_MOST]:
        indent = "  " * (depth + 1)
        yield from _wrapped(f"{words.f(branch.name)} ({words.t('spf_tree_short', count=branch.count)})", indent, indent)
        for note in branch.faults[:_MOST]:
            yield from _wrapped(str(words.say(note)), f"{indent}✕ ", f"{indent}  ")
    yield from _more(words, len(branches))


def _untested(words: Words, mine: list[Result]) -> Iterable[str]:
    """What could not be tested and whose doing that is, each reason once; what the tool cannot yet is told at last."""
    groups = [
        group
        for result in mine
        for group in result.groups
        if group.status is Status.NOT_TESTED and group.cause and group.cause is not Cause.NOT_BUILT
    ]
    alike = {(group.reason, repr(sorted(group.values.items()))): group for group in reversed(groups)}
    if alike:
        yield ""
        yield words.t("check_untested")
    for group in list(reversed(alike.values()))[:_MOST]:
        said = words.below("not_tested", words.reason(group.reason, group.values, group.cause))
        whose = words.t(f"check_cause_{group.cause}")
        yield from _wrapped(f"{_at(words, group)}{said} {whose}", "  ? ", "    ")
        if own := words.own_remedy(group.reason, group.values, group.cause):
            yield from _wrapped(own[1], "    → ", "      ")
    yield from _more(words, len(alike))


def _not_built(words: Words, report: Report) -> Iterable[str]:
    findings = report.source.findings
    left = dict.fromkeys(finding.requirement for finding in findings if finding.cause is Cause.NOT_BUILT)
    return _wrapped(words.t("check_not_built", requirements=list(left))) if left else ()


def _at(words: Words, group: Group) -> str:
    """Give the servers a sentence is of; what is so of the domain itself needs no name."""
    named = list(dict.fromkeys(name.partition(" [")[0] for name in group.targets if "[" in name))
    if len(named) > 2:
        return f"{words.t('names_and_more', names=named[:2], n=len(named) - 2)}: "
    return f"{words.f(named, 'list')}: " if named else ""


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    said = " ".join(text.split())
    return textwrap.wrap(said, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _more(words: Words, n: int) -> Iterable[str]:
    if n > _MOST:
        yield f"    {words.t('and_more', n=n - _MOST)}"
