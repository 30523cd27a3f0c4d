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


#: A faulty record, or several, and the one to publish instead.
MENDED = [
    (("v=dmarc1; p=reject",), "v=DMARC1; p=reject; rua=mailto:dmarc@etaten.example"),
    ((" v=DMARC1; p=quarantine; sp=reject",), "v=DMARC1; p=quarantine; sp=reject; rua=mailto:dmarc@etaten.example"),
    (("v=DMARC1; p=rejct; rua=x",), "v=DMARC1; p=none; rua=mailto:dmarc@etaten.example"),
    (("v=DMARC1; p=reject; sp=$(id)",), "v=DMARC1; p=reject; rua=mailto:dmarc@etaten.example"),
    (("v=DMARC1; p=reject; p=none; rua=mailto:a@etaten.example",), "v=DMARC1; p=reject; rua=mailto:a@etaten.example"),
    (
        ("v=DMARC1; p=reject; rua=mailto:a@etaten.example", "v=DMARC1; p=none; rua=mailto:b@etaten.example"),
        "v=DMARC1; p=none; rua=mailto:a@etaten.example,mailto:b@etaten.example",
    ),
]


@pytest.mark.parametrize(("texts", "corrected"), MENDED)
def test_the_record_to_publish_says_what_the_faulty_one_can_have_meant(texts: tuple[str, ...], corrected: str) -> None:
    run = context((dmarc(*texts), UP))
    verdict = judged(run, "U02-4-1", domain_view(run))
    assert (verdict.status, verdict.values["corrected"]) == ("fail", corrected)


def test_a_record_to_paste_holds_nothing_of_a_strangers() -> None:
    text = (
        "v=DMARC1; p=none; x=$(id); rua=mailto:a@etaten.example,mailto:`id`@etaten.example,mailto:b@$(id).example; fo=1"
    )
    run = context((dmarc(text), UP))
    corrected = judged(run, "U02-4-2", domain_view(run)).values["corrected"]
    assert corrected == "v=DMARC1; p=quarantine; rua=mailto:a@etaten.example; fo=1"
