"""How to see by hand what the DNS says of a domain and its mail hosts, and what its policy host says."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace

from compliance.checks.context import Context
from compliance.checks.reperform_dns import UNSAFE, by_dig, by_mx, by_selector
from compliance.checks.views import DomainView, MxView
from compliance.model.finding import Reperform, Verdict
from compliance.model.names import is_plain
from compliance.records.dane_walk import tlsa_owner
from compliance.records.mta_sts import PATH as POLICY_PATH
from compliance.records.mta_sts import owner as sts_owner
from compliance.records.mta_sts import policy_host
from compliance.records.tls_rpt import owner as tls_rpt_owner

_OWNERS: Mapping[str, Callable[[str], str]] = {"tls_rpt": tls_rpt_owner, "mta_sts": sts_owner}


_NO_MAIL = frozenset({"null_mx", "no_mx", "no_domain"})
_NO_HOST = frozenset({*_NO_MAIL, "mx_is_address", "null_mx_beside_others", "unsafe_name"})


def by_mx_name(way: str, view: MxView, verdict: Verdict) -> Reperform:
    """What the DNS says of one MX name."""
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


def by_curl(domain: str) -> Reperform:
    """The policy, as its host serves it."""
    if not is_plain(domain):
        return UNSAFE
    words = ["curl", "-sv", f"https://{policy_host(domain)}{POLICY_PATH}"]
    return Reperform(shlex.join(words), "", ("curl",))


def by_domain(way: str, view: DomainView, verdict: Verdict) -> Reperform:
    """What the DNS says of a domain."""
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
        return by_curl(domain)
    if way in _OWNERS:
        return by_dig(view.context, verdict, _OWNERS[way](domain), "TXT")
    return by_dig(view.context, verdict, name or (f"_dmarc.{domain}" if way.startswith("dmarc") else domain), "TXT")
