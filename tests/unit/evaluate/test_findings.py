"""From requirements and subjects to findings: what needs what, what is rolled up, whose turn it is."""

from dataclasses import replace

import pytest

from compliance.checks.registry import CHECKS, Check, Scope
from compliance.model.observation import Observation, Origin
from compliance.model.subject import Contact, Kind, Level, RequireTls, Subject
from tests.unit.checks.build import (
    ADDRESS,
    AT,
    DOMAIN,
    MX,
    OFFER,
    PLAIN,
    dns,
    elsewhere,
    failure,
    good,
    heard,
    nothing,
    subject,
    unheard,
    walked,
    way_in,
)
from tests.unit.checks.papers import SELF_SIGNED, SOUND
from tests.unit.evaluate.build import cut, findings, short

Facts = tuple[Observation, ...]
MX2, V6 = "mx2.etaten.example", "2001:db8::1"
BOTH = (dns(DOMAIN, "MX", f"10 {MX}."), dns(MX, "A", ADDRESS), dns(MX, "AAAA", V6))
TWO = (
    dns(DOMAIN, "MX", f"10 {MX}.", f"20 {MX2}."),
    *way_in()[1:],
    dns(MX2, "A", "192.0.2.2"),
    dns(MX2, "AAAA"),
)
SHUT = (heard(ehlo=PLAIN), heard(ehlo=PLAIN, again=True))
SOUND_HERE = good(chain=SOUND)
SECOND = {"name": MX2, "address": "192.0.2.2"}
WALKED = walked(session=SOUND_HERE)

NEEDS = [
    ("a need that fails", (*way_in(), *SHUT, elsewhere()), "fail starttls_not_offered",
     "not_applicable needs U02-1b-1"),
    ("a need not seen", (*way_in(), nothing("rejected", "greeting")), "not_tested theirs rejected_us",
     "not_tested theirs rejected_us"),
    ("a need not seen by our doing", (*way_in(), nothing("timeout")), "not_tested ours port_closed_to_us",
     "not_tested ours port_closed_to_us"),
    ("a need that broke", (*way_in(), nothing("defect")), "error defect", "error defect"),
    ("a need that does not apply", (dns(DOMAIN, "MX", "0 ."),), "not_applicable null_mx", "not_applicable null_mx"),
    ("no route", (*way_in(), nothing("no_route")), "not_tested ours no_route", "not_tested ours no_route"),
    ("a need met", (*way_in(), SOUND_HERE), "pass starttls_works", "pass issuer_trusted"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "facts", "needed", "dependent"), NEEDS, ids=[row[0] for row in NEEDS])
def test_what_needs_another_waits_for_it(case: str, facts: Facts, needed: str, dependent: str) -> None:
    found = findings([subject()], facts)
    assert short(found[DOMAIN, "U02-1b-1"]) == needed
    assert {short(found[DOMAIN, f"U02-1b-{number}"]) for number in (2, 3, 4, 5)} <= {
        dependent, "pass name_matches", "pass in_date", "pass strong_enough",
    }  # fmt: skip
    assert short(found[DOMAIN, "U02-1b-2"]) == dependent


def test_an_inherited_verdict_keeps_its_evidence() -> None:
    found = findings([subject()], (*way_in(), nothing("rejected", "greeting")))
    assert found[DOMAIN, "U02-1b-2"].targets[0].evidence == found[DOMAIN, "U02-1b-1"].targets[0].evidence


def test_a_key_at_a_selector_waits_for_the_domains_keys() -> None:
    own = subject(dkim_selectors=("s1",))
    missing = dns(f"s1._domainkey.{DOMAIN}", "TXT", rcode="NXDOMAIN")
    assert short(findings([own], [missing])[DOMAIN, "U02-3-2"]) == "not_applicable needs U02-3-1"
    assert short(findings([own], [missing], baseline=cut("U02-3-2"))[DOMAIN, "U02-3-2"]) == (
        "not_applicable dkim_no_key_here"
    )


def test_a_check_that_breaks_is_our_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_view: object, _want: object) -> None:
        raise KeyError("boom")

    monkeypatch.setitem(CHECKS, "mx_records", Check("mx_records", Scope.MX_NAMES, "mx", breaks))  # type: ignore[arg-type]
    found = findings([subject()], way_in())[DOMAIN, "MX-1"]
    assert (short(found), found.values["stage"]) == ("error defect", "mx_records")


