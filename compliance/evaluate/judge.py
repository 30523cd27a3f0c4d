"""One verdict per (requirement, target), with what it needs judged first."""

import compliance.checks.catalogue  # noqa: F401 - registers every check
from compliance.checks.context import Context
from compliance.checks.registry import CHECKS, Scope, broken, not_applicable, not_tested, noticing
from compliance.checks.scopes import without_route
from compliance.checks.views import DomainView, HostView, View
from compliance.model.finding import Cause, Status, Verdict
from compliance.model.requirement import Requirement


class Judge:
    """Judges views, each (requirement, target, subject) once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[tuple[str, str, str, str], Verdict] = {}

    def verdict(self, requirement: Requirement, view: View) -> Verdict:
        """Give the verdict of one requirement on one target."""
        key = (requirement.id, view.subject.label, view.kind, view.target)
        if key not in self._known:
            found = self._needed(requirement, view) or self._judged(requirement, view)
            beside = view.notices if isinstance(view, HostView) and found.status is Status.PASS else ()
            self._known[key] = noticing(found, *beside)
        return self._known[key]

    def _needed(self, requirement: Requirement, view: View) -> Verdict | None:
        """A need that fails leaves nothing to ask here; one not seen hands its cause on."""
        if isinstance(view, HostView) and without_route(view):
            return not_tested(Cause.OURS, "no_route", address=view.address)
        for key in requirement.needs:
            needed = self._needed_requirement(key)
            if needed is None:
                continue
            found = self.verdict(needed, self._view_for(needed, view))
            match found.status:
                case Status.PASS:
                    continue
                case Status.FAIL:
                    return not_applicable(f"needs {key}")
                case Status.NOT_APPLICABLE:
                    return not_applicable(found.reason, **found.values)
                case _:
                    return Verdict(found.status, found.reason, found.cause, found.values, evidence=found.evidence)
        return None

    def _needed_requirement(self, key: str) -> Requirement | None:
        """The requirement needed, where this baseline holds it and it has a check."""
        found = next((entry for entry in self._context.baseline.requirements if entry.id == key), None)
        return found if found and found.check else None

    def _view_for(self, needed: Requirement, view: View) -> View:
        if needed.check and CHECKS[needed.check].scope is Scope.DOMAIN and not isinstance(view, DomainView):
            return DomainView(view.context, view.subject, view.kind)
        return view

    def _judged(self, requirement: Requirement, view: View) -> Verdict:
        check = CHECKS[requirement.check or ""]
        try:
            return check.judge(view, requirement.parameters)
        except Exception as trouble:  # noqa: BLE001 - a check that breaks is our defect, never somebody's verdict
            return broken(check.name, f"{type(trouble).__name__}: {trouble}")
