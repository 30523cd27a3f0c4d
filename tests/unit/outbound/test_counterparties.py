"""Counterparties: added up over logs, named, and handed on as evidence that gives the same again."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.model.supplied import DomainFlow, MailLogFacts
from compliance.outbound.counterparties import counterparties, entries
from compliance.outbound.distilled import DistilledLog, distilled
from compliance.outbound.reader import Unreadable
from compliance.outbound.readers import reader_for
from tests.unit.checks.logs import flow, log, to_domain, to_host, under
from tests.unit.outbound.build import supplied

SUPPLIERS = {"mail.protection.outlook.com": "Microsoft", "outlook.com": "Other"}


def facts(*domains: DomainFlow) -> MailLogFacts:
    made = log(to_host(flow(under())), domains=domains).facts
    assert isinstance(made, MailLogFacts)
    return made


def test_logs_are_added_up_by_domain_and_direction_the_largest_first() -> None:
    part = to_domain(flow(under(5), under(2, trust="Verified"), clear=1), "part.example")
    logs = [
        facts(part, to_domain(flow(under(1)), "liten.example")),
        facts(part, to_domain(flow(unknown=3), "part.example", "from")),
    ]
    first, second = counterparties(logs, SUPPLIERS)

    assert (first.domain, first.messages, second.domain) == ("part.example", 19, "liten.example")
    assert (first.to.encrypted, first.to.authenticated, first.to.clear) == (14, 4, 2)
    assert [(tally.trust, tally.count) for tally in first.to.tls] == [("Trusted", 10), ("Verified", 4)]
    assert (first.from_.messages, first.from_.unknown) == (3, 3)


def test_a_supplier_is_told_by_where_mail_is_received() -> None:
    cloud = replace(to_domain(flow(under()), "part.example"), hosts=("part-example.mail.protection.outlook.com",))
    received = replace(to_domain(flow(under()), "annen.example", "from"), hosts=("x.outlook.com",))

    assert [(party.domain, party.supplier) for party in counterparties([facts(cloud, received)], SUPPLIERS)] == [
        ("annen.example", ""),
        ("part.example", "Microsoft"),
    ]


def test_domains_may_be_grouped_and_own_ones_left_out() -> None:
    names = ("a.part.example", "b.part.example", "etaten.example", "x.etaten.example", "")
    flows = [to_domain(flow(under(1)), name) for name in names]
    found = counterparties([facts(*flows)], {}, {"etaten.example"}, lambda name: ".".join(name.split(".")[-2:]))

    assert [(party.domain, party.messages) for party in found] == [("part.example", 2)]


def test_entries_name_domain_and_volume() -> None:
    parties = counterparties([facts(to_domain(flow(under(7)), "part.example"))], {})

    assert entries(parties, "one\ntwo") == "# one\n# two\n\npart.example:\n  groups: [partner]\n  data: {volume: 7}\n"


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "partners.evidence.jsonl"
    path.write_bytes(content)
    return path


EARLY = datetime(2026, 6, 1, tzinfo=UTC)


def test_what_was_distilled_elsewhere_gives_the_same_facts(tmp_path: Path) -> None:
    logs = (facts(to_domain(flow(under(7)), "part.example")), facts(to_domain(flow(clear=1), "b.example")))
    file = supplied(_written(tmp_path, distilled(logs)), since=EARLY)
    reader = reader_for(file)
    assert reader is not None
    read = reader.read(file)

    assert reader.name == "distilled_log"
    assert isinstance(read, MailLogFacts)
    assert read.instances == logs[0].instances + logs[1].instances
    assert (read.file.lines, read.file.first) == (20, logs[0].file.first)


def _spoilt() -> dict[str, bytes]:
    sound = distilled((facts(to_domain(flow(under()), "part.example")),))
    return {
        "cut": sound[:-20],
        "an unknown key": sound.replace(b'"product"', b'"more":1,"product"'),
        "a name that is none": sound.replace(b'"part.example"', b'"$(id).example"'),
        "a host that is none": sound.replace(b'"host":"rele"', b'"host":"a b"'),
        "an address that is none": sound.replace(b'"192.0.2.1"', b'"192.0.2.1;id"'),
        "less than none": sound.replace(b'"clear":0', b'"clear":-3'),
        "a suite that is none": sound.replace(b'"suite":"TLS', b'"suite":"Kari Nordmann'),
        "a time that is none": sound.replace(b'"first_tls":"2026-', b'"first_tls":"2026-02-31T00:00:00Z'),
        "two products": sound + sound.replace(b'"product":"postfix"', b'"product":"exim"'),
    }


@pytest.mark.parametrize("content", _spoilt().values(), ids=_spoilt())
def test_a_distilled_file_that_was_spoilt_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable):
        DistilledLog().read(supplied(_written(tmp_path, content), since=EARLY))


def test_a_distilled_file_from_before_the_period_is_refused(tmp_path: Path) -> None:
    content = distilled((facts(to_domain(flow(under()), "part.example")),))

    with pytest.raises(Unreadable, match="before the period"):
        DistilledLog().read(supplied(_written(tmp_path, content), since=datetime(2026, 9, 1, tzinfo=UTC)))
