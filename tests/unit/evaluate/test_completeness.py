"""Inventory completeness: what own records name, and who has entered it."""

import pytest

from compliance.evaluate.completeness import unlisted
from compliance.model.observation import Observation
from compliance.model.subject import Subject
from tests.unit.checks.build import ADDRESS, DOMAIN, MX, context, dns, subject, way_in

Facts = tuple[Observation, ...]
RELAY = "rele.etaten.example"
OUT = subject(RELAY, "outbound_host", hostname="192.0.2.9", helo=RELAY)
OUT6 = subject(RELAY, "outbound_host", hostname=RELAY)
IN = subject(MX, "inbound_host")


def txt(text: str, name: str = DOMAIN) -> Observation:
    return dns(name, "TXT", text)


def rua(*domains: str) -> Observation:
    return txt(f"v=DMARC1; p=none; rua={','.join(f'mailto:d@{each}' for each in domains)}", f"_dmarc.{DOMAIN}")


ROWS: list[tuple[str, tuple[Subject, ...], Facts, list[str]]] = [
    ("an include of nobody's", (), (txt("v=spf1 include:kampanje.example -all"),), ["kampanje.example spf"]),
    ("a redirect", (), (txt("v=spf1 redirect=kampanje.example"),), ["kampanje.example spf"]),
    ("a supplier is named", (), (txt("v=spf1 include:spf.protection.outlook.com -all"),),
     ["spf.protection.outlook.com spf Microsoft"]),
    ("what a supplier includes is its own", (),
     (txt("v=spf1 include:a.no -all"), txt("v=spf1 include:b.no ip4:198.51.100.7 -all", "a.no")), ["a.no spf"]),
    ("what our own name includes is ours", (),
     (txt(f"v=spf1 include:spf.{DOMAIN} -all"), txt("v=spf1 include:b.no -all", f"spf.{DOMAIN}")), ["b.no spf"]),
    ("a domain of ours", (subject("annen.example", "parked_domain"),),
     (txt("v=spf1 include:spf.annen.example -all"), rua("annen.example")), []),
    ("a partner's", (subject("part.no", "partner"),), (rua("rapport.part.no"),), ["rapport.part.no reports part.no"]),
    ("a sender nobody lists", (), (txt("v=spf1 ip4:192.0.2.9 -all"),), ["192.0.2.9 sender"]),
    ("a sender by its address", (OUT,), (txt("v=spf1 ip4:192.0.2.9 -all"),), []),
    ("a range with a sender in it", (OUT,), (txt("v=spf1 ip4:192.0.2.0/24 -all"),), []),
    ("a range without", (OUT,), (txt("v=spf1 ip4:198.51.100.0/24 -all"),), ["198.51.100.0/24 sender"]),
    ("a sender by its name", (OUT6,),
     (txt("v=spf1 ip6:2001:db8::9 -all"), dns(RELAY, "A"), dns(RELAY, "AAAA", "2001:db8::9")), []),
    ("one that may not send", (), (txt("v=spf1 -ip4:192.0.2.9 -all"),), []),
    ("rua of nobody's, and SPF too", (), (txt("v=spf1 include:kampanje.example -all"), rua("kampanje.example", DOMAIN)),
     ["kampanje.example spf,reports"]),
    ("an MX nobody lists", (), way_in(), [f"{MX} mail_host"]),
    ("an MX by its name", (IN,), way_in(), []),
    ("an MX by its address", (subject("inn", "inbound_host", hostname=ADDRESS),), way_in(), []),
    ("an EHLO name of another", (subject("ut", "outbound_host", hostname="192.0.2.9", helo="ut.annen.no"),), (),
     ["ut.annen.no helo"]),
    ("a name that bites", (), (rua("$(id).no"),), []),
    ("nothing known", (), (), []),
]  # fmt: skip


@pytest.mark.parametrize(("case", "others", "facts", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_what_records_name_and_nobody_entered_is_listed(
    case: str, others: tuple[Subject, ...], facts: Facts, expected: list[str]
) -> None:
    found = unlisted(context(facts, subject(), *others))
    assert [f"{line.name} {','.join(line.roles)} {line.holder}".strip() for line in found] == expected


def test_a_name_is_listed_once_with_all_who_name_it() -> None:
    both = (txt("v=spf1 include:kampanje.example -all"), txt("v=spf1 include:kampanje.example -all", "annen.example"))
    found = unlisted(context(both, subject(), subject("annen.example")))
    assert [(line.name, line.named_by, line.evidence) for line in found] == [
        ("kampanje.example", (DOMAIN, "annen.example"), ("o-000001", "o-000002"))
    ]
    assert unlisted(context(both, subject(), subject("annen.example")), only=["annen.example"])[0].named_by == (
        "annen.example",
    )
