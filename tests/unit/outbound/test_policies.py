"""Supplied settings: Postfix's table and parameters, Exchange Online's connectors, and what is none of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from compliance.model.supplied import PolicyEntry, TlsPolicyFacts
from compliance.outbound.reader import Unreadable
from compliance.outbound.readers import reader_for
from tests.unit.outbound.build import supplied


def read(path: Path, content: str | bytes, folder: str = "policy") -> TlsPolicyFacts | None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = supplied(path, folder=folder)
    reader = reader_for(file)
    facts = reader.read(file) if reader else None
    assert facts is None or isinstance(facts, TlsPolicyFacts)
    return facts


def test_a_table_gives_its_entries_and_counts_what_is_none(tmp_path: Path) -> None:
    text = "# partners\npart.example secure match=mx.part.example\n[10.0.0.1]:25 encrypt\nnot one\n.b.example may\n"
    facts = read(tmp_path / "tls_policy", text)
    assert facts is not None
    assert (facts.product, facts.entries) == (
        "postfix",
        (PolicyEntry("part.example", "secure", ("mx.part.example",)), PolicyEntry("*.b.example", "may")),
    )
    assert {kind.kind: kind.count for kind in facts.file.unread} == {"no_domain": 1, "no_entry": 1}
    assert facts.file.first == facts.file.last != ""


def test_what_postmap_prints_is_the_same_table(tmp_path: Path) -> None:
    facts = read(tmp_path / "dump.txt", "part.example\tsecure match=mx.part.example\n")
    assert facts is not None
    assert facts.entries == (PolicyEntry("part.example", "secure", ("mx.part.example",)),)


@pytest.mark.parametrize(
    "line", ["part.example Secure,match=mx.part.example", "part.example SECURE, match=mx.part.example protocols=x"]
)
def test_an_entry_is_read_as_postfix_reads_it(tmp_path: Path, line: str) -> None:
    facts = read(tmp_path / "tls_policy", f"{line}\n")
    assert facts is not None
    assert facts.entries == (PolicyEntry("part.example", "secure", ("mx.part.example",)),)


def test_parameters_tell_what_else_decides(tmp_path: Path) -> None:
    text = "relayhost =\nsmtp_tls_policy_maps = hash:/etc/postfix/tls_policy\nsmtp_tls_security_level = Encrypt\n"
    facts = read(tmp_path / "main.txt", text)
    assert facts is not None
    assert (facts.entries, facts.elsewhere) == ((PolicyEntry("*", "encrypt"),), ("smtp_tls_policy_maps",))
    text = "biff = no\nsmtp_tls_policy_maps =\n    hash:/etc/postfix/tls_policy\nsmtp_tls_security_level =\n\tmay\n"
    facts = read(tmp_path / "main.cf", text)
    assert facts is not None
    assert (facts.entries, facts.elsewhere) == ((PolicyEntry("*", "may"),), ("smtp_tls_policy_maps",))
    facts = read(tmp_path / "main.txt", "relayhost = [smtp.x.example]:587\nmyhostname = a.example\n")
    assert facts is not None
    assert (facts.entries, facts.elsewhere) == ((), ("relayhost",))


@pytest.mark.parametrize(
    ("level", "entries"),
    [
        ("smtp_tls_security_level = encrypt\n", (PolicyEntry("*", "encrypt"),)),
        ("smtpd_tls_security_level = encrypt\n", ()),
    ],
)
def test_parameters_tell_what_is_asked_of_everybody(
    tmp_path: Path, level: str, entries: tuple[PolicyEntry, ...]
) -> None:
    facts = read(tmp_path / "main.txt", f"myhostname = rele.etaten.example\n{level}smtp_tls_CAfile = /etc/ca.pem\n")
    assert facts is not None
    assert facts.entries == entries


def test_a_level_postfix_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path / "main.txt", "myhostname = a.example\nsmtp_tls_security_level = always\n")


def connector(**more: Any) -> dict[str, Any]:
    return {
        "Name": "Part",
        "Enabled": True,
        "ConnectorType": "Partner",
        "RecipientDomains": ["part.example"],
        "TlsSettings": "DomainValidation",
        "TlsDomain": "*.part.example",
        "IsTransportRuleScoped": False,
        **more,
    }


STRICT = PolicyEntry("part.example", "DomainValidation", ("*.part.example",))
CONNECTORS = [
    ("as it comes", connector(), (STRICT,), {}),
    ("by its number", connector(TlsSettings=3), (STRICT,), {}),
    ("opportunistic", connector(TlsSettings=None, TlsDomain=None), (PolicyEntry("part.example", ""),), {}),
    (
        "everybody",
        connector(RecipientDomains=["*"], TlsSettings="EncryptionOnly", TlsDomain=None),
        (PolicyEntry("*", "EncryptionOnly"),),
        {},
    ),
    (
        "below a domain",
        connector(RecipientDomains="*.part.example", TlsDomain=None),
        (PolicyEntry("*.part.example", "DomainValidation"),),
        {},
    ),
    (
        "by its letters",
        connector(RecipientDomains=["blåbær.example"], TlsDomain=None),
        (PolicyEntry("xn--blbr-roah.example", "DomainValidation"),),
        {},
    ),
    ("turned off", connector(Enabled=False), (), {"not_in_use": 1}),
    ("enabled in words", connector(Enabled="True"), (), {"not_in_use": 1}),
    ("for what a rule sends there", connector(IsTransportRuleScoped=True), (), {"not_in_use": 1}),
    ("to the organisation's own server", connector(ConnectorType="OnPremises"), (), {"own_server": 1}),
    ("a setting we do not know", connector(TlsSettings="Everything"), (), {"unknown_setting": 1}),
    ("a number we do not know", connector(TlsSettings=9), (), {"unknown_setting": 1}),
    ("true is no number", connector(TlsSettings=True), (), {"unknown_setting": 1}),
    ("a name that bites", connector(RecipientDomains=["$(id).example", 7]), (), {"no_domain": 2}),
]


@pytest.mark.parametrize(("case", "one", "entries", "unread"), CONNECTORS, ids=[row[0] for row in CONNECTORS])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_connector_in_use_asks_something_of_its_domains(
    tmp_path: Path,
    case: str,
    one: dict[str, Any],
    entries: tuple[PolicyEntry, ...],
    unread: dict[str, int],
    encoding: str,
) -> None:
    for data in (one, [one]):  # PowerShell writes one alone without a list
        facts = read(tmp_path / "c.json", json.dumps(data, ensure_ascii=False).encode(encoding))
        assert facts is not None
        assert (facts.product, facts.entries) == ("exchange_online", entries)
        assert {kind.kind: kind.count for kind in facts.file.unread} == unread


@pytest.mark.parametrize(
    "content",
    ["", "hello", "[]", '{"a": 1}', "Name : Part\nEnabled : True\n", "# only a comment\n", "part.example,encrypt\n"],
)
def test_what_is_no_settings_is_not_taken_for_them(tmp_path: Path, content: str) -> None:
    assert read(tmp_path / "x", content) is None


@pytest.mark.parametrize("tail", ["", "[" * 100_000, '"'])
def test_broken_json_is_unreadable(tmp_path: Path, tail: str) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path / "x.json", '[{"RecipientDomains": 1, "TlsSettings": 1, "Enabled": ' + tail)
