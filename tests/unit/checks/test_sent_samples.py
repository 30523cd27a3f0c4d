"""How our own hosts send, from messages received elsewhere: what proves it, and what anybody could have written."""

from dataclasses import replace

import pytest

from compliance.checks.sent_samples import signed_in_samples, starttls_in_samples, tls_in_samples
from compliance.checks.views import OutgoingView
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from tests.unit.checks.build import DOMAIN, context, dns, judged, noticed, subject, told
from tests.unit.checks.mails import HOST, SOURCE, hop, in_clear, mail, published, signature, unreadable

RELE = subject(HOST, "outbound_host", sends_for=(DOMAIN,), helo="ut.etaten.example")
OTHER = subject("rele2.etaten.example", "outbound_host", sends_for=(DOMAIN,))
CLOUD = subject("m365", "outbound_host", hostname="m365", service="exchange_online", sends_for=(DOMAIN,))
OWN = subject()
ADDRESS = (dns(HOST, "A", SOURCE), dns(HOST, "AAAA"))
EVIL, WEAK = "203.0.113.66", {"version": "TLSv1", "suite": "ECDHE-RSA-AES128-SHA"}
WITHIN = hop(name="in.part.example", verified="in.part.example", address="198.51.100.5", by="box.part.example")
INSIDE = hop(name="a", verified="", address="10.1.2.3", by="box.part.example")
FORGED = hop(name=HOST, verified=HOST, by="mx2.part.example")
STRANGER = {"verified": "", "address": EVIL, "protocol": "ESMTP", "version": "", "suite": ""}
GOOGLE = hop(name="", verified="", address="", by="2001:db8::9", protocol="SMTP", version="", suite="")
FRONT = hop(verified="", by="x.mail.protection.outlook.com")
WITHIN_EXCHANGE = hop(name="y.prod.outlook.com", verified="", address="2603:10a6:10:1::5", by="z.prod.outlook.com")
OUT = "mail-a.outbound.protection.outlook.com"
NONE, CLEAR = "not_tested no_evidence no_sent_sample", "not_tested no_evidence sample_not_encrypted"
Row = tuple[str, tuple[Observation, ...], str, list[str]]


def view(seen: tuple[Observation, ...], sender: Subject = RELE, *others: Subject) -> OutgoingView:
    run = context((*ADDRESS, *seen), sender, OWN, *(others or (OTHER,)))
    return OutgoingView(run, sender, Kind.OUTBOUND_HOST, sender)


