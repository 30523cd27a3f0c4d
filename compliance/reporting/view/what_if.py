"""What would stop if encryption were required: the traffic of supplied mail logs held against what this run found."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from compliance.model.finding import Finding
from compliance.model.names import to_unicode
from compliance.model.subject import DOMAIN_KINDS, Kind, Level, Subject
from compliance.model.supplied import DomainFlow, Flow, MailLogFacts, earliest, latest, merged
from compliance.reporting.view.fate import LEVELS, Fate, logged, measured, proven
from compliance.reporting.view.source import Source

TO, FROM = "to", "from"
_SCOPES = ("partners", "no", "all")
_FIRST = 10  # to ring
_TOP = 3


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was exchanged with one domain, and what becomes of mail to it level by level.

    `domain` is `` for what the logs name nobody for. `by_run`: the levels this run tells of; the logs tell the rest.
    """

    domain: str
    subject: Subject | None
    to: Flow
    from_: Flow
    fates: Mapping[Level, Fate]
    by_run: frozenset[Level]

    @property
    def name(self) -> str:
        """The domain as people write it."""
        return to_unicode(self.domain)

    def sent(self, level: Level) -> Mapping[Fate, int]:
        """Give messages sent by what would become of them."""
        if level in self.by_run:
            return {self.fates[level]: self.to.messages}
        return _told(_since(self.to, self.by_run, self.fates), level)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of mail with some domains at one level. `stopped`: those of which some stops, the most first."""

    scope: str
    direction: str
    level: Level
    messages: Mapping[Fate, int]
    domains: Mapping[Fate, int]
    stopped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """All of it. `first` and `last`: when the logs are of. `calls`: whom to ring, most messages in clear first."""

    first: str
    last: str
    traffic: tuple[Traffic, ...]
    outcomes: tuple[Outcome, ...]
    sent: Flow

    @property
    def in_clear(self) -> tuple[Traffic, ...]:
        """The named domains mail went to in clear, the most first."""
        named = [row for row in self.traffic if row.domain and row.to.clear]
        return tuple(sorted(named, key=lambda row: (-row.to.clear, row.domain)))

    @property
    def calls(self) -> tuple[Traffic, ...]:
        """Whom to ring first."""
        return self.in_clear[:_FIRST]

    @property
    def top(self) -> tuple[int, float]:
        """How many recipients have most of the mail in clear, three at most, and their share of it."""
        most = self.in_clear[:_TOP]
        return len(most), sum(row.to.clear for row in most) / self.sent.clear if self.sent.clear else 0.0


def what_if(source: Source) -> WhatIf | None:
    """Give what the supplied logs and this run tell together; None where no log tells of a message."""
    logs = [seen.facts for seen in source.observations.values() if isinstance(seen.facts, MailLogFacts)]
    flows = _by_domain(logs, {subject.hostname for subject in source.subjects if _is_ours(subject)})
    if not flows:
        return None
    partners = {subject.hostname: subject for subject in source.subjects if subject.is_partner}
    found = _findings(source)
    rows = [_traffic(domain, each, partners.get(domain), found) for domain, each in flows.items()]
    rows.sort(key=lambda row: (-row.to.messages - row.from_.messages, row.domain))
    return WhatIf(
        earliest(facts.file.first for facts in logs),
        latest(facts.file.last for facts in logs),
        tuple(rows),
        tuple(_outcomes(rows)),
        merged(row.to for row in rows),
    )


def _is_ours(subject: Subject) -> bool:
    return subject.domain_kind in DOMAIN_KINDS and not subject.is_partner


def _by_domain(logs: Iterable[MailLogFacts], without: set[str]) -> dict[str, list[DomainFlow]]:
    found: dict[str, list[DomainFlow]] = defaultdict(list)
    for facts in logs:
        for each in (each for instance in facts.instances for each in instance.domains):
            if each.domain not in without and each.flow.messages:
                found[each.domain].append(each)
    return found


def _findings(source: Source) -> Mapping[str, Mapping[str, Finding]]:
    found: dict[str, dict[str, Finding]] = defaultdict(dict)
    for finding in source.findings:
        if finding.kind is Kind.PARTNER:
            found[finding.subject][finding.requirement] = finding
    return found


def _traffic(
    domain: str,
    flows: Iterable[DomainFlow],
    subject: Subject | None,
    found: Mapping[str, Mapping[str, Finding]],
) -> Traffic:
    each = list(flows)
    to = merged(flow.flow for flow in each if flow.direction == TO)
    known = found.get(subject.label, {}) if subject else {}
    asked = subject.require_tls.to if subject and subject.require_tls else Level.NONE
    by_run = {level: fate for level in LEVELS if (fate := measured(known, level, asked)) is not Fate.UNKNOWN}
    of_log = _since(to, by_run, by_run)
    fates = {level: by_run.get(level) or logged(of_log, level) for level in LEVELS}
    from_ = merged(flow.flow for flow in each if flow.direction == FROM)
    return Traffic(domain, subject, to, from_, fates, frozenset(by_run))


def _since(to: Flow, by_run: Container[Level], fates: Mapping[Level, Fate]) -> Flow:
    """Give what the log still tells: of who offers encryption now, messages in clear tell nothing of other levels."""
    if Level.ENCRYPT in by_run and fates[Level.ENCRYPT] is Fate.GOES:
        return replace(to, clear=0, unknown=to.unknown + to.clear)
    return to


def _told(flow: Flow, level: Level) -> Mapping[Fate, int]:
    """Give messages by what a log alone tells of each."""
    goes = proven(flow, level)
    return {Fate.GOES: goes, Fate.STOPS: flow.clear, Fate.UNKNOWN: flow.messages - goes - flow.clear}


def _outcomes(rows: list[Traffic]) -> Iterator[Outcome]:
    for scope in _SCOPES:
        within = [row for row in rows if _is_within(row, scope)]
        for level in LEVELS:
            yield from _outcome(scope, TO, level, [(row, row.sent(level), row.fates[level]) for row in within])
        # Senders can be asked for encryption alone: DANE is the sender's doing, and few have certificates to show.
        encrypted = Level.ENCRYPT
        received = [(row, _told(row.from_, encrypted), logged(row.from_, encrypted)) for row in within]
        yield from _outcome(scope, FROM, encrypted, received)


def _is_within(row: Traffic, scope: str) -> bool:
    return scope == "all" or (row.subject is not None if scope == "partners" else row.domain.endswith(".no"))


def _outcome(
    scope: str, direction: str, level: Level, rows: list[tuple[Traffic, Mapping[Fate, int], Fate]]
) -> Iterator[Outcome]:
    """Give the row, or none where no message went that way."""
    messages: Counter[Fate] = Counter()
    domains: Counter[Fate] = Counter()
    stopped = []
    for row, told, fate in rows:
        if not sum(told.values()):
            continue
        messages.update(told)
        if row.domain:
            domains[fate] += 1
            if lost := told.get(Fate.STOPS, 0) + told.get(Fate.PARTLY, 0):
                stopped.append((-lost, row.name))
    if messages.total():
        names = tuple(name for _, name in sorted(stopped))
        yield Outcome(scope, direction, level, messages, domains, names)
