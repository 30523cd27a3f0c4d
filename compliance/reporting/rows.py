"""Results as rows of text: what the workbook and the rows of text both show, a row for each group of targets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from compliance.model.finding import Cause, Finding, Status, WaiverNote
from compliance.reporting import phrases
from compliance.reporting.view.report import Report
from compliance.reporting.view.results import Group, Result, cause_key
from compliance.reporting.words import Words

COLUMNS = (
    "status", "part", "requirement", "title", "subject", "host", "what_is", "what_means", "what_now", "responsible",
    "level", "source", "evidence", "again", "waiver",
)  # fmt: skip
_RANK = {Status.FAIL: 0, Status.ERROR: 2, Status.NOT_TESTED: 3, Status.PASS: 4, Status.NOT_APPLICABLE: 5}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row: `mark` is the status' key, `cells` the texts in the order of COLUMNS."""

    mark: str
    cells: tuple[str, ...]


def heads(words: Words) -> tuple[str, ...]:
    """Give the columns' heads."""
    return tuple(words.t(f"head_row_{column}") for column in COLUMNS)


def result_rows(report: Report, words: Words) -> tuple[ResultRow, ...]:
    """Give all rows: not met first, then errors, untested and the rest; within each ours before the partners'.

    What the tool cannot judge yet is one row for each requirement, however many it is asked of.
    """
    found = [(result, group) for result in report.results for group in result.groups if not _not_built(result)]
    found.sort(key=lambda pair: (_RANK[pair[1].status] + _waived(pair[0], pair[1]), not pair[0].own))
    rows = [_row(report, words, result, group) for result, group in found]
    after = sum(_RANK[group.status] <= _RANK[Status.NOT_TESTED] for _, group in found)
    return (*rows[:after], *_left(report, words), *rows[after:])


def _not_built(result: Result) -> bool:
    return result.finding.cause is Cause.NOT_BUILT and len(result.groups) == 1


def _left(report: Report, words: Words) -> Iterable[ResultRow]:
    gathered: dict[tuple[str, bool], list[Result]] = {}
    for result in report.results:
        if _not_built(result):
            gathered.setdefault((result.finding.requirement, result.own), []).append(result)
    for found in gathered.values():
        first = found[0]
        levels = dict.fromkeys(words.t(f"duty_{result.finding.level}") for result in found)
        one = _row(report, words, first, first.worst)
        if len(found) > 1:
            told = {"subject": words.t("row_entries", n=len(found)), "host": "", "level": ", ".join(levels)}
            one = replace(one, cells=tuple(told.get(name, cell) for name, cell in zip(COLUMNS, one.cells, strict=True)))
        yield one


def _waived(result: Result, group: Group) -> bool:
    return group.status is Status.FAIL and not result.finding.counted


def _row(report: Report, words: Words, result: Result, group: Group) -> ResultRow:
    finding = result.finding
    failing = group.status is Status.FAIL
    requirement = report.source.requirements.get(finding.requirement)
    own = words.own_remedy(group.reason, group.values, group.cause) if group.status is Status.NOT_TESTED else None
    means = words.text(requirement.consequence) if failing and requirement else ""
    mark = result.mark_of(group)
    cells = (
        f"{words.t(f'sign_{mark}')} {words.t(f'status_{mark}')}",
        words.t("own_verdict") if result.own else words.t("partner_status"),
        finding.requirement,
        words.title(finding.requirement),
        words.f(result.subject),
        "\n".join(words.f(name) for name in group.targets),
        "\n".join(_what_is(words, finding, group)),
        means,
        "\n".join(_what_now(words, finding, group) if failing else _once(own)),
        _responsible(words, finding) if failing else "",
        words.t(f"duty_{finding.level}"),
        phrases.basis(words, report.source, finding.requirement, "_row"),
        ", ".join(group.evidence),
        _again(words, group),
        waiver_text(words, finding.waiver),
    )
    return ResultRow(mark, cells)


def _what_is(words: Words, finding: Finding, group: Group) -> Iterable[str]:
    yield words.reason(group.reason, group.values, group.cause)
    if group.cause:
        yield f"{words.t(f'cause_{cause_key(finding, group.cause)}')}."
    for notice in group.notices:
        yield f"{words.t('notice')}: {words.notice(notice)}"
    if finding.waiver and group.status is Status.FAIL:  # beside the status on paper too
        yield f"{waiver_state(words, finding.waiver)}."


def _what_now(words: Words, finding: Finding, group: Group) -> list[str]:
    return _once(words.remedy(finding.requirement, group.reason, group.values))


def _once(remedy: tuple[str, str] | None) -> list[str]:
    """Give a remedy, the plain words first; what is said twice once."""
    operator, plain = remedy or ("", "")
    return list(dict.fromkeys(text for text in (plain, operator) if text))


def _responsible(words: Words, finding: Finding) -> str:
    who = words.t(f"who_{finding.responsible}")
    named = finding.responsible == "supplier" and finding.supplier not in {"", "own"}
    return f"{who} ({words.f(finding.supplier)})" if named else who


def _again(words: Words, group: Group) -> str:
    if group.reperform is None:
        return ""
    if group.reperform.command:
        return f"{words.f(group.reperform.command, 'command')}\n→ {words.f(group.reperform.expect)}"
    return f"{words.t('again_none')} {words.f(group.reperform.expect)}" if group.reperform.expect else ""


def waiver_text(words: Words, waiver: WaiverNote | None) -> str:
    """Give the waiver beside a result, in one cell."""
    if waiver is None:
        return ""
    line = words.t(
        "waiver_line",
        reason=waiver.reason,
        owner=waiver.owner,
        approver=waiver.approver,
        reference=waiver.reference or "–",
    )
    return f"{waiver_state(words, waiver)}. {line}"


def waiver_state(words: Words, waiver: WaiverNote) -> str:
    """Give how far a waiver goes, and until when."""
    key = "waiver_expired_on" if waiver.expired else "waiver_until" if waiver.covers else "waiver_partial"
    return words.t(key, date=waiver.expires)
