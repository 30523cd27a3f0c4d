"""The whole report, one frozen view that page, workbook and terminal are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compliance.model.finding import Status
from compliance.model.requirement import Duty, Requirement
from compliance.model.subject import Kind
from compliance.reporting.view.actions import Action, actions
from compliance.reporting.view.beside import Sent, WaiverRow, origins, sent, waivers
from compliance.reporting.view.cards import Card, UntestedGroup, cards, untested
from compliance.reporting.view.hosts import Certificate, Host, certificates, own_hosts
from compliance.reporting.view.lead import lead, lead_more
from compliance.reporting.view.matrix import Matrices, matrices
from compliance.reporting.view.numbers import (
    MEASURES,
    OTHER_PARTS,
    Row,
    Tally,
    by_duty,
    by_measure,
    by_requirement,
    tally,
)
from compliance.reporting.view.partners import Partner, partners
from compliance.reporting.view.register import RegisterRow, register
from compliance.reporting.view.results import Result, results
from compliance.reporting.view.source import Source, read_source
from compliance.reporting.view.spf import SpfDrawing, spf_drawings
from compliance.reporting.view.what_if import WhatIf, what_if
from compliance.reporting.words import Say


@dataclass(frozen=True)
class Report:
    """Everything shown, in the order it is shown."""

    source: Source
    lead: tuple[Say, ...]
    lead_more: tuple[Say, ...]
    must: Tally
    measures: tuple[Row, ...]
    parts: tuple[Row, ...]
    actions: tuple[Action, ...]
    results: tuple[Result, ...]
    matrices: Matrices
    cards: tuple[Card, ...]
    untested: tuple[UntestedGroup, ...]
    spf: tuple[SpfDrawing, ...]
    hosts: tuple[Host, ...]
    register: tuple[RegisterRow, ...]
    what_if: WhatIf | None
    partners: tuple[Partner, ...]
    partner_tally: Tally
    partner_measures: tuple[Row, ...]
    requirements: tuple[Row, ...]
    partner_requirements: tuple[Row, ...]
    certificates: tuple[Certificate, ...]
    waivers: tuple[WaiverRow, ...]
    origins: Mapping[str, int]
    sent: tuple[Sent, ...]
    kinds: Mapping[str, int]
    not_assessed: tuple[Requirement, ...]

    @property
    def noticed(self) -> tuple[Result, ...]:
        """Own results that are met with a notice: what will not last or is not ideal."""
        return tuple(
            result
            for result in self.results
            if result.own and result.finding.status is Status.PASS and result.finding.notices
        )

    @property
    def fingerprint(self) -> str:
        """The fingerprint in groups of four."""
        return in_fours(self.source.fingerprint)


def in_fours(digest: str) -> str:
    """Give a fingerprint in groups of four."""
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def read_report(folder: Path) -> Report:
    """Read a run folder and lay it out; raises OSError or ValueError naming the file."""
    return lay_out(read_source(folder))


def lay_out(source: Source) -> Report:
    """Lay out what was read."""
    found = results(source)
    hosts = own_hosts(source, found)
    return Report(
        source=source,
        lead=lead(source),
        lead_more=lead_more(source),
        must=by_duty(source.own, Duty.MUST),
        measures=by_measure(source, source.own, MEASURES),
        parts=by_measure(source, source.own, OTHER_PARTS),
        actions=actions(source, found),
        results=found,
        matrices=matrices(source, found),
        cards=cards(found),
        untested=untested(found),
        spf=spf_drawings(source),
        hosts=hosts,
        register=register(source, found),
        what_if=what_if(source),
        partners=partners(source, found),
        partner_tally=tally(source.partners),
        partner_measures=by_measure(source, source.partners, (*MEASURES, *OTHER_PARTS)),
        requirements=by_requirement(source, source.own),
        partner_requirements=by_requirement(source, source.partners),
        certificates=certificates(source, frozenset(host.target for host in hosts)),
        waivers=waivers(source),
        origins=origins(source),
        sent=sent(source),
        kinds={kind.value: sum(kind in subject.kinds for subject in source.subjects) for kind in Kind},
        not_assessed=tuple(item for item in source.baseline.requirements if item.assessment != "automatic"),
    )
