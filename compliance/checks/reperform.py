"""How to see the same by hand: one command an auditor can paste, and what its output shows.

A stranger's name enters a command only if it is a plain host name or an address, and then quoted; otherwise the
command is empty and the reason is `unsafe_name`. What is promised to be seen is what was seen, never more.
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256

from compliance.checks.context import Context
from compliance.checks.dane import Lookup, look_up
from compliance.checks.presented import Presented
from compliance.checks.reperform_dns import NOTHING, UNSAFE, by_dig, by_mx, by_reverse, by_selector, by_tlsa
from compliance.checks.reperform_envelope import by_envelope
from compliance.checks.reperform_tls import by_negotiation, by_suite
from compliance.checks.trust import Path
from compliance.checks.views import (
    DomainView,
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
from compliance.model.observation import FailureKind, SmtpFacts
from compliance.model.subject import Level
from compliance.records.certificate import Certificate, CertificateFault, matches, read
from compliance.records.dane_walk import tlsa_owner
from compliance.records.der import DerFault, subject_public_key_info
from compliance.records.mta_sts import PATH as POLICY_PATH
from compliance.records.mta_sts import owner as sts_owner
from compliance.records.mta_sts import policy_host
from compliance.records.tls_rpt import owner as tls_rpt_owner

_OPENSSL = ("openssl", "timeout")
_ROOTS = "inputs/roots.pem"
_EXTRA_ROOTS = "inputs/extra-roots.pem"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Seconds for one command: longer than this program waits for a greeting, so that a slow host is heard out.
_PATIENCE = 40
_ENDED = '; echo "exit $?"'
_NO_STARTTLS = "Didn't find STARTTLS in server response"
_NO_CIPHER = "Cipher is (NONE)"
_SUBMISSIONS = 465


def reperform(way: str, view: View, verdict: Verdict) -> Reperform:
    """Give the command for a check's way of looking, on one target, with what to look for."""
    if isinstance(view, HostView):
        return _host(way, view, verdict)
    if way == "none" or isinstance(view, OutgoingView):
        return NOTHING
    if isinstance(view, MxView):
        return _mx(way, view, verdict)
    if isinstance(view, SelectorView):
        return by_selector(view, verdict)
    if isinstance(view, SenderView):
        return by_reverse(view, verdict)
    if isinstance(view, SpfSenderView):
        return by_dig(view.context, verdict, view.domain, "TXT")
    return _domain(way, view, verdict)


def _host(way: str, view: HostView, verdict: Verdict) -> Reperform:
    if not is_plain(view.name) or not is_address(view.address):
        return UNSAFE
    if way not in _HOST_WAYS:
        return NOTHING
    if verdict.reason == "met_through_dane":
        return by_tlsa(view, verdict)
    if not view.chain and view.sessions and way in _TLS_WAYS:
        return _without_tls(view)
    return _HOST_WAYS[way](view, verdict)


def _s_client(view: HostView, *options: str, at_once: bool = False) -> str:
    """Write an openssl client that takes what this program takes: weak groups and keys are seen, not refused."""
    where = f"[{view.address}]" if ":" in view.address else view.address
    name = ["-servername", view.name] if not is_address(view.name) else []
    begin = [] if at_once else ["-starttls", "smtp"]
    words = ["openssl", "s_client", *begin, "-connect", f"{where}:{view.port}", *name]
    version = view.session.tls.version if view.session and view.session.tls else ""
    if view.chosen and view.session is None and (leaf := _leaf(view)):  # a chain that only a hello brought forth
        words += ["-tls1_2", "-cipher", f"{'aRSA' if leaf.key_type == 'rsa' else 'aECDSA'}:@SECLEVEL=0"]
    elif version not in {"", "TLSv1.3"} and "-cipher" not in options:
        words += ["-cipher", "DEFAULT:@SECLEVEL=0", "-legacy_server_connect"]
        words += {"TLSv1": ["-tls1"], "TLSv1.1": ["-tls1_1"]}.get(version, [])
    return f"timeout {_PATIENCE} {shlex.join([*words, *options])} </dev/null"


