"""The certificate a mail host presents: issuer, name, dates, strength. One fault never hides another."""

from datetime import datetime, timedelta
from functools import wraps

from compliance.checks.dane import dane_holds, dane_unproven
from compliance.checks.presented import unsettled
from compliance.checks.registry import (
    CheckFunction,
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
from compliance.checks.stapled import revoked
from compliance.checks.trust import NOT_READ, SUBJECT_ALTERNATIVES, Path, loads
from compliance.checks.unnamed import beside_unnamed
from compliance.checks.views import HostView
from compliance.model.finding import Cause, Notice, Status, Verdict
from compliance.model.names import is_address
from compliance.records.certificate import Certificate, CertificateFault, matches, read

_FLOORS = {"rsa_bits": 2048, "ec_bits": 256}
_BETTER_THAN_SHA1 = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512", ""})


def _leaf(view: HostView) -> Certificate | Verdict:
    """The leaf as seen, or why there is none to judge."""
    if not view.chain:
        return not_tested(Cause.NO_EVIDENCE, "not_recorded")
    try:
        return read(view.chain[0])
    except CertificateFault:
        return _not_read() if loads(view.chain[0]) else failed("certificate_unreadable")


def _not_read() -> Verdict:
    """What OpenSSL takes and we cannot read is nobody's fault but ours."""
    return not_tested(Cause.OURS, "certificate_not_read")


def _seen_at(view: HostView) -> datetime:
    return datetime.fromisoformat(view.seen_at)


def _path(view: HostView) -> Path:
    return view.context.path(view.chain, _seen_at(view))


def each_chain(judge: CheckFunction) -> CheckFunction:
    """Judge every chain a host presented, and give the worst: the next sender may meet any of them."""

    @wraps(judge)
    def worst(view: HostView, want: Parameters) -> Verdict:
        verdicts = [_resting(judge(each, want), each) for each in view.presentations]
        severe = (Status.FAIL, Status.ERROR, Status.NOT_TESTED)
        told = next((found for status in severe for found in verdicts if found.status is status), verdicts[0])
        for notice in (notice for found in verdicts for notice in found.notices):
            told = told if notice in told.notices else noticing(told, notice)
        return told

    return worst


def _resting(verdict: Verdict, each: HostView) -> Verdict:
    """What was not seen in an ordinary session rests on more than those."""
    return resting_on(verdict, each.evidence) if each.presented and not verdict.evidence else verdict


@check("certificate_trust", Scope.MAIL_HOSTS, reperform="trust")
@each_chain
def certificate_trust(view: HostView, want: Parameters) -> Verdict:
    """The chain builds to a configured root; a matching secure TLSA also passes where the baseline counts DANE."""
    verdict = pkix_trust(view, want)
    told = verdict if verdict.status == "pass" else dane_or(view, verdict)
    return noticing(told, *unsettled(view)) if told.status is Status.PASS else told


def dane_or(view: HostView, verdict: Verdict) -> Verdict:
    """Give the DANE pass where the baseline counts it and it holds, else the verdict as it was."""
    if view.context.baseline.dane_counts and verdict.status == "fail" and dane_holds(view):
        return passed("met_through_dane")
    if view.context.baseline.dane_counts and verdict.status == "fail":
        return dane_unproven(view) or verdict
    return verdict


def pkix_trust(view: HostView, _want: Parameters) -> Verdict:
    """The chain builds to a configured root (RFC 5280 section 6), DANE and the leaf's dates apart."""
    leaf = _leaf(view)
    if isinstance(leaf, Verdict):
        return leaf
    path = _path(view)
    issuer = leaf.issuer
    if path.reason == NOT_READ:
        return _not_read()
    if path.reason == "expired_issuer" and (late := _out_of_date(view)):
        return failed("expired_intermediate", issuer=late.subject, until=late.not_after.isoformat())
    if path.reason:
        return failed(path.reason, issuer=issuer, why=path.why)
    if since := revoked(view.chain, _staples(view)):
        return failed("revoked", since=since.isoformat(), issuer=issuer)
    root = path.certificates[-1].subject
    if path.private and not view.subject.is_partner:
        return failed("private_root", root=root)
    notices = [Notice("private_root", {"root": root})] if path.private else []
    if words := _strict_words(view, leaf):
        notices.append(Notice("strict_verifier", {"words": words}))
    return passed("issuer_trusted", *notices, issuer=issuer, root=root)


def _strict_words(view: HostView, leaf: Certificate) -> str:
    """What a strict verifier holds against a trusted chain besides name, dates and strength: those are told apart."""
    at = _seen_at(view)
    otherwise = not leaf.not_before <= at <= leaf.not_after or not matches(leaf.dns_names, view.name)
    if otherwise or _weak_link(leaf, _path(view), _FLOORS):
        return ""
    return view.context.strict_objection(view.chain, at, view.name)


def _staples(view: HostView) -> tuple[bytes, ...]:
    """What was stapled: in the session itself (all that TLS 1.3 shows), and to the hellos of TLS 1.2."""
    held = view.session.tls.staple if view.session and view.session.tls else b""
    return (*filter(None, [held]), *view.tls_seen.staples)


def _out_of_date(view: HostView) -> Certificate | None:
    """The presented certificate behind the leaf that had expired when it was seen, if one had."""
    for der in view.chain[1:]:
        try:
            link = read(der)
        except CertificateFault:
            continue
        if link.not_after < _seen_at(view):
            return link
    return None


@check("certificate_name", Scope.MAIL_HOSTS, reperform="certificate")
@beside_unnamed
@each_chain
def certificate_name(view: HostView, want: Parameters) -> Verdict:
    """A dNSName of the certificate matches the MX name (RFC 9525 section 6); a DANE-EE match needs no name."""
    return dane_or(view, pkix_name(view, want))


def pkix_name(view: HostView, _want: Parameters) -> Verdict:
    """A dNSName of the certificate matches the MX name, DANE apart."""
    leaf = _leaf(view)
    if isinstance(leaf, Verdict):
        return leaf
    if is_address(view.name):
        return not_applicable("no_name_to_match", address=view.name)
    if matches(leaf.dns_names, view.name):
        return passed("name_matches", name=view.name)
    if SUBJECT_ALTERNATIVES in leaf.unread:
        return _not_read()
    if not leaf.dns_names and matches((leaf.common_name,), view.name):
        return failed("cn_only", name=view.name)
    names = leaf.dns_names[:5] or tuple(filter(None, (leaf.common_name,)))
    return (
        failed("name_mismatch", name=view.name, names=list(names)) if names else failed("name_missing", name=view.name)
    )


@check("certificate_dates", Scope.MAIL_HOSTS, reperform="certificate_dates")
@each_chain
def certificate_dates(view: HostView, want: Parameters) -> Verdict:
    """The certificate was in date when it was seen (RFC 5280 4.1.2.5); DANE-EE ignores dates (RFC 7672 3.1.1)."""
    return dane_or(view, pkix_dates(view, want))


def pkix_dates(view: HostView, want: Parameters) -> Verdict:
    """The certificate was in date when it was seen, DANE apart."""
    leaf = _leaf(view)
    if isinstance(leaf, Verdict):
        return leaf
    at = _seen_at(view)
    if at > leaf.not_after:
        return failed("expired", not_after=leaf.not_after.isoformat(), days=(at - leaf.not_after).days)
    if at < leaf.not_before:
        return failed("not_yet_valid", not_before=leaf.not_before.isoformat())
    left = leaf.not_after - at
    verdict = passed("in_date", not_after=leaf.not_after.isoformat(), days=left.days)
    soon = min(
        timedelta(days=int(want.get("notice_days", 30))),
        (leaf.not_after - leaf.not_before) * int(want.get("notice_percent", 20)) / 100,
    )
    return noticing(verdict, Notice("expires_soon", {"days": left.days})) if left < soon else verdict


@check("certificate_strength", Scope.MAIL_HOSTS, reperform="certificate_text")
@each_chain
def certificate_strength(view: HostView, want: Parameters) -> Verdict:
    """Leaf and built path: RSA of 2048 bits or EC of 256 or better, signed with SHA-256 or better."""
    leaf = _leaf(view)
    if isinstance(leaf, Verdict):
        return leaf
    path = _path(view)
    if fault := _weak_link(leaf, path, want):
        return fault
    for certificate in path.certificates or (leaf,):
        if certificate.key_type == "other":
            return not_tested(Cause.OURS, "key_kind_unknown", kind=certificate.key_algorithm)
    if len(path.certificates) < len(path.fingerprints):
        return _not_read()
    notices = []
    if leaf.key_type == "rsa" and leaf.key_bits < int(want["rsa_notice_bits"]):
        notices.append(Notice("rsa_below_recommended", {"bits": leaf.key_bits}))
    if path.superfluous:
        notices.append(Notice("superfluous_certificates", {"count": path.superfluous}))
    return passed("strong_enough", *notices, key=leaf.key_type.upper(), bits=leaf.key_bits, hash=leaf.signature_hash)


def _weak_link(leaf: Certificate, path: Path, want: Parameters) -> Verdict | None:
    """What is weak in the built path, or in the leaf where none was built."""
    *below, top = path.certificates or (leaf,)
    faults = (_weakness(each, want, anchor=each is top and bool(path.certificates)) for each in (*below, top))
    return next(filter(None, faults), None)


def _weakness(certificate: Certificate, want: Parameters, *, anchor: bool) -> Verdict | None:
    """A weak key anywhere, a weak signature on all but the root: nobody relies on a root's own signature."""
    floors = {"rsa": int(want["rsa_bits"]), "dsa": 1 << 30, "ec": int(want["ec_bits"])}
    if certificate.key_bits < floors.get(certificate.key_type, 0):
        kind = certificate.key_type.upper()
        return failed("weak_key", subject=certificate.subject, key=kind, bits=certificate.key_bits)
    if not anchor and certificate.signature_hash not in _BETTER_THAN_SHA1:
        return failed("weak_signature", subject=certificate.subject, hash=certificate.signature_hash)
    return None
