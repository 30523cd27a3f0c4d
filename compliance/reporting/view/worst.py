"""The worst that is not met, as a sentence that says what is wrong: chosen by weight, told of whom it is so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compliance.model.finding import Finding, Status
from compliance.model.requirement import Duty
from compliance.model.subject import Kind
from compliance.reporting.view.source import Source
from compliance.reporting.words import RequirementTitle, Say, plural_key

#: What is wrong, worst first: mail in clear, then mail to whoever answers, then mail anybody can forge. A name that
#: ends in _ stands for all reasons that begin with it: a family of which the lead tells only that it does not work.
_FAULTS: Mapping[str, tuple[str, ...]] = {
    "clear": (
        "starttls_not_offered", "starttls_masked", "ehlo_unknown", "starttls_unavailable", "handshake_failed",
        "no_encryption",
        "no_tls_behind_220",
    ),
    "sent_clear": ("canary_sent_clear", "sample_sent_clear", "sent_clear_though_offered", "partner_sent_clear"),
    "demand": ("settings_",),
    "expired": ("expired",),
    "untrusted": (
        "self_signed", "unknown_issuer", "missing_intermediate", "demo_certificate", "private_root", "expired_issuer",
        "issuer_unknown_or_missing", "issuer_not_yet_valid",
        "expired_intermediate", "bad_signature", "not_ca", "path_length", "name_constraint", "wrong_usage",
        "critical_extension", "chain_refused", "certificate_unreadable", "revoked",
    ),
    "name": ("name_mismatch", "name_missing", "cn_only"),
    "early": ("not_yet_valid",),
    "old_tls": ("old_tls_accepted",),
    "sent_weak": ("canary_weak_tls", "sample_weak_tls", "canary_offer_too_old", "sent_with_weak_tls"),
    "suites": ("weak_suites_accepted",),
    "injection": ("injected_",),
    "negotiation": ("tls_compresses", "renegotiation_insecure"),
    "weak": ("weak_key", "weak_signature"),
    "submission": ("submission_",),
    "mx": ("mx_no_host_name", "mx_is_address", "mx_no_address", "mx_no_such_name", "mx_leads_nowhere", "mx_is_alias",
           "null_mx_beside_others"),
    "dane": ("dane_", "tlsa_"),
    "spf_open": ("spf_open_ending", "spf_no_ending", "spf_too_broad", "spf_too_broad_v6", "spf_neutral_world"),
    "dmarc_none": ("dmarc_missing", "dmarc_missing_parked", "dmarc_several", "dmarc_syntax", "registry_record"),
    "spf_none": (
        "spf_missing", "spf_several", "spf_syntax", "spf_permerror", "spf_too_many_lookups",
        "spf_only_type99", "spf_loop", "spf_mx_names", "spf_too_many_voids",
    ),
    "spf_sender": ("spf_sender_",),
    "dmarc_open": ("dmarc_policy_none", "dmarc_subdomains_open", "dmarc_pct_zero"),
    "dkim_none": (
        "dkim_missing", "dkim_several", "dkim_unreadable", "dkim_revoked", "dkim_testing", "dkim_version",
        "dkim_key_type", "dkim_not_for_mail", "dkim_no_hash", "dkim_broken_key", "dkim_only_wildcard",
    ),
    "sent_unsigned": ("sent_unsigned", "sent_signature_broken", "sent_in_testing", "sent_unaligned"),
    "dkim_weak": ("dkim_weak_key", "dkim_only_sha1"),
    "dmarc_reports": ("rua_",),
    "sts": ("sts_", "policy_", "mx_not_in_policy"),
    "dnssec": ("dnssec_",),
    "parked_mx": ("parked_has_mx", "parked_has_address"),
    "parked_spf": ("spf_parked_sends",),
    "parked_dmarc": ("dmarc_parked_not_rejected",),
    "plain": ("plain_accepted",),
    "contact": ("contact_missing", "contact_incomplete", "contact_not_reviewed", "contact_outdated"),
    "tls_rpt": ("tls_rpt_",),
    "ptr": ("ptr_missing", "ptr_disagrees", "helo_disagrees"),
    "anonymous": ("anonymous_suites_accepted",),
    "secrecy": ("no_forward_secrecy", "dhe_group_short"),
    "tls13": ("tls13_not_accepted",),
}  # fmt: skip
_FAULT = {reason: fault for fault, reasons in _FAULTS.items() for reason in reasons}
_FAMILIES = tuple(name for name in _FAULT if name.endswith("_"))
_ORDER = tuple(_FAULTS)
#: Told of where mail is received; the rest is told of what somebody has.
_RECEIVING = frozenset({
    "clear", "expired", "untrusted", "name", "early", "old_tls", "suites", "injection", "negotiation", "weak",
    "anonymous", "secrecy", "tls13",
})  # fmt: skip
_WHOM = {
    Kind.OWN_DOMAIN: "domain", Kind.INBOUND_HOST: "host", Kind.SUBMISSION_HOST: "host", Kind.OUTBOUND_HOST: "sender",
    Kind.PARTNER: "partner", Kind.PARKED_DOMAIN: "parked",
}  # fmt: skip
_OURS = frozenset({"contact", "demand", "plain"})
_NAMED = 3  # more names than this are no sentence to read aloud


@dataclass(frozen=True)
class Worst:
    """The sentence, and the findings it speaks of."""

    said: Say
    findings: tuple[Finding, ...]


def counted_failures(source: Source) -> tuple[Finding, ...]:
    """Give what is not met in the own verdict, approved waivers apart."""
    return tuple(finding for finding in source.own if finding.status is Status.FAIL and finding.counted)


def worst(source: Source) -> Worst | None:
    """Give the worst of what is not met; None where nothing is."""
    gathered: dict[tuple[bool, bool, int, int, str, str], list[Finding]] = {}
    for finding in counted_failures(source):
        for fault in _faults(finding):
            gathered.setdefault(_weight(source, finding, fault), []).append(finding)
    if not gathered:
        return None
    weight = min(gathered)
    fault, whom = weight[-2], _WHOM.get(gathered[weight][0].kind, "")
    alike = tuple(item for key, found in gathered.items() if key[-2] == fault for item in found)
    return Worst(_sentence(source, fault, whom, gathered[weight]), alike)


def fault_of(reason: str) -> str:
    """Give what the lead calls a reason: `other` where only the requirement's title can tell it."""
    family = next((name for name in _FAMILIES if reason.startswith(name)), "")
    return _FAULT.get(reason) or _FAULT.get(family, "other")


