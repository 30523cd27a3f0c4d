"""DMARC reports arrive: `rua` names a mailbox whose domain takes mail, and consents if it is another's (RFC 9990)."""

from dataclasses import replace

from compliance.checks.dmarc import record_verdict, walk_of
from compliance.checks.registry import Parameters, Scope, check, failed, not_tested, noticing, passed, resting_on
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView
from compliance.model.finding import Cause, Notice, Value, Verdict
from compliance.records.dmarc import DmarcWalk
from compliance.records.dmarc_record import DmarcRecord
from compliance.records.dmarc_reports import Consent, Delivery, Destination, destinations
from compliance.records.dmarc_write import rewritten
from compliance.records.dns_walk import drive


@check("dmarc_reports", Scope.DOMAIN, reperform="dmarc_reports")
def dmarc_reports(view: DomainView, _want: Parameters) -> Verdict:
    """One `mailto` in `rua` at least leads to a domain that takes mail and has agreed to (RFC 9990 section 4)."""
    walk = walk_of(view)
    if walk.record is None:
        return resting_on(record_verdict(view, walk), walk.observations)
    lab = view.context.lab
    named = drive(destinations(walk), view.context.evidence.answer)
    found = tuple(replace(each, delivery=Delivery.NO_MAIL) if each.looped and not lab else each for each in named)
    seen = (*walk.observations, *(key for each in found for key in each.observations))
    return resting_on(_verdict(view, walk, walk.record, found), tuple(dict.fromkeys(seen)))


def _verdict(view: DomainView, walk: DmarcWalk, record: DmarcRecord, found: tuple[Destination, ...]) -> Verdict:
    mailbox = f"mailto:dmarc@{walk.domain}"
    where = {"name": walk.owner, "record": walk.text, "corrected": rewritten(record, rua=mailbox)}
    if not found:
        return failed("rua_unusable" if record.mentions("rua") else "rua_missing", **where)
    good = [each for each in found if each.settled]
    bad = [address for each in found if each.settled is False for address in each.addresses]
    if good:
        addresses = [address for each in good for address in each.addresses]
        verdict = passed("rua_arrives", name=walk.owner, record=walk.text, addresses=addresses)
        verdict = noticing(verdict, *_older_receivers(view, walk, good[0]))
        return noticing(verdict, Notice("rua_others_lost", {"addresses": bad})) if bad else verdict
    if unheard := tuple(answer for each in found if each.settled is None for answer in each.unanswered):
        return unanswered(unheard, view.context)
    if over := len({uri.domain for uri in record.rua if uri.domain}) - len(found):
        return not_tested(Cause.THEIRS, "too_many_hosts", count=over)
    return _fault(walk, found[0], where["corrected"])


def _fault(walk: DmarcWalk, lost: Destination, corrected: str) -> Verdict:
    """Why nothing arrives at the first destination."""
    addresses, domain = list(lost.addresses), lost.domain
    about: dict[str, Value] = {"addresses": addresses, "domain": domain, "corrected": corrected}
    if lost.delivery is Delivery.NO_NAME:
        return failed("rua_no_domain_name", name=walk.owner, **about)
    if lost.delivery is Delivery.NO_MAIL:
        return failed("rua_takes_no_mail", name=walk.owner, **about)
    if lost.consent is Consent.ELSEWHERE:
        return failed("rua_sent_elsewhere", name=lost.owner, addresses=addresses, domain=domain)
    return failed("rua_not_agreed", name=lost.owner, policy=walk.domain, **about)


def _older_receivers(view: DomainView, walk: DmarcWalk, good: Destination) -> tuple[Notice, ...]:
    """By the public suffix list a destination may be another's, though the tree walk makes it the domain's own."""
    context = view.context
    apart = context.operator(good.domain) != context.operator(walk.domain)
    older = apart and good.consent is Consent.MISSING
    return (Notice("rua_agreement_for_older", {"name": good.owner}),) if older else ()
