"""How our own hosts send, from rounds of the canary: what proves it, what denies it, and what proves nothing."""

from dataclasses import replace

import pytest

from compliance.checks.canary import starttls_at_canary, tls_at_canary
from compliance.checks.canary_rounds import Proof, rounds_of
from compliance.checks.outgoing import joined
from compliance.checks.registry import failed, not_tested, passed, resting_on
from compliance.checks.views import OutgoingView
from compliance.model.canary import CanarySession, DkimSeen, Stage
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from tests.unit.checks.build import context, dns, judged, noticed, subject, told
from tests.unit.checks.rounds import FAILED, GOOD, HOST, OLD_HELLO, SOURCE, TLS, hello, met, of_openssl, round_of, tried

RELE = subject(HOST, "outbound_host", hostname=SOURCE, sends_for=("etaten.example",), helo="ut.etaten.example")
CLOUD = subject("m365", "outbound_host", hostname="m365", service="exchange_online", sends_for=("etaten.example",))
SOUND = met("sound", 1)


def judge(requirement: str, *seen: Observation, sender: Subject = RELE) -> Verdict:
    run = context(seen, sender)
    return judged(run, requirement, OutgoingView(run, sender, Kind.OUTBOUND_HOST, sender))


CLEAR = met("sound", 1, tls=None)
STARTTLS = [
    ("under TLS", (round_of(SOUND),), "pass canary_sent_encrypted", []),
    ("in clear to the sound persona", (round_of(CLEAR),), "fail canary_sent_clear", []),
    ("once under TLS and once in clear", (round_of(SOUND, replace(CLEAR, started=SOUND.started)),), "fail canary_sent_clear", []),  # noqa: E501
    ("in clear after a handshake the sound persona would have done", (round_of(*tried("sound", 0, tls=FAILED), CLEAR),), "fail canary_sent_clear", []),  # noqa: E501
    ("in clear to the untrusted persona at once", (round_of(SOUND, met("untrusted", 2, tls=None)),), "fail canary_sent_clear", ["canary_delivered_anyway"]),  # noqa: E501
    ("in clear to the untrusted persona after it did not trust it", (round_of(SOUND, *tried("untrusted", 2, tls=FAILED), met("untrusted", 3, tls=None)),), "pass canary_sent_encrypted", ["canary_delivered_anyway"]),  # noqa: E501
    ("in clear where there was no other way", (round_of(SOUND, met("no-starttls", 2, tls=None)),), "pass canary_sent_encrypted", ["canary_delivered_anyway"]),  # noqa: E501
    ("only where there was no other way", (round_of(met("no-starttls", 2, tls=None)),), "not_tested no_evidence canary_sound_missing", ["canary_delivered_anyway"]),  # noqa: E501
    ("only to the untrusted persona", (round_of(met("untrusted", 2)),), "not_tested no_evidence canary_sound_missing", ["canary_delivered_anyway"]),  # noqa: E501
    ("nothing came", (round_of(),), "not_tested no_evidence canary_nothing_arrived", []),
    ("by a host it hands its mail to", (round_of(met("sound", 1, source="192.0.2.77", ehlo="smart.supplier.example")),), "not_tested no_evidence canary_sent_by_another", []),  # noqa: E501
    ("in clear by a host it hands its mail to", (round_of(met("sound", 1, tls=None, source="192.0.2.77", ehlo="smart.supplier.example")),), "not_tested no_evidence canary_sent_by_another", []),  # noqa: E501
    ("from behind a translated address, by its name", (round_of(met("sound", 1, source="203.0.113.9")),), "pass canary_sent_encrypted", []),  # noqa: E501
    ("another host's round", (round_of(SOUND, hosts=("annen",)),), "not_tested no_evidence canary_not_run", []),
    ("no round at all", (), "not_tested no_evidence canary_not_run", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "expected", "notices"), [row[1:] for row in STARTTLS], ids=[row[0] for row in STARTTLS]
)
def test_what_was_sent_where_starttls_was_offered(
    seen: tuple[Observation, ...], expected: str, notices: list[str]
) -> None:
    run = context(seen, RELE)
    found = starttls_at_canary(OutgoingView(run, RELE, Kind.OUTBOUND_HOST, RELE), {})

    assert told(found) == expected
    assert noticed(found) == notices


