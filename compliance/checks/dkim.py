"""DKIM keys at the selectors the inventory lists; a selector nobody lists proves nothing (RFC 6376)."""

from dataclasses import dataclass

from compliance.checks.registry import (
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
from compliance.checks.scopes import unanswered
from compliance.checks.views import DomainView, SelectorView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.observation import Observation
from compliance.records.dkim import DkimFault, DkimKey, parse
from compliance.records.dns_walk import DnsQuestion, facts, is_answered, texts


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector's answer: a key, or why there is none."""

    name: str
    answer: Observation
    key: DkimKey | None
    fault: str  # a reason, `` with a key
    why: str = ""


def _look(view: DomainView | SelectorView, selector: str) -> Selector:
    owner = f"{selector}._domainkey.{view.subject.hostname}"
    answer = view.context.evidence.answer(DnsQuestion(owner, "TXT"))
    seen = facts(answer)
    if seen is None or not is_answered(answer):
        return Selector(selector, answer, None, "unanswered")
    found = texts(seen)
    if not found:
        return Selector(selector, answer, None, "dkim_missing")
    found = tuple(text for text in found if _has_key(text)) or found[:1]
    if len(found) > 1:
        return Selector(selector, answer, None, "dkim_several")
    try:
        key = parse(found[0])
    except DkimFault as fault:
        return Selector(selector, answer, None, "dkim_unreadable", fault.why)
    if key.revoked:
        return Selector(selector, answer, None, "dkim_revoked")
    return Selector(selector, answer, key, "dkim_testing" if key.testing else "")


def _has_key(text: str) -> bool:
    """Whether a TXT record has a `p=`, sound or not; one without is no key record, and is in nobody's way."""
    return any(part.partition("=")[0].strip() == "p" for part in text.split(";") if "=" in part)


@check("dkim_key", Scope.DOMAIN, reperform="dkim")
def dkim_key(view: DomainView, _want: Parameters) -> Verdict:
    """At least one listed selector publishes a valid, unrevoked, non-testing key (RFC 6376 section 3.6.1)."""
    if not view.subject.dkim_selectors:
        return not_tested(Cause.NO_EVIDENCE, "no_selectors_known")
    found = [_look(view, selector) for selector in view.subject.dkim_selectors]
    return resting_on(_any_key(view, found), [look.answer.id for look in found])


def _any_key(view: DomainView, found: list[Selector]) -> Verdict:
    good = [look.name for look in found if not look.fault]
    bad = {look.name: look for look in found if look.fault}
    if good:
        verdict = passed("dkim_key_published", selectors=good)
        return noticing(verdict, Notice("dkim_selectors_idle", {"selectors": sorted(bad)})) if bad else verdict
    unheard = tuple(look.answer for look in found if look.fault == "unanswered")
    if unheard:
        return unanswered(unheard, view.context)
    worst = found[0]
    owner = f"{worst.name}._domainkey.{view.subject.hostname}"
    return failed(worst.fault, selector=worst.name, name=owner, why=worst.why)


@check("dkim_strength", Scope.SELECTORS, reperform="dkim")
def dkim_strength(view: SelectorView, want: Parameters) -> Verdict:
    """RSA keys have `rsa_bits` or more and may be used with SHA-256 (RFC 8301); Ed25519 is strong (RFC 8463)."""
    look = _look(view, view.selector)
    return resting_on(_strength(view, look, want), [look.answer.id])


def _strength(view: SelectorView, look: Selector, want: Parameters) -> Verdict:
    wanted = int(want["rsa_bits"])
    if look.fault == "unanswered":
        return unanswered((look.answer,), view.context)
    key = look.key
    if key is None:
        return not_applicable("dkim_no_key_here", selector=look.name)
    if key.only_sha1:
        return failed("dkim_only_sha1", selector=look.name)
    if key.algorithm == "rsa" and key.bits < wanted:
        if want.get("ed25519_beside") and (beside := _ed25519(view)):
            return passed("dkim_ed25519_beside", selector=look.name, bits=key.bits, beside=beside)
        return failed("dkim_weak_key", selector=look.name, bits=key.bits, wanted=wanted)
    return passed("dkim_strong_key", selector=look.name, key=key.algorithm.upper(), bits=key.bits)


def _ed25519(view: SelectorView) -> str:
    """Another listed selector with a sound Ed25519 key: the domain signs with something strong besides (RFC 8463)."""
    others = (_look(view, name) for name in view.subject.dkim_selectors if name != view.selector)
    return next((look.name for look in others if look.key and not look.fault and look.key.algorithm == "ed25519"), "")
