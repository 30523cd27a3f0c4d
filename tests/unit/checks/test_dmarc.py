"""DMARC of a domain: the policy that applies, what it stops, and whether its reports arrive."""

import pytest

from compliance.model.observation import Observation
from compliance.records.wildcard import beside
from tests.unit.checks.build import DOMAIN, context, dns, domain_view, judged, noticed, subject, told, unheard

Facts = tuple[Observation, ...]


def txt(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return dns(name, "TXT", *texts, rcode=rcode)


def dmarc(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return txt(*texts, name=f"_dmarc.{name}", rcode=rcode)


def gone(name: str) -> Observation:
    return txt(name=name, rcode="NXDOMAIN")


REJECT = "v=DMARC1; p=reject; rua=mailto:d@etaten.example"
UP = gone("_dmarc.example")
GUARD = beside(DOMAIN).name

DMARC_ROWS = [
    ("U02-4-1", "own_domain", (dmarc(REJECT), UP), "pass dmarc_valid", []),
    ("U02-4-1", "own_domain", (dmarc("v=spf1 -all"), UP), "fail dmarc_missing", []),
    ("U02-4-1", "parked_domain", (dmarc("v=spf1 -all"), UP), "fail dmarc_missing_parked", []),
    ("U02-4-1", "own_domain", (dmarc("v=dmarc1; p=reject"), UP), "fail dmarc_syntax", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1"), UP), "fail dmarc_syntax", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; p=reject; p=none"), UP), "fail dmarc_syntax", []),
    (
        "U02-4-1",
        "own_domain",
        (dmarc("v=DMARC1; rua=mailto:d@etaten.example"), UP),
        "pass dmarc_valid",
        ["dmarc_policy_assumed"],
    ),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; p=reject; sp=all"), UP), "fail dmarc_syntax", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; p=reject; ri=1"), UP), "pass dmarc_valid", ["dmarc_tags_removed"]),
    ("U02-4-1", "own_domain", (dmarc(f"{REJECT}!10m"), UP), "pass dmarc_valid", ["dmarc_tags_removed"]),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; p=reject; x=y"), UP), "pass dmarc_valid", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; p=reject; rua=x"), UP), "pass dmarc_valid", ["dmarc_parts_unread"]),
    ("U02-4-1", "own_domain", (dmarc(REJECT), txt(REJECT, name=GUARD)), "pass dmarc_valid", ["dmarc_wildcard"]),
    ("U02-4-1", "own_domain", (dmarc(REJECT), txt("v=spf1 -all", name=GUARD)), "pass dmarc_valid", []),
    ("U02-4-1", "own_domain", (dmarc("v=spf1"), UP, txt("v=spf1", name=GUARD)), "fail dmarc_missing", []),
    ("U02-4-1", "own_domain", (dmarc(REJECT, REJECT), UP), "fail dmarc_several", []),
    ("U02-4-1", "own_domain", (unheard(f"_dmarc.{DOMAIN}", "TXT"),), "not_tested theirs dns_no_answer", []),
    ("U02-4-1", "own_domain", (gone(f"_dmarc.{DOMAIN}"), gone(DOMAIN)), "not_applicable no_domain", []),
    ("U02-4-1", "own_domain", (gone(f"_dmarc.{DOMAIN}"), txt(), UP), "fail dmarc_missing", []),
    (
        "U02-4-1",
        "own_domain",
        (gone(f"_dmarc.{DOMAIN}"), txt(), dmarc(rcode="SERVFAIL", name="example")),
        "not_tested theirs dns_refused",
        [],
    ),
    (
        "U02-4-1",
        "own_domain",
        (gone(f"_dmarc.{DOMAIN}"), txt(), dmarc(REJECT, name="example")),
        "fail registry_record",
        [],
    ),
    ("U02-4-2", "own_domain", (dmarc(REJECT), UP), "pass dmarc_stops_false_senders", []),
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=quarantine"), UP), "pass dmarc_stops_false_senders", []),
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=none"), UP), "fail dmarc_policy_none", []),
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=reject; sp=none"), UP), "fail dmarc_subdomains_open", []),
    (
        "U02-4-2",
        "own_domain",
        (dmarc("v=DMARC1; p=reject; np=none"), UP),
        "fail dmarc_subdomains_open",
        ["dmarc_weighed_otherwise"],
    ),
    (
        "U02-4-2",
        "own_domain",
        (dmarc("v=DMARC1; p=reject; np=quarantine"), UP),
        "pass dmarc_stops_false_senders",
        ["dmarc_weighed_otherwise"],
    ),
    (
        "U02-4-2",
        "own_domain",
        (dmarc("v=DMARC1; p=reject; t=y"), UP),
        "pass dmarc_stops_false_senders",
        ["dmarc_test_mode", "dmarc_weighed_otherwise"],
    ),
    (
        "U02-4-2",
        "own_domain",
        (dmarc("v=DMARC1; p=quarantine; t=y"), UP),
        "fail dmarc_policy_none",
        ["dmarc_weighed_otherwise"],
    ),
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=reject; pct=0"), UP), "fail dmarc_pct_zero", []),
    (
        "U02-4-2",
        "own_domain",
        (dmarc("v=DMARC1; p=reject; pct=50"), UP),
        "pass dmarc_stops_false_senders",
        ["dmarc_pct"],
    ),
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=reject; pct=100"), UP), "pass dmarc_stops_false_senders", []),
    ("U02-4-2", "parked_domain", (dmarc(REJECT), UP), "pass dmarc_stops_false_senders", []),
    ("U02-4-2", "parked_domain", (dmarc("v=DMARC1; p=quarantine"), UP), "fail dmarc_parked_not_rejected", []),
    (
        "U02-4-2",
        "parked_domain",
        (dmarc("v=DMARC1; p=reject; sp=quarantine"), UP),
        "fail dmarc_parked_not_rejected",
        [],
    ),
    (
        "U02-4-2",
        "parked_domain",
        (dmarc("v=DMARC1; p=reject; t=y"), UP),
        "fail dmarc_parked_not_rejected",
        ["dmarc_weighed_otherwise"],
    ),
    # asked without U02-4-1 beside it
    ("U02-4-2", "own_domain", (unheard(f"_dmarc.{DOMAIN}", "TXT"),), "not_tested theirs dns_no_answer", []),
    ("U02-4-2", "own_domain", (dmarc("other"), UP), "fail dmarc_missing", []),
]


