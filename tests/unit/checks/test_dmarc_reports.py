"""DMARC reports arrive where mail is taken, and where a domain outside has agreed to take them (RFC 9990)."""

import pytest

from compliance.model.observation import Observation
from tests.unit.checks.build import DOMAIN, context, dns, domain_view, judged, noticed, subject, told, unheard
from tests.unit.checks.test_dmarc import UP, Facts, dmarc, gone, txt

OTHER = "rapport.annet.no"
AGREED = f"{DOMAIN}._report._dmarc.{OTHER}"


def rua(*addresses: str, name: str = DOMAIN) -> Observation:
    return dmarc(f"v=DMARC1; p=reject; rua={','.join(f'mailto:{each}' for each in addresses)}", name=name)


def mail(domain: str, address: str = "192.0.2.1") -> Facts:
    return (dns(domain, "MX", f"10 mx.{domain}."), dns(f"mx.{domain}", "A", address), dns(f"mx.{domain}", "AAAA"))


def no_mail(domain: str) -> Facts:
    return (dns(domain, "MX", "0 ."),)


ROOTS = (UP, dmarc(name="no"), dmarc(name="annet.no"), dmarc(name=OTHER))
AWAY = (rua(f"d@{OTHER}"), *ROOTS)
HOME = rua(f"d@{DOMAIN}")
NO_HOST = (dns(DOMAIN, "MX", "10 mx.x.example."), gone("mx.x.example"))
SUB = f"rapport.{DOMAIN}"
SUB_RUA = (rua(f"d@{SUB}"), dmarc(name=SUB), UP)
REPORTS = [
    ("home", (HOME, *mail(DOMAIN)), "pass rua_arrives", []),
    ("no MX, an address", (HOME, dns(DOMAIN, "MX"), dns(DOMAIN, "A", "192.0.2.1")), "pass rua_arrives", []),
    ("null MX", (HOME, *no_mail(DOMAIN)), "fail rua_takes_no_mail", []),
    (
        "no MX, no address",
        (HOME, dns(DOMAIN, "MX"), dns(DOMAIN, "A"), dns(DOMAIN, "AAAA")),
        "fail rua_takes_no_mail",
        [],
    ),
    (
        "an MX without address",
        (HOME, dns(DOMAIN, "MX", "10 mx.x.example."), dns("mx.x.example", "A"), dns("mx.x.example", "AAAA")),
        "fail rua_takes_no_mail",
        [],
    ),
    (
        "an MX at the sender's own machine",
        (*AWAY, *mail(OTHER, "127.0.0.1"), txt("v=DMARC1", name=AGREED), *mail(DOMAIN)),
        "fail rua_takes_no_mail",
        [],
    ),
    ("a lab's MX", (HOME, *mail(DOMAIN, "127.0.0.1")), "pass rua_arrives", []),
    ("an MX at no host's address", (HOME, *mail(DOMAIN, "0.0.0.0")), "fail rua_takes_no_mail", []),
    ("MX unheard", (HOME, unheard(DOMAIN, "MX")), "not_tested theirs dns_no_answer", []),
    (
        "its address unheard",
        (HOME, dns(DOMAIN, "MX", "10 m.x."), unheard("m.x", "A")),
        "not_tested theirs dns_no_answer",
        [],
    ),
    ("none asked for", (dmarc("v=DMARC1; p=reject"), UP), "fail rua_missing", []),
    ("only a web address", (dmarc("v=DMARC1; p=reject; rua=https://b.example"), UP), "fail rua_unusable", []),
    ("a slip", (dmarc("v=DMARC1; p=reject; rua=d@etaten.example"), UP), "fail rua_unusable", []),
    ("no domain name", (rua("d@[192.0.2.1]"), UP), "fail rua_no_domain_name", []),
    ("a shell's name", (rua("d@$(id).example"), UP), "fail rua_no_domain_name", []),
    ("away, agreed", (*AWAY, *mail(OTHER), txt("v=DMARC1", name=AGREED)), "pass rua_arrives", []),
    ("away, agreed among others", (*AWAY, *mail(OTHER), txt("x", "v=DMARC1;", name=AGREED)), "pass rua_arrives", []),
    ("away, agreed, no mail", (*AWAY, *no_mail(OTHER), txt("v=DMARC1", name=AGREED)), "fail rua_takes_no_mail", []),
    ("away, not agreed", (*AWAY, *mail(OTHER), gone(AGREED)), "fail rua_not_agreed", []),
    ("away, agreed wrongly", (*AWAY, *mail(OTHER), txt("v=dmarc1", name=AGREED)), "fail rua_not_agreed", []),
    (
        "away, sent on",
        (*AWAY, *mail(OTHER), txt("v=DMARC1; rua=mailto:x@tredje.no", name=AGREED)),
        "fail rua_sent_elsewhere",
        [],
    ),
    (
        "away, another mailbox there",
        (*AWAY, *mail(OTHER), txt(f"v=DMARC1; rua=mailto:x@{OTHER}", name=AGREED)),
        "pass rua_arrives",
        [],
    ),
    (
        "away, unheard",
        (*AWAY, *mail(OTHER), unheard(AGREED, "TXT")),
        "not_tested theirs dns_no_answer",
        [],
    ),
    (
        "below, whose organisation is the same",
        (*SUB_RUA, *mail(SUB), gone(f"{DOMAIN}._report._dmarc.{SUB}")),
        "pass rua_arrives",
        [],
    ),
    (
        "two, one lost",
        (rua(f"d@{OTHER}", f"d@{DOMAIN}"), *ROOTS, *mail(OTHER), gone(AGREED), *mail(DOMAIN)),
        "pass rua_arrives",
        ["rua_others_lost"],
    ),
    (
        "two, one unheard",
        (rua(f"d@{OTHER}", f"d@{DOMAIN}"), *ROOTS, *mail(OTHER), gone(AGREED), unheard(DOMAIN, "MX")),
        "not_tested theirs dns_no_answer",
        [],
    ),
    (
        "more than are asked",
        (rua(*(f"d@{n}.x..y" for n in range(5)), f"d@{DOMAIN}"), UP),
        "not_tested theirs too_many_hosts",
        [],
    ),
    ("no record", (gone(f"_dmarc.{DOMAIN}"), txt(), UP), "fail dmarc_missing", []),
]


