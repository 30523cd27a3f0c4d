"""Results as rows of text: what the workbook and the rows of text both show, a row for each group of targets."""

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.finding import Cause, Finding, Reperform, Status, WaiverNote
from compliance.reporting import phrases
from compliance.reporting.view.report import Report
from compliance.reporting.view.results import Group, Result, cause_key
from compliance.reporting.words import Words

COLUMNS = (
    "status", "part", "requirement", "title", "subject", "host", "what_is", "what_means", "what_now", "responsible",
    "overall", "number", "level", "source", "evidence", "again", "waiver",
)  # fmt: skip
_COMMANDS = 20  # more of them in one cell than this nobody reads
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

    What the tool cannot judge yet comes last among the untested.
    """
    return tuple(_row(report, words, result, group) for result, group in _ordered(report))


def result_places(report: Report) -> dict[int, int]:
    """Give which row, counted from 0, is the first of each result, by the result's number."""
    places: dict[int, int] = {}
    for place, (result, _) in enumerate(_ordered(report)):
        places.setdefault(result.number, place)
    return places


def _ordered(report: Report) -> list[tuple[Result, Group]]:
    found = [(result, group) for result in report.results for group in result.groups]
    return sorted(found, key=lambda pair: _order(*pair))


def _order(result: Result, group: Group) -> tuple[int, bool, bool]:
    return _RANK[group.status] + _waived(result, group), group.cause is Cause.NOT_BUILT, not result.own


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
        f"{words.t(f'sign_{result.mark}')} {words.t(f'status_{result.mark}')}",
        str(result.number),
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
    said = _once(words.remedy(finding.requirement, group.reason, group.values))
    publish = phrases.to_publish(words, group.values)
    return [*said, *publish] if publish else said


def _once(remedy: tuple[str, str] | None) -> list[str]:
    """Give a remedy, the plain words first; what is said twice once."""
    operator, plain = remedy or ("", "")
    return list(dict.fromkeys(text for text in (plain, operator) if text))


def _responsible(words: Words, finding: Finding) -> str:
    who = words.t(f"who_{finding.responsible}")
    named = finding.responsible == "supplier" and finding.supplier not in {"", "own"}
    return f"{who} ({words.f(finding.supplier)})" if named else who


def _again(words: Words, group: Group) -> str:
    """Give each command with the target it is of, once, and first where to run them and what they need."""
    known = [proof for proof in group.proofs if proof.reperform]
    commands = dict.fromkeys(_command(words, proof.reperform) for proof in known if proof.reperform)
    several = len(commands) > 1
    said = []
    for proof in known[:_COMMANDS]:
        told = _command(words, proof.reperform) if proof.reperform else ""
        if told and (several or told not in said):
            said.append(f"{words.f(proof.name)}: {told}" if several else told)
    if several and len(known) > _COMMANDS:
        said.append(words.t("and_more", n=len(known) - _COMMANDS))
    needs = tuple(dict.fromkeys(name for proof in known if proof.reperform for name in proof.reperform.needs))
    runs = any(proof.reperform and proof.reperform.command for proof in known)
    return "\n".join([*([phrases.again_in(words, needs)] if runs else []), *said])


def _command(words: Words, reperform: Reperform) -> str:
    if reperform.command:
        return f"{words.f(reperform.command, 'command')}\n→ {words.f(reperform.expect)}"
    return f"{words.t('again_none')} {words.f(reperform.expect)}" if reperform.expect else ""


def waiver_text(words: Words, waiver: WaiverNote | None) -> str:
    """Give the waiver beside a result, in one cell."""
    if waiver is None:
        return ""
    line = words.t(
        "waiver_line",
        reason=waiver.reason.rstrip(". "),
        owner=waiver.owner,
        approver=waiver.approver,
        reference=waiver.reference or "–",
    )
    return f"{waiver_state(words, waiver)}. {line}"


def waiver_state(words: Words, waiver: WaiverNote) -> str:
    """Give how far a waiver goes, and until when."""
    key = "waiver_expired_on" if waiver.expired else "waiver_until" if waiver.covers else "waiver_partial"
    return words.t(key, date=waiver.expires)
