"""SPF, DKIM and DMARC of a domain: what is published, and what an unheard answer leaves open."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.checks.views import SelectorView
from compliance.model.observation import Observation
from tests.unit.checks.build import DOMAIN, context, dns, domain_view, judged, noticed, subject, told, unheard, vantage

Facts = tuple[Observation, ...]


def txt(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return dns(name, "TXT", *texts, rcode=rcode)


def dmarc(*texts: str, name: str = DOMAIN, rcode: str = "NOERROR") -> Observation:
    return txt(*texts, name=f"_dmarc.{name}", rcode=rcode)


def gone(name: str) -> Observation:
    return txt(name=name, rcode="NXDOMAIN")


SPF = "v=spf1 ip4:192.0.2.0/24 "
INCLUDES = txt("v=spf1 include:_spf.annen.example -all")
A_B, A_OWN_B = (dns(name, "A", "127.0.0.2") for name in ("b.example", f"{DOMAIN}.b.example"))
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

REJECT = "v=DMARC1; p=reject; rua=mailto:d@etaten.example"
UP = gone("_dmarc.example")

DMARC_ROWS = [
    ("U02-4-1", "own_domain", (dmarc(REJECT), UP), "pass dmarc_valid", []),
    ("U02-4-1", "own_domain", (dmarc("v=spf1 -all"), UP), "fail dmarc_missing", []),
    ("U02-4-1", "parked_domain", (dmarc("v=spf1 -all"), UP), "fail dmarc_missing_parked", []),
    ("U02-4-1", "own_domain", (dmarc("v=dmarc1; p=reject"), UP), "fail dmarc_syntax", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1"), UP), "fail dmarc_syntax", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; p=reject; p=none"), UP), "fail dmarc_syntax", []),
    ("U02-4-1", "own_domain", (dmarc("v=DMARC1; rua=mailto:d@etaten.example"), UP), "pass dmarc_valid", []),
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
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=reject; np=none"), UP), "fail dmarc_subdomains_open", []),
    (
        "U02-4-2",
        "own_domain",
        (dmarc("v=DMARC1; p=reject; t=y"), UP),
        "pass dmarc_stops_false_senders",
        ["dmarc_test_mode"],
    ),
    ("U02-4-2", "own_domain", (dmarc("v=DMARC1; p=quarantine; t=y"), UP), "fail dmarc_policy_none", []),
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
    ("U02-4-2", "parked_domain", (dmarc("v=DMARC1; p=reject; t=y"), UP), "fail dmarc_parked_not_rejected", []),
    # asked without U02-4-1 beside it
    ("U02-4-2", "own_domain", (unheard(f"_dmarc.{DOMAIN}", "TXT"),), "not_tested theirs dns_no_answer", []),
    ("U02-4-2", "own_domain", (dmarc("other"), UP), "fail dmarc_missing", []),
]


@pytest.mark.parametrize(("requirement", "kind", "facts", "expected", "notices"), [*SPF_ROWS, *DMARC_ROWS])
def test_a_domain_is_judged_by_its_records(
    requirement: str, kind: str, facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context(facts, subject(kind=kind))
    verdict = judged(run, requirement, domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


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


def _rsa(bits: int) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


STRONG, WEAK = _rsa(2048), _rsa(1024)
ED = base64.b64encode(
    ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
).decode()
STRONG_KEY, WEAK_KEY, ED_KEY = f"v=DKIM1; p={STRONG}", f"v=DKIM1; k=rsa; p={WEAK}", f"v=DKIM1; k=ed25519; p={ED}"
REVOKED, TESTING, SHA1 = "v=DKIM1; p=", f"v=DKIM1; t=y; p={STRONG}", f"v=DKIM1; h=sha1; p={STRONG}"


def key(selector: str, *texts: str, rcode: str = "NOERROR") -> Observation:
    return txt(*texts, name=f"{selector}._domainkey.{DOMAIN}", rcode=rcode)


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
    (("s1",), (key("s1", "v=spf1 -all"),), "fail dkim_unreadable", []),
    (("s1",), (key("s1", "v=spf1 -all", STRONG_KEY, "eier: IT-drift"),), "pass dkim_key_published", []),
    (("s1",), (key("s1", "v=spf1 -all", "annet"),), "fail dkim_unreadable", []),
    (("s1",), (key("s1", REVOKED, STRONG_KEY),), "fail dkim_several", []),
    (("s1",), (key("s1", "p=\xe6", STRONG_KEY),), "fail dkim_several", []),
    (("s1",), (key("s1", REVOKED),), "fail dkim_revoked", []),
    (("s1",), (key("s1", TESTING),), "fail dkim_testing", []),
]


@pytest.mark.parametrize(("selectors", "facts", "expected", "notices"), KEYS)
def test_one_listed_selector_with_a_sound_key_is_enough(
    selectors: tuple[str, ...], facts: Facts, expected: str, notices: list[str]
) -> None:
    run = context(facts, subject(dkim_selectors=selectors))
    verdict = judged(run, "U02-3-1", domain_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)


STRENGTHS = [
    ("U02-3-2", (key("s1", WEAK_KEY),), "pass dkim_strong_key"),
    ("U02-3-4", (key("s1", WEAK_KEY),), "fail dkim_weak_key"),
    ("U02-3-4", (key("s1", STRONG_KEY),), "pass dkim_strong_key"),
    ("U02-3-4", (key("s1", ED_KEY),), "pass dkim_strong_key"),
    ("U02-3-4", (key("s1", WEAK_KEY), key("s2", ED_KEY)), "pass dkim_ed25519_beside"),
    ("U02-3-4", (key("s1", WEAK_KEY), key("s2", f"t=y; {ED_KEY[9:]}")), "fail dkim_weak_key"),
    ("U02-3-2", (key("s1", SHA1),), "fail dkim_only_sha1"),
    ("U02-3-2", (key("s1", f"v=DKIM1; h=sha1:sha256; p={STRONG}"),), "pass dkim_strong_key"),
    ("U02-3-2", (key("s1", REVOKED),), "not_applicable dkim_no_key_here"),
    ("U02-3-2", (key("s1", rcode="SERVFAIL"),), "not_tested theirs dns_refused"),
]


@pytest.mark.parametrize(("requirement", "facts", "expected"), STRENGTHS)
def test_a_key_is_as_strong_as_asked(requirement: str, facts: Facts, expected: str) -> None:
    run = context(facts, subject(dkim_selectors=("s1", "s2")))
    view = SelectorView(run, run.subjects[0], run.subjects[0].kinds[0], "s1")
    assert told(judged(run, requirement, view)) == expected
