"""How to see what a host's TLS accepts by hand: one suite, group or extension at a time, as current tools can."""

from collections.abc import Callable

from compliance.checks.views import HostView
from compliance.model.finding import Reperform, Verdict
from compliance.records.tls_suites import openssl_name

Client = Callable[..., str]
"""Writes an openssl client for a view, with options."""

_NOTHING = Reperform(None, "", ())
_NEEDS = ("openssl", "timeout")
_OPTIONS = {"TLSv1.2": "-tls1_2", "TLSv1.1": "-tls1_1", "TLSv1": "-tls1"}
#: What a current OpenSSL can still offer of each kind; none is to be taken.
_NONE_OF = {"no_weak_suites": "eNULL", "forward_secrecy_kept": "kRSA", "no_anonymous_suites": "aNULL"}


def by_suite(client: Client, view: HostView, verdict: Verdict) -> Reperform:
    """Offer the first suite named that today's tool knows; where none is accepted, those of the kind it knows."""
    if verdict.reason == "dhe_group_short":
        command = client(view, "-tls1_2", "-cipher", "kDHE:@SECLEVEL=0")
        return Reperform(command, f"Server Temp Key: DH, {verdict.values.get('bits')} bits", _NEEDS)
    if verdict.reason in _NONE_OF:
        command = client(view, "-tls1_2", "-cipher", f"{_NONE_OF[verdict.reason]}:@SECLEVEL=0")
        return Reperform(command, "Cipher is (NONE)", _NEEDS)
    named = verdict.values.get("suites", [])
    for version, suite in view.tls_seen.profile.suites:
        known = openssl_name(suite)
        if isinstance(named, list) and suite in named and known and version in _OPTIONS:
            command = client(view, _OPTIONS[version], "-cipher", f"{known}:@SECLEVEL=0")
            return Reperform(command, f"Cipher is {known}", _NEEDS)
    return _NOTHING  # the hello and the reply stand in the evidence, in hex


def by_negotiation(client: Client, view: HostView, verdict: Verdict) -> Reperform:
    """See whether secure renegotiation is announced; no current tool compresses."""
    expect = {
        "renegotiation_insecure": "Secure Renegotiation IS NOT supported",
        "no_compression_safe_renegotiation": "Secure Renegotiation IS supported",
    }
    if verdict.reason not in expect:
        return _NOTHING
    return Reperform(client(view, "-tls1_2", "-cipher", "ALL:@SECLEVEL=0"), expect[verdict.reason], _NEEDS)
