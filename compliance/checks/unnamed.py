"""What a host shows to a client that asks for no name (no SNI, RFC 6066 section 3): senders that know none exist."""

from functools import wraps

from compliance.checks.registry import CheckFunction, Parameters, noticing, resting_on
from compliance.checks.views import HostView
from compliance.model.finding import Notice, Status, Verdict
from compliance.model.names import is_address
from compliance.model.observation import FailureKind, Observation, SmtpFacts
from compliance.records.certificate import CertificateFault, read
from compliance.records.injection import UNNAMED


def beside_unnamed(judge: CheckFunction) -> CheckFunction:
    """Note beside a pass that who asks for no name is shown another certificate, or none."""

    @wraps(judge)
    def noted(view: HostView, want: Parameters) -> Verdict:
        verdict = judge(view, want)
        seen = view.context.evidence.of_own_host(view.address, view.port, UNNAMED)
        if seen is None or verdict.status is not Status.PASS or is_address(view.name):
            return verdict
        found = _notice(view, seen)
        return resting_on(noticing(verdict, *found), (*(verdict.evidence or view.evidence), seen.id))

    return noted


def _notice(view: HostView, seen: Observation) -> tuple[Notice, ...]:
    shown = seen.facts.tls if isinstance(seen.facts, SmtpFacts) else None
    if shown is None:
        turned_down = seen.failure is not None and seen.failure.kind is FailureKind.HANDSHAKE
        return (Notice("unnamed_refused"),) if turned_down else ()
    leaves = {each.chain[0] for each in view.presentations if each.chain}
    if not shown.chain or shown.chain[0] in leaves:
        return ()
    return (Notice("unnamed_certificate", {"subject": _subject(shown.chain[0])}),)


def _subject(der: bytes) -> str:
    try:
        return read(der).subject
    except CertificateFault:
        return ""
