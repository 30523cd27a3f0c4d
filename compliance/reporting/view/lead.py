"""The lead: what is safe, the worst that is not, what could not be tested and why. Rules over the own verdict."""

from collections import Counter
from collections.abc import Iterable

from compliance.model.finding import Cause, Finding, Status
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting.view.source import Source
from compliance.reporting.words import RequirementTitle, Say, plural_key

#: Worst first: mail in clear, then mail to whoever answers, then mail anybody can forge.
_GRAVITY = (
    "U02-1b-1", "U02-1a-1", "MX-1", "U02-1b-2", "U02-1b-4", "U02-1b-3", "DIGDIR-DANE-2", "U02-1c-3", "U02-1c-2",
    "U02-4-1", "U02-4-2", "U02-2-1", "U02-2-3", "U02-3-1", "U02-TLS-1", "U02-TLS-2", "U02-1b-5",
)  # fmt: skip
#: Nobody tried these, so that they could not be done is not news; they stand in their own section.
_NO_TRIAL = frozenset({Cause.MANUAL, Cause.NOT_ASKED})
_CAUSES = ("ours", "theirs", "no_evidence", "manual", "not_asked", "not_built")


def lead(source: Source) -> tuple[Say, ...]:
    """Give the lead's sentences, the first of them the one that is set in bold."""
    return (
        *_reservations(source), *_inbound(source), *_outbound(source), *_worst(source), *_untested(source),
    )  # fmt: skip


def lead_more(source: Source) -> tuple[Say, ...]:
    """Give what a reader of the lead wants to know next: how much more is not met, waived, or stopped."""
    return (*_others(source), *_waived(source), *_errors(source))


def _reservations(source: Source) -> Iterable[Say]:
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
        return
    if unknown == total:
        yield Say(plural_key("lead_inbound_unknown", total))
    elif safe == total:
        yield Say(plural_key("lead_inbound_all", total), {"n": total})
    elif safe == 0:
        yield Say(plural_key("lead_inbound_none", total), {"n": total})
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


def _failing(source: Source) -> tuple[str, dict[str, list[Finding]]]:
    """Give the gravest requirement that is not met, and all of them with their findings; `` if there is none."""
    failing: dict[str, list[Finding]] = {}
    for finding in source.own:
        if finding.status is Status.FAIL and finding.counted:
            failing.setdefault(finding.requirement, []).append(finding)
    return min(failing, key=lambda key: _grave(source, key, failing[key]), default=""), failing


def _worst(source: Source) -> Iterable[Say]:
    worst, failing = _failing(source)
    if not worst:
        return
    names = tuple(dict.fromkeys(source.display(finding.subject) for finding in failing[worst]))
    requirement = source.requirements.get(worst)
    shown, rest = (names, 0) if len(names) <= 3 else (names[:2], len(names) - 2)
    key = "lead_worst" if not rest else "lead_worst_more"
    values: dict[str, object] = {"title": RequirementTitle(worst), "names": list(shown), "rest": rest}
    yield Say(key, values | {"consequence": requirement.consequence if requirement else {}})


def _others(source: Source) -> Iterable[Say]:
    worst, failing = _failing(source)
    others = sum(len(found) for key, found in failing.items() if key != worst and found[0].level is Duty.MUST)
    if others:
        yield Say(plural_key("lead_others", others), {"n": others})


def _grave(source: Source, key: str, findings: list[Finding]) -> tuple[bool, int, int]:
    must = any(finding.level is Duty.MUST for finding in findings)
    place = _GRAVITY.index(key) if key in _GRAVITY else len(_GRAVITY) + source.order.get(key, 999)
    return not must, place, -len(findings)


def _waived(source: Source) -> Iterable[Say]:
    waived = sum(finding.status is Status.FAIL and not finding.counted for finding in source.own)
    if waived:
        yield Say(plural_key("lead_waived", waived), {"n": waived})


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
        Say("lead_untested_part", {"count": _some(causes[cause]), "why": Say(f"why_{cause}")})
        for cause in sorted(causes, key=lambda cause: (-causes[cause], _CAUSES.index(cause)))
    )
    yield Say("lead_untested_mixed", {"n": total, "parts": parts})


def _some(n: int) -> Say:
    return Say(plural_key("some_controls", n), {"n": n})


def _errors(source: Source) -> Iterable[Say]:
    errors = sum(finding.status is Status.ERROR for finding in source.own)
    if errors:
        yield Say(plural_key("lead_errors", errors), {"n": errors})
