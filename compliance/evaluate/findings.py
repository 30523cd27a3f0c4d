"""Every finding of a run, in the order of inventory and catalogue."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from compliance.checks.context import Context
from compliance.checks.evidence import Evidence
from compliance.checks.registry import CHECKS, Scope, not_applicable, not_tested
from compliance.checks.reperform import reperform
from compliance.checks.reperform_dns import NOTHING
from compliance.checks.scopes import targets
from compliance.checks.trust import Roots
from compliance.evaluate.judge import Judge
from compliance.evaluate.rollup import coverage, decisive, notices, weighed
from compliance.evaluate.statements import declared
from compliance.evaluate.summary import OWN_PARTNER_REQUIREMENTS
from compliance.evaluate.waive import local_day, waiver_note
from compliance.model.finding import Cause, Finding, Observed, Status, TargetResult, Verdict
from compliance.model.observation import Observation, Origin
from compliance.model.requirement import Requirement
from compliance.model.subject import OWN, Kind, Level, RequireTls, Subject, organisation_subject
from compliance.model.supplied import SuppliedFile
from compliance.model.waiver import Waiver
from compliance.settings import Settings
from compliance.store.inputs import Inputs


def context_of(inputs: Inputs, observations: Sequence[Observation], settings: Settings, started: datetime) -> Context:
    """Set out a run for judging."""
    return Context(
        subjects=inputs.subjects,
        baseline=inputs.baseline,
        evidence=Evidence(observations),
        roots=Roots(inputs.roots, inputs.extra_roots),
        suffixes=inputs.suffixes,
        port=settings.smtp.port,
        started=started,
        seen_from_inside=settings.self_test.inside == "accepted",
        at_lab_ports=settings.asks_a_lab,
        nameserver=next(iter(settings.resolver.nameservers), ""),
        nameserver_port=settings.resolver.port,
        depth=settings.smtp.depth,
    )


def evaluate(
    inputs: Inputs,
    observations: Sequence[Observation],
    settings: Settings,
    started: datetime,
    only: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Judge a run's observations; `started` is the run's own time, so that the answer is the same for ever.

    `only` names the labels of a subset run; what concerns the organisation as a whole is left out of such a run.
    """
    context = context_of(inputs, observations, settings, started)
    scribe = _Scribe(context, Judge(context), inputs.waivers)
    everyone = (organisation_subject(settings.organisation.name), *inputs.subjects)
    chosen = [subject for subject in everyone if not only or subject.label in only]
    return tuple(
        scribe.finding(requirement, subject, kind)
        for subject in chosen
        for requirement in inputs.baseline.requirements
        if (kind := _kind(requirement, subject, context)) is not None
    )


def _kind(requirement: Requirement, subject: Subject, context: Context) -> Kind | None:
    """Tell in which of its kinds a requirement is asked of a subject, if in any.

    What is asked of outbound hosts stands at the own domain only when no host is listed that sends for it.
    """
    for kind in subject.kinds:
        if kind not in requirement.levels:
            continue
        sends_elsewhere = kind is Kind.OWN_DOMAIN and Kind.OUTBOUND_HOST in requirement.levels
        if sends_elsewhere and {subject.label, subject.hostname} & context.domains_sent_for:
            continue
        return kind
    return None


