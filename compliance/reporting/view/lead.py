"""The lead: what is safe, the worst that is not, what could not be tested and why. Rules over the own verdict."""

from collections import Counter
from collections.abc import Iterable

from compliance.model.finding import Cause, Finding, Status
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting.view.source import Source
from compliance.reporting.view.worst import counted_failures, worst
from compliance.reporting.words import RequirementTitle, Say, plural_key

#: Nobody tried these, so that they could not be done is not news; they stand in their own section.
_NO_TRIAL = frozenset({Cause.MANUAL, Cause.NOT_ASKED, Cause.NOT_BUILT})
_CAUSES = ("ours", "theirs", "no_evidence")
_TOLD = 3  # waivers that are told one by one
_LETTERS = 12  # numbers up to this are written in letters


def lead(source: Source) -> tuple[Say, ...]:
    """Give the lead's sentences, the first of them the one that is set in bold."""
    return (
        *_reservations(source), *_inbound(source), *_worst(source), *_outbound(source), *_untested(source),
    )  # fmt: skip


def lead_more(source: Source) -> tuple[Say, ...]:
    """Give what a reader of the lead wants to know next: how much more is not met, waived, or stopped."""
    return (*_others(source), *_waived(source), *_not_built(source), *_errors(source))


def _reservations(source: Source) -> Iterable[Say]:
    if source.review:
        changed = tuple(Say(f"review_{what}") for what in source.review.changed) or (Say("review_some"),)
        yield Say("lead_review", {"run_id": source.review.run_id, "changed": changed})
    if any(item.item == "port25" and item.state == "failed" for item in source.run.vantage):
        yield Say("lead_port_closed")
    if source.run.state != "complete":
        yield Say("lead_partial")
    if source.run.scope != "full":
        yield Say("lead_subset")


def _inbound(source: Source) -> Iterable[Say]:
    safe, unsafe, unknown = _sorted_subjects(source, Kind.OWN_DOMAIN, "1b")
    total = safe + unsafe + unknown
    if not total:
        yield from () if any(finding.kind is not Kind.ORGANISATION for finding in source.own) else [Say("lead_no_own")]
        return
    if unknown == total:
        yield Say(plural_key("lead_inbound_unknown", total))
    elif safe == total:
        yield Say(plural_key("lead_inbound_all", total), {"n": total})
    elif unsafe == total:
        yield Say(plural_key("lead_inbound_none", total), {"n": total})
    elif safe == 0:
        yield Say("lead_inbound_unproven", {"n": total, "unsafe": unsafe, "unknown": unknown})
    else:
        yield Say("lead_inbound_some", {"safe": safe, "n": total})


def _outbound(source: Source) -> Iterable[Say]:
    safe, unsafe, unknown = _sorted_subjects(source, Kind.OUTBOUND_HOST, "1a")
    total = safe + unsafe + unknown
    if not total:
        return
    if safe == total:
        yield Say(plural_key("lead_outbound_all", total), {"n": total})
    elif safe == 0:
        yield Say(plural_key("lead_outbound_none", total), {"n": total})
    else:
        yield Say("lead_outbound_some", {"safe": safe, "n": total})


def _sorted_subjects(source: Source, kind: Kind, measure: str) -> tuple[int, int, int]:
    """Count subjects with all `must` of a measure met, some not met, and the rest undecided; the unconcerned not."""
    statuses: dict[str, set[Status]] = {}
    for finding in source.own:
        if finding.kind is kind and finding.level is Duty.MUST and source.measure(finding.requirement) == measure:
            statuses.setdefault(finding.subject, set()).add(finding.status)
    concerned = [seen - {Status.NOT_APPLICABLE} for seen in statuses.values() if seen != {Status.NOT_APPLICABLE}]
    safe = sum(seen == {Status.PASS} for seen in concerned)
    unsafe = sum(Status.FAIL in seen for seen in concerned)
    return safe, unsafe, len(concerned) - safe - unsafe


def _worst(source: Source) -> Iterable[Say]:
    found = worst(source)
    if found:
        yield found.said
    elif _waivers(source):
        return
    elif any(finding.status is Status.PASS and finding.level is Duty.MUST for finding in source.own):
        yield Say("lead_all_met")


def _others(source: Source) -> Iterable[Say]:
    found = worst(source)
    told = {id(finding) for finding in found.findings} if found else set()
    basic = [finding for finding in counted_failures(source) if finding.level is Duty.MUST]
    others = sum(id(finding) not in told for finding in basic)
    if others:
        yield Say(plural_key("lead_others", others), {"n": others})


def _waivers(source: Source) -> list[Finding]:
    return [finding for finding in source.own if finding.status is Status.FAIL and not finding.counted]


def _waived(source: Source) -> Iterable[Say]:
    waived = _waivers(source)
    if len(waived) > _TOLD:
        yield Say("lead_waived_number", {"n": len(waived)})
    elif waived:
        what = tuple(
            Say(
                "lead_waived_what",
                {"title": RequirementTitle(finding.requirement), "name": source.display(finding.subject)},
            )
            for finding in waived
        )
        yield Say(plural_key("lead_waived", len(waived)), {"n": len(waived), "what": what})


def _untested(source: Source) -> Iterable[Say]:
    causes = Counter(
        finding.cause.value
        for finding in source.own
        if finding.status is Status.NOT_TESTED and finding.level is Duty.MUST and finding.cause
        if finding.cause not in _NO_TRIAL
    )
    total = causes.total()
    if not total:
        return
    if len(causes) == 1:
        why = Say(f"why_{next(iter(causes))}")
        yield Say(plural_key("lead_untested", total), {"n": total, "why": why})
        return
    parts = tuple(
        Say("lead_untested_part", {"count": _some(causes[cause], total), "why": Say(f"why_{cause}")})
        for cause in sorted(causes, key=lambda cause: (-causes[cause], _CAUSES.index(cause)))
    )
    yield Say("lead_untested_mixed", {"n": total, "parts": parts})


def _some(n: int, total: int) -> Say:
    """A part of a number is written as the number is: in letters or in figures."""
    return Say("some_controls_figures" if total > _LETTERS else plural_key("some_controls", n), {"n": n})


def _not_built(source: Source) -> Iterable[Say]:
    found = {
        finding.requirement for finding in source.own if finding.cause is Cause.NOT_BUILT and finding.level is Duty.MUST
    }
    if found:
        yield Say(plural_key("lead_not_built", len(found)), {"n": len(found)})


def _errors(source: Source) -> Iterable[Say]:
    errors = sum(finding.status is Status.ERROR for finding in source.own)
    if errors:
        yield Say(plural_key("lead_errors", errors), {"n": errors})