def _without_tls(view: HostView) -> Reperform:
    """Where no handshake was completed every way is the same: show how far the dialogue came."""
    last = view.sessions[-1]
    trouble = last.failure
    replies = last.facts.replies if isinstance(last.facts, SmtpFacts) else ()
    ended = replies[-1] if replies else None
    if refusal := next((reply for reply in reversed(replies) if reply.code >= 400), None):
        # -debug shows the dialogue before TLS, sixteen octets a line
        return Reperform(_s_client(view, "-debug"), f"{refusal.code}", _OPENSSL)
    if trouble and trouble.kind is FailureKind.TIMEOUT:
        return Reperform(_s_client(view) + _ENDED, "exit 124", _OPENSSL)
    if trouble and trouble.kind is FailureKind.REFUSED:
        return Reperform(_s_client(view), "connect:errno=", _OPENSSL)
    if trouble and trouble.kind is FailureKind.HANDSHAKE and not trouble.detail.startswith("client certificate"):
        return Reperform(_s_client(view), _NO_CIPHER, _OPENSSL)
    if trouble is None and ended and ended.step == "ehlo":
        return Reperform(_s_client(view), _NO_STARTTLS, _OPENSSL)
    return Reperform(_s_client(view), _NO_STARTTLS if _hides_starttls(last.facts) else "", _OPENSSL)


def _hides_starttls(facts: object) -> bool:
    ehlo = facts.reply("ehlo") if isinstance(facts, SmtpFacts) else None
    return ehlo is not None and ehlo.code == 250 and not any("STARTTLS" in line.upper() for line in ehlo.lines)


def _starttls(view: HostView, verdict: Verdict) -> Reperform:
    version = view.session.tls.version if view.session and view.session.tls else ""
    expect = _protocol(version) if verdict.status is Status.PASS else ""
    return Reperform(_s_client(view), expect, _OPENSSL)


def _protocol(version: str) -> str:
    """The line that names the version: of 1.3 no session is shown, and 1.0 and 1.1 are both called 1.0 elsewhere."""
    return f"Protocol  : {version}" if version in {"TLSv1", "TLSv1.1"} else f"New, {version}, Cipher is"


def _x509(view: HostView, shown: str, expect: str) -> Reperform:
    return Reperform(f"{_s_client(view)} 2>/dev/null | openssl x509 -noout {shown}", expect, _OPENSSL)


def _leaf(view: HostView) -> Certificate | None:
    try:
        return read(view.chain[0]) if view.chain else None
    except CertificateFault:
        return None


def _certificate_name(view: HostView, verdict: Verdict) -> Reperform:
    leaf = _leaf(view)
    if verdict.reason == "cn_only":
        expect = f"CN={leaf.common_name}" if leaf else ""
        return _x509(view, "-subject -nameopt RFC2253 -ext subjectAltName", expect)
    names = leaf.dns_names if leaf else ()
    shown = next((name for name in names if matches((name,), view.name)), next(iter(names), ""))
    return _x509(view, "-subject -ext subjectAltName", f"DNS:{shown}" if shown else "")


def _certificate_dates(view: HostView, verdict: Verdict) -> Reperform:
    limit = next((verdict.values[key] for key in ("not_after", "not_before") if key in verdict.values), "")
    for each in view.presentations:
        if (shown := _leaf(each)) and limit in {shown.not_after.isoformat(), shown.not_before.isoformat()}:
            view = each
    leaf = _leaf(view)
    early = verdict.reason == "not_yet_valid"
    expect = "" if leaf is None else _date("notBefore", leaf.not_before) if early else _date("notAfter", leaf.not_after)
    return _x509(view, "-dates", expect)


def _date(label: str, moment: datetime) -> str:
    """A date as `openssl x509 -dates` prints it: English month, day padded with a blank."""
    month = _MONTHS[moment.month - 1]
    return f"{label}={month} {moment.day:2} {moment:%H:%M:%S %Y} GMT"


def _certificate_text(view: HostView, verdict: Verdict) -> Reperform:
    leaf = _leaf(view)
    another = leaf is not None and verdict.values.get("subject", leaf.subject) != leaf.subject
    told_by_key = leaf is not None and leaf.key_type in {"rsa", "ec"} and verdict.reason != "weak_signature"
    return _x509(view, "-text", f"Public-Key: ({leaf.key_bits} bit)" if leaf and told_by_key and not another else "")


_NAME_REASONS = frozenset({"name_mismatch", "name_missing", "policy_mx_name"})
_HELD = frozenset({"carries_level", "policy_holds"})
_EXPIRED_ABOVE = frozenset({"expired_intermediate", "expired_issuer"})
_DATES = {"expired": 10, "not_yet_valid": 9}