@dataclass(frozen=True)
class _Scribe:
    """Writes findings: judges each target, rolls up, and ties the verdict to its evidence."""

    context: Context
    judge: Judge
    waivers: tuple[Waiver, ...]

    def finding(self, requirement: Requirement, subject: Subject, kind: Kind) -> Finding:
        results = tuple(self._results(requirement, subject, kind))
        counted = weighed(results)
        lead = decisive(counted)
        name, _, place = lead.target.partition("[")
        holder = str(lead.values.get("holder", ""))  # the finding is about what somebody else publishes
        supplier = holder or self.context.supplier(subject, name, place.partition("]")[0])
        finding = Finding(
            subject=subject.label,
            kind=kind,
            requirement=requirement.id,
            level=requirement.levels[kind],
            basis=requirement.basis,
            status=lead.status,
            cause=lead.cause,
            reason=lead.reason,
            values=lead.values,
            coverage=coverage(counted),
            responsible=_responsible(requirement, subject, supplier),
            supplier="" if supplier == OWN else supplier,
            origin=Origin.SUPPLIED if _from_register(requirement) else self._origin(results),
            observed=self._observed(results),
            notices=notices(results, counted),
            targets=results,
            waiver=None,
            counted=True,
        )
        note = waiver_note(self.waivers, requirement.id, subject, results, local_day(self.context.started))
        return replace(finding, waiver=note, counted=not (note and note.covers))

    def _results(self, requirement: Requirement, subject: Subject, kind: Kind) -> Iterator[TargetResult]:
        place = subject.hostname or subject.label
        if requirement.assessment == "manual":
            yield _result(place, declared(self.context, requirement), ())
            return
        if settled := _without_check(requirement, subject, kind):
            yield _result(place, settled, ())
            return
        check = CHECKS[requirement.check or ""]
        views, lines = targets(check.scope, self.context, subject, kind)
        for target, verdict, evidence in lines:
            yield _result(target, verdict, evidence)
        for view in views:
            verdict = self.judge.verdict(requirement, view)
            by_hand = replace(verdict, evidence=verdict.evidence or view.evidence)
            yield replace(
                _result(view.target, verdict, view.evidence),
                reperform=reperform(check.reperform, view, by_hand),
            )

    def _seen(self, results: Sequence[TargetResult]) -> list[Observation]:
        keys = {key for result in results for key in result.evidence}
        return [self.context.evidence.by_id[key] for key in sorted(keys) if key in self.context.evidence.by_id]

    def _origin(self, results: Sequence[TargetResult]) -> Origin:
        origins = {seen.origin for seen in self._seen(results)}
        return origins.pop() if len(origins) == 1 else Origin.WIRE

    def _observed(self, results: Sequence[TargetResult]) -> Observed | None:
        times = sorted(moment for seen in self._seen(results) for moment in _moments(seen))
        return Observed(times[0], times[-1]) if times else None


def _moments(seen: Observation) -> tuple[str, ...]:
    """When something was so: as it was measured, or in the time that a supplied file is of."""
    file = getattr(seen.facts, "file", None)
    return (file.first, file.last) if isinstance(file, SuppliedFile) and file.first else (seen.started,)


def _from_register(requirement: Requirement) -> bool:
    """Whether a verdict rests on what the organisation wrote of a partner, inputs/inventory.json, and on no wire."""
    return requirement.check is not None and CHECKS[requirement.check].scope is Scope.PARTNER


def _responsible(requirement: Requirement, subject: Subject, supplier: str) -> str:
    """Whose turn it is: what we demand of the exchange with a partner is ours to arrange."""
    if requirement.id in OWN_PARTNER_REQUIREMENTS:
        return OWN
    if subject.is_partner:
        return "partner"
    return OWN if supplier == OWN else "supplier"


def _without_check(requirement: Requirement, subject: Subject, kind: Kind) -> Verdict | None:
    """What needs no look at the wire: nobody sends, nothing is asked of this partner, or no check is built."""
    if kind is Kind.OWN_DOMAIN and Kind.OUTBOUND_HOST in requirement.levels:
        return not_tested(Cause.NO_EVIDENCE, "no_sender_listed")
    if requirement.measure == "1c" and not _asks_tls(requirement, subject):
        return not_applicable("no_tls_asked")
    if requirement.check is None:
        return not_tested(Cause.NOT_BUILT, "not_built")
    return None


def _asks_tls(requirement: Requirement, subject: Subject) -> bool:
    """Whether the register asks anything of this partner, in the direction that a requirement is about."""
    asked = subject.require_tls or RequireTls()
    directions = {"U02-1c-1": (asked.to,), "U02-1c-2": (asked.to,), "U02-1c-3": (asked.from_,)}
    return any(level is not Level.NONE for level in directions.get(requirement.id, (asked.to, asked.from_)))


def _result(target: str, verdict: Verdict, evidence: tuple[str, ...]) -> TargetResult:
    kept = tuple(dict.fromkeys(key for key in (verdict.evidence or evidence) if key))
    return TargetResult(
        target=target,
        status=verdict.status,
        cause=verdict.cause if verdict.status is Status.NOT_TESTED else None,
        reason=verdict.reason,
        values=verdict.values,
        notices=verdict.notices,
        evidence=kept,
        reperform=NOTHING,
    )
