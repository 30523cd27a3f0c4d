"""How our own hosts send, as supplied messages show it: what the receiver's own server wrote of the hop out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from compliance.checks.aligned import aligned, wire_name
from compliance.checks.registry import Parameters, failed, not_tested, noticing, passed, resting_on
from compliance.checks.samples import Departure, departures
from compliance.checks.views import OutgoingView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.messages import KeptSignature, ReceivedHop
from compliance.records.dkim_selector import selector_owner
from compliance.records.dkim_verify import DkimResult, DkimState, Signed, verify
from compliance.records.dns_walk import DnsQuestion, drive
from compliance.records.tls_classes import is_authenticated, is_weak
from compliance.records.tls_suites import NAMES, openssl_name

_SHOWN = 12
_APART = timedelta(days=1)
_NUMBERS = {known: number for number, name in NAMES.items() for known in (openssl_name(name), name) if known}
Grade = Callable[[ReceivedHop], bool | None]


@dataclass(frozen=True, slots=True)
class _Look:
    """The messages a host handed over, by one grade of their hops: `wrong` are those of `bad` that are a fault."""

    left: tuple[Departure, ...]
    good: tuple[Departure, ...]
    bad: tuple[Departure, ...]
    wrong: tuple[Departure, ...]
    evidence: tuple[str, ...]


def starttls_in_samples(view: OutgoingView, want: Parameters) -> Verdict:
    """The receiver's field says that it came under TLS (RFC 3848)."""
    look = _graded(view, int(want["recent_days"]), lambda hop: hop.encrypted)
    beside = (Notice("sample_some_clear", _beside(look.bad)),) if look.bad else ()
    return _chosen(
        look,
        failed("sample_sent_clear", **_where(look.wrong)),
        passed("sample_encrypted", *beside, **_where(look.good)),
        not_tested(Cause.NO_EVIDENCE, "sample_not_encrypted", count=len(look.left)),
    )


def tls_in_samples(view: OutgoingView, want: Parameters) -> Verdict:
    """The receiver's field names version and suite."""
    look = _graded(view, int(want["recent_days"]), _is_strong)
    beside = (Notice("sample_some_weak", _beside(look.bad)),) if look.bad else ()
    return _chosen(
        look,
        failed("sample_weak_tls", kinds=_kinds(look.wrong), **_where(look.wrong)),
        passed("sample_strong_tls", *beside, kinds=_kinds(look.good), **_where(look.good)),
        not_tested(Cause.NO_EVIDENCE, "sample_tls_untold", count=len(look.left)),
    )


def _chosen(look: _Look, fault: Verdict, proof: Verdict, neither: Verdict) -> Verdict:
    if not look.left:
        return not_tested(Cause.NO_EVIDENCE, "no_sent_sample")
    return resting_on(fault if look.wrong else proof if look.good else neither, look.evidence)


def _graded(view: OutgoingView, days: int, grade: Grade) -> _Look:
    """Judge the hops of a sender by one grade: good, bad, or not told.

    A sender that falls back after a handshake that failed is no fault, and a message does not tell of it. So a fault
    takes two messages on different days, at a server that gave another message of ours the better before and after.
    """
    handed = departures(view.context)
    left = handed.get(view.sender.label, ())
    everyone = [each for found in handed.values() for each in found if grade(each.hop)]
    bad = tuple(each for each in left if grade(each.hop) is False)
    known = tuple(each for each in bad if _was_better(each, everyone, days))
    days_apart = bool(known) and _moment(known, max) - _moment(known, min) >= _APART
    return _Look(
        left,
        good=tuple(each for each in left if grade(each.hop)),
        bad=bad,
        wrong=known if days_apart else (),
        evidence=tuple(_ids((*left, *everyone) if days_apart else left)),
    )


def _was_better(each: Departure, good: Sequence[Departure], days: int) -> bool:
    """Tell whether the same server is known to have had the better at the time: before and after, or near enough."""
    at = datetime.fromisoformat(each.hop.time)
    times = [datetime.fromisoformat(other.hop.time) for other in good if other.hop.by == each.hop.by]
    near = any(abs(moment - at) <= timedelta(days=days) for moment in times)
    return near or (any(moment <= at for moment in times) and any(moment >= at for moment in times))


def _is_strong(hop: ReceivedHop) -> bool | None:
    """TLS 1.2 or newer with an authenticated, sound suite (RFC 9325 section 4.1); None where that is not told."""
    if not hop.version:
        return None
    if hop.version not in {"TLSv1.2", "TLSv1.3"}:
        return False
    number = _NUMBERS.get(hop.suite)
    if hop.version == "TLSv1.3":
        return True
    return None if number is None else is_authenticated(number) and not is_weak(number)