def _trust(view: HostView, verdict: Verdict) -> Reperform:
    """What a sending server would say of the chain: the first fault OpenSSL's store meets, by its number."""
    reason = verdict.reason
    if reason == "carries_level" and verdict.values.get("level") == Level.ENCRYPT.value:
        return _starttls(view, verdict)
    if not view.seen_at:
        return Reperform(_s_client(view), "", _OPENSSL)
    if reason == "cn_only":
        return _certificate_name(view, verdict)
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
        return Reperform(_s_client(view), "", _OPENSSL)
    view, path = found
    return _refused(view, path.code, *(_at(view) if path.reason in _EXPIRED_ABOVE else ("-no_check_time",)))


def _misnamed(view: HostView, name: str) -> HostView:
    """The chain that is for another name, where several were presented."""
    shown = ((each, _leaf(each)) for each in view.presentations)
    return next((each for each, leaf in shown if leaf and not matches(leaf.dns_names, name)), view)


def _verified(view: HostView, code: str, *options: str, roots: str = _ROOTS) -> Reperform:
    command = _s_client(view, "-auth_level", "0", *options, "-CAfile", roots, "-showcerts")
    return Reperform(command, f"Verify return code: {code}", (*_OPENSSL, roots))


def _refused(view: HostView, code: int, *options: str) -> Reperform:
    """The first fault is the one the verdict rests on; s_client goes on, so its return code may be a later one."""
    command = _s_client(view, "-auth_level", "0", *options, "-CAfile", _ROOTS, "-showcerts")
    return Reperform(command, f"verify error:num={code}:" if code else "", (*_OPENSSL, _ROOTS))


def _reference(view: HostView, verdict: Verdict) -> str:
    """The name the certificate was held to: a pinned one where the register pins any."""
    pinned = view.subject.require_tls.match if view.subject.require_tls else ()
    leaf = _leaf(view)
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


def _old_tls(view: HostView, verdict: Verdict) -> Reperform:
    versions = verdict.values.get("versions", [])
    named = versions if isinstance(versions, list) else []
    if verdict.status is Status.FAIL and not {"TLSv1", "TLSv1.1"} & set(named):
        return NOTHING  # no current tool offers SSLv2 or SSLv3: the hello and the reply stand in the evidence, in hex
    newest = "TLSv1.1" if "TLSv1.1" in named or verdict.status is not Status.FAIL else "TLSv1"
    expect = {Status.FAIL: _protocol(newest), Status.PASS: _NO_CIPHER}.get(verdict.status, "")
    option = "-tls1_1" if newest == "TLSv1.1" else "-tls1"
    needs = ("openssl 3.x with TLS 1.1", "timeout")
    return Reperform(_s_client(view, option, "-cipher", "ALL:@SECLEVEL=0"), expect, needs)


def _tls13(view: HostView, verdict: Verdict) -> Reperform:
    shown = {"tls13_accepted": "New, TLSv1.3, Cipher is", "tls13_not_accepted": _NO_CIPHER}
    command = _s_client(view, "-tls1_3", "-cipher", "DEFAULT:@SECLEVEL=0")
    return Reperform(command, shown.get(verdict.reason, ""), _OPENSSL)


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
    command = f"{records.command}; {_s_client(each)} 2>/dev/null | {taken} | openssl dgst -sha256"
    return Reperform(command, sha256(meant).hexdigest(), ("dig", *_OPENSSL))


def _differs(lookup: Lookup, shown: HostView) -> bool:
    return lookup.mismatch(Presented(shown.chain, shown.seen_at)) is not None


def _carries_level(view: HostView, verdict: Verdict) -> Reperform:
    asked = view.subject.require_tls
    about_records = "name" in verdict.values and verdict.reason.startswith(("dane_", "tlsa_"))
    if asked is not None and asked.to is Level.DANE and (verdict.status is Status.PASS or about_records):
        return _dane(view, verdict)
    return _without_tls(view) if not view.chain and view.sessions else _trust(view, verdict)