def _faults(finding: Finding) -> Iterable[str]:
    reasons = [target.reason for target in finding.targets if target.status is Status.FAIL] or [finding.reason]
    faults = dict.fromkeys(map(fault_of, reasons))
    # Of a partner only the register and our own hosts are ours to answer for in these words; its servers are its own.
    if finding.kind is Kind.PARTNER:
        return dict.fromkeys(fault if fault in _OURS else "other" for fault in faults)
    return faults


def _weight(source: Source, finding: Finding, fault: str) -> tuple[bool, bool, int, int, str, str]:
    """Basic first, domains without mail last, then by fault; of one fault the domains before their hosts."""
    told = _ORDER.index(fault) if fault in _ORDER else len(_ORDER) + source.order.get(finding.requirement, 999)
    kinds = list(_WHOM)
    place = kinds.index(finding.kind) if finding.kind in kinds else len(kinds)
    apart = finding.requirement if fault == "other" else ""
    return finding.level is not Duty.MUST, finding.kind is Kind.PARKED_DOMAIN, told, place, fault, apart


def _sentence(source: Source, fault: str, whom: str, found: list[Finding]) -> Say:
    names = tuple(dict.fromkeys(source.display(finding.subject) for finding in found))
    if fault == "other" or not whom:
        shown = names if len(names) <= _NAMED else names[: _NAMED - 1]
        values = {"title": RequirementTitle(found[0].requirement), "names": list(shown), "n": len(names) - len(shown)}
        return Say("wrong_other" if len(shown) == len(names) else "wrong_other_more", values)
    n = len(names)
    subject = Say(plural_key(f"whom_{whom}", n), {"n": n})
    if n <= _NAMED:
        subject = Say("whom_named", {"whom": subject, "names": list(names)})
    verb = "having" if fault not in _RECEIVING else f"receiving_{'host' if whom == 'host' else 'domain'}"
    return Say(f"wrong_{fault}", {"who": Say(plural_key(verb, n), {"whom": subject})})