def signed_in_samples(view: OutgoingView, _want: Parameters) -> Verdict:
    """A message has a signature that verifies by the key in the DNS and is aligned with From (RFC 9989 section 4.4).

    One that does not verify proves nothing: keys are changed, and mail programs change what they save. One that has no
    aligned signature at all had none when it left, unless a mailing list came between.
    """
    left = departures(view.context).get(view.sender.label, ())
    if not left:
        return not_tested(Cause.NO_EVIDENCE, "no_sent_message")
    domains = [wire_name(domain) for domain in view.sender.sends_for]
    own = [each for each in left if each.facts.from_domain in domains]
    if not own:
        others = _names(each.facts.from_domain for each in left)
        return resting_on(not_tested(Cause.NO_EVIDENCE, "sent_from_elsewhere", domains=others), _ids(left))
    return _signed(view, own, domains)


def _signed(view: OutgoingView, own: Sequence[Departure], domains: Sequence[str]) -> Verdict:
    looks = [(each, *_look(view, each)) for each in own]
    evidence = list(dict.fromkeys((*_ids(own), *(key for _, _, _, keys in looks for key in keys))))
    for reason in ("sent_unsigned", "sent_unaligned"):
        if wrong := [each for each, state, _, _ in looks if state == reason]:
            signers = _names(mark.domain for each in wrong for mark in each.facts.signatures)
            values = {"signers": signers} if reason == "sent_unaligned" else {}
            froms = _names(each.facts.from_domain for each in wrong)
            return resting_on(failed(reason, count=len(wrong), total=len(own), domains=froms, **values), evidence)
    good = [(each, told) for each, state, told, _ in looks if state == "signed"]
    proven = {each.facts.from_domain for each, _ in good}
    whys = _names(told for _, state, told, _ in looks if state == "unproven")
    if not good:
        return resting_on(
            not_tested(Cause.NO_EVIDENCE, "sample_signature_unproven", count=len(own), whys=whys), evidence
        )
    if missing := [domain for domain in domains if domain not in proven]:
        told = not_tested(Cause.NO_EVIDENCE, "sent_domains_missing", good=sorted(proven), missing=missing[:_SHOWN])
        return resting_on(told, evidence)
    verdict = passed("sent_signed", count=len(good), domains=sorted(proven), selectors=_names(told for _, told in good))
    if whys:
        verdict = noticing(verdict, Notice("sample_some_unproven", {"count": len(own) - len(good), "whys": whys}))
    return resting_on(verdict, evidence)


def _look(view: OutgoingView, each: Departure) -> tuple[str, str, list[str]]:
    """Give what a message's signatures come to, what is told of it, and the answers that were used."""
    facts, context = each.facts, view.context
    whole = [mark for mark in facts.signatures if not mark.fault]
    fitting = [mark for mark in whole if aligned(context, mark.domain, facts.from_domain) is not False]
    if not fitting:
        if facts.relayed_by_list or len(whole) < len(facts.signatures):
            return "unproven", "list" if facts.relayed_by_list else "unreadable", []
        return ("sent_unaligned" if whole else "sent_unsigned"), "", []
    keys: list[str] = []
    whys = []
    for mark in fitting:
        owner = selector_owner(mark.selector, mark.domain)
        keys += filter(None, [context.evidence.answer(DnsQuestion(owner, "TXT")).id])
        found = drive(verify(_restored(mark, each.hop.time)), context.evidence.answer)
        sound = found.state is DkimState.PASS and not found.testing
        if sound and aligned(context, mark.domain, facts.from_domain):
            return "signed", owner, keys
        whys.append(_why(found))
    return "unproven", whys[0], keys


def _why(found: DkimResult) -> str:
    return found.why or ("testing" if found.testing else "alignment")


def _restored(mark: KeptSignature, at: str) -> Signed:
    return Signed(
        domain=mark.domain,
        selector=mark.selector,
        algorithm=mark.algorithm,
        identity_domain=mark.identity_domain,
        value=mark.value,
        header_hash=mark.header_hash,
        body_hash_right=mark.body_hash_right,
        covers_all=mark.covers_all,
        expires=mark.expires,
        at=datetime.fromisoformat(at).timestamp(),
    )


def _where(chosen: Sequence[Departure]) -> dict[str, int | str | list[str]]:
    times = [each.hop.time for each in chosen]
    hosts = _names(each.hop.by for each in chosen)
    return {"count": len(chosen), "hosts": hosts, "first": min(times, default=""), "last": max(times, default="")}


def _beside(bad: Sequence[Departure]) -> dict[str, int | str | list[str]]:
    return {"count": len(bad), "hosts": _names(each.hop.by for each in bad)}


def _kinds(chosen: Sequence[Departure]) -> list[str]:
    return _names(f"{each.hop.version} {each.hop.suite}".strip() for each in chosen)


def _moment(chosen: Sequence[Departure], pick: Callable[[Iterable[str]], str]) -> datetime:
    return datetime.fromisoformat(pick(each.hop.time for each in chosen))


def _names(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))[:_SHOWN]


def _ids(chosen: Iterable[Departure]) -> list[str]:
    return list(dict.fromkeys(each.seen.id for each in chosen))