@pytest.mark.parametrize(("case", "facts", "expected", "notices"), REPORTS, ids=[row[0] for row in REPORTS])
def test_reports_arrive_where_mail_is_taken_and_agreed_to(
    case: str, facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context(facts)
    verdict = judged(run, "U02-4-3", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


#: A name beside the domain's own: inside by the tree walk alone, or by the public suffix list alone.
ORGANISATIONS = [
    (
        "inside by a record above both",
        {"kommune.no": "v=DMARC1; p=none"},
        "pass rua_arrives",
        ["rua_agreement_for_older"],
    ),
    ("below a registry", {"kommune.no": "v=DMARC1; p=none; psd=y"}, "fail rua_not_agreed", []),
    ("two organisations without a record above", {}, "fail rua_not_agreed", []),
]


@pytest.mark.parametrize(("case", "zone", "expected", "notices"), ORGANISATIONS, ids=[row[0] for row in ORGANISATIONS])
def test_whose_a_destination_is_follows_the_tree(
    case: str, zone: dict[str, str], expected: str, notices: list[str]
) -> None:
    ours, theirs = "oslo.kommune.no", "bergen.kommune.no"
    names = (theirs, "kommune.no", "no")
    above = [dmarc(*([zone[name]] if name in zone else []), name=name) for name in names]
    facts = (rua(f"d@{theirs}", name=ours), *above, *mail(theirs), gone(f"{ours}._report._dmarc.{theirs}"))
    run = context(facts, subject(ours))
    verdict = judged(run, "U02-4-3", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)
