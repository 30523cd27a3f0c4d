"""How our own hosts send, as the canary saw it: a receiver whose every offer is known, since it is our own."""

from collections.abc import Iterable, Sequence

from compliance.checks.canary_rounds import SOUND, Arrival, Round, rounds_of
from compliance.checks.registry import Parameters, failed, not_tested, noticing, passed, resting_on
from compliance.checks.views import OutgoingView
from compliance.model.canary import CanarySession
from compliance.model.finding import Cause, Notice, Verdict
from compliance.records.tls_classes import SuiteClass, classes, is_authenticated, is_weak
from compliance.records.tls_offer import ClientOffer, read_offer
from compliance.records.tls_suites import NAMES
from compliance.records.tls_wire import HelloFault

_SOUND_VERSIONS = ("TLSv1.2", "TLSv1.3")
_NUMBERS = {name: number for number, name in NAMES.items()}


def starttls_at_canary(view: OutgoingView, _want: Parameters) -> Verdict:
    """Whatever arrived where STARTTLS was offered came under TLS (RFC 3207 section 4)."""
    rounds = rounds_of(view.context, view.sender)
    if settled := _nothing(rounds):
        return settled
    own = [arrival for found in rounds for arrival in found.own]
    offered = [arrival for arrival in own if arrival.session.offered]
    clear = [arrival for arrival in offered if not arrival.message.encrypted]
    if wrong := [
        arrival for arrival in clear if arrival.message.persona == SOUND or not _after_failure(rounds, arrival)
    ]:
        personas = _names(arrival.message.persona for arrival in wrong)
        told = failed("canary_sent_clear", count=len(wrong), personas=personas, at=wrong[-1].message.received)
    elif sound := [arrival for arrival in offered if arrival.message.persona == SOUND]:
        count = sum(arrival.message.encrypted for arrival in offered)
        told = passed("canary_sent_encrypted", count=count, at=sound[-1].message.received)
    else:
        told = not_tested(Cause.NO_EVIDENCE, "canary_sound_missing")
    return resting_on(noticing(told, *_manners(rounds)), _ids(rounds))


def tls_at_canary(view: OutgoingView, _want: Parameters) -> Verdict:
    """TLS 1.2 or newer with an authenticated, sound suite was agreed on, as the canary offers (RFC 9325 4.1)."""
    rounds = rounds_of(view.context, view.sender)
    if settled := _nothing(rounds):
        return settled
    sound = [arrival.session for found in rounds for arrival in found.own if arrival.persona.name == SOUND]
    agreed = [session for session in sound if session.tls and session.tls.version]
    told = _agreed(agreed) if agreed else _not_agreed(rounds)
    offers = [offer for session in agreed if (offer := _offer(session))]
    if weak := _names(kind for offer in offers for kind in _weak_kinds(offer)):
        told = noticing(told, Notice("canary_offers_weak", {"kinds": weak}))
    return resting_on(told, _ids(rounds))


def _agreed(sessions: Sequence[CanarySession]) -> Verdict:
    found = [session.tls for session in sessions if session.tls]
    versions = sorted({tls.version for tls in found})
    suites = _names(tls.suite for tls in found)
    weak = [tls for tls in found if tls.version not in _SOUND_VERSIONS or not _is_strong(tls.version, tls.suite)]
    if weak:
        return failed(
            "canary_weak_tls", versions=_names(tls.version for tls in weak), suites=_names(t.suite for t in weak)
        )
    return passed("canary_strong_tls", versions=versions, suites=suites)


def _not_agreed(rounds: Sequence[Round]) -> Verdict:
    """No handshake with the sound persona: theirs if the hello itself has nothing that is new enough."""
    tried = [session for found in rounds for session in found.facts.sessions if _tried(found, session)]
    offers = [offer for session in tried if (offer := _offer(session))]
    if offers and not any(set(offer.versions) & set(_SOUND_VERSIONS) for offer in offers):
        return failed(
            "canary_offer_too_old", versions=_names(version for offer in offers for version in offer.versions)
        )
    return not_tested(Cause.NO_EVIDENCE, "canary_sound_not_encrypted")


def _tried(found: Round, session: CanarySession) -> bool:
    sources = {arrival.session.source for arrival in found.own}
    return session.source in sources and session.persona == SOUND and session.tls is not None


def _is_strong(version: str, suite: str) -> bool:
    number = _NUMBERS.get(suite, -1)
    return version == "TLSv1.3" or (is_authenticated(number) and not is_weak(number))


def _weak_kinds(offer: ClientOffer) -> Iterable[str]:
    """What stands in the offer and ought not to: old versions, and suites that are weak or anonymous."""
    if offer.names_versions:
        yield from (version for version in offer.versions if version not in _SOUND_VERSIONS)
    for number in offer.suites:
        if is_weak(number) or SuiteClass.ANONYMOUS in classes(number):
            yield NAMES.get(number, f"0x{number:04X}")


def _offer(session: CanarySession) -> ClientOffer | None:
    try:
        return read_offer(session.tls.hello) if session.tls else None
    except HelloFault:
        return None


def _nothing(rounds: Sequence[Round]) -> Verdict | None:
    """Say why the canary has nothing to show of a host, if so."""
    if not rounds:
        return not_tested(Cause.NO_EVIDENCE, "canary_not_run")
    arrivals = [arrival for found in rounds for arrival in found.arrivals]
    if not arrivals:
        return resting_on(not_tested(Cause.NO_EVIDENCE, "canary_nothing_arrived"), _ids(rounds))
    if not any(found.own for found in rounds):
        others = _names(arrival.session.name or arrival.session.source for arrival in arrivals)
        return resting_on(not_tested(Cause.NO_EVIDENCE, "canary_sent_by_another", hosts=others), _ids(rounds))
    return None


def _after_failure(rounds: Sequence[Round], arrival: Arrival) -> bool:
    """Whether the host had tried TLS with this persona before, and not got it: what it presents is unsound."""
    return any(
        session.source == arrival.session.source
        and session.persona == arrival.session.persona
        and session.tls is not None
        and not session.messages
        and session.started <= arrival.session.started
        for found in rounds
        for session in found.facts.sessions
    )


def _manners(rounds: Sequence[Round]) -> Iterable[Notice]:
    """What the host does with receivers that are not sound: no fault either way, and good to know."""
    proofs = [found.proof(note.name) for found in rounds for note in found.facts.personas if note.name != SOUND]
    if turned_away := _names(proof.persona for proof in proofs if proof.state == "enforced"):
        yield Notice("canary_turned_away", {"personas": turned_away})
    if reached := _names(proof.persona for proof in proofs if proof.state == "delivered"):
        yield Notice("canary_delivered_anyway", {"personas": reached})


def _names(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))[:12]


def _ids(rounds: Iterable[Round]) -> list[str]:
    return [found.seen.id for found in rounds]
