"""How the TLS of an address is asked about in few connections: a walk that yields questions and takes answers.

One hello offers many suites, and the answer prunes the rest: what was learnt is taken out and the rest is offered
again, until it is refused. So a preference cannot hide a weak suite behind a strong one, and a refusal proves a whole
list. Ordinary questions come first, odd ones last; no more is asked of an address that has stopped answering.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from compliance.records.tls_classes import (
    SUITES_12,
    SUITES_13,
    SUITES_OLD,
    SUITES_SSL3,
    WEAK,
    KeyType,
    SuiteClass,
    classes,
    is_ephemeral_dh,
    key_type,
)
from compliance.records.tls_client_hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, HelloOffer
from compliance.records.tls_ledger import Asked, Ledger, Span, turned_down_otherwise
from compliance.records.tls_profile import TlsProfile, profile_of
from compliance.records.tls_question import (
    OLD_LABEL,
    SSL2_LABEL,
    HelloAnswer,
    HelloQuestion,
    Outcome,
    SessionQuestion,
    Shown,
    TlsWalk,
    complains_of_form,
    is_its_own_trouble,
)

_ENOUGH = 2  # questions in a row that came to nothing, before it is asked whether the address still answers at all
_OLD = {"TLSv1.1": TLS11, "TLSv1": TLS10, "SSLv3": SSL3}


class Depth(StrEnum):
    """How much is asked: `light` one suite of each kind, `full` every accepted suite by name."""

    LIGHT = "light"
    FULL = "full"


def tls_walk(shown: Shown, depth: Depth = Depth.LIGHT) -> TlsWalk[TlsProfile]:
    """Walk through the TLS of an address, from what its ordinary session showed."""
    walk = _Walk(shown, depth)
    yield from walk.tls12()
    yield from walk.tls13()
    yield from walk.old()
    yield from walk.ask(SSL2_LABEL, HelloOffer(SSL2), Span.SSL2)
    yield from walk.confirm()
    yield from walk.once_more()
    return profile_of(walk.ledger)


class _Walk:
    """The state of one walk: what was asked so far, and what kind of hello the address takes."""

    def __init__(self, shown: Shown, depth: Depth) -> None:
        self.ledger = Ledger(shown)
        self._shown = shown
        self._full = depth is Depth.FULL
        self._small = False  # larger hellos are not answered here
        self._stopped = False
        self._nothing = 0  # questions in a row that were not obtained
        self._silent = 0  # questions in a row that met silence
        self._confirmed = False  # an ordinary session worked after silence

    # -- one question ---------------------------------------------------------------------------------------------

    def ask(self, name: str, offer: HelloOffer, span: Span, number: int = 1) -> TlsWalk[Asked]:
        """Put one question, once more in a smaller form if silence or trouble meets it, and book what came of it."""
        question = HelloQuestion(name, offer, number)
        if self._stopped:
            return Asked((), question, span, Outcome.NOT_OBTAINED)
        if self._small and not question.is_small:
            question = question.smaller()
        answer = yield question
        put = [question.question]
        silent = answer.outcome is Outcome.SILENT and not question.is_small
        of_form = complains_of_form(answer)
        troubled = span is Span.TLS12 and is_its_own_trouble(answer)  # an older hello is asked by name then
        if silent or ((of_form or troubled) and not question.offer.small):
            again = question.smaller()
            repeated = yield again
            put.append(again.question)
            answered = repeated.outcome in {Outcome.ACCEPTED, Outcome.REFUSED}
            self._small = self._small or (answered and (silent or of_form) and not question.is_small)
            if answered or silent:
                question, answer = again, repeated
        asked = self.ledger.book(Asked(tuple(put), question, span, answer.outcome, answer.answer))
        yield from self._watch(answer)
        return asked

    def _watch(self, answer: HelloAnswer) -> TlsWalk[None]:
        """Notice that an address has stopped answering: it is not asked more then, and its silence proves nothing."""
        self._nothing = self._nothing + 1 if answer.outcome in {Outcome.NOT_OBTAINED, Outcome.CUT} else 0
        self._silent = self._silent + 1 if answer.outcome is Outcome.SILENT else 0
        self._stopped = self._nothing >= _ENOUGH
        if self._silent >= _ENOUGH:
            self._stopped = not (yield from self.confirm())

    def confirm(self) -> TlsWalk[bool]:
        """After silence: hold an ordinary session, once. Silence refuses only if a modern handshake works afterwards.

        What is silent after that waits for the end of the run, where all silence is met again and a session follows.
        """
        if self._stopped or self._confirmed or not self.ledger.silences:
            return not self._stopped
        question = SessionQuestion("after")
        answer = yield question
        self._confirmed = answer.outcome is Outcome.ACCEPTED
        self.ledger.note(question.question, answer)
        self.ledger.settle(question.question, works=self._confirmed)
        self._stopped = not self._confirmed
        return self._confirmed

    def once_more(self) -> TlsWalk[None]:
        """What was met with silence is put again at the end of the run, and an ordinary session held after it.

        A host that closes on whoever comes too often has forgotten us by then: it answers, or it is no refusal.
        """
        silent = False
        if self._stopped:
            return
        for entries in self.ledger.doubtful():
            question = entries[0].put.once_more(
                self._shown.sni, {suite for each in entries for suite in each.offer.suites}
            )
            answer = yield question
            self.ledger.revise(entries, question, answer)
            silent = silent or answer.outcome is Outcome.SILENT
        if silent:
            session = SessionQuestion("late", late=True)
            held = yield session
            self.ledger.note(session.question, held)
            self.ledger.settle(session.question, works=held.outcome is Outcome.ACCEPTED, late=True)

    # -- TLS 1.2 --------------------------------------------------------------------------------------------------

    def tls12(self) -> TlsWalk[None]:
        """Ask for all that the session did not show; then for what is left unsaid, the ordinary suites."""
        offer = HelloOffer(TLS12, SUITES_12, self._shown.sni, stapling=True)
        wanted = {*WEAK, SuiteClass.ANONYMOUS, SuiteClass.STATIC_RSA, SuiteClass.STATIC_DH, SuiteClass.DHE, *KeyType}
        found: set[str] = {self._shown.key} if self._shown.key else set()
        yield from self._prune("all12" if self._full else "weak12", offer, Span.TLS12, wanted, found)
        key = self._shown.key
        if key and not self._full and not self.ledger.shows_key(key):
            rest = tuple(suite for suite in SUITES_12 if not self._kinds(suite) - {key} and key_type(suite) == key)
            yield from self.ask("ordinary12", replace(offer, suites=rest), Span.TLS12)
        if not self._stopped and any(SuiteClass.STATIC_RSA in classes(each.suite or 0) for each in self._accepted12()):
            question = SessionQuestion("static", static=True)
            self.ledger.book_static(question.question, (yield question))

    def _accepted12(self) -> Iterator[Asked]:
        return (each for each in self.ledger.accepted(Span.TLS12) if each.version == "TLSv1.2")

    def _prune(
        self, name: str, offer: HelloOffer, span: Span, wanted: set[str], found: set[str], *, number: int = 1
    ) -> TlsWalk[None]:
        """Offer whatever would show something new, until it is refused.

        In a light walk a suite is of no more interest when each of its kinds has been found; in a full one when it
        has been accepted itself.
        """
        taken = {each.suite for each in self.ledger.accepted(span) if each.version in _OLD and each.offer == offer}
        while True:
            rest = tuple(
                suite
                for suite in offer.suites
                if suite not in taken and (self._full or self._kinds(suite) & wanted - found)
            )
            if not rest:
                return
            asked = yield from self.ask(name, replace(offer, suites=rest), span, number)
            if asked.suite is None or not asked.in_span:
                return
            taken.add(asked.suite)
            found |= self._kinds(asked.suite)
            number += 1

    @staticmethod
    def _kinds(suite: int) -> set[str]:
        """Give what an accepted suite would tell, in the words of a light walk."""
        kinds: set[str] = set(classes(suite) & {*WEAK, SuiteClass.ANONYMOUS})
        kinds |= classes(suite) & {SuiteClass.STATIC_RSA, SuiteClass.STATIC_DH}
        if is_ephemeral_dh(suite):
            kinds.add(SuiteClass.DHE)
        key = key_type(suite)
        return kinds | {key} if key else kinds

    # -- TLS 1.3 --------------------------------------------------------------------------------------------------

    def tls13(self) -> TlsWalk[None]:
        """Ask where no session told; where TLS 1.3 is all there is, ask for the certificate of the other key."""
        if not self._shown.version:
            yield from self.ask("tls13", HelloOffer(TLS13, SUITES_13, self._shown.sni), Span.TLS13)
            return
        other = {KeyType.RSA: KeyType.ECDSA, KeyType.ECDSA: KeyType.RSA}.get(self._shown.key or KeyType.DSA)
        if self._shown.version == "TLSv1.3" and other and self.ledger.refused_tls12 and not self._stopped:
            question = SessionQuestion(other, keys=other)
            self.ledger.book_session(question.question, other, (yield question))

    # -- TLS 1.1 and older ----------------------------------------------------------------------------------------

    def old(self) -> TlsWalk[None]:
        """Ask once for all; only where that is accepted, which of the others are, and which weak suites."""
        accepted: list[str] = []
        sni = ""
        for name, offer in self._older(accepted):
            asked = yield from self.ask(name, replace(offer, sni=sni), Span.OLD)
            if not asked.version and self._shown.sni and not sni and turned_down_otherwise(asked):
                # Some servers turn down whoever names nobody, whatever the version.
                asked = yield from self.ask(f"{name}_sni", replace(offer, sni=self._shown.sni), Span.OLD)
                sni = self._shown.sni if asked.version else ""
            if asked.version not in _OLD:
                break
            accepted.append(asked.version)
        if self._full:
            for version in accepted:
                offer = replace(_old_offer(_OLD[version]), sni=sni)
                yield from self._prune(f"all_{_short(version)}", offer, Span.OLD, set(), set())
        elif accepted:
            wanted: set[str] = {*WEAK, SuiteClass.ANONYMOUS}
            if not self.ledger.accepts("TLSv1.2"):
                wanted |= set(KeyType)
            found = {kind for suite in self.ledger.suites for kind in self._kinds(suite)}
            found |= {self._shown.key} if self._shown.key else set()
            offer = replace(_old_offer(_OLD[accepted[0]]), sni=sni)
            yield from self._prune("weakold", offer, Span.OLD, wanted, found)

    @staticmethod
    def _older(accepted: list[str]) -> Iterator[tuple[str, HelloOffer]]:
        """Give the next hello below what was accepted last."""
        yield OLD_LABEL, _old_offer(TLS11)
        if accepted[-1] == "TLSv1.1":
            yield "ssl3_tls10", _old_offer(TLS10)
        if accepted[-1] != "SSLv3":
            yield "ssl3", _old_offer(SSL3)


def _old_offer(version: int) -> HelloOffer:
    """No SNI: what is old may choke on it."""
    return HelloOffer(version, SUITES_SSL3 if version == SSL3 else SUITES_OLD)


def _short(version: str) -> str:
    return {"TLSv1.1": "tls11", "TLSv1": "tls10", "SSLv3": "ssl3"}[version]
