"""MTA-STS: the domain has a valid policy, and its mail hosts are as the policy promises (RFC 8461)."""

from compliance.checks.dane_records import dane_match
from compliance.checks.policy_file import find
from compliance.checks.presented import Objection, Presented, chains, opinion, unsettled
from compliance.checks.registry import (
    Parameters,
    Scope,
    check,
    failed,
    not_applicable,
    not_tested,
    noticing,
    passed,
    resting_on,
)
from compliance.checks.tls_rpt import takes_no_mail
from compliance.checks.transport import starttls
from compliance.checks.views import DomainView, HostView
from compliance.model.finding import Cause, Notice, Status, Verdict
from compliance.records.mta_sts import Mode, Policy, mx_matches, policy_host

_DAY, _TWO_WEEKS = 86400, 1209600
_SHOWN = 10


@check("mta_sts_policy", Scope.DOMAIN, reperform="mta_sts")
def mta_sts_policy(view: DomainView, want: Parameters) -> Verdict:
    """One TXT record, and a policy served over trusted HTTPS without redirect, in force and for long (section 3)."""
    if settled := takes_no_mail(view):
        return settled
    found = find(view.context, view.subject.hostname)
    if isinstance(found.policy, Verdict):
        return resting_on(found.policy, found.evidence)
    verdict = _in_force(view, found.policy, want)
    unsteady = found.unsteady and verdict.status is Status.PASS
    return resting_on(noticing(verdict, Notice("policy_unsteady")) if unsteady else verdict, found.evidence)


def _in_force(view: DomainView, policy: Policy, want: Parameters) -> Verdict:
    name = policy_host(view.subject.hostname)
    if policy.mode is Mode.NONE:
        return failed("policy_mode_none", name=name)
    if policy.max_age < int(want.get("max_age", _DAY)):
        return failed("policy_short_lived", name=name, seconds=policy.max_age)
    notices = []
    if policy.mode is Mode.TESTING:
        notices.append(Notice("policy_testing"))
    if policy.max_age < int(want.get("notice_max_age", _TWO_WEEKS)):
        notices.append(Notice("policy_soon_forgotten", {"seconds": policy.max_age}))
    if policy.repeated:
        notices.append(Notice("policy_repeated_keys", {"keys": list(policy.repeated[:_SHOWN])}))
    if policy.blank_lines:
        notices.append(Notice("policy_blank_lines", {"count": policy.blank_lines}))
    return passed("policy_valid", *notices, name=name, mode=policy.mode.value, patterns=list(policy.mx[:_SHOWN]))


@check("mta_sts_truth", Scope.MAIL_HOSTS, reperform="sts_host")
def mta_sts_truth(view: HostView, want: Parameters) -> Verdict:
    """The MX name is in the policy, and its host has STARTTLS and a certificate trusted for that name (section 4).

    Only the public roots count, and DANE neither helps nor is overridden (section 2): where it fails, that is said.
    """
    found = find(view.context, view.subject.hostname)
    evidence = (*view.evidence, *found.evidence)
    if isinstance(found.policy, Verdict):  # a policy senders cannot use binds nobody: STS-1 tells of it
        absent = found.policy.status is Status.FAIL
        verdict = not_applicable(found.policy.reason, **found.policy.values) if absent else found.policy
        return resting_on(verdict, evidence)
    if found.policy.mode is Mode.NONE:
        return resting_on(not_applicable("policy_mode_none", name=policy_host(view.subject.hostname)), evidence)
    verdict = _as_promised(view, found.policy, want)
    if found.policy.mode is Mode.TESTING and verdict.status is Status.FAIL:
        notice = Notice("policy_testing_mismatch", {"name": view.name})
        verdict = noticing(not_applicable("policy_in_testing", name=view.name), notice)
    return resting_on(_beside_dane(view, verdict, want), dict.fromkeys((*evidence, *verdict.evidence)))


def _as_promised(view: HostView, policy: Policy, want: Parameters) -> Verdict:
    if not any(mx_matches(pattern, view.name) for pattern in policy.mx):
        return failed("mx_not_in_policy", name=view.name, patterns=list(policy.mx[:_SHOWN]))
    shown = chains(view)
    heard = starttls(view, want)
    if heard.status is Status.FAIL:
        return failed("policy_without_starttls", *heard.notices, name=view.name)
    if not shown:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded") if heard.status is Status.PASS else heard
    faults = [(each, fault) for each in shown if (fault := _certificate_fault(view, each))]
    for each, fault in sorted(faults, key=lambda found: found[1].status is not Status.FAIL):
        return resting_on(fault, each.evidence)
    return resting_on(
        passed("policy_holds", *unsettled(view), name=view.name, mode=policy.mode.value),
        [key for each in shown for key in each.evidence],
    )


def _certificate_fault(view: HostView, shown: Presented) -> Verdict | None:
    """What a sender that follows the policy holds against one certificate; it may meet any that is presented."""
    found = opinion(view.context, shown, view.name)
    match found.objection:
        case None:
            return None
        case Objection.UNREAD:
            return not_tested(Cause.OURS, "certificate_not_read")
        case Objection.UNTRUSTED | Objection.PRIVATE:
            return failed("policy_mx_untrusted", name=view.name, issuer=found.issuer, why=found.why)
        case Objection.NAME:
            return failed("policy_mx_name", name=view.name, names=list(found.names))
        case Objection.DATES:
            dates = {"not_before": found.not_before, "not_after": found.not_after}
            return failed("policy_mx_dates", name=view.name, **dates)


def _beside_dane(view: HostView, verdict: Verdict, want: Parameters) -> Verdict:
    """A sender that knows both goes by DANE: a policy that holds saves nothing where DANE does not."""
    if verdict.status is Status.PASS and dane_match(view, want).status is Status.FAIL:
        return noticing(verdict, Notice("dane_decides", {"name": view.name}))
    return verdict
