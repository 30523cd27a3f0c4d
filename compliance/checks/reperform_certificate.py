"""How to see by hand what a certificate says, and what OpenSSL says of a chain."""

from datetime import datetime

from compliance.checks.reperform_client import OPENSSL, by_starttls, leaf_of, s_client
from compliance.checks.reperform_dns import UNSAFE
from compliance.checks.trust import Path
from compliance.checks.views import HostView
from compliance.model.finding import Reperform, Status, Verdict
from compliance.model.names import is_plain
from compliance.model.subject import Level
from compliance.records.certificate import matches

ROOTS = "inputs/roots.pem"
_EXTRA_ROOTS = "inputs/extra-roots.pem"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _x509(view: HostView, shown: str, expect: str) -> Reperform:
    return Reperform(f"{s_client(view)} 2>/dev/null | openssl x509 -noout {shown}", expect, OPENSSL)


def by_name(view: HostView, verdict: Verdict) -> Reperform:
    """The names the leaf is for."""
    leaf = leaf_of(view)
    if verdict.reason == "cn_only":
        expect = f"CN={leaf.common_name}" if leaf else ""
        return _x509(view, "-subject -nameopt RFC2253 -ext subjectAltName", expect)
    names = leaf.dns_names if leaf else ()
    shown = next((name for name in names if matches((name,), view.name)), next(iter(names), ""))
    return _x509(view, "-subject -ext subjectAltName", f"DNS:{shown}" if shown else "")


def by_dates(view: HostView, verdict: Verdict) -> Reperform:
    """The dates of the leaf the verdict speaks of."""
    limit = next((verdict.values[key] for key in ("not_after", "not_before") if key in verdict.values), "")
    for each in view.presentations:
        if (shown := leaf_of(each)) and limit in {shown.not_after.isoformat(), shown.not_before.isoformat()}:
            view = each
    leaf = leaf_of(view)
    early = verdict.reason == "not_yet_valid"
    expect = "" if leaf is None else _date("notBefore", leaf.not_before) if early else _date("notAfter", leaf.not_after)
    return _x509(view, "-dates", expect)


def _date(label: str, moment: datetime) -> str:
    """A date as `openssl x509 -dates` prints it: English month, day padded with a blank."""
    month = _MONTHS[moment.month - 1]
    return f"{label}={month} {moment.day:2} {moment:%H:%M:%S %Y} GMT"


def by_text(view: HostView, verdict: Verdict) -> Reperform:
    """The key of the leaf."""
    leaf = leaf_of(view)
    another = leaf is not None and verdict.values.get("subject", leaf.subject) != leaf.subject
    told_by_key = leaf is not None and leaf.key_type in {"rsa", "ec"} and verdict.reason != "weak_signature"
    return _x509(view, "-text", f"Public-Key: ({leaf.key_bits} bit)" if leaf and told_by_key and not another else "")


_NAME_REASONS = frozenset({"name_mismatch", "name_missing", "policy_mx_name"})
_HELD = frozenset({"carries_level", "policy_holds"})
_EXPIRED_ABOVE = frozenset({"expired_intermediate", "expired_issuer"})
_DATES = {"expired": 10, "not_yet_valid": 9}


def by_trust(view: HostView, verdict: Verdict) -> Reperform:
    """What a sending server would say of the chain: the first fault OpenSSL's store meets, by its number."""
    reason = verdict.reason
    if reason == "carries_level" and verdict.values.get("level") == Level.ENCRYPT.value:
        return by_starttls(view, verdict)
    if not view.seen_at:
        return Reperform(s_client(view), "", OPENSSL)
    if reason == "cn_only":
        return by_name(view, verdict)
    if reason in _NAME_REASONS or reason in _HELD:
        name = _reference(view, verdict)
        if not is_plain(name):
            return UNSAFE
        view = view if reason in _HELD else _misnamed(view, name)
        dates = _at(view) if reason in _HELD else ("-no_check_time",)
        return _verified(view, "0 (ok)" if reason in _HELD else "62", *dates, "-verify_hostname", name)
    if reason in _DATES:
        return _refused(view, _DATES[reason], *_at(view))
    if reason == "private_root":
        return _verified(view, "0 (ok)", "-no_check_time", roots=_EXTRA_ROOTS)
    if verdict.status is Status.PASS:
        return _verified(view, "0 (ok)", "-no_check_time")
    found = _path(view, verdict)
    if found is None:
        return Reperform(s_client(view), "", OPENSSL)
    view, path = found
    return _refused(view, path.code, *(_at(view) if path.reason in _EXPIRED_ABOVE else ("-no_check_time",)))


def _misnamed(view: HostView, name: str) -> HostView:
    """The chain that is for another name, where several were presented."""
    shown = ((each, leaf_of(each)) for each in view.presentations)
    return next((each for each, leaf in shown if leaf and not matches(leaf.dns_names, name)), view)


def _verified(view: HostView, code: str, *options: str, roots: str = ROOTS) -> Reperform:
    command = s_client(view, "-auth_level", "0", *options, "-CAfile", roots, "-showcerts")
    return Reperform(command, f"Verify return code: {code}", (*OPENSSL, roots))


def _refused(view: HostView, code: int, *options: str) -> Reperform:
    """The first fault is the one the verdict rests on; s_client goes on, so its return code may be a later one."""
    command = s_client(view, "-auth_level", "0", *options, "-CAfile", ROOTS, "-showcerts")
    return Reperform(command, f"verify error:num={code}:" if code else "", (*OPENSSL, ROOTS))


def _reference(view: HostView, verdict: Verdict) -> str:
    """The name the certificate was held to: a pinned one where the register pins any."""
    pinned = view.subject.require_tls.match if view.subject.require_tls else ()
    leaf = leaf_of(view)
    met = next((name for name in pinned if leaf and matches(leaf.dns_names, name)), view.name)
    return met if verdict.status is Status.PASS else str(verdict.values.get("name", view.name))


def _at(view: HostView) -> tuple[str, str]:
    """The moment the chain was seen, so that the answer is the same years later."""
    return "-attime", str(int(datetime.fromisoformat(view.seen_at).timestamp()))


def _path(view: HostView, verdict: Verdict) -> tuple[HostView, Path] | None:
    """The path the verdict rests on, among those of the chains that were presented."""
    expired = verdict.reason == "expired_intermediate"
    wanted = {"expired_issuer"} if expired else {verdict.reason}
    for each in (shown for shown in view.presentations if shown.chain):
        path = each.context.path(each.chain, datetime.fromisoformat(each.seen_at))
        if path.reason in wanted or (path.reason and verdict.reason == "policy_mx_untrusted"):
            return each, path
    return None
