"""The lead: what is safe, the worst that is not, what could not be tested and why. Rules over the own verdict."""

from collections import Counter
from collections.abc import Iterable

from compliance.model.finding import Cause, Finding, Status
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting.view.results import cause_key, met_through_dane
from compliance.reporting.view.source import Source
from compliance.reporting.view.worst import counted_failures, worst
from compliance.reporting.words import RequirementTitle, Say, plural_key

#: The causes in the order they are told, and a fault of the tool last.
_CAUSES = ("not_built", "theirs_own", "theirs", "ours", "no_evidence", "manual", "not_asked", "error")
#: Measures of how mail is carried, beside the trusted certificate of 1b and the outgoing mail of 1a.
_CARRIED = frozenset({"transport", "dane", "sts", "1c"})
_CARRIERS = frozenset({Kind.OWN_DOMAIN, Kind.INBOUND_HOST, Kind.PARTNER})  # of partners only what we ask ourselves
_TOLD = 3  # waivers that are told one by one
_LETTERS = 12  # numbers up to this are written in letters


def lead(source: Source) -> tuple[Say, ...]:
    """Give the lead's sentences, the first of them the one that is set in bold."""
    return (
        *_reservations(source), *_inbound(source), *_worst(source), *_outbound(source), *_untested(source),
    )  # fmt: skip


def lead_more(source: Source) -> tuple[Say, ...]:
    """Give what a reader of the lead wants to know next: how much more is not met, waived, or stopped."""
    return (*_others(source), *_waived(source), *_errors(source))


def _reservations(source: Source) -> Iterable[Say]:
    if source.review:
        yield Say("lead_review", {"run_id": source.review.run_id})
    if any(item.item == "port25" and item.state == "failed" for item in source.run.vantage):
        yield Say("lead_port_closed")
    if source.run.state != "complete":
        yield Say("lead_partial")
    if source.run.scope != "full":
        yield Say("lead_subset")


def _inbound(source: Source) -> Iterable[Say]:
    safe, dane, unsafe, unknown = _sorted_subjects(source, Kind.OWN_DOMAIN, "1b")
    total = safe + dane + unsafe + unknown
    if not total:
        yield from () if any(finding.kind is not Kind.ORGANISATION for finding in source.own) else [Say("lead_no_own")]
        return
    if unknown == total:
        yield Say(plural_key("lead_inbound_unknown", total))
    elif unsafe == total:
        yield Say(plural_key("lead_inbound_none", total), {"n": total})
    elif safe + dane == 0:
        yield Say("lead_inbound_unproven", {"n": total, "unsafe": unsafe, "unknown": unknown})
    else:
        said = _proven(safe, dane, total)
        rest = _rest(source)
        yield Say("lead_but", {"said": said, "rest": rest}) if rest else Say("lead_whole", {"said": said})


def _proven(safe: int, dane: int, total: int) -> Say:
    """Tell of the domains where senders can know whom they reach: by a trusted issuer, and by DANE alone."""
    if safe == total:
        return Say(plural_key("lead_inbound_all", total), {"n": total})
    if not safe:
        return Say("lead_inbound_dane", {"dane": dane, "n": total})
    said = Say("lead_inbound_some", {"safe": safe, "n": total})
    return Say("lead_inbound_and_dane", {"said": said, "dane": dane}) if dane else said


def _rest(source: Source) -> Say | None:
    """Tell of what else is asked of the way mail takes, in the same breath; None where all of it is met."""
    seen: dict[str, set[Status]] = {}
    for finding in source.own:
        carried = finding.kind in _CARRIERS and source.measure(finding.requirement) in _CARRIED
        if carried and finding.level is Duty.MUST:
            seen.setdefault(finding.requirement, set()).add(finding.status)
    failing = sum(Status.FAIL in statuses for statuses in seen.values())
    untold = {Status.NOT_TESTED, Status.ERROR}
    unknown = sum(bool(untold & statuses) and Status.FAIL not in statuses for statuses in seen.values())
    if failing and unknown:
        return Say("rest_both", {"failing": failing, "unknown": unknown})
    if failing or unknown:
        return Say(
            plural_key("rest_failing" if failing else "rest_unknown", failing + unknown), {"n": failing + unknown}
        )
    return None


def _outbound(source: Source) -> Iterable[Say]:
    safe, dane, unsafe, unknown = _sorted_subjects(source, Kind.OUTBOUND_HOST, "1a")
    safe += dane
    total = safe + unsafe + unknown
    if not total:
        return
    if safe == total:
        yield Say(plural_key("lead_outbound_all", total), {"n": total})
    elif unsafe:
        yield Say("lead_outbound_failing", {"unsafe": unsafe, "n": total})
    elif safe:
        yield Say("lead_outbound_some", {"safe": safe, "n": total})
    else:
        causes = {
            finding.cause
            for finding in source.own
            if finding.kind is Kind.OUTBOUND_HOST and finding.level is Duty.MUST
            if source.measure(finding.requirement) == "1a" and finding.status is Status.NOT_TESTED
        }
        yield _undecided(causes, total)


def _undecided(causes: set[Cause | None], total: int) -> Say:
    """Tell why nothing is known of outgoing mail: that nobody documented it is only one of the reasons."""
    if causes == {Cause.NOT_BUILT}:
        return Say("lead_outbound_not_built")
    if Cause.NO_EVIDENCE in causes:
        return Say(plural_key("lead_outbound_none", total), {"n": total})
    return Say("lead_outbound_unknown")


def _sorted_subjects(source: Source, kind: Kind, measure: str) -> tuple[int, int, int, int]:
    """Count subjects with all `must` of a measure met, met through DANE, some not met, and the rest undecided.

    Those it does not concern are not counted.
    """
    statuses: dict[str, set[Status]] = {}
    through: set[str] = set()
    for finding in source.own:
        if finding.kind is kind and finding.level is Duty.MUST and source.measure(finding.requirement) == measure:
            statuses.setdefault(finding.subject, set()).add(finding.status)
            if met_through_dane(finding):
                through.add(finding.subject)
    concerned = {
        key: seen - {Status.NOT_APPLICABLE} for key, seen in statuses.items() if seen != {Status.NOT_APPLICABLE}
    }
    met = [key for key, seen in concerned.items() if seen == {Status.PASS}]
    dane = sum(key in through for key in met)
    unsafe = sum(Status.FAIL in seen for seen in concerned.values())
    return len(met) - dane, dane, unsafe, len(concerned) - len(met) - unsafe


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
    """Give one sum over what is basic and not tested, by cause: that of the number below the measures."""
    causes = Counter(
        "error" if finding.status is Status.ERROR else cause_key(finding)
        for finding in source.own
        if finding.status in {Status.NOT_TESTED, Status.ERROR} and finding.level is Duty.MUST
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
        for cause in sorted(causes, key=_CAUSES.index)
    )
    yield Say("lead_untested_mixed", {"n": total, "parts": parts})


def _some(n: int, total: int) -> Say:
    """A part of a number is written as the number is: in letters or in figures."""
    return Say("some_controls_figures" if total > _LETTERS else plural_key("some_controls", n), {"n": n})


def _errors(source: Source) -> Iterable[Say]:
    errors = sum(finding.status is Status.ERROR and finding.level is not Duty.MUST for finding in source.own)
    if errors:
        yield Say(plural_key("lead_errors", errors), {"n": errors})
