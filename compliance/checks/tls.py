"""What a mail host's TLS accepts: versions, suites, key exchange, compression, as sessions and raw hellos showed it."""

from collections.abc import Iterable
from typing import Any

from compliance.checks.evidence import smtp_facts
from compliance.checks.registry import (
    Parameters,
    Scope,
    broken,
    check,
    failed,
    not_applicable,
    not_tested,
    passed,
    resting_on,
)
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Value, Verdict
from compliance.model.observation import Failure, Observation, TlsFacts
from compliance.records.tls_profile import Item

_OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")


@check("tls13", Scope.MAIL_HOSTS, reperform="tls13")
def tls13(view: HostView, _want: Parameters) -> Verdict:
    """TLS 1.3 is accepted: a client that offers it is answered with it (RFC 8446 section 4.2.1)."""
    agreed = _agreed(view.sessions)
    if not agreed:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    profile = view.tls_seen.profile
    suites = [tls.suite for tls in agreed if tls.version == "TLSv1.3"]
    suites += [suite for version, suite in profile.suites if version == "TLSv1.3"]  # under another of its names
    if suites:
        return passed("tls13_accepted", suite=suites[0])
    return failed("tls13_not_accepted", version=agreed[-1].version)


@check("tls_versions", Scope.MAIL_HOSTS, reperform="old_tls")
def tls_versions(view: HostView, _want: Parameters) -> Verdict:
    """TLS 1.2 or 1.3 is accepted and nothing older (RFC 8996; RFC 9325 section 3.1.1)."""
    agreed = _agreed(view.sessions)
    if not agreed:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    items = {version: view.tls_seen.profile.versions[version] for version in _OLD}
    accepted = {version for version, item in items.items() if item.value}
    accepted |= {tls.version for tls in agreed} & set(_OLD)  # a pool of servers may not answer alike twice
    unproven = [version for version, item in items.items() if not item.proven]
    rests = tuple(items.values())
    if accepted:
        return _resting(view, rests, failed("old_tls_accepted", versions=sorted(accepted)))
    if unproven:
        return _unproven(view, [items[version] for version in unproven], "old_tls_unproven", versions=unproven)
    return _resting(view, rests, passed("only_new_tls", version=agreed[-1].version))


@check("weak_suites", Scope.MAIL_HOSTS, reperform="suite")
def weak_suites(view: HostView, _want: Parameters) -> Verdict:
    """No suite with NULL, export keys, DES, 3DES, RC4 or MD5 is accepted (RFC 9325 section 4.1)."""
    profile = view.tls_seen.profile
    items = tuple(profile.weak.values())
    if profile.weak_suites:
        found = [item for item in items if item.value]
        return _resting(view, found, failed("weak_suites_accepted", suites=list(profile.weak_suites)))
    if missing := [item for item in items if not item.proven]:
        return _unproven(view, missing, "weak_suites_unproven")
    return _resting(view, items, passed("no_weak_suites"))


@check("forward_secrecy", Scope.MAIL_HOSTS, reperform="suite")
def forward_secrecy(view: HostView, want: Parameters) -> Verdict:
    """Every authenticated suite of TLS 1.2 accepted has forward secrecy, its DHE group `dhe_bits` (RFC 9325 4.1, 4.4).

    TLS 1.3 has no other suites (RFC 8446 section 1.2), so that where it is all there is the thing is met.
    """
    static, group = view.tls_seen.profile.without_forward_secrecy, view.tls_seen.profile.dhe_group
    if static.value:
        return _resting(view, [static], failed("no_forward_secrecy", suites=list(static.value)))
    if group.value and group.value.bits < int(want["dhe_bits"]):
        return _resting(view, [group], failed("dhe_group_short", bits=group.value.bits, least=int(want["dhe_bits"])))
    if missing := [item for item in (static, group) if not item.proven]:
        return _unproven(view, missing, "forward_secrecy_unproven")
    return _resting(view, (static, group), passed("forward_secrecy_kept"))


@check("compression_renegotiation", Scope.MAIL_HOSTS, reperform="negotiation")
def compression_renegotiation(view: HostView, _want: Parameters) -> Verdict:
    """TLS does not compress (RFC 9325 section 3.3), and announces secure renegotiation (RFC 5746)."""
    profile = view.tls_seen.profile
    items = (profile.compression, profile.renegotiation)
    if profile.compression.value:
        return _resting(view, items[:1], failed("tls_compresses"))
    if profile.renegotiation.value is False:
        return _resting(view, items[1:], failed("renegotiation_insecure"))
    if missing := [item for item in items if not item.proven]:
        return _unproven(view, missing, "negotiation_unproven")
    if profile.compression.value is None:
        return _resting(view, items, not_applicable("only_tls13"))
    return _resting(view, items, passed("no_compression_safe_renegotiation"))


@check("anonymous_suites", Scope.MAIL_HOSTS, reperform="suite")
def anonymous_suites(view: HostView, _want: Parameters) -> Verdict:
    """No suite is accepted in which the server shows no certificate (RFC 5246 appendix F.1.1.1)."""
    item = view.tls_seen.profile.anonymous
    if item.value:
        return _resting(view, [item], failed("anonymous_suites_accepted", suites=list(item.value)))
    if not item.proven:
        return _unproven(view, [item], "anonymous_suites_unproven")
    return _resting(view, [item], passed("no_anonymous_suites"))


def _agreed(sessions: Iterable[Observation]) -> list[TlsFacts]:
    """The handshakes that were completed, in order."""
    return [facts.tls for facts in map(smtp_facts, sessions) if facts and facts.tls]


def _resting(view: HostView, items: Iterable[Item[Any]], verdict: Verdict) -> Verdict:
    return resting_on(verdict, dict.fromkeys((*view.evidence, *view.tls_seen.evidence(*items))))


def _unproven(view: HostView, items: Iterable[Item[Any]], reason: str, **values: Value) -> Verdict:
    """Neither accepted nor refused: whose doing that is stands in what was put."""
    items = tuple(items)
    doing = view.tls_seen.doing(*items)
    if isinstance(doing, Failure):
        return _resting(view, items, broken(doing.stage, doing.detail))
    return _resting(view, items, not_tested(doing, reason, **values))