STARTTLS: list[Row] = [
    ("under TLS", (mail(),), "pass sample_encrypted", []),
    ("by its address alone", (mail(hop(verified="", name="x")),), "pass sample_encrypted", []),
    ("by the name the receiver found", (mail(hop(address="198.51.100.1")),), "pass sample_encrypted", []),
    ("by the name it called itself", (mail(hop(address=EVIL, verified="")),), NONE, []),
    ("without a note of its version", (mail(hop(version="", suite="")),), "pass sample_encrypted", []),
    ("nothing supplied", (), NONE, []),
    ("on through the receiver's house", (mail(WITHIN, hop()),), "pass sample_encrypted", []),
    ("on inside the receiver's network", (mail(INSIDE, hop()),), "pass sample_encrypted", []),
    ("on through Google", (mail(GOOGLE, hop(by="mx.google.com")),), "pass sample_encrypted", []),
    ("on through Exchange", (mail(WITHIN_EXCHANGE, FRONT),), "pass sample_encrypted", []),
    ("a stranger that calls itself Exchange", (mail(replace(WITHIN_EXCHANGE, from_address=EVIL), FRONT),), NONE, []),
    ("a stranger's forged hop below its own", (mail(hop(name="evil.example", **STRANGER), FORGED),), NONE, []),
    ("a stranger that calls itself ours", (mail(hop(**STRANGER), FORGED),), NONE, []),
    ("a stranger of no readable name", (mail(replace(GOOGLE, by=""), FORGED),), NONE, []),
    ("by way of somebody else", (mail(hop(name="filter.example", verified="filter.example", address=EVIL), FORGED),), NONE, []),  # noqa: E501
    ("to a server of our own", (mail(hop(by="post.etaten.example")),), NONE, []),
    ("between two of our hosts", (mail(hop(by="rele2.etaten.example")),), NONE, []),
    ("of no known time", (mail(replace(hop(), time="")),), NONE, []),
    ("in clear, once", (mail(in_clear()),), CLEAR, []),
    ("in clear to a receiver never seen with TLS", (mail(in_clear(-10)), mail(in_clear(-8)), mail(hop(by="mx.else.example"))), "pass sample_encrypted", ["sample_some_clear"]),  # noqa: E501
    ("in clear, once, where others came under TLS", (mail(hop(-12)), mail(in_clear(-10)), mail(hop(-8))), "pass sample_encrypted", ["sample_some_clear"]),  # noqa: E501
    ("in clear twice in a day", (mail(hop(-12)), mail(in_clear()), mail(in_clear()), mail(hop(-8))), "pass sample_encrypted", ["sample_some_clear"]),  # noqa: E501
    ("in clear for days, where others came under TLS", (mail(hop(-12)), mail(in_clear(-11)), mail(in_clear(-9)), mail(hop(-8))), "fail sample_sent_clear", []),  # noqa: E501
    ("in clear long before it had TLS", (mail(in_clear(-60)), mail(in_clear(-50)), mail(hop(-8))), "pass sample_encrypted", ["sample_some_clear"]),  # noqa: E501
    ("in clear for days, where our other host had TLS", (mail(in_clear(-11)), mail(in_clear(-9)), mail(hop(-12, verified="rele2.etaten.example", address="198.51.100.9")), mail(hop(-8, verified="rele2.etaten.example", address="198.51.100.9"))), "fail sample_sent_clear", []),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "expected", "notices"), [row[1:] for row in STARTTLS], ids=[row[0] for row in STARTTLS]
)
def test_what_the_receiver_wrote_of_the_hop_out(
    seen: tuple[Observation, ...], expected: str, notices: list[str]
) -> None:
    found = starttls_in_samples(view(seen), {"recent_days": 7})

    assert (told(found), noticed(found)) == (expected, notices)


UNTOLD = "not_tested no_evidence sample_tls_untold"
VERSIONS: list[Row] = [
    ("1.3", (mail(),), "pass sample_strong_tls", []),
    ("1.2 by OpenSSL's name", (mail(hop(version="TLSv1.2", suite="ECDHE-RSA-AES256-GCM-SHA384")),), "pass sample_strong_tls", []),  # noqa: E501
    ("1.2 by the registered name", (mail(hop(version="TLSv1.2", suite="TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")),), "pass sample_strong_tls", []),  # noqa: E501
    ("1.2 with a suite nobody knows", (mail(hop(version="TLSv1.2", suite="ECDHE_X25519__AES")),), UNTOLD, []),
    ("1.2 without a suite", (mail(hop(version="TLSv1.2", suite="")),), UNTOLD, []),
    ("not noted", (mail(hop(version="", suite="")),), UNTOLD, []),
    ("old, and nothing better seen there", (mail(hop(-11, **WEAK)), mail(hop(-9, **WEAK))), UNTOLD, []),
    ("old for days where others had better", (mail(hop(-12)), mail(hop(-11, **WEAK)), mail(hop(-9, **WEAK)), mail(hop(-8))), "fail sample_weak_tls", []),  # noqa: E501
    ("anonymous for days", (mail(hop(-12)), *(mail(hop(at, version="TLSv1.2", suite="ADH-AES256-GCM-SHA384")) for at in (-11, -9)), mail(hop(-8))), "fail sample_weak_tls", []),  # noqa: E501
    ("old with another receiver", (mail(), mail(hop(-11, by="mx.else.example", **WEAK)), mail(hop(-9, by="mx.else.example", **WEAK))), "pass sample_strong_tls", ["sample_some_weak"]),  # noqa: E501
    ("nothing", (), NONE, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "expected", "notices"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS]
)
def test_which_tls_the_receiver_noted(seen: tuple[Observation, ...], expected: str, notices: list[str]) -> None:
    found = tls_in_samples(view(seen), {"recent_days": 7})

    assert (told(found), noticed(found)) == (expected, notices)