LIMITED = nothing("limited", "greeting", "421")
V6_LOST = nothing("no_route", address=V6)
COVERAGE = [
    ("all pass", TWO, (SOUND_HERE, good(**SECOND)), "pass starttls_works", (2, 0, 0, 0), []),
    ("a fail beats all", TWO, (*SHUT, elsewhere(), nothing("defect", **SECOND)), "fail starttls_not_offered",
     (0, 1, 1, 0), []),
    ("an error beats what is not tested", TWO, (LIMITED, nothing("defect", **SECOND)), "error defect",
     (0, 0, 1, 1), []),
    ("what is not tested beats a pass", TWO, (SOUND_HERE, nothing("limited", "greeting", "421", **SECOND)),
     "not_tested theirs limited_us", (1, 0, 0, 1), []),
    ("a pass beats what does not apply", (*TWO[:3], dns(MX2, "A"), dns(MX2, "AAAA")), (SOUND_HERE,),
     "pass starttls_works", (1, 0, 0, 0), []),
    ("a family without a route stays out", BOTH, (SOUND_HERE, V6_LOST), "pass starttls_works", (1, 0, 0, 0),
     ["family_not_tested"]),
    ("the same beside a fail", BOTH, (*SHUT, elsewhere(), V6_LOST), "fail starttls_not_offered", (0, 1, 0, 0),
     ["family_not_tested"]),
    ("no route to any", BOTH, (nothing("no_route"), V6_LOST), "not_tested ours no_route", (0, 0, 0, 2), []),
    ("an address without a route, of a family that is reached", TWO, (SOUND_HERE, nothing("no_route", **SECOND)),
     "not_tested ours no_route", (1, 0, 0, 1), []),
    ("a family not answered is no family without a route", BOTH, (SOUND_HERE, elsewhere(),
     nothing("timeout", address=V6)), "not_tested theirs no_reply", (1, 0, 0, 1), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "way", "sessions", "expected", "counts", "notices"), COVERAGE, ids=[row[0] for row in COVERAGE]
)
def test_targets_roll_up_to_one_finding(
    case: str, way: Facts, sessions: Facts, expected: str, counts: tuple[int, ...], notices: list[str]
) -> None:
    found = findings([subject()], (*way, *sessions))[DOMAIN, "U02-1b-1"]
    assert short(found) == expected
    assert found.coverage == dict(zip(("pass", "fail", "error", "not_tested"), counts, strict=True))
    assert [notice.notice for notice in found.notices] == notices


def test_what_depends_on_a_lost_family_stays_out_too() -> None:
    found = findings([subject()], (*BOTH, *WALKED, V6_LOST))
    for requirement in ("U02-1b-2", "U02-1b-3", "U02-1b-4", "U02-1b-5", "U02-TLS-1", "U02-TLS-2", "U02-TLS-4"):
        finding = found[DOMAIN, requirement]
        assert (finding.status, [each.notice for each in finding.notices]) == ("pass", ["family_not_tested"])


def test_a_lost_family_is_told_as_such_where_nothing_is_needed_first() -> None:
    found = findings([subject()], (*way_in(), nothing("no_route")), baseline=cut("U02-1b-2"))
    assert short(found[DOMAIN, "U02-1b-2"]) == "not_tested ours no_route"


def test_a_failed_lookup_is_the_finding() -> None:
    found = findings([subject()], [unheard(DOMAIN, "MX")])[DOMAIN, "U02-1b-1"]
    assert (short(found), found.targets[0].evidence) == ("not_tested theirs dns_no_answer", ("o-000001",))


def test_a_finding_tells_when_it_was_observed() -> None:
    found = findings([subject()], (*way_in(), SOUND_HERE))[DOMAIN, "U02-1b-1"]
    assert found.observed is not None
    assert (found.observed.first[17:19], found.observed.last[17:19]) == ("01", "04")


# -- whose turn it is -----------------------------------------------------------------------------------------------

CLOUD = "etaten-example.mail.protection.outlook.com"


def inbound(label: str = MX, **more: object) -> Subject:
    return subject(label, "inbound_host", **more)


def failing(name: str = MX) -> Facts:
    shut = (heard(ehlo=PLAIN, name=name), heard(ehlo=PLAIN, name=name, again=True))
    return (*way_in(name=name), *shut, elsewhere())


TURNS = [
    ("ours", (subject(),), failing(), "own", ""),
    ("the domain's supplier", (subject(managed_by="Drift AS"),), failing(), "supplier", "Drift AS"),
    ("the host's supplier", (subject(), inbound(managed_by="Drift AS")), failing(), "supplier", "Drift AS"),
    ("the host's supplier, by address", (subject(), inbound(ADDRESS, managed_by="Drift AS")), failing(), "supplier",
     "Drift AS"),
    ("our own host at a supplied domain", (subject(managed_by="Drift AS"), inbound(managed_by="own")), failing(),
     "own", ""),
    ("a name that tells", (subject(),), failing(CLOUD), "supplier", "Microsoft"),
    ("a name that tells, the entry says nothing", (subject(), inbound(CLOUD)), failing(CLOUD), "supplier",
     "Microsoft"),
    ("a name that tells, the entry says otherwise", (subject(), inbound(CLOUD, managed_by="Drift AS")),
     failing(CLOUD), "supplier", "Drift AS"),
    ("a name that only ends alike", (subject(),), failing("notoutlook.com"), "own", ""),
    ("a partner", (subject(kind="partner"),), failing(), "partner", ""),
    ("a partner's supplier", (subject(kind="partner"),), failing(CLOUD), "partner", "Microsoft"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "subjects", "facts", "responsible", "supplier"), TURNS, ids=[row[0] for row in TURNS])
def test_whose_turn_it_is(
    case: str, subjects: tuple[Subject, ...], facts: Facts, responsible: str, supplier: str
) -> None:
    found = findings(subjects, facts)[DOMAIN, "U02-1b-1"]
    assert (found.status, found.responsible, found.supplier) == ("fail", responsible, supplier)


