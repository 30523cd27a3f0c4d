"""What the TLS walk found of one address: each item with its value, whether it is proven, and what it rests on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from compliance.records.tls_answer import Answer, KeyExchange
from compliance.records.tls_classes import (
    WEAK,
    KeyType,
    SuiteClass,
    classes,
    is_authenticated,
    is_ephemeral_dh,
    is_static,
    key_type,
)
from compliance.records.tls_ledger import OLD_VERSIONS, Asked, Ledger, Span
from compliance.records.tls_question import Outcome
from compliance.records.tls_suites import NAMES, suite_name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One thing found. Not proven: the value is what was seen so far, and nothing may be concluded from it.

    `questions` are the questions' names in the evidence.
    """

    value: T
    proven: bool
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """The TLS of one address. Lists of suites hold IANA names; a list that is empty and proven says: none.

    `weak` by class (null, export, des, 3des, rc4, md5); in a light walk one suite of each stands for all.
    `without_forward_secrecy` and `dhe_group` are about authenticated suites of TLS 1.2; `dhe_group` is the smallest.
    `compression` and `renegotiation` (RFC 5746 announced) are None where no hello of TLS 1.2 or older was accepted:
    proven then means that none ever is. `certificates` and `staples` are DER, by type of key; TLS 1.3 hides staples
    from a raw hello, and shows them to a session. `presented` is every chain with an RSA or ECDSA key that was shown,
    each once: a pool may have several for one type of key.
    """

    versions: Mapping[str, Item[bool]]
    weak: Mapping[SuiteClass, Item[tuple[str, ...]]]
    anonymous: Item[tuple[str, ...]]
    without_forward_secrecy: Item[tuple[str, ...]]
    dhe_group: Item[KeyExchange | None]
    compression: Item[bool | None]
    renegotiation: Item[bool | None]
    certificates: Mapping[KeyType, Item[tuple[bytes, ...]]]
    presented: tuple[Item[tuple[bytes, ...]], ...]
    staples: Mapping[KeyType, Item[bytes]]
    client_certificate_asked: Item[bool]
    suites: tuple[tuple[str, str], ...]  # every (version, suite) seen accepted, in order
    questions: tuple[str, ...]  # every question that was put, in order

    @property
    def weak_suites(self) -> tuple[str, ...]:
        """Every weak suite seen accepted, each once."""
        return tuple(dict.fromkeys(name for item in self.weak.values() for name in item.value))


def profile_of(ledger: Ledger) -> TlsProfile:
    """Read the book of a walk."""
    certificates = {key: _certificate(ledger, key) for key in KeyType}
    return TlsProfile(
        versions=_versions(ledger),
        weak={each: _suites(ledger, _of(each)) for each in WEAK},
        anonymous=_suites(ledger, _of(SuiteClass.ANONYMOUS)),
        without_forward_secrecy=_static(ledger),
        dhe_group=_dhe_group(ledger),
        compression=_compression(ledger),
        renegotiation=_renegotiation(ledger),
        certificates=certificates,
        presented=_presented(ledger),
        staples={key: _staple(ledger, key, item) for key, item in certificates.items()},
        client_certificate_asked=_client_certificate(ledger),
        suites=_accepted(ledger),
        questions=tuple(ledger.questions),
    )


def _of(kind: SuiteClass) -> Callable[[int], bool]:
    return lambda suite: kind in classes(suite)


def _named(*entries: Iterable[Asked]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for some in entries for each in some for name in each.questions))


def _versions(ledger: Ledger) -> dict[str, Item[bool]]:
    return {
        "SSLv2": _by_question(ledger, Span.SSL2),
        **{version: _old_version(ledger, version) for version in OLD_VERSIONS},
        "TLSv1.2": _tls12(ledger),
        "TLSv1.3": _tls13(ledger),
    }


def _by_question(ledger: Ledger, span: Span) -> Item[bool]:
    """A version that one question settles."""
    put = [each for each in ledger.entries if each.span is span]
    taken = any(each.version for each in put)
    return Item(taken, taken or any(each.refuses for each in put), _named(put))