OLD = replace(FAILED, hello=OLD_HELLO, failure="unsupported protocol")
WEAK = replace(TLS, version="TLSv1.2", suite="TLS_ECDH_anon_WITH_AES_256_CBC_SHA")
VERSIONS = [
    ("1.3", (SOUND,), "pass canary_strong_tls", []),
    ("1.2 with forward secrecy", (met("sound", 1, tls=replace(TLS, version="TLSv1.2", suite="TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")),), "pass canary_strong_tls", []),  # noqa: E501
    ("an older version", (met("sound", 1, tls=replace(TLS, version="TLSv1", suite="TLS_RSA_WITH_AES_128_CBC_SHA")),), "fail canary_weak_tls", []),  # noqa: E501
    ("an anonymous suite", (met("sound", 1, tls=WEAK),), "fail canary_weak_tls", []),
    ("a weak suite", (met("sound", 1, tls=replace(WEAK, suite="TLS_RSA_WITH_RC4_128_SHA")),), "fail canary_weak_tls", []),  # noqa: E501
    ("a suite nobody knows", (met("sound", 1, tls=replace(WEAK, suite="0xC0FE")),), "fail canary_weak_tls", []),
    ("nothing new in its offer", (*tried("sound", 0, tls=OLD), met("sound", 1, tls=None)), "fail canary_offer_too_old", []),  # noqa: E501
    ("a handshake that failed for another reason", (*tried("sound", 0, tls=FAILED), met("sound", 1, tls=None)), "not_tested no_evidence canary_sound_not_encrypted", []),  # noqa: E501
    ("in clear alone", (met("sound", 1, tls=None),), "not_tested no_evidence canary_sound_not_encrypted", []),
    ("nothing to the sound persona", (met("untrusted", 1),), "not_tested no_evidence canary_sound_not_encrypted", []),
    ("3DES in its offer", (met("sound", 1, tls=replace(TLS, hello=hello(0xC02F, 0x000A))),), "pass canary_strong_tls", ["canary_offers_weak"]),  # noqa: E501
    ("a hello that cannot be read", (met("sound", 1, tls=replace(TLS, hello=b"\x16\x03")),), "pass canary_strong_tls", []),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(
    ("sessions", "expected", "notices"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS]
)
def test_with_which_tls_it_came(sessions: tuple[CanarySession, ...], expected: str, notices: list[str]) -> None:
    run = context((round_of(*sessions),), RELE)
    found = tls_at_canary(OutgoingView(run, RELE, Kind.OUTBOUND_HOST, RELE), {})

    assert told(found) == expected
    assert noticed(found) == notices


def test_what_an_openssl_offers_is_told_by_name() -> None:
    found = judge("U02-1a-2", round_of(met("sound", 1, tls=replace(TLS, hello=of_openssl()))))

    (notice,) = found.notices
    assert "TLS_DH_anon_WITH_AES_256_GCM_SHA384" in notice.values["kinds"]  # type: ignore[operator]


def test_a_round_answers_for_both_requirements() -> None:
    assert told(judge("U02-1a-1", round_of(SOUND))) == "pass canary_sent_encrypted"
    assert told(judge("U02-1a-1", round_of(CLEAR))) == "fail canary_sent_clear"
    assert told(judge("U02-1a-2", round_of(SOUND))) == "pass canary_strong_tls"


VERDICTS = [
    ("a fault decides", (passed("a"), failed("b"), not_tested(Cause.NO_EVIDENCE, "c")), "fail b"),
    ("one proof is enough", (not_tested(Cause.NO_EVIDENCE, "c"), passed("a")), "pass a"),
    ("who looked says why", (not_tested(Cause.NO_EVIDENCE, "c"), resting_on(not_tested(Cause.NO_EVIDENCE, "d"), ["o-1"])), "not_tested no_evidence d"),  # noqa: E501
    ("else the first", (not_tested(Cause.NO_EVIDENCE, "c"), not_tested(Cause.NO_EVIDENCE, "d")), "not_tested no_evidence c"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("verdicts", "expected"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS])
def test_sources_are_joined(verdicts: tuple[Verdict, ...], expected: str) -> None:
    assert told(joined(verdicts)) == expected


def test_proofs_stand_together() -> None:
    one, two = (resting_on(passed(word, Notice(f"n{word}")), [f"o-{word}"]) for word in "ab")

    assert joined((one, two)) == resting_on(passed("a", Notice("na"), Notice("nb")), ["o-a", "o-b"])


LATER = (10, 70, 130)
PROOFS = [
    ("turned away three times", (SOUND, *tried("untrusted", *LATER)), {}, "enforced", 3),
    ("at the handshake itself", (SOUND, *tried("untrusted", *LATER, stage=Stage.STARTTLS, tls=FAILED)), {}, "enforced", 3),  # noqa: E501
    ("where no TLS was offered", (SOUND, *tried("untrusted", *LATER, stage=Stage.EHLO, tls=None)), {}, "enforced", 3),
    ("without the sound one", tried("untrusted", *LATER), {}, "unproven", 0),
    ("the sound one came after the window", (met("sound", 700), *tried("untrusted", *LATER)), {}, "unproven", 3),
    ("one attempt alone", (SOUND, *tried("untrusted", 10)), {}, "unproven", 1),
    ("two connections of one attempt", (SOUND, *tried("untrusted", 10, 10.2)), {}, "unproven", 1),
    ("a window of two pauses", (SOUND, *tried("untrusted", 10, 70)), {"window": 120.0}, "unproven", 2),
    ("a window longer than two pauses", (SOUND, *tried("untrusted", 10, 70)), {"window": 121.0}, "enforced", 2),
    ("a receiver that ended before the window", (SOUND, *tried("untrusted", 10, 70)), {"ended": 100.0}, "unproven", 2),
    ("attempts after the window", (SOUND, *tried("untrusted", 10, 700, 760)), {}, "unproven", 1),
    ("attempts of before it was sent", (SOUND, *tried("untrusted", -50, -20)), {}, "unproven", 0),
    ("another's attempts", (SOUND, *tried("untrusted", *LATER, source="203.0.113.9")), {}, "unproven", 0),
    ("another's attempts under our name", (SOUND, *tried("untrusted", *LATER, source="203.0.113.9", name="ut.etaten.example")), {}, "unproven", 0),  # noqa: E501
    ("attempts that came as far as MAIL FROM", (SOUND, *tried("untrusted", *LATER, stage=Stage.MAIL)), {}, "unproven", 0),  # noqa: E501
    ("delivered in the end", (SOUND, *tried("untrusted", *LATER), met("untrusted", 190)), {}, "delivered", 0),
    ("not handed over", (SOUND, *tried("untrusted", *LATER)), {"refusal": "rcpt: 550 no"}, "unproven", 0),
    ("attempts at another persona", (SOUND, *tried("broken-tlsa", *LATER)), {}, "unproven", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sessions", "more", "state", "attempts"), [row[1:] for row in PROOFS], ids=[row[0] for row in PROOFS]
)
def test_turning_an_unsafe_receiver_away_takes_all_three_proofs(
    sessions: tuple[CanarySession, ...], more: dict[str, float], state: str, attempts: int
) -> None:
    run = context((round_of(*sessions, **more),), RELE)  # type: ignore[arg-type]
    (found,) = rounds_of(run, RELE)

    assert found.proof("untrusted") == Proof("untrusted", state, attempts)


def test_a_service_is_known_by_the_domain_its_addresses_are_in() -> None:
    """Its names lead back to its addresses: a stranger cannot have one in the same domain."""
    sound = met("sound", 1, host="m365", source="192.0.2.50", name="a1.out.supplier.example")
    others = [
        met(
            "untrusted",
            second,
            brings=False,
            source=f"192.0.2.{51 + at}",
            name=f"{'ab'[at % 2]}{at}.out.supplier.example",
        )
        for at, second in enumerate(LATER)
    ]
    run = context((round_of(sound, *others, hosts=("m365",)),), CLOUD)
    strangers = [replace(each, name=each.name.replace("supplier", "stranger")) for each in others]
    apart = context((round_of(sound, *strangers, hosts=("m365",)),), CLOUD)

    assert rounds_of(run, CLOUD)[0].proof("untrusted").state == "enforced"
    assert rounds_of(apart, CLOUD)[0].proof("untrusted").state == "unproven"
    assert told(judge("U02-1a-1", round_of(sound, hosts=("m365",)), sender=CLOUD)) == "pass canary_sent_encrypted"


def test_what_a_host_turns_away_is_told_beside() -> None:
    found = judge(
        "U02-1a-1",
        round_of(SOUND, *tried("untrusted", *LATER), *tried("no-starttls", *LATER, tls=None), met("broken-tlsa", 9)),
    )

    assert [(notice.notice, notice.values["personas"]) for notice in found.notices] == [
        ("canary_turned_away", ["no-starttls", "untrusted"]),
        ("canary_delivered_anyway", ["broken-tlsa"]),
    ]


def signed(*signatures: DkimSeen, sender: str = "etaten.example", second: int = 1) -> CanarySession:
    return met("sound", second, signatures=signatures, sender=sender)


BROKEN = replace(GOOD, result="fail", why="body_hash")
UNSURE = replace(GOOD, result="temperror", why="no_answer")
SUB, COUSIN, OTHERS = (replace(GOOD, domain=name) for name in ("post.etaten.example", "annen.example", "supplier.no"))
RELAXED = dns("_dmarc.etaten.example", "TXT", "v=DMARC1; p=reject")
STRICT = dns("_dmarc.etaten.example", "TXT", "v=DMARC1; p=reject; adkim=s")
DKIM = [
    ("signed by the domain itself", (round_of(signed(GOOD)),), "pass sent_signed"),
    ("two messages", (round_of(signed(GOOD), signed(GOOD, second=5)),), "pass sent_signed"),
    ("one of two signatures holds", (round_of(signed(BROKEN, GOOD)),), "pass sent_signed"),
    ("by a host it hands its mail to", (round_of(replace(signed(GOOD), source="203.0.113.9", ehlo="x.example")),), "pass sent_signed"),  # noqa: E501
    ("not signed", (round_of(signed()),), "fail sent_unsigned"),
    ("one of two not signed", (round_of(signed(GOOD), signed(second=5)),), "fail sent_unsigned"),
    ("changed on the way", (round_of(signed(BROKEN)),), "fail sent_signature_broken"),
    ("a key that is gone", (round_of(signed(replace(GOOD, result="permerror", why="no_key"))),), "fail sent_signature_broken"),  # noqa: E501
    ("a field that is no signature", (round_of(signed(DkimSeen("", "", "", "permerror", "base64"))),), "fail sent_signature_broken"),  # noqa: E501
    ("signed by a key on trial", (round_of(signed(replace(GOOD, testing=True))),), "fail sent_in_testing"),
    ("signed by a key on trial, and by another", (round_of(signed(replace(GOOD, testing=True), GOOD)),), "pass sent_signed"),  # noqa: E501
    ("signed by another domain", (round_of(signed(OTHERS)), RELAXED), "fail sent_unaligned"),
    ("signed by a neighbour under the same top", (round_of(signed(COUSIN)), RELAXED), "fail sent_unaligned"),
    ("signed by a domain below, where that is enough", (round_of(signed(SUB)), RELAXED), "pass sent_signed"),
    ("signed by a domain below, where it is not", (round_of(signed(SUB)), STRICT), "fail sent_unaligned"),
    ("signed by a domain below, and nobody knows if it is enough", (round_of(signed(SUB)),), "not_tested no_evidence sent_signature_unsure"),  # noqa: E501
    ("signed by the domain itself, where nothing else is enough", (round_of(signed(GOOD)), STRICT), "pass sent_signed"),
    ("no answer for the key", (round_of(signed(UNSURE)),), "not_tested no_evidence sent_signature_unsure"),
    ("from another domain", (round_of(signed(GOOD, sender="annen.example")),), "not_tested no_evidence sent_from_elsewhere"),  # noqa: E501
    ("from nobody", (round_of(signed(GOOD, sender="")),), "not_tested no_evidence sent_from_elsewhere"),
    ("nothing came", (round_of(),), "not_tested no_evidence no_sent_message"),
    ("no round", (), "not_tested no_evidence no_sent_message"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "expected"), [row[1:] for row in DKIM], ids=[row[0] for row in DKIM])
def test_what_was_sent_is_signed_for_the_domain_it_is_from(seen: tuple[Observation, ...], expected: str) -> None:
    assert told(judge("U02-3-3", *seen)) == expected


def test_every_domain_a_host_sends_for_is_seen_or_it_is_not_proven() -> None:
    both = replace(RELE, sends_for=("etaten.example", "annen.example"))
    theirs = replace(GOOD, domain="annen.example")
    one = judge("U02-3-3", round_of(signed(GOOD)), sender=both)
    two = judge("U02-3-3", round_of(signed(GOOD), signed(theirs, sender="annen.example", second=5)), sender=both)

    assert (told(one), one.values["missing"]) == ("not_tested no_evidence sent_domains_missing", ["annen.example"])
    assert told(two) == "pass sent_signed"
    assert two.values["selectors"] == ["s1._domainkey.etaten.example", "s1._domainkey.annen.example"]
