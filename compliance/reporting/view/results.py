"""Results: findings in the order they are read, their targets gathered by what is so."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.finding import Cause, Finding, Notice, Reperform, Status, TargetResult, Value, Values
from compliance.model.names import to_unicode
from compliance.model.observation import Origin
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting.view.source import Source, is_own

_TARGET = re.compile(r"(?P<name>.*?)\[(?P<address>[^\]]*)\]:(?P<port>\d+)", re.DOTALL)
_STATUS_RANK = {Status.FAIL: 0, Status.ERROR: 2, Status.NOT_TESTED: 3, Status.PASS: 4, Status.NOT_APPLICABLE: 5}
#: The reason of what DANE alone vouches for.
DANE_REASON = "met_through_dane"
_TRUST = "U02-1b-2"
_DANE_MARKS = ("dane", "dane_only")
_DUTY_RANK = {Duty.MUST: 0, Duty.SHOULD: 1, Duty.MAY: 2}


@dataclass(frozen=True, slots=True)
class Proof:
    """What one target's verdict rests on, and how to see the same by hand. `name` is the target's, or the subject's."""

    name: str
    evidence: tuple[str, ...]
    reperform: Reperform | None

    @property
    def tells(self) -> bool:
        """Tell whether there is anything to read: what was stated, or never sent in, rests on nothing measured."""
        return bool(self.evidence or (self.reperform and (self.reperform.command or self.reperform.expect)))


@dataclass(frozen=True, slots=True)
class Group:
    """Targets of one finding of which the same is so. `targets` are as a person reads them."""

    status: Status
    cause: Cause | None
    reason: str
    values: Values
    notices: tuple[Notice, ...]
    targets: tuple[str, ...]
    evidence: tuple[str, ...]
    reperform: Reperform | None
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One finding, ready to show. `anchor` is its id in the page, `partly` that some targets were tested."""

    finding: Finding
    anchor: str
    subject: str
    own: bool
    partly: bool
    groups: tuple[Group, ...]

    @property
    def mark(self) -> str:
        """The status as the key of its sign, word and colour; who says so and through what stand in it."""
        finding = self.finding
        if self.partly:
            return "partly"
        if is_stated(finding):
            return f"stated_{finding.status}"
        return self._through_dane if met_through_dane(finding) else finding.status.value

    def mark_of(self, group: Group) -> str:
        """The mark of one group of targets."""
        if group.status is self.finding.status and self.mark not in _DANE_MARKS:
            return self.mark
        return self._through_dane if group.reason == DANE_REASON else group.status.value

    @property
    def _through_dane(self) -> str:
        # Of a name or a date DANE says nothing of who issued the certificate.
        return _DANE_MARKS[self.finding.requirement == _TRUST]

    @property
    def number(self) -> int:
        """The line of findings.jsonl."""
        return int(self.anchor[1:])

    @property
    def cause(self) -> str:
        """The cause as the key of its words; `` if there is none. «Motparten» is never our own server."""
        return cause_key(self.finding)

    @property
    def worst(self) -> Group:
        """The group that made the status."""
        return self.groups[0]


def is_stated(finding: Finding) -> bool:
    """Tell whether a person's word is all there is: such a verdict is never counted among what was measured."""
    return finding.origin is Origin.DECLARED and finding.status in {Status.PASS, Status.FAIL}


def met_through_dane(finding: Finding) -> bool:
    """Tell whether something is met by DANE where ordinary senders, who go by issuers, would not have it met."""
    reasons = {target.reason for target in finding.targets if target.status is Status.PASS} | {finding.reason}
    return finding.status is Status.PASS and DANE_REASON in reasons


def cause_key(finding: Finding, cause: Cause | None = None) -> str:
    """Give the key of a cause's words, the finding's own if no other is given."""
    told = cause or finding.cause
    return "theirs_own" if told is Cause.THEIRS and finding.kind is not Kind.PARTNER else str(told or "")


def results(source: Source) -> tuple[Result, ...]:
    """Give all results: not met first (waived last among them), then errors, untested, and the rest."""
    found = [_result(source, number, finding) for number, finding in enumerate(source.findings, 1)]
    return tuple(sorted(found, key=lambda result: _rank(source, result)))


def _rank(source: Source, result: Result) -> tuple[object, ...]:
    finding = result.finding
    waived = finding.status is Status.FAIL and not finding.counted
    return (
        _STATUS_RANK[finding.status] + waived,
        not result.own,
        _DUTY_RANK[finding.level],
        source.order.get(finding.requirement, 999),
        finding.subject,
    )


def _result(source: Source, number: int, finding: Finding) -> Result:
    partly = finding.status is Status.NOT_TESTED and finding.coverage.get("pass", 0) > 0
    name = source.display(finding.subject)
    return Result(finding, f"r{number}", name, is_own(finding), partly, tuple(_groups(finding, name)))


def _groups(finding: Finding, subject: str) -> Iterable[Group]:
    whole = Group(finding.status, finding.cause, finding.reason, finding.values, finding.notices, (), (), None)
    if not finding.targets:
        return [whole]
    gathered: dict[str, list[int]] = {}
    for number, target in enumerate(finding.targets):
        key = repr((target.status, target.cause, target.reason, sorted(target.values.items()), target.notices))
        gathered.setdefault(key, []).append(number)
    groups = []
    for numbers in gathered.values():
        members = [finding.targets[number] for number in numbers]
        first = members[0]
        evidence = tuple(dict.fromkeys(item for member in members for item in member.evidence))
        names = tuple(target_name(member.target) for member in members if member.target != finding.subject)
        proofs = tuple(_proof(member, finding.subject, subject) for member in members)
        groups.append(
            Group(
                first.status, first.cause, first.reason, first.values, first.notices, names, evidence, first.reperform,
                proofs,
            )
        )  # fmt: skip
    weighed = sorted(groups, key=lambda group: (group.status != finding.status, _STATUS_RANK[group.status]))
    return weighed if weighed[0].status is finding.status else [whole, *weighed]


def _proof(member: TargetResult, label: str, subject: str) -> Proof:
    name = subject if member.target == label else target_name(member.target)
    return Proof(name, member.evidence, member.reperform)


def target_name(target: str) -> str:
    """Give a target as people read it: `mx.name [address]`, the port only where it is not 25."""
    parts = _TARGET.fullmatch(target)
    if parts is None:
        return to_unicode(target)
    port = "" if parts["port"] == "25" else f":{parts['port']}"
    return f"{to_unicode(parts['name'])} [{parts['address']}]{port}"


def target_host(target: str) -> str:
    """Give the host name of a target; the target itself where it names none."""
    parts = _TARGET.fullmatch(target)
    return to_unicode(parts["name"] if parts else target)


def target_address(target: str) -> str:
    """Give the address of a target; `` where it has none."""
    parts = _TARGET.fullmatch(target)
    return parts["address"] if parts else ""


def origin_key(origin: Origin) -> str:
    """Give the key of the words for who says so."""
    return f"origin_{origin.value}"


def text_values(values: Values) -> dict[str, Value]:
    """Give values as an ordinary dict, to be passed by name."""
    return dict(values)