def _accepting(ledger: Ledger, version: str) -> tuple[str, ...]:
    """The session, a hello, or a session of the walk: a pool of servers may not answer alike twice."""
    own = (ledger.shown.question,) if ledger.shown.version == version else ()
    met = own or _named(each for each in ledger.entries if each.version == version)[:1]
    return met or tuple(question for question, shown in ledger.handshakes if shown.version == version)[:1]


def _old_version(ledger: Ledger, version: str) -> Item[bool]:
    if names := _accepting(ledger, version):
        return Item(True, True, names)
    proof = ledger.refusing_old(version)
    put = [proof] if proof else [each for each in ledger.entries if each.span is Span.OLD]
    return Item(False, proof is not None, _named(put))


def _tls12(ledger: Ledger) -> Item[bool]:
    if names := _accepting(ledger, "TLSv1.2"):
        return Item(True, True, names)
    older = (ledger.shown.question,) if ledger.shown.version in OLD_VERSIONS else ()
    return Item(False, ledger.refused_tls12, older + _named(each for each in ledger.entries if each.span is Span.TLS12))


def _tls13(ledger: Ledger) -> Item[bool]:
    """A session offers TLS 1.3, so that one with an older version refuses it (RFC 8446 section 4.2.1)."""
    if ledger.shown.version:
        return Item(ledger.shown.version == "TLSv1.3", True, (ledger.shown.question,))
    return _by_question(ledger, Span.TLS13)


def _suites(ledger: Ledger, wanted: Callable[[int], bool]) -> Item[tuple[str, ...]]:
    found = [each for each in ledger.accepted() if wanted(each.suite or 0)]
    own = [number for number in ledger.suites if wanted(number)]
    if own:
        session = (ledger.shown.question,) if ledger.shown.suite in {NAMES[number] for number in own} else ()
        return Item(tuple(suite_name(number) for number in own), True, session + _named(found))
    put = _named(each for each in ledger.entries if each.span in {Span.TLS12, Span.OLD})
    return Item((), ledger.lacks_12(wanted) and ledger.lacks_old(wanted), put)


def _static(ledger: Ledger) -> Item[tuple[str, ...]]:
    found = [each for each in ledger.accepted() if each.version == "TLSv1.2" and is_static(each.suite or 0)]
    names = [suite_name(each.suite or 0) for each in found]
    session: tuple[str, ...] = ()
    own = next((number for number, name in NAMES.items() if name == ledger.shown.suite), 0)
    if ledger.shown.version == "TLSv1.2" and is_static(own):
        names.insert(0, ledger.shown.suite)
        session = (ledger.shown.question,)
    if ledger.undone:  # what was chosen in a hello and breaks off in every session is used by nobody
        names = [name for name in names if not name.startswith("TLS_RSA_")]
    if names:
        return Item(tuple(dict.fromkeys(names)), True, session + _named(found))

    def counts(suite: int) -> bool:
        return is_static(suite) and not (ledger.undone and SuiteClass.STATIC_RSA in classes(suite))

    put = _named(each for each in ledger.entries if each.span is Span.TLS12)
    return Item((), ledger.lacks_12(counts), (*put, *filter(None, [ledger.undone])))


def _dhe_group(ledger: Ledger) -> Item[KeyExchange | None]:
    met = [each for each in ledger.accepted() if each.version == "TLSv1.2" and is_ephemeral_dh(each.suite or 0)]
    groups = [each.answer.key_exchange for each in met if each.answer and each.answer.key_exchange]
    if groups:
        return Item(min(groups, key=lambda group: group.bits), True, _named(met))
    put = _named(each for each in ledger.entries if each.span is Span.TLS12)
    return Item(None, not met and ledger.lacks_12(is_ephemeral_dh), put)


def _hellos(ledger: Ledger) -> list[tuple[Asked, Answer]]:
    """Hellos accepted in TLS 1.2 and older: only those versions compress and renegotiate."""
    return [(each, each.answer) for each in ledger.accepted() if each.answer and each.version != "TLSv1.3"]


def _none_spoken(ledger: Ledger) -> Item[bool | None]:
    """Nothing of TLS 1.2 and older was accepted; proven if all of it is refused."""
    old = all(ledger.refusing_old(version) for version in OLD_VERSIONS)
    put = _named(each for each in ledger.entries if each.span in {Span.TLS12, Span.OLD})
    return Item(None, ledger.refused_tls12 and old, put)


