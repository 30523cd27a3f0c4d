"""The TLS policy a run supports: which partners can carry the level asked toward them, and which cannot and why."""

from dataclasses import dataclass

from compliance.model.finding import Notice, Status
from compliance.model.names import is_domain, is_plain
from compliance.model.subject import Kind, Level, Subject
from compliance.reporting.view.fate import CAPABILITY
from compliance.reporting.view.report import Report
from compliance.reporting.view.results import Group, Result

_EXCHANGE_ONLINE = "exchange_online"
#: What somebody who turns the policy on must know: addresses nobody could reach, names anybody may have put there.
_CAUTIONS = ("family_not_tested", "mx_name_unauthenticated")


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One partner of the register. `names` are the names its certificates may have, none where none is pinned.

    `carried`: the level was proven at every mail host that was reached. `mappable`: its names may stand in a map.
    """

    subject: Subject
    level: Level
    result: Result
    names: tuple[str, ...]
    mappable: bool

    @property
    def carried(self) -> bool:
        """Whether the level can be required now."""
        return self.result.finding.status is Status.PASS and self.mappable

    @property
    def why(self) -> Group:
        """The worst of what was found."""
        return self.result.worst

    @property
    def cautions(self) -> tuple[Notice, ...]:
        """What is to be known before the level is required."""
        return tuple(notice for notice in self.result.finding.notices if notice.notice in _CAUTIONS)


def policy_rows(report: Report) -> tuple[PolicyRow, ...]:
    """Give a row for each partner a level is asked toward, in the inventory's order."""
    found = {each.finding.subject: each for each in report.results if each.finding.requirement == CAPABILITY}
    rows = []
    for subject in report.source.subjects:
        asked = subject.require_tls
        if asked is None or asked.to is Level.NONE or subject.label not in found:
            continue
        mappable = is_domain(subject.hostname) and all(map(is_plain, asked.match))
        rows.append(PolicyRow(subject, asked.to, found[subject.label], asked.match, mappable))
    return tuple(rows)


def sends_through_exchange_online(report: Report) -> bool:
    """Whether the organisation sends through Exchange Online, whose connectors cannot ask for DANE."""
    senders = (subject for subject in report.source.subjects if Kind.OUTBOUND_HOST in subject.kinds)
    return any(subject.service == _EXCHANGE_ONLINE for subject in senders)
