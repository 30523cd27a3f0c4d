"""SPF of a domain: what is published, and what an unheard answer leaves open."""

import pytest

from compliance.model.observation import Observation
from tests.unit.checks.build import DOMAIN, context, dns, domain_view, judged, noticed, subject, told, unheard, vantage

Facts = tuple[Observation, ...]


def txt(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return dns(name, "TXT", *texts, rcode=rcode)


def gone(name: str) -> Observation:
    return txt(name=name, rcode="NXDOMAIN")


SPF = "v=spf1 ip4:192.0.2.0/24 "
INCLUDES = txt("v=spf1 include:_spf.annen.example -all")
A_B, A_OWN_B = (dns(name, "A", "127.0.0.2") for name in ("b.example", f"{DOMAIN}.b.example"))
MX_TEN, MX_ELEVEN = (dns(DOMAIN, "MX", *(f"10 m{at}.{DOMAIN}." for at in range(count))) for count in (10, 11))
BOGUS = (txt(rcode="SERVFAIL"), dns(DOMAIN, "TXT", SPF, disabled=True))

SPF_ROWS = [
    # one record that parses
    ("U02-2-1", "own_domain", (txt(SPF + "-all", "other text"),), "pass spf_valid", []),
    ("U02-2-1", "own_domain", (txt("V=SPF1 -ALL"),), "pass spf_valid", []),
    ("U02-2-1", "own_domain", (txt("other"),), "fail spf_missing", []),
    ("U02-2-1", "own_domain", (txt(),), "fail spf_missing", []),
    ("U02-2-1", "own_domain", (txt("v=spf10 -all"),), "fail spf_missing", []),
    ("U02-2-1", "own_domain", (txt("v=spf1 -all", "v=spf1 ~all"),), "fail spf_several", []),
    ("U02-2-1", "own_domain", (txt("v=spf1 ip4:300.0.2.1 -all"),), "fail spf_syntax", []),
    ("U02-2-1", "own_domain", (gone(DOMAIN),), "not_applicable no_domain", []),
    ("U02-2-1", "own_domain", (), "not_tested no_evidence not_recorded", []),
    ("U02-2-1", "own_domain", (unheard(DOMAIN, "TXT"),), "not_tested theirs dns_no_answer", []),
    ("U02-2-1", "own_domain", (unheard(DOMAIN, "TXT", "refused"),), "not_tested ours dns_no_answer", []),
    (
        "U02-2-1",
        "own_domain",
        (vantage(resolver="failed"), unheard(DOMAIN, "TXT")),
        "not_tested ours dns_no_answer",
        [],
    ),
    ("U02-2-1", "own_domain", (txt(rcode="SERVFAIL"),), "not_tested theirs dns_refused", []),
    ("U02-2-1", "own_domain", (txt(rcode="REFUSED"),), "not_tested ours dns_refused", []),
    ("U02-2-1", "own_domain", BOGUS, "not_tested theirs dns_bogus", []),
    # what it ends in
    ("U02-2-3", "own_domain", (txt(SPF + "-all"),), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt(SPF + "~all"),), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt(SPF + "?all"),), "fail spf_open_ending", []),
    ("U02-2-3", "own_domain", (txt(SPF + "+all"),), "fail spf_open_ending", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 all"),), "fail spf_open_ending", []),
    ("U02-2-3", "own_domain", (txt(SPF),), "fail spf_no_ending", []),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 redirect=annen.example"), txt("v=spf1 -all", name="annen.example")),
        "pass spf_refuses_others",
        [],
    ),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 redirect=annen.example"), gone("annen.example")),
        "fail spf_permerror",
        [],
    ),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 redirect=annen.example"), unheard("annen.example", "TXT")),
        "not_tested theirs dns_no_answer",
        [],
    ),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 redirect=%{i}.annen.example"),),
        "not_tested theirs spf_ending_by_macro",
        [],
    ),
    # whom it lets in
    ("U02-2-3", "own_domain", (txt("v=spf1 ip4:10.0.0.0/8 -all"),), "fail spf_too_broad", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ip4:10.0.0.0/9 -all"),), "pass spf_refuses_others", ["spf_broad"]),
    ("U02-2-3", "own_domain", (txt("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all"),), "fail spf_too_broad", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 -ip4:10.0.0.0/8 -all"),), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ip6:2001::/19 -all"),), "fail spf_too_broad_v6", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ip6:2001::/20 -all"),), "pass spf_refuses_others", ["spf_broad_v6"]),
    ("U02-2-3", "own_domain", (txt("v=spf1 ip6:2001:db8::/32 -all"),), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ptr -all"),), "pass spf_refuses_others", ["spf_uses_ptr"]),
    ("U02-2-3", "own_domain", (txt("v=spf1 -include:%{i}.b.example -all"),), "pass spf_refuses_others", ["spf_macro"]),
    ("U02-2-3", "own_domain", (txt("v=spf1 exists:b.example -all"), A_B), "fail spf_too_broad", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 exists:%{d2}.b.example -all"), A_OWN_B), "fail spf_too_broad", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ?exists:b.example -all"), A_B), "fail spf_neutral_world", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 -exists:b.example -all"), A_B), "pass spf_refuses_others", []),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 exists:b.example -all"), dns("b.example", "A")),
        "pass spf_refuses_others",
        [],
    ),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 exists:b.example -all"), unheard("b.example", "A")),
        "not_tested theirs dns_no_answer",
        [],
    ),
    ("U02-2-3", "own_domain", (txt("v=spf1 exists:%{i}.b.example -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 a:%{i}.b.example -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 mx:%{s}.b.example -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ptr:%{h} -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ptr:Kommune.NO. -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 -ptr:kommune.no -all"),), "pass spf_refuses_others", ["spf_uses_ptr"]),
    ("U02-2-3", "own_domain", (txt("v=spf1 redirect=a!b.example"),), "not_tested theirs spf_name_not_asked", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 include:%{i}.b.example -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 include:a!b.example -all"),), "not_tested theirs spf_reach_unknown", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 a:%{o} mx:%{d} -all"),), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 -exists:%{i}.b.example -all"),), "pass spf_refuses_others", []),
    # what it does not refuse
    ("U02-2-3", "own_domain", (txt("v=spf1 ?ip4:0.0.0.0/0 -all"),), "fail spf_neutral_world", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ?ip6:::/0 -all"),), "fail spf_neutral_world", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 ?ip4:192.0.2.0/24 -all"),), "pass spf_refuses_others", []),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 ?include:b.example -all"), txt("v=spf1 +all", name="b.example")),
        "fail spf_neutral_world",
        [],
    ),
    (
        "U02-2-3",
        "own_domain",
        (txt("v=spf1 include:b.example -all"), txt("v=spf1 ?all", name="b.example")),
        "pass spf_refuses_others",
        [],
    ),
    # what every verifier gives up on
    ("U02-2-3", "own_domain", (INCLUDES, gone("_spf.annen.example")), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (INCLUDES, txt("x", name="_spf.annen.example")), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (INCLUDES, txt("v=spf1", "v=spf1", name="_spf.annen.example")), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (INCLUDES, txt("v=spf1 foo", name="_spf.annen.example")), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (txt(f"v=spf1 include:{DOMAIN} -all"),), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 include:%{o} -all"),), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (txt(f"v=spf1 redirect={DOMAIN}"),), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 include:a..example -all"),), "fail spf_permerror", []),
    ("U02-2-3", "own_domain", (txt(f"v=spf1 {'a ' * 10}-all"),), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt(f"v=spf1 {'a ' * 11}-all"),), "fail spf_too_many_lookups", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 mx -all"), MX_TEN), "pass spf_refuses_others", []),
    ("U02-2-3", "own_domain", (txt("v=spf1 mx -all"), MX_ELEVEN), "fail spf_mx_names", []),
    (
        "U02-2-3",
        "own_domain",
        (txt(f"v=spf1 {'include:b.example ' * 1500}-all"), txt("v=spf1 -all", name="b.example")),
        "fail spf_too_many_lookups",
        [],
    ),
    (
        "U02-2-3",
        "own_domain",
        (INCLUDES, txt("v=spf1 ip4:0.0.0.0/0 -all", name="_spf.annen.example")),
        "fail spf_too_broad",
        [],
    ),
    ("U02-2-3", "own_domain", (INCLUDES, unheard("_spf.annen.example", "TXT")), "not_tested theirs dns_no_answer", []),
    # a domain that sends nothing
    ("U02-2-3", "parked_domain", (txt("v=spf1 -all"),), "pass spf_sends_nothing", []),
    ("U02-2-3", "parked_domain", (txt("V=SPF1  -ALL "),), "pass spf_sends_nothing", []),
    ("U02-2-3", "parked_domain", (txt("v=spf1 ~all"),), "fail spf_parked_sends", []),
    ("U02-2-3", "parked_domain", (txt(SPF + "-all"),), "fail spf_parked_sends", []),
    # asked without U02-2-1 beside it
    ("U02-2-3", "own_domain", (unheard(DOMAIN, "TXT"),), "not_tested theirs dns_no_answer", []),
    ("U02-2-3", "own_domain", (gone(DOMAIN),), "not_applicable no_domain", []),
    ("U02-2-3", "parked_domain", (unheard(DOMAIN, "TXT"),), "not_tested theirs dns_no_answer", []),
]


@pytest.mark.parametrize(("requirement", "kind", "facts", "expected", "notices"), SPF_ROWS)
def test_a_domain_is_judged_by_its_records(
    requirement: str, kind: str, facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context(facts, subject(kind=kind))
    verdict = judged(run, requirement, domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)