def _compression(ledger: Ledger) -> Item[bool | None]:
    heard = [(each, answer.hello) for each, answer in _hellos(ledger) if answer.hello and each.offer.compression]
    if not heard:
        return _none_spoken(ledger)
    with_it = [each for each, hello in heard if hello.compression]
    return Item(bool(with_it), True, _named(with_it or [each for each, _ in heard]))


def _renegotiation(ledger: Ledger) -> Item[bool | None]:
    heard = [(each, answer.hello) for each, answer in _hellos(ledger) if answer.hello]
    if not heard:
        return _none_spoken(ledger)
    without = [each for each, hello in heard if not hello.secure_renegotiation]
    return Item(not without, True, _named(without or [each for each, _ in heard]))


def _certificate(ledger: Ledger, key: KeyType) -> Item[tuple[bytes, ...]]:
    """The chain of one type of key: the session's own, a restricted session's, or a hello's."""
    if ledger.shown.key is key:
        return Item(ledger.shown.chain, True, (ledger.shown.question,))
    for each, answer in _hellos(ledger):
        if key_type(each.suite or 0) is key and answer.certificates:
            return Item(answer.certificates, True, _named([each]))
    restricted = [(question, answer) for question, wanted, answer in ledger.sessions if wanted is key]
    for question, reply in restricted:
        if reply.shown and reply.shown.key is key:
            return Item(reply.shown.chain, True, (question,))
    put = _named(each for each in ledger.entries if each.span in {Span.TLS12, Span.OLD})
    names = put + tuple(question for question, _ in restricted)
    return Item((), _lacks_key(ledger, key, [answer.outcome for _, answer in restricted]), names)


def _presented(ledger: Ledger) -> tuple[Item[tuple[bytes, ...]], ...]:
    """What is chosen in a hello and breaks off in every session is shown to nobody."""
    found: dict[tuple[bytes, ...], tuple[str, ...]] = {}
    for question, shown in ((ledger.shown.question, ledger.shown), *ledger.handshakes):
        found[shown.chain] = (*found.get(shown.chain, ()), question)
    for each, answer in _hellos(ledger):
        key = key_type(each.suite or 0)
        undone = ledger.undone and SuiteClass.STATIC_RSA in classes(each.suite or 0)
        if key in {KeyType.RSA, KeyType.ECDSA} and not undone:
            found[answer.certificates] = (*found.get(answer.certificates, ()), *each.questions)
    return tuple(Item(chain, True, questions) for chain, questions in found.items() if chain)


def _lacks_key(ledger: Ledger, key: KeyType, sessions: list[Outcome]) -> bool:
    """Whether it is proven that there is no certificate of a type of key."""

    def wanted(suite: int) -> bool:
        return key_type(suite) is key

    if not ledger.refused_tls12:
        return ledger.lacks_12(wanted)
    if ledger.shown.version == "TLSv1.3":
        return key is KeyType.DSA or Outcome.REFUSED in sessions  # TLS 1.3 has no DSA
    return ledger.lacks_old(wanted)


def _staple(ledger: Ledger, key: KeyType, certificate: Item[tuple[bytes, ...]]) -> Item[bytes]:
    asked = [
        (each, answer)
        for each, answer in _hellos(ledger)
        if each.offer.stapling and not each.offer.small and key_type(each.suite or 0) is key
    ]
    if asked:
        given = next(((each, answer) for each, answer in asked if answer.ocsp), asked[0])
        return Item(given[1].ocsp, True, _named([given[0]]))
    return Item(b"", certificate.proven and not certificate.value, certificate.questions)


def _client_certificate(ledger: Ledger) -> Item[bool]:
    """An anonymous server may not ask for one (RFC 5246 section 7.4.4), so it proves nothing."""
    heard = [(each, answer) for each, answer in _hellos(ledger) if is_authenticated(each.suite or 0)]
    asking = [each for each, answer in heard if answer.certificate_asked]
    return Item(bool(asking), bool(heard), _named(asking or [each for each, _ in heard]))


def _accepted(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    own = [(ledger.shown.version, ledger.shown.suite)] if ledger.shown.version else []
    found = [(each.version, suite_name(each.suite or 0)) for each in ledger.accepted()]
    return tuple(dict.fromkeys((*own, *found)))
