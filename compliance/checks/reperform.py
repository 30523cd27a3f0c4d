"""How to see the same by hand: one command an auditor can paste, and what its output shows.

A stranger's name enters a command only if it is a plain host name or an address, and then quoted; otherwise the
command is empty and the reason is `unsafe_name`.
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from compliance.checks.context import Context
from compliance.checks.views import DomainView, HostView, MxView, SelectorView, SenderView, View
from compliance.model.finding import Reperform, Status, Values, Verdict
from compliance.model.names import is_address, is_plain
from compliance.model.subject import Level
from compliance.records.certificate import Certificate, CertificateFault, read
from compliance.records.dane_walk import tlsa_owner
from compliance.records.dns_walk import facts
from compliance.records.mta_sts import PATH as POLICY_PATH
from compliance.records.mta_sts import owner as sts_owner
from compliance.records.mta_sts import policy_host
from compliance.records.tls_rpt import owner as tls_rpt_owner

NOTHING = Reperform(None, "", ())
UNSAFE = Reperform(None, "unsafe_name", ())
_OPENSSL = ("openssl",)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DIG = ("dig",)
_SUBMISSIONS = 465


def reperform(way: str, view: View, verdict: Verdict) -> Reperform:
    """Give the command for a check's way of looking, on one target, with what to look for."""
    if isinstance(view, HostView):
        if not is_plain(view.name) or not is_address(view.address):
            return UNSAFE
        return _HOST_WAYS[way](view, verdict) if way in _HOST_WAYS else NOTHING
    if isinstance(view, MxView):
        return _mx(way, view, verdict)
    if isinstance(view, SelectorView):
        return _dig(view.context, verdict, view.target, "TXT")
    if isinstance(view, SenderView):
        return _reverse(view, verdict)
    return _domain(way, view, verdict)


def _s_client(view: HostView, *options: str, at_once: bool = False) -> str:
    where = f"[{view.address}]" if ":" in view.address else view.address
    name = ["-servername", view.name] if not is_address(view.name) else []
    begin = [] if at_once else ["-starttls", "smtp"]
    words = ["openssl", "s_client", *begin, "-connect", f"{where}:{view.port}", *name, *options]
    return f"{shlex.join(words)} </dev/null"


def _starttls(view: HostView, verdict: Verdict) -> Reperform:
    expect = {
        "starttls_works": f"New, {verdict.values.get('version', '')}, Cipher is",
        "starttls_not_offered": "Didn't find STARTTLS in server response",
        "starttls_masked": "Didn't find STARTTLS in server response",
    }
    return Reperform(_s_client(view), expect.get(verdict.reason, ""), _OPENSSL)


def _x509(view: HostView, shown: str, expect: str) -> Reperform:
    return Reperform(f"{_s_client(view)} 2>/dev/null | openssl x509 -noout {shown}", expect, _OPENSSL)


def _leaf(view: HostView) -> Certificate | None:
    try:
        return read(view.chain[0]) if view.chain else None
    except CertificateFault:
        return None


def _certificate_name(view: HostView, _verdict: Verdict) -> Reperform:
    leaf = _leaf(view)
    names = ", ".join(f"DNS:{name}" for name in leaf.dns_names[:5]) if leaf else ""
    return _x509(view, "-subject -ext subjectAltName", names)


def _certificate_dates(view: HostView, verdict: Verdict) -> Reperform:
    leaf = _leaf(view)
    early = verdict.reason == "not_yet_valid"
    expect = "" if leaf is None else _date("notBefore", leaf.not_before) if early else _date("notAfter", leaf.not_after)
    return _x509(view, "-dates", expect)


def _date(label: str, moment: datetime) -> str:
    """A date as `openssl x509 -dates` prints it: English month, day padded with a blank."""
    month = _MONTHS[moment.month - 1]
    return f"{label}={month} {moment.day:2} {moment:%H:%M:%S %Y} GMT"


def _certificate_text(view: HostView, _verdict: Verdict) -> Reperform:
    leaf = _leaf(view)
    expect = f"Public-Key: ({leaf.key_bits} bit)" if leaf and leaf.key_type in {"rsa", "ec"} else ""
    return _x509(view, "-text", expect)


_VERIFY_CODES = {"self_signed": "18", "demo_certificate": "18", "unknown_issuer": "19", "missing_intermediate": "2"}


def _trust(view: HostView, verdict: Verdict) -> Reperform:
    command = _s_client(view, "-no_check_time", "-CAfile", "inputs/roots.pem", "-showcerts")
    code = "0 (ok)" if verdict.status is Status.PASS else _VERIFY_CODES.get(verdict.reason, "")
    return Reperform(command, f"Verify return code: {code}", (*_OPENSSL, "inputs/roots.pem"))


def _old_tls(view: HostView, verdict: Verdict) -> Reperform:
    versions = verdict.values.get("versions", [])
    named = versions if isinstance(versions, list) else []
    if verdict.status is Status.FAIL and not {"TLSv1", "TLSv1.1"} & set(named):
        return NOTHING  # no current tool offers SSLv2 or SSLv3: the hello and the reply stand in the evidence, in hex
    option = "-tls1" if named == ["TLSv1"] else "-tls1_1"
    expect = f"New, {named[-1]}" if verdict.status is Status.FAIL else "Cipher is (NONE)"
    return Reperform(_s_client(view, option, "-cipher", "ALL:@SECLEVEL=0"), expect, ("openssl 3.x with TLS 1.1",))


def _tls13(view: HostView, verdict: Verdict) -> Reperform:
    expect = "New, TLSv1.3, Cipher is" if verdict.status is Status.PASS else "Cipher is (NONE)"
    return Reperform(_s_client(view, "-tls1_3"), expect, _OPENSSL)