# -- who is asked what ----------------------------------------------------------------------------------------------

SENDING = ("U02-1a-1", "U02-1a-2", "U02-2-4", "U02-3-3")


@pytest.mark.parametrize("requirement", SENDING)
def test_a_domain_nobody_sends_for_says_so(requirement: str) -> None:
    found = findings([subject()])[DOMAIN, requirement]
    assert (short(found), found.kind) == ("not_tested no_evidence no_sender_listed", Kind.OWN_DOMAIN)


@pytest.mark.parametrize("requirement", SENDING)
def test_what_is_asked_of_senders_stands_at_the_sender(requirement: str) -> None:
    sender = subject("rele.etaten.example", "outbound_host", sends_for=(DOMAIN,))
    found = findings([subject(), subject("annet.example"), sender])
    assert (DOMAIN, requirement) not in found
    assert short(found["annet.example", requirement]) == "not_tested no_evidence no_sender_listed"
    assert found["rele.etaten.example", requirement].kind is Kind.OUTBOUND_HOST


TO, FROM, NEITHER = RequireTls(Level.VERIFY), RequireTls(Level.NONE, Level.ENCRYPT), RequireTls()
NOT_ASKED = "not_applicable no_tls_asked"
ASKED_OF = [
    (None, NOT_ASKED, NOT_ASKED, NOT_ASKED, NOT_ASKED),
    (NEITHER, NOT_ASKED, NOT_ASKED, NOT_ASKED, NOT_ASKED),
    (TO, "pass carries_level", "not_tested no_evidence no_sender_listed", NOT_ASKED, "pass contact_current"),
    (FROM, NOT_ASKED, NOT_ASKED, "not_tested not_asked no_own_inbound_host", "pass contact_current"),
]


@pytest.mark.parametrize(("asked", "one", "two", "three", "four"), ASKED_OF)
def test_measure_1c_is_asked_where_the_register_asks_it(
    asked: RequireTls | None, one: str, two: str, three: str, four: str
) -> None:
    contact = Contact(name="Vakt", phone="22", reviewed=AT.date())
    found = findings([subject(kind="partner", require_tls=asked, contact=contact)], (*way_in(), SOUND_HERE))
    assert [short(found[DOMAIN, f"U02-1c-{number}"]) for number in (1, 2, 3, 4)] == [one, two, three, four]


def test_what_we_demand_of_a_partner_is_ours_to_arrange() -> None:
    found = findings([subject(kind="partner", require_tls=TO)], failing())
    assert [found[DOMAIN, f"U02-1c-{number}"].responsible for number in (1, 2, 3, 4)] == ["partner", *["own"] * 3]


def test_a_subset_run_leaves_the_organisation_out_and_knows_all_senders() -> None:
    sender = subject("rele.etaten.example", "outbound_host", sends_for=(DOMAIN,))
    everyone = [subject(), subject("annet.example"), sender]
    found = findings(everyone, only=(DOMAIN,))
    assert {name for name, _ in found} == {DOMAIN}
    assert (DOMAIN, "U02-1a-1") not in found
    assert {name for name, _ in findings(everyone)} == {"Etaten", DOMAIN, "annet.example", "rele.etaten.example"}


def test_a_host_of_two_kinds_has_one_finding_a_requirement() -> None:
    relay = replace(inbound(sends_for=(DOMAIN,)), kinds=(Kind.INBOUND_HOST, Kind.OUTBOUND_HOST))
    found = findings([relay], (*way_in()[1:], SOUND_HERE))
    assert found[MX, "U02-1b-1"].kind is Kind.INBOUND_HOST
    assert found[MX, "PTR-1"].kind is Kind.OUTBOUND_HOST


def test_two_domains_at_one_host_cite_the_same_session() -> None:
    facts = (*way_in(), *way_in("annet.example"), good(chain=SELF_SIGNED))
    found = findings([subject(), subject("annet.example")], facts)
    one, two = found[DOMAIN, "U02-1b-2"].targets[0], found["annet.example", "U02-1b-2"].targets[0]
    assert one.evidence[-1] == two.evidence[-1] == "o-000007"
    assert short(one) == short(two) == "fail self_signed"


def test_the_same_evidence_gives_the_same_findings_in_the_same_order() -> None:
    facts = (*TWO, SOUND_HERE, heard(ehlo=OFFER, stopped=failure("timeout", "starttls"), name=MX2, address="192.0.2.2"))
    first, second = findings([subject()], facts), findings([subject()], facts)
    assert list(first.items()) == list(second.items())


def test_what_rests_on_the_register_is_supplied_and_says_where_it_stands() -> None:
    partner = subject("partner.example", "partner", require_tls=RequireTls(Level.VERIFY, Level.VERIFY))
    found = findings([partner], baseline=cut("U02-1c-4"))["partner.example", "U02-1c-4"]

    assert (found.origin, found.targets[0].evidence) == (Origin.SUPPLIED, ())
    assert found.values["source"] == "inputs/inventory.json"