@pytest.mark.parametrize(("requirement", "kind", "facts", "expected", "notices"), DMARC_ROWS)
def test_a_domain_is_judged_by_its_records(
    requirement: str, kind: str, facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context(facts, subject(kind=kind))
    verdict = judged(run, requirement, domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


#: A domain below one, and what each reading of RFC 9989 and RFC 7489 finds; the registrable domain is oslo.kommune.no.
BELOW = "post.oslo.kommune.no"
INHERITED = [
    # the organisation's own record higher up, and the registry's
    ("oslo.kommune.no", REJECT, "pass dmarc_valid", ["dmarc_inherited"], "pass dmarc_stops_false_senders"),
    (
        "oslo.kommune.no",
        "v=DMARC1; p=reject; sp=none",
        "pass dmarc_valid",
        ["dmarc_inherited"],
        "fail dmarc_policy_none",
    ),
    ("kommune.no", REJECT, "fail registry_record", [], "pass dmarc_stops_false_senders"),
    ("oslo.kommune.no", "v=DMARC1; p=reject; psd=y", "fail registry_record", [], "pass dmarc_stops_false_senders"),
]


@pytest.mark.parametrize(("above", "record", "expected", "notices", "policy"), INHERITED)
def test_an_inherited_record_counts_only_as_the_organisations_own(
    above: str, record: str, expected: str, notices: list[str], policy: str
) -> None:
    names = (BELOW, "oslo.kommune.no", "kommune.no", "no")
    facts = [dmarc(record, name=name) if name == above else dmarc(name=name) for name in names]
    run = context(facts, subject(BELOW))
    verdict = judged(run, "U02-4-1", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)
    assert told(judged(run, "U02-4-2", domain_view(run))) == policy


#: The zone by name, then: where each reading finds the policy (`` nowhere), and the effect of each if they differ.
DEEP = "a.b.oslo.kommune.no"
READINGS = [
    ({"oslo.kommune.no": REJECT}, None, None),
    ({"b.oslo.kommune.no": REJECT}, ("dmarc_unseen", "b.oslo.kommune.no", ""), None),
    (
        {"b.oslo.kommune.no": "v=DMARC1; p=none; psd=n", "oslo.kommune.no": REJECT},
        ("dmarc_found_elsewhere", "b.oslo.kommune.no", "oslo.kommune.no"),
        (["p=none", "sp=none", "np=none"], ["p=reject", "sp=reject", "np=reject"]),
    ),
    (
        {DEEP: "v=DMARC1; p=reject; sp=quarantine; np=reject"},
        None,
        (["p=reject", "sp=quarantine", "np=reject"], ["p=reject", "sp=quarantine", "np=quarantine"]),
    ),
]


@pytest.mark.parametrize(("zone", "elsewhere", "otherwise"), READINGS)
def test_the_older_reading_stands_beside_where_it_differs(
    zone: dict[str, str], elsewhere: tuple[str, str, str] | None, otherwise: tuple[list[str], list[str]] | None
) -> None:
    names = (DEEP, "b.oslo.kommune.no", "oslo.kommune.no", "kommune.no", "no")
    facts = [dmarc(*([zone[name]] if name in zone else []), name=name) for name in names]
    run = context(facts, subject(DEEP))
    notices = [
        notice
        for requirement in ("U02-4-1", "U02-4-2")
        for notice in judged(run, requirement, domain_view(run)).notices
        if notice.notice != "dmarc_inherited"
    ]
    found = [(each.notice, each.values["name"], each.values["older"]) for each in notices if "name" in each.values]
    weighed = [(each.values["newer"], each.values["older"]) for each in notices if "newer" in each.values]
    assert found == ([elsewhere] if elsewhere else [])
    assert weighed == ([otherwise] if otherwise else [])


def test_the_effect_is_shown_for_the_domain_for_subdomains_and_for_names_that_do_not_exist() -> None:
    run = context((dmarc("v=DMARC1; p=reject; sp=quarantine; np=reject"), UP))
    values = judged(run, "U02-4-2", domain_view(run)).values
    assert (values["policy"], values["subdomains"], values["nonexistent"]) == ("reject", "quarantine", "reject")


OTHER = "rapport.annet.no"
AGREED = f"{DOMAIN}._report._dmarc.{OTHER}"


def rua(*addresses: str, name: str = DOMAIN) -> Observation:
    return dmarc(f"v=DMARC1; p=reject; rua={','.join(f'mailto:{each}' for each in addresses)}", name=name)


def mail(domain: str) -> Facts:
    return (dns(domain, "MX", f"10 mx.{domain}."), dns(f"mx.{domain}", "A", "192.0.2.1"), dns(f"mx.{domain}", "AAAA"))


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


def test_a_record_to_paste_holds_nothing_of_a_strangers() -> None:
    text = (
        "v=DMARC1; p=none; x=$(id); rua=mailto:a@etaten.example,mailto:`id`@etaten.example,mailto:b@$(id).example; fo=1"
    )
    run = context((dmarc(text), UP))
    corrected = judged(run, "U02-4-2", domain_view(run)).values["corrected"]
    assert corrected == "v=DMARC1; p=quarantine; rua=mailto:a@etaten.example; fo=1"
