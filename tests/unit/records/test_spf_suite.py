"""The public test suite of RFC 7208, as it is published: every case of it."""

import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

import pytest
from ruamel.yaml import YAML

from compliance.model.observation import DnsFacts, DnsRecord, Failure, FailureKind, Observation, Origin
from compliance.records.dns_walk import DnsQuestion, drive
from compliance.records.spf_check import check_host
from compliance.records.spf_macro import Sender
from tests.suites import SPF, missing

CASES = 203
FILE = "test/rfc7208-tests.yml"
DEFAULT = "DEFAULT"  # what the suite calls an explanation that is not the domain's own
TIMEOUT = "TIMEOUT"


@dataclass(frozen=True)
class Case:
    name: str
    zone: Mapping[str, list[Any]]
    asked: Mapping[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    if missing():
        return ()
    with tarfile.open(SPF) as archive:
        member = next(each for each in archive.getmembers() if each.name.endswith(FILE))
        content = archive.extractfile(member)
        assert content is not None
        scenarios = list(YAML(typ="safe", pure=True).load_all(content))
    return tuple(
        Case(f"{scenario['description']}: {name}", _zone(scenario["zonedata"]), asked)
        for scenario in scenarios
        for name, asked in scenario["tests"].items()
    )


def _zone(data: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Each name's entries, with TXT made from type SPF where no TXT stands, as the suite bids its drivers."""
    return {name.lower(): list(_entries(entries)) for name, entries in data.items()}


def _entries(entries: list[Any]) -> Iterator[Any]:
    has_txt = any("TXT" in entry for entry in entries if entry != TIMEOUT)
    for entry in entries:
        if entry == TIMEOUT:
            yield TIMEOUT
            continue
        ((rdtype, value),) = entry.items()
        if value != "NONE":
            yield rdtype, value
            if rdtype == "SPF" and not has_txt:
                yield "TXT", value


def answering(zone: Mapping[str, list[Any]]) -> Callable[[DnsQuestion], Observation]:
    def answer(question: DnsQuestion) -> Observation:
        name, aliases = question.name, []
        while target := next((v for t, v in _answered(zone, name) if t == "CNAME"), None):
            name = target.lower().removesuffix(".")
            if name in aliases:
                return _observation(question, None, (), "SERVFAIL")
            aliases.append(name)
        entries = zone.get(name, [])
        values = [value for rdtype, value in _answered(zone, name) if rdtype == question.rdtype]
        if not values and TIMEOUT in entries:
            return _observation(question, None, (), None)
        if TIMEOUT in values:
            return _observation(question, None, (), None)
        return _observation(question, values, aliases, "NOERROR" if entries else "NXDOMAIN")

    return answer


def _answered(zone: Mapping[str, list[Any]], name: str) -> list[tuple[str, Any]]:
    return [entry for entry in zone.get(name, []) if entry != TIMEOUT]


def _observation(question: DnsQuestion, values: Any, aliases: Any, rcode: str | None) -> Observation:
    envelope = ("o-1", "dns", question.name, question.rdtype, "", 0.0, "", "", Origin.WIRE)
    if rcode is None:
        return Observation(*envelope, None, Failure(FailureKind.TIMEOUT, "query"))
    records = tuple(_record(question, value) for value in values or ())
    name, rdtype = question.name, question.rdtype
    facts = DnsFacts("dns", name, rdtype, rcode, False, False, False, records, tuple(aliases), "", False, b"")
    return Observation(*envelope, facts, None)


def _record(question: DnsQuestion, value: Any) -> DnsRecord:
    strings: tuple[str, ...] = ()
    match question.rdtype:
        case "TXT":
            parts = value if isinstance(value, list) else [value]
            strings = tuple(part.encode("utf-8").decode("latin-1") for part in parts)
            value = ""
        case "MX":
            value = f"{value[0]} {value[1]}"
        case "A" | "AAAA":
            value = str(ip_address(value))
        case "PTR":
            value = value.lower().removesuffix(".")
    return DnsRecord(question.name, question.rdtype, 60, value, strings)


def test_the_whole_suite_is_here() -> None:
    if reason := missing():
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(f"under CI this must run: {reason}", pytrace=False)
        pytest.skip(f"THE RFC 7208 TEST SUITE WAS NOT RUN: {reason}")
    assert len(cases()) == CASES


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_of_the_rfc_7208_suite(case: Case) -> None:
    asked = case.asked
    helo = asked["helo"]
    identity = asked["mailfrom"] or f"postmaster@{helo}"  # section 2.4: an empty reverse-path
    checked = drive(check_host(Sender(asked["host"], identity, helo), lambda name: True), answering(case.zone))
    wanted = asked["result"]
    assert checked.result in (wanted if isinstance(wanted, list) else [wanted])
    if "explanation" in asked:
        assert (checked.explanation or DEFAULT) == asked["explanation"]
