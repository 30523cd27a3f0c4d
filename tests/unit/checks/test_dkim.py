"""DKIM keys of a domain: what its listed selectors publish, and what a wildcard makes of it."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.checks.views import SelectorView
from compliance.model.observation import Observation
from compliance.records.wildcard import beside
from tests.unit.checks.build import DOMAIN, context, dns, domain_view, judged, noticed, subject, told, unheard
from tests.unit.checks.mails import mail, signature
from tests.unit.checks.rounds import met, round_of

Facts = tuple[Observation, ...]


def txt(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return dns(name, "TXT", *texts, rcode=rcode)


def _rsa(bits: int) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


STRONG, WEAK = _rsa(2048), _rsa(1024)
BARE = base64.b64encode(
    rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
).decode()
ED = base64.b64encode(
    ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
).decode()
STRONG_KEY, WEAK_KEY, ED_KEY = f"v=DKIM1; p={STRONG}", f"v=DKIM1; k=rsa; p={WEAK}", f"v=DKIM1; k=ed25519; p={ED}"
REVOKED, TESTING, SHA1 = "v=DKIM1; p=", f"v=DKIM1; t=y; p={STRONG}", f"v=DKIM1; h=sha1; p={STRONG}"


def key(selector: str, *texts: str, rcode: str = "NOERROR") -> Observation:
    return txt(*texts, name=f"{selector}._domainkey.{DOMAIN}", rcode=rcode)


GUARD = beside(f"_domainkey.{DOMAIN}").name


def guard(*texts: str, rcode: str = "NOERROR") -> Observation:
    return txt(*texts, name=GUARD, rcode=rcode)


UNHEARD = unheard(f"s2._domainkey.{DOMAIN}", "TXT")
KEYS = [
    ((), (), "not_tested no_evidence no_selectors_known", []),
    (("s1",), (key("s1", STRONG_KEY),), "pass dkim_key_published", []),
    (("s1", "s2"), (key("s1", STRONG_KEY), key("s2", ED_KEY)), "pass dkim_key_published", []),
    (("s1", "s2"), (key("s1", REVOKED), key("s2", ED_KEY)), "pass dkim_key_published", ["dkim_selectors_idle"]),
    (("s1", "s2"), (key("s1", STRONG_KEY), UNHEARD), "pass dkim_key_published", ["dkim_selectors_idle"]),
    (("s1", "s2"), (key("s1", REVOKED), UNHEARD), "not_tested theirs dns_no_answer", []),
    (("s1",), (), "not_tested no_evidence not_recorded", []),
    (("s1",), (key("s1", rcode="NXDOMAIN"),), "fail dkim_missing", []),
    (("s1",), (key("s1"),), "fail dkim_missing", []),
    (("s1",), (key("s1", STRONG_KEY, ED_KEY),), "fail dkim_several", []),
    (("s1",), (key("s1", "v=spf1 -all"),), "fail dkim_version", []),
    (("s1",), (key("s1", f"k=rsa; v=DKIM1; p={STRONG}"),), "fail dkim_version", []),
    (("s1",), (key("s1", f"v=DKIM1; p={STRONG}; p={STRONG}"),), "fail dkim_unreadable", []),
    (("s1",), (key("s1", f"v=DKIM1; k=dsa; p={STRONG}"),), "fail dkim_key_type", []),
    (("s1",), (key("s1", f"v=DKIM1; s=tlsrpt; p={STRONG}"),), "fail dkim_not_for_mail", []),
    (("s1",), (key("s1", f"v=DKIM1; h=md5; p={STRONG}"),), "fail dkim_no_hash", []),
    (("s1",), (key("s1", f"v=DKIM1; p={STRONG[:-5]}"),), "fail dkim_broken_key", []),
    (("s1",), (key("s1", "v=DKIM1; p=AAAA"),), "fail dkim_broken_key", []),
    (("s1",), (key("s1", f"v=DKIM1; k=ed25519; p={STRONG}"),), "fail dkim_broken_key", []),
    (("s1",), (key("s1", f"v=DKIM1; t=s; p={STRONG}"),), "pass dkim_key_published", []),
    (("s1",), (key("s1", f"v=DKIM1; p={BARE}"),), "pass dkim_key_published", ["dkim_bare_key"]),
    (("s1",), (key("s1", "v=spf1 -all", STRONG_KEY, "eier: IT-drift"),), "pass dkim_key_published", []),
    (("s1",), (key("s1", "v=spf1 -all", "annet"),), "fail dkim_version", []),
    (("s1",), (key("s1", REVOKED, STRONG_KEY),), "fail dkim_several", []),
    (("s1",), (key("s1", "p=\xe6", STRONG_KEY),), "fail dkim_several", []),
    (("s1",), (key("s1", REVOKED),), "fail dkim_revoked", []),
    (("s1",), (key("s1", TESTING),), "fail dkim_testing", []),
    # what a wildcard says
    (("s1",), (key("s1", STRONG_KEY), guard(rcode="NXDOMAIN")), "pass dkim_key_published", []),
    (("s1",), (key("s1", STRONG_KEY), guard(STRONG_KEY)), "not_tested no_evidence dkim_wildcard", []),
    (("s1",), (key("s1", STRONG_KEY), guard(ED_KEY)), "pass dkim_key_published", []),
    (("s1",), (key("s1", STRONG_KEY, "x"), guard("x", STRONG_KEY)), "not_tested no_evidence dkim_wildcard", []),
    (("s1",), (key("s1", REVOKED), guard(REVOKED)), "fail dkim_only_wildcard", []),
    (("s1",), (key("s1", "v=spf1 -all"), guard("v=spf1 -all")), "fail dkim_only_wildcard", []),
    (("s1",), (key("s1"), guard("v=spf1 -all")), "fail dkim_missing", []),
    (
        ("s1", "s2"),
        (key("s1", STRONG_KEY), key("s2", ED_KEY), guard(ED_KEY)),
        "pass dkim_key_published",
        ["dkim_selectors_idle"],
    ),
    (("s1", "s2"), (key("s1", STRONG_KEY), UNHEARD, guard(STRONG_KEY)), "not_tested theirs dns_no_answer", []),
    (("s1",), (key("s1", STRONG_KEY), unheard(GUARD, "TXT")), "pass dkim_key_published", ["dkim_guard_unheard"]),
]


@pytest.mark.parametrize(("selectors", "facts", "expected", "notices"), KEYS)
def test_one_listed_selector_with_a_sound_key_is_enough(
    selectors: tuple[str, ...], facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context((guard(rcode="NXDOMAIN"), *facts), subject(dkim_selectors=selectors))
    verdict = judged(run, "U02-3-1", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


SIGNED = mail(signatures=(signature(selector="s7"), signature(selector="made-up"), signature("else.example", "s1")))
LEARNED = [
    ((), (SIGNED, key("s7", STRONG_KEY)), "pass dkim_key_published", ["dkim_selectors_learned"]),
    ((), (SIGNED, key("s7", REVOKED)), "not_tested no_evidence no_selectors_known", []),
    ((), (SIGNED,), "not_tested no_evidence no_selectors_known", []),
    ((), (SIGNED, key("s7", STRONG_KEY), guard(STRONG_KEY)), "not_tested no_evidence no_selectors_known", []),
    ((), (SIGNED, key("s1", STRONG_KEY)), "not_tested no_evidence no_selectors_known", []),
    (("s1",), (SIGNED, key("s1", STRONG_KEY)), "pass dkim_key_published", []),
    (("s1",), (SIGNED, key("s1", REVOKED), key("s7", STRONG_KEY)), "fail dkim_revoked", ["dkim_selectors_learned"]),
    (("s7",), (SIGNED, key("s7", STRONG_KEY)), "pass dkim_key_published", []),
    ((), (round_of(met("sound", 1)), key("s1", STRONG_KEY)), "pass dkim_key_published", ["dkim_selectors_learned"]),
]


@pytest.mark.parametrize(("selectors", "facts", "expected", "notices"), LEARNED)
def test_selectors_are_learned_from_mail(
    selectors: tuple[str, ...], facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context((guard(rcode="NXDOMAIN"), *facts), subject(dkim_selectors=selectors))
    verdict = judged(run, "U02-3-1", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


#: Where an alias leads, who that is, and whose turn it is where the key is missing there.
HOLDERS = [
    ("s1-etaten._domainkey.etaten.onmicrosoft.com", "Microsoft"),
    ("k1.leverandor.no", "leverandor.no"),
    (f"k1.{DOMAIN}", ""),
]


@pytest.mark.parametrize(("leads_to", "holder"), HOLDERS)
def test_who_holds_a_key_behind_an_alias_is_told(leads_to: str, holder: str) -> None:
    for texts in ((STRONG_KEY,), ()):
        found = dns(f"s1._domainkey.{DOMAIN}", "TXT", *texts, aliases=(leads_to,))
        run = context((found, guard(rcode="NXDOMAIN")), subject(dkim_selectors=("s1",)))
        verdict = judged(run, "U02-3-1", domain_view(run))
        told_by = [notice.values["holders"] for notice in verdict.notices if notice.notice == "dkim_held_by"]
        assert (told_by if texts else verdict.values.get("holder", "")) == (
            ([[holder]] if holder else []) if texts else holder
        )


STRENGTHS = [
    ("U02-3-2", (key("s1", WEAK_KEY),), "pass dkim_strong_key"),
    ("U02-3-4", (key("s1", WEAK_KEY),), "fail dkim_weak_key"),
    ("U02-3-4", (key("s1", STRONG_KEY),), "pass dkim_strong_key"),
    ("U02-3-4", (key("s1", ED_KEY),), "pass dkim_strong_key"),
    ("U02-3-4", (key("s1", WEAK_KEY), key("s2", ED_KEY)), "pass dkim_ed25519_beside"),
    ("U02-3-4", (key("s1", WEAK_KEY), key("s2", f"t=y; {ED_KEY[9:]}")), "fail dkim_weak_key"),
    ("U02-3-2", (key("s1", SHA1),), "fail dkim_only_sha1"),
    ("U02-3-2", (key("s1", f"v=DKIM1; h=sha1:sha256; p={STRONG}"),), "pass dkim_strong_key"),
    ("U02-3-2", (key("s1", STRONG_KEY), guard(STRONG_KEY)), "not_applicable dkim_no_key_here"),
    ("U02-3-4", (key("s1", WEAK_KEY), key("s2", ED_KEY), guard(ED_KEY)), "fail dkim_weak_key"),
    ("U02-3-2", (key("s1", REVOKED),), "not_applicable dkim_no_key_here"),
    ("U02-3-2", (key("s1", rcode="SERVFAIL"),), "not_tested theirs dns_refused"),
]


@pytest.mark.parametrize(("requirement", "facts", "expected"), STRENGTHS)
def test_a_key_is_as_strong_as_asked(requirement: str, facts: Facts, expected: str) -> None:
    run = context(facts, subject(dkim_selectors=("s1", "s2")))
    view = SelectorView(run, run.subjects[0], run.subjects[0].kinds[0], "s1")
    assert told(judged(run, requirement, view)) == expected
