"""Whether what our own hosts send is signed with DKIM for the domain it is from (RFC 6376, RFC 9989 section 4.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compliance.checks.aligned import aligned, wire_name
from compliance.checks.canary_rounds import rounds_of
from compliance.checks.context import Context
from compliance.checks.outgoing import joined
from compliance.checks.registry import Parameters, Scope, check, failed, not_tested, passed, resting_on
from compliance.checks.sent_samples import signed_in_samples
from compliance.checks.views import OutgoingView
from compliance.model.canary import DkimSeen
from compliance.model.finding import Cause, Verdict


@dataclass(frozen=True)
class Sample:
    """A message that was received, its From and signatures, and the observation it stands in."""

    from_domain: str
    signatures: tuple[DkimSeen, ...]
    evidence: str


@check("outgoing_dkim", Scope.OUTGOING, reperform="none")
def outgoing_dkim(view: OutgoingView, want: Parameters) -> Verdict:
    """Every message received carries a signature that verifies, its domain aligned with From (RFC 9989 section 4.4)."""
    return joined(source(view, want) for source in (signed_at_canary, signed_in_samples))


def signed_at_canary(view: OutgoingView, _want: Parameters) -> Verdict:
    """The canary verified each message as it came."""
    samples = _samples(view)
    if not samples:
        return not_tested(Cause.NO_EVIDENCE, "no_sent_message")
    domains = [wire_name(domain) for domain in view.sender.sends_for]
    own = [sample for sample in samples if sample.from_domain in domains]
    evidence = list(dict.fromkeys(sample.evidence for sample in samples))
    if not own:
        return resting_on(
            not_tested(Cause.NO_EVIDENCE, "sent_from_elsewhere", domains=_names(each.from_domain for each in samples)),
            evidence,
        )
    verdicts = {sample: _signed(view.context, sample) for sample in own}
    return resting_on(_joined(verdicts, domains), evidence)


def _samples(view: OutgoingView) -> tuple[Sample, ...]:
    arrivals = [(found, arrival) for found in rounds_of(view.context, view.sender) for arrival in found.arrivals]
    return tuple(Sample(each.message.from_domain, each.message.signatures, found.seen.id) for found, each in arrivals)


def _joined(verdicts: Mapping[Sample, str], domains: Sequence[str]) -> Verdict:
    for reason in ("sent_unsigned", "sent_signature_broken", "sent_in_testing", "sent_unaligned"):
        wrong = [sample for sample, found in verdicts.items() if found == reason]
        if wrong:
            return _fault(reason, wrong, len(verdicts))
    good = {sample.from_domain for sample, found in verdicts.items() if found == "signed"}
    if unsure := [sample for sample, found in verdicts.items() if found == "unsure"]:
        names = _names(signature.domain for sample in unsure for signature in sample.signatures)
        return not_tested(Cause.NO_EVIDENCE, "sent_signature_unsure", domains=names)
    if missing := [domain for domain in domains if domain not in good]:
        return not_tested(Cause.NO_EVIDENCE, "sent_domains_missing", good=sorted(good), missing=missing[:12])
    selectors = _names(
        f"{each.selector}._domainkey.{each.domain}"
        for sample in verdicts
        for each in sample.signatures
        if each.result == "pass"
    )
    return passed("sent_signed", count=len(verdicts), domains=sorted(good), selectors=selectors)


def _fault(reason: str, wrong: Sequence[Sample], total: int) -> Verdict:
    domains = _names(sample.from_domain for sample in wrong)
    if reason == "sent_unsigned":
        return failed("sent_unsigned", count=len(wrong), total=total, domains=domains)
    signers = _names(signature.domain for sample in wrong for signature in sample.signatures)
    if reason == "sent_in_testing":
        return failed("sent_in_testing", count=len(wrong), total=total, signers=signers)
    if reason == "sent_unaligned":
        return failed("sent_unaligned", count=len(wrong), total=total, domains=domains, signers=signers)
    whys = _names(signature.why for sample in wrong for signature in sample.signatures)
    return failed("sent_signature_broken", count=len(wrong), total=total, signers=signers, whys=whys)


def _signed(context: Context, sample: Sample) -> str:
    """Give `signed`, `unsure`, or the reason of a fault. One good signature is enough (RFC 6376 section 6.1)."""
    if not sample.signatures:
        return "sent_unsigned"
    passing = [each for each in sample.signatures if each.result == "pass"]
    fitting = [each for each in passing if aligned(context, each.domain, sample.from_domain)]
    if fitting and all(each.testing for each in fitting):  # receivers treat it as unsigned (RFC 6376 section 3.6.1)
        return "sent_in_testing"
    alignments = {aligned(context, each.domain, sample.from_domain) for each in passing}
    if True in alignments:
        return "signed"
    if None in alignments or any(each.result == "temperror" for each in sample.signatures):
        return "unsure"
    return "sent_unaligned" if passing else "sent_signature_broken"


def _names(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))[:12]
