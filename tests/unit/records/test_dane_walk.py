"""The way to TLSA records (RFC 7672 section 2): which names are asked about, in which order, and how often."""

from collections.abc import Mapping

import pytest

from compliance.model.observation import DnsFacts, DnsRecord, Observation, Origin
from compliance.records.dane_walk import DaneWalk, dane_walk
from compliance.records.dns_walk import DnsQuestion, drive

MX, END = "mx.a.example", "host.b.example"
EE = f"3 1 1 {'00' * 32}"


def answer(question: DnsQuestion, *data: str, ad: bool = True, rcode: str = "NOERROR", alias: str = "") -> Observation:
    records = tuple(DnsRecord(question.name, question.rdtype, 60, each) for each in data)
    aliases = (alias,) if alias else ()
    facts = DnsFacts("dns", question.name, question.rdtype, rcode, ad, True, False, records, aliases, "", False, b"")
    identity = f"{question.name} {question.rdtype}"
    return Observation(identity, "dns", question.name, question.rdtype, "", 0.0, "", "", Origin.WIRE, facts, None)


def walked(zone: Mapping[str, Mapping[str, object]], name: str = MX) -> tuple[DaneWalk, list[str]]:
    asked: list[str] = []

    def put(question: DnsQuestion) -> Observation:
        asked.append(f"{question.name} {question.rdtype}")
        given = dict(zone.get(asked[-1], {}))
        data = given.pop("data", ())
        return answer(question, *data, **given)  # type: ignore[misc, arg-type]

    return drive(dane_walk(name), put), asked


ADDRESS = {f"{MX} A": {"data": ("192.0.2.1",)}}
ALIASED = {f"{MX} A": {"data": ("192.0.2.1",), "alias": END}, f"{MX} AAAA": {"alias": END}}
LEFT_SIGNED = {
    f"{MX} A": {"data": ("192.0.2.1",), "alias": END, "ad": False},
    f"{MX} AAAA": {"alias": END, "ad": False},
}
FAILS = {"rcode": "SERVFAIL"}
AT_MX, AT_END = f"_25._tcp.{MX}", f"_25._tcp.{END}"
ROWS = (
    (ADDRESS, [f"{AT_MX} TLSA"], MX),
    ({**ALIASED, f"{AT_END} TLSA": {"data": (EE,)}}, [f"{AT_END} TLSA"], END),
    (ALIASED, [f"{AT_END} TLSA", f"{AT_MX} TLSA"], MX),
    (LEFT_SIGNED, [f"{MX} CNAME", f"{AT_MX} TLSA"], MX),
    ({**ADDRESS, f"{AT_MX} TLSA": FAILS}, [f"{AT_MX} TLSA", f"{AT_MX} TLSA again"], MX),
    (
        {**ALIASED, f"{AT_END} TLSA": FAILS, f"{AT_END} TLSA again": FAILS},
        [f"{AT_END} TLSA", f"{AT_END} TLSA again"],
        END,
    ),
    (
        {**ALIASED, f"{AT_END} TLSA": FAILS},
        [f"{AT_END} TLSA", f"{AT_END} TLSA again", f"{AT_MX} TLSA"],
        MX,
    ),
)


@pytest.mark.parametrize(("zone", "asked", "base"), ROWS)
def test_the_questions_and_the_base(zone: Mapping[str, Mapping[str, object]], asked: list[str], base: str) -> None:
    walk, seen = walked(zone)
    assert seen == [f"{MX} A", f"{MX} AAAA", *asked]
    assert walk.base == base
    assert set(walk.evidence) == set(seen)


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "$(id).x", ""])
def test_what_is_no_host_name_is_not_asked_about(name: str) -> None:
    assert walked({}, name) == (DaneWalk(name), [])


def test_only_what_is_signed_counts_as_the_way() -> None:
    signed_name, _ = walked({**LEFT_SIGNED, f"{MX} CNAME": {"data": (END,)}})
    assert [seen.question for seen in signed_name.way] == ["CNAME"]
    unsigned, _ = walked({**LEFT_SIGNED, f"{MX} CNAME": {"data": (END,), "ad": False}})
    assert [seen.question for seen in unsigned.way] == ["A"]


def test_unreadable_records_are_kept_apart() -> None:
    walk, _ = walked({**ADDRESS, f"{AT_MX} TLSA": {"data": (EE, "3 1 1 xyz", "1 1 1 00")}})
    assert (len(walk.records), walk.unreadable, len(walk.usable)) == (2, ("3 1 1 xyz",), 1)
