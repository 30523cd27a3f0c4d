"""How to see the same by hand: one command an auditor can paste, and what its output shows.

A stranger's name enters a command only if it is a plain host name or an address, and then quoted; otherwise the
command is empty and the reason is `unsafe_name`. What is promised to be seen is what was seen, never more.
"""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256

from compliance.checks.dane import Lookup, look_up
from compliance.checks.presented import Presented
from compliance.checks.reperform_certificate import ROOTS, by_dates, by_name, by_text, by_trust
from compliance.checks.reperform_client import NO_CIPHER, OPENSSL, by_starttls, protocol_line, s_client, without_tls
from compliance.checks.reperform_dns import NOTHING, UNSAFE, by_dig, by_reverse, by_selector, by_tlsa
from compliance.checks.reperform_domain import by_curl, by_domain, by_mx_name
from compliance.checks.reperform_envelope import by_envelope
from compliance.checks.reperform_tls import by_negotiation, by_suite
from compliance.checks.views import (
    HostView,
    MxView,
    OutgoingView,
    SelectorView,
    SenderView,
    SpfSenderView,
    View,
)
from compliance.model.finding import Reperform, Status, Verdict
from compliance.model.names import is_address, is_plain
from compliance.model.subject import Level
from compliance.records.der import DerFault, subject_public_key_info
from compliance.records.mta_sts import owner as sts_owner

_SUBMISSIONS = 465


def reperform(way: str, view: View, verdict: Verdict) -> Reperform:
    """Give the command for a check's way of looking, on one target, with what to look for."""
    if isinstance(view, HostView):
        return _host(way, view, verdict)
    if way == "none" or isinstance(view, OutgoingView):
        return NOTHING
    if isinstance(view, MxView):
        return by_mx_name(way, view, verdict)
    if isinstance(view, SelectorView):
        return by_selector(view, verdict)
    if isinstance(view, SenderView):
        return by_reverse(view, verdict)
    if isinstance(view, SpfSenderView):
        return by_dig(view.context, verdict, view.domain, "TXT")
    return by_domain(way, view, verdict)


def _host(way: str, view: HostView, verdict: Verdict) -> Reperform:
    if not is_plain(view.name) or not is_address(view.address):
        return UNSAFE
    if way not in _HOST_WAYS:
        return NOTHING
    if verdict.reason == "met_through_dane":
        return by_tlsa(view, verdict)
    if not view.chain and view.sessions and way in _TLS_WAYS:
        return without_tls(view)
    return _HOST_WAYS[way](view, verdict)


def _old_tls(view: HostView, verdict: Verdict) -> Reperform:
    versions = verdict.values.get("versions", [])
    named = versions if isinstance(versions, list) else []
    if verdict.status is Status.FAIL and not {"TLSv1", "TLSv1.1"} & set(named):
        return NOTHING  # no current tool offers SSLv2 or SSLv3: the hello and the reply stand in the evidence, in hex
    newest = "TLSv1.1" if "TLSv1.1" in named or verdict.status is not Status.FAIL else "TLSv1"
    expect = {Status.FAIL: protocol_line(newest), Status.PASS: NO_CIPHER}.get(verdict.status, "")
    option = "-tls1_1" if newest == "TLSv1.1" else "-tls1"
    needs = ("openssl 3.x with TLS 1.1", "timeout")
    return Reperform(s_client(view, option, "-cipher", "ALL:@SECLEVEL=0"), expect, needs)


def _tls13(view: HostView, verdict: Verdict) -> Reperform:
    shown = {"tls13_accepted": "New, TLSv1.3, Cipher is", "tls13_not_accepted": NO_CIPHER}
    command = s_client(view, "-tls1_3", "-cipher", "DEFAULT:@SECLEVEL=0")
    return Reperform(command, shown.get(verdict.reason, ""), OPENSSL)


def _dane(view: HostView, verdict: Verdict) -> Reperform:
    """The records; and where none matches, the digest of the certificate that is meant: a host may present two."""
    records = by_tlsa(view, verdict)
    lookup = look_up(view, view.name)
    each = next((each for each in view.presentations if each.chosen and each.chain and _differs(lookup, each)), None)
    if verdict.reason != "tlsa_mismatch" or not records.command or each is None:
        return records
    whole = all(record.selector == 0 for record in lookup.walk.usable)
    try:
        meant = each.chain[0] if whole else subject_public_key_info(each.chain[0])
    except DerFault:
        return records
    taken = "openssl x509 -outform DER"
    if not whole:
        taken = "openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER"
    command = f"{records.command}; {s_client(each)} 2>/dev/null | {taken} | openssl dgst -sha256"
    return Reperform(command, sha256(meant).hexdigest(), ("dig", *OPENSSL))


def _differs(lookup: Lookup, shown: HostView) -> bool:
    return lookup.mismatch(Presented(shown.chain, shown.seen_at)) is not None


def _carries_level(view: HostView, verdict: Verdict) -> Reperform:
    asked = view.subject.require_tls
    about_records = "name" in verdict.values and verdict.reason.startswith(("dane_", "tlsa_"))
    if asked is not None and asked.to is Level.DANE and (verdict.status is Status.PASS or about_records):
        return _dane(view, verdict)
    return without_tls(view) if not view.chain and view.sessions else by_trust(view, verdict)


def _policy_host(view: HostView, verdict: Verdict) -> Reperform:
    """What the policy says, or where the host is not as it says, the host."""
    if verdict.reason.startswith("sts_"):
        return by_dig(view.context, verdict, sts_owner(view.subject.hostname), "TXT")
    if verdict.reason == "policy_mx_dates":
        return by_dates(view, verdict)
    if verdict.reason in {"policy_holds", "policy_mx_untrusted", "policy_mx_name"}:
        return by_trust(view, verdict)
    if verdict.reason == "policy_without_starttls":
        return without_tls(view)
    return by_curl(view.subject.hostname)


def _submission(view: HostView, verdict: Verdict) -> Reperform:
    options = ["-CAfile", ROOTS, *([] if is_address(view.name) else ["-verify_hostname", view.name])]
    if view.port == _SUBMISSIONS:
        expect = "Verify return code: 0 (ok)" if verdict.status is Status.PASS else ""
        return Reperform(s_client(view, *options, at_once=True), expect, (*OPENSSL, ROOTS))
    expect = "AUTH" if verdict.reason == "submission_login_in_clear" else ""
    return Reperform(s_client(view, "-debug"), expect, OPENSSL)


_TLS_WAYS = frozenset({"starttls", "certificate", "certificate_dates", "certificate_text", "trust", "old_tls", "tls13"})
_HOST_WAYS: Mapping[str, Callable[[HostView, Verdict], Reperform]] = {
    "starttls": by_starttls,
    "certificate": by_name,
    "certificate_dates": by_dates,
    "certificate_text": by_text,
    "trust": by_trust,
    "old_tls": _old_tls,
    "tls13": _tls13,
    "suite": partial(by_suite, s_client),
    "negotiation": partial(by_negotiation, s_client),
    "carries_level": _carries_level,
    "dane": _dane,
    "sts_host": _policy_host,
    "submission": _submission,
    "envelope": by_envelope,
    "injection": lambda _view, _verdict: NOTHING,  # no standard tool sends two lines in one packet and goes on into TLS
}