GOOD, POLICY = mail(signatures=(signature(),)), dns(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject")
STRICT = dns(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; adkim=s")
BELOW, UNPROVEN = f"post.{DOMAIN}", "not_tested no_evidence sample_signature_unproven"
ELSEWHERE = signature("etaten.onmicrosoft.example")
SIGNED: list[Row] = [
    ("by the key in the DNS", (GOOD, published()), "pass sent_signed", []),
    ("a key that was not asked for", (GOOD,), UNPROVEN, []),
    ("a key on trial", (GOOD, published(more="t=y; ")), UNPROVEN, []),
    ("another key by now", (GOOD, published("s2")), UNPROVEN, []),
    ("words that were changed", (mail(signatures=(signature(words=b"x"),)), published()), UNPROVEN, []),
    ("a body that was changed", (mail(signatures=(signature(body=False),)), published()), UNPROVEN, []),
    ("one good of two", (mail(signatures=(signature(body=False), signature())), published()), "pass sent_signed", []),
    ("one message of two", (GOOD, mail(signatures=(signature(selector="s9"),)), published()), "pass sent_signed", ["sample_some_unproven"]),  # noqa: E501
    ("not at all", (mail(),), "fail sent_unsigned", []),
    ("not at all, beside one that is", (GOOD, mail(), published()), "fail sent_unsigned", []),
    ("not at all, through a list", (mail(by_list=True),), UNPROVEN, []),
    ("in a way nobody can read", (mail(signatures=(unreadable(signature()),)),), UNPROVEN, []),
    ("for another domain", (mail(signatures=(ELSEWHERE,)),), "fail sent_unaligned", []),
    ("for another domain, through a list", (mail(signatures=(ELSEWHERE,), by_list=True),), UNPROVEN, []),
    ("for a domain below", (mail(signatures=(signature(BELOW),)), published(domain=BELOW), POLICY), "pass sent_signed", []),  # noqa: E501
    ("for a domain below, where it must be the same", (mail(signatures=(signature(BELOW),)), published(domain=BELOW), STRICT), "fail sent_unaligned", []),  # noqa: E501
    ("for a domain below, the policy unknown", (mail(signatures=(signature(BELOW),)), published(domain=BELOW)), UNPROVEN, []),  # noqa: E501
    ("from a domain it does not send for", (mail(from_domain="else.example", signatures=(signature(),)),), "not_tested no_evidence sent_from_elsewhere", []),  # noqa: E501
    ("signed, but handed over by a stranger", (mail(hop(**STRANGER), signatures=(signature(),)), published()), "not_tested no_evidence no_sent_message", []),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("seen", "expected", "notices"), [row[1:] for row in SIGNED], ids=[row[0] for row in SIGNED])
def test_whether_it_was_signed(seen: tuple[Observation, ...], expected: str, notices: list[str]) -> None:
    found = signed_in_samples(view(seen), {})

    assert (told(found), noticed(found)) == (expected, notices)


def test_all_domains_of_a_host_must_be_seen() -> None:
    two = replace(RELE, sends_for=(DOMAIN, "avis.example"))

    assert told(signed_in_samples(view((GOOD, published()), two), {})) == "not_tested no_evidence sent_domains_missing"


@pytest.mark.parametrize(
    ("domain", "verified", "expected"),
    [(DOMAIN, OUT, "pass sample_encrypted"), ("else.example", OUT, NONE), (DOMAIN, "", NONE), (DOMAIN, f"{OUT}.evil.example", NONE)],  # noqa: E501
)  # fmt: skip
def test_a_service_is_ours_by_its_name_and_our_domain(domain: str, verified: str, expected: str) -> None:
    seen = mail(hop(name=OUT, verified=verified, address="40.107.1.1"), from_domain=domain)

    assert told(starttls_in_samples(view((seen,), CLOUD, RELE), {"recent_days": 7})) == expected


def test_samples_answer_for_three_requirements() -> None:
    seen = view((GOOD, published()))
    expected = {"U02-1a-1": "sample_encrypted", "U02-1a-2": "sample_strong_tls", "U02-3-3": "sent_signed"}

    assert {key: judged(seen.context, key, seen).reason for key in expected} == expected