def _policy_host(view: HostView, verdict: Verdict) -> Reperform:
    """What the policy says, or where the host is not as it says, the host."""
    if verdict.reason.startswith("sts_"):
        return by_dig(view.context, verdict, sts_owner(view.subject.hostname), "TXT")
    if verdict.reason == "policy_mx_dates":
        return _certificate_dates(view, verdict)
    if verdict.reason in {"policy_holds", "policy_mx_untrusted", "policy_mx_name"}:
        return _trust(view, verdict)
    if verdict.reason == "policy_without_starttls":
        return _without_tls(view)
    return _curl(view.subject.hostname)


def _submission(view: HostView, verdict: Verdict) -> Reperform:
    options = ["-CAfile", _ROOTS, *([] if is_address(view.name) else ["-verify_hostname", view.name])]
    if view.port == _SUBMISSIONS:
        expect = "Verify return code: 0 (ok)" if verdict.status is Status.PASS else ""
        return Reperform(_s_client(view, *options, at_once=True), expect, (*_OPENSSL, _ROOTS))
    expect = "AUTH" if verdict.reason == "submission_login_in_clear" else ""
    return Reperform(_s_client(view, "-debug"), expect, _OPENSSL)


_TLS_WAYS = frozenset({"starttls", "certificate", "certificate_dates", "certificate_text", "trust", "old_tls", "tls13"})
_HOST_WAYS: Mapping[str, Callable[[HostView, Verdict], Reperform]] = {
    "starttls": _starttls,
    "certificate": _certificate_name,
    "certificate_dates": _certificate_dates,
    "certificate_text": _certificate_text,
    "trust": _trust,
    "old_tls": _old_tls,
    "tls13": _tls13,
    "suite": partial(by_suite, _s_client),
    "negotiation": partial(by_negotiation, _s_client),
    "carries_level": _carries_level,
    "dane": _dane,
    "sts_host": _policy_host,
    "submission": _submission,
    "envelope": by_envelope,
    "injection": lambda _view, _verdict: NOTHING,  # no standard tool sends two lines in one packet and goes on into TLS
}
_OWNERS: Mapping[str, Callable[[str], str]] = {"tls_rpt": tls_rpt_owner, "mta_sts": sts_owner}


_NO_MAIL = frozenset({"null_mx", "no_mx", "no_domain"})
_NO_HOST = frozenset({*_NO_MAIL, "mx_is_address", "null_mx_beside_others", "unsafe_name"})


def _mx(way: str, view: MxView, verdict: Verdict) -> Reperform:
    name = str(verdict.values.get("name", "")) or view.host.name
    if verdict.reason in _NO_HOST:
        return by_mx(view, verdict)
    match way:
        case "dnssec":
            return _signed(view.context, verdict, name, str(verdict.values.get("rdtype", "A")))
        case "tlsa":
            owner = name if name.startswith("_25._tcp.") else tlsa_owner(view.host.name)
            return by_dig(view.context, verdict, owner, "TLSA")
        case _:
            return by_mx(view, verdict)


def _signed(context: Context, verdict: Verdict, name: str, rdtype: str) -> Reperform:
    """A validating resolver says `ad` in the flags of what is signed, and SERVFAIL to what is signed wrongly."""
    asked = by_dig(context, verdict, name, rdtype)
    expect = {"dnssec_secure": " ad; QUERY", "dnssec_broken": "status: SERVFAIL"}.get(verdict.reason)
    return replace(asked, expect=expect) if expect and asked.command else asked


def _curl(domain: str) -> Reperform:
    if not is_plain(domain):
        return UNSAFE
    words = ["curl", "-sv", f"https://{policy_host(domain)}{POLICY_PATH}"]
    return Reperform(shlex.join(words), "", ("curl",))


def _domain(way: str, view: DomainView, verdict: Verdict) -> Reperform:
    domain = view.subject.hostname
    name = str(verdict.values.get("name", ""))
    if way == "dkim":
        return by_selector(view, verdict)
    if way == "dnssec":
        return _signed(view.context, verdict, domain, "MX")
    if verdict.reason == "rua_takes_no_mail":
        return by_dig(view.context, verdict, str(verdict.values["domain"]), "MX")
    if verdict.reason in _NO_MAIL:
        return by_dig(view.context, verdict, domain, "MX")
    if way == "mta_sts" and verdict.reason.startswith("policy_"):
        return _curl(domain)
    if way in _OWNERS:
        return by_dig(view.context, verdict, _OWNERS[way](domain), "TXT")
    return by_dig(view.context, verdict, name or (f"_dmarc.{domain}" if way.startswith("dmarc") else domain), "TXT")
