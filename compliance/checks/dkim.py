"""DKIM keys at the selectors the inventory lists; a selector nobody lists proves nothing (RFC 6376)."""

from collections.abc import Mapping

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
from compliance.checks.unanswered import unanswered
from compliance.checks.views import DomainView, SelectorView
from compliance.model.finding import Cause, Notice, Value, Verdict
from compliance.records.dkim_selector import Selector, learned_walk, selector_walk
from compliance.records.dns_walk import drive, is_answered

#: Why a selector has no usable key; what is not named here is a tag list that cannot be read.
_REASONS = {
    "missing": "dkim_missing",
    "several": "dkim_several",
    "revoked": "dkim_revoked",
    "testing": "dkim_testing",
    "version": "dkim_version",
    "version_place": "dkim_version",
    "key_type": "dkim_key_type",
    "not_for_mail": "dkim_not_for_mail",
    "no_hash": "dkim_no_hash",
    "base64": "dkim_broken_key",
    "key": "dkim_broken_key",
    "ed25519_length": "dkim_broken_key",
    "": "dkim_unreadable",
}  # fmt: skip


def _looks(view: DomainView | SelectorView) -> tuple[Selector, ...]:
    subject = view.subject
    return drive(selector_walk(subject.hostname, subject.dkim_selectors), view.context.evidence.answer)


def _evidence(looks: Mapping[str, Selector] | tuple[Selector, ...]) -> list[str]:
    found = tuple(looks.values()) if isinstance(looks, Mapping) else looks
    return [key for look in found for key in (look.answer.id, look.guard.id if look.guard else "") if key]


@check("dkim_key", Scope.DOMAIN, reperform="dkim")
def dkim_key(view: DomainView, _want: Parameters) -> Verdict:
    """At least one listed selector publishes a valid, unrevoked, non-testing key (RFC 6376 section 3.6.1).

    A key that every name has through a wildcard is nobody's selector: it proves nothing, and only mail would. Selectors
    that messages were signed with count for a domain of which none is listed; one that leads nowhere may be invented.
    """
    listed = view.subject.dkim_selectors
    evidence = view.context.evidence
    used = drive(learned_walk(view.subject.hostname, evidence.sent_mail), evidence.answer)
    learned = tuple(look for look in used if look.name not in listed and look.sound and not look.wildcard)
    if not listed and not learned:
        return not_tested(Cause.NO_EVIDENCE, "no_selectors_known")
    looks = _looks(view) if listed else learned
    told = _any_key(view, looks)
    if learned:
        told = noticing(told, Notice("dkim_selectors_learned", {"selectors": [look.name for look in learned]}))
    return resting_on(told, dict.fromkeys(_evidence((*looks, *learned))))


def _any_key(view: DomainView, looks: tuple[Selector, ...]) -> Verdict:
    good = [look for look in looks if look.sound and not look.wildcard]
    if good:
        verdict = passed("dkim_key_published", selectors=[look.name for look in good])
        return noticing(verdict, *_beside(view, looks, good))
    if unheard := tuple(look.answer for look in looks if look.why == "unanswered"):
        return unanswered(unheard, view.context)
    if drawn := next((look for look in looks if look.sound), None):
        return not_tested(Cause.NO_EVIDENCE, "dkim_wildcard", name=drawn.owner, selector=drawn.name)
    return _fault(view, looks[0])


def _beside(view: DomainView, looks: tuple[Selector, ...], good: list[Selector]) -> list[Notice]:
    """What a good key leaves to say: the other selectors, who holds the keys, and a guard that was not answered."""
    found = []
    if idle := sorted(look.name for look in looks if look not in good):
        found.append(Notice("dkim_selectors_idle", {"selectors": idle}))
    if held := {look.name: holder for look in good if (holder := view.context.holder(look.holder))}:
        found.append(Notice("dkim_held_by", {"selectors": list(held), "holders": list(dict.fromkeys(held.values()))}))
    if bare := [look.name for look in good if look.key and look.key.bare]:
        found.append(Notice("dkim_bare_key", {"selectors": bare}))
    guard = good[0].guard
    if guard is not None and not is_answered(guard):
        found.append(Notice("dkim_guard_unheard"))
    return found


def _fault(view: DomainView, look: Selector) -> Verdict:
    values: dict[str, Value] = {"selector": look.name, "name": look.owner, "why": look.why, "record": look.text}
    if holder := view.context.holder(look.holder):
        values["holder"] = holder
    if look.wildcard:
        return failed("dkim_only_wildcard", **values)
    return failed(_REASONS.get(look.why, "dkim_unreadable"), **values)


@check("dkim_strength", Scope.SELECTORS, reperform="dkim")
def dkim_strength(view: SelectorView, want: Parameters) -> Verdict:
    """RSA keys have `rsa_bits` or more and may be used with SHA-256 (RFC 8301); Ed25519 is strong (RFC 8463)."""
    looks = {look.name: look for look in _looks(view)}
    look = looks[view.selector]
    return resting_on(_strength(view, look, looks, want), _evidence((look,)))


def _strength(view: SelectorView, look: Selector, looks: Mapping[str, Selector], want: Parameters) -> Verdict:
    wanted = int(want["rsa_bits"])
    if look.why == "unanswered":
        return unanswered((look.answer,), view.context)
    key = look.key
    if key is None or look.wildcard:
        return not_applicable("dkim_no_key_here", selector=look.name)
    if key.only_sha1:
        return failed("dkim_only_sha1", selector=look.name, name=look.owner)
    where = {"selector": look.name, "domain": view.subject.hostname}
    if key.algorithm == "rsa" and key.bits < wanted:
        if want.get("ed25519_beside") and (beside := _ed25519(looks, look.name)):
            return passed("dkim_ed25519_beside", selector=look.name, bits=key.bits, beside=beside)
        return failed("dkim_weak_key", bits=key.bits, wanted=wanted, **where)
    return passed("dkim_strong_key", selector=look.name, key=key.algorithm.upper(), bits=key.bits)


def _ed25519(looks: Mapping[str, Selector], besides: str) -> str:
    """Another listed selector with a sound Ed25519 key: the domain signs with something strong besides (RFC 8463)."""
    others = (look for look in looks.values() if look.name != besides and look.sound and not look.wildcard)
    return next((look.name for look in others if look.key and look.key.algorithm == "ed25519"), "")