def _dane(view: HostView, verdict: Verdict) -> Reperform:
    return _dig(view.context, verdict, str(verdict.values.get("name", "")) or tlsa_owner(view.name), "TLSA")


def _carries_level(view: HostView, verdict: Verdict) -> Reperform:
    asked = view.subject.require_tls
    by_dane = asked is not None and asked.to is Level.DANE and verdict.reason != "starttls_not_offered"
    return _dane(view, verdict) if by_dane else _trust(view, verdict)


def _policy_host(view: HostView, verdict: Verdict) -> Reperform:
    """What the policy says, or where the host is not as it says, the host."""
    if verdict.reason.startswith("sts_"):
        return _dig(view.context, verdict, sts_owner(view.subject.hostname), "TXT")
    if verdict.reason in {"policy_holds", "policy_mx_untrusted", "policy_mx_name", "policy_mx_dates"}:
        options = ["-CAfile", "inputs/roots.pem", "-verify_hostname", view.name]
        expect = "Verify return code: 0 (ok)" if verdict.status is Status.PASS else "Verify return code:"
        return Reperform(_s_client(view, *options), expect, (*_OPENSSL, "inputs/roots.pem"))
    if verdict.reason == "policy_without_starttls":
        return Reperform(_s_client(view), "Didn't find STARTTLS in server response", _OPENSSL)
    return _curl(view.subject.hostname)


def _submission(view: HostView, verdict: Verdict) -> Reperform:
    at_once = view.port == _SUBMISSIONS
    options = ["-CAfile", "inputs/roots.pem", *([] if is_address(view.name) else ["-verify_hostname", view.name])]
    if at_once:
        expect = "Verify return code: 0 (ok)" if verdict.status is Status.PASS else ""
        return Reperform(_s_client(view, *options, at_once=True), expect, (*_OPENSSL, "inputs/roots.pem"))
    expect = "AUTH" if verdict.reason == "submission_login_in_clear" else ""
    return Reperform(f"{_s_client(view, '-msg')}", expect, _OPENSSL)


_HOST_WAYS: Mapping[str, Callable[[HostView, Verdict], Reperform]] = {
    "starttls": _starttls,
    "certificate": _certificate_name,
    "certificate_dates": _certificate_dates,
    "certificate_text": _certificate_text,
    "trust": _trust,
    "old_tls": _old_tls,
    "tls13": _tls13,
    "carries_level": _carries_level,
    "dane": _dane,
    "sts_host": _policy_host,
    "submission": _submission,
}


_OWNERS: Mapping[str, Callable[[str], str]] = {"tls_rpt": tls_rpt_owner, "mta_sts": sts_owner}


def _dig(context: Context, verdict: Verdict, name: str, rdtype: str) -> Reperform:
    if not is_plain(name):
        return UNSAFE
    words = ["dig", *_server(context, verdict), "+dnssec", name, rdtype]
    return Reperform(shlex.join(words), _shown(verdict.values), _DIG)


def _server(context: Context, verdict: Verdict) -> list[str]:
    """Name the resolver only where the ordinary one cannot know the answer (another port, a lab on loopback)."""
    for key in verdict.evidence:
        seen = context.evidence.by_id.get(key)
        answer = facts(seen) if seen else None
        if answer and answer.server:
            address, _, port = answer.server.partition("#")
            if port != "53":
                return [f"@{address}", "-p", port]
            if address.startswith("127.") and address != "127.0.0.1":
                return [f"@{address}"]
            return []
    return []


def _shown(values: Values) -> str:
    return str(values.get("record", ""))


def _mx(way: str, view: MxView, verdict: Verdict) -> Reperform:
    name = str(verdict.values.get("name", "")) or view.host.name
    match way:
        case "dnssec":
            return _signed(view.context, verdict, name, str(verdict.values.get("rdtype", "A")))
        case "tlsa":
            owner = name if name.startswith("_25._tcp.") else tlsa_owner(view.host.name)
            return _dig(view.context, verdict, owner, "TLSA")
        case _:
            return _dig(view.context, verdict, view.subject.hostname, "MX")


def _signed(context: Context, verdict: Verdict, name: str, rdtype: str) -> Reperform:
    """A validating resolver says `ad` in the flags of what is signed, and SERVFAIL to what is signed wrongly."""
    expect = {"dnssec_secure": "ad;", "dnssec_broken": "status: SERVFAIL"}.get(verdict.reason, "")
    return replace(_dig(context, verdict, name, rdtype), expect=expect) if is_plain(name) else UNSAFE


def _curl(domain: str) -> Reperform:
    if not is_plain(domain):
        return UNSAFE
    words = ["curl", "-sv", f"https://{policy_host(domain)}{POLICY_PATH}"]
    return Reperform(shlex.join(words), "", ("curl",))


def _domain(way: str, view: DomainView, verdict: Verdict) -> Reperform:
    if way == "none":
        return NOTHING
    if way == "dnssec":
        return _signed(view.context, verdict, view.subject.hostname, "MX")
    if way == "mta_sts" and verdict.reason.startswith("policy_"):
        return _curl(view.subject.hostname)
    if way in _OWNERS:
        return _dig(view.context, verdict, _OWNERS[way](view.subject.hostname), "TXT")
    name = str(verdict.values.get("name", "")) or (
        f"_dmarc.{view.subject.hostname}" if way == "dmarc" else view.subject.hostname
    )
    return _dig(view.context, verdict, name, "TXT")


def _reverse(view: SenderView, verdict: Verdict) -> Reperform:
    words = ["dig", *_server(view.context, verdict), "-x", view.address]
    return Reperform(shlex.join(words), str(verdict.values.get("name", "")), _DIG)
