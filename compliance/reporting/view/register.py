"""The register of partners encryption is required with: a row for each, four proofs and one verdict (U-02 1c)."""

from dataclasses import dataclass

from compliance.model.finding import Status
from compliance.model.subject import Level, Subject
from compliance.reporting.view.results import Result
from compliance.reporting.view.source import Source

#: The proofs by requirement, and the short name each has in the register.
PROOFS = {"U02-1c-1": "can", "U02-1c-2": "demand", "U02-1c-3": "refuse", "U02-1c-4": "contact"}
_UNPROVEN = (Status.NOT_TESTED, Status.ERROR)
_ORDER = ("fail", "error", "not_tested", "pass", "not_applicable")


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One partner. `proofs` are in the order of PROOFS; None where this run did not ask."""

    subject: Subject
    proofs: tuple[Result | None, ...]

    @property
    def name(self) -> str:
        """The partner as people write it."""
        return self.subject.display

    @property
    def reviewed(self) -> str:
        """When the contact routine was last gone through, `` if nobody says."""
        contact = self.subject.contact
        return contact.reviewed.isoformat() if contact and contact.reviewed else ""

    @property
    def not_met(self) -> tuple[str, ...]:
        """The proofs that are not met."""
        return self._named(Status.FAIL)

    @property
    def untested(self) -> tuple[str, ...]:
        """The proofs nobody has; what was not asked is not proven either."""
        return self._named(*_UNPROVEN)

    @property
    def met(self) -> int:
        """How many proofs are met."""
        return len(self._named(Status.PASS))

    @property
    def mark(self) -> str:
        """The verdict as the key of its sign, word and colour: met only where all that concern the partner are."""
        if self.not_met:
            return "fail"
        if self.untested:
            broken = any(proof and proof.finding.status is Status.ERROR for proof in self.proofs)
            return "error" if broken else "not_tested"
        return "pass" if self.met else "not_applicable"

    def _named(self, *statuses: Status) -> tuple[str, ...]:
        return tuple(
            name
            for name, proof in zip(PROOFS.values(), self.proofs, strict=True)
            if (proof.finding.status if proof else Status.NOT_TESTED) in statuses
        )


def register(source: Source, results: tuple[Result, ...]) -> tuple[RegisterRow, ...]:
    """Give the register, the partners with something not met first; none where this run asked none of its proofs."""
    found = {(each.finding.subject, each.finding.requirement): each for each in results}
    rows = []
    for subject in source.subjects:
        proofs = tuple(found.get((subject.label, key)) for key in PROOFS)
        if _is_listed(subject) and any(proofs):
            rows.append(RegisterRow(subject, proofs))
    return tuple(sorted(rows, key=lambda row: (_ORDER.index(row.mark), row.name)))


def _is_listed(subject: Subject) -> bool:
    asked = subject.require_tls
    return subject.is_partner and asked is not None and {asked.to, asked.from_} != {Level.NONE}
