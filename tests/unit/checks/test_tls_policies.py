"""Encryption required toward a partner, from settings: by level, by host, and beside what a log shows."""

import pytest

from compliance.checks.views import OutgoingView
from compliance.model.observation import Observation, Origin
from compliance.model.subject import Kind, Level, RequireTls, Subject
from compliance.model.supplied import PolicyEntry, SuppliedFile, TlsPolicyFacts, UnreadLines
from tests.unit.checks.build import DOMAIN, _seen, context, judged, subject, told
from tests.unit.checks.logs import flow, log, to_domain, under
from tests.unit.checks.test_outgoing import RELE, SOUND

M365 = subject("m365", "outbound_host", service="exchange_online", sends_for=("a.example",))
OTHER = subject("rele2.etaten.example", "outbound_host", sends_for=("a.example",))
CLEAR = log(SOUND, domains=(to_domain(flow(under(4), clear=1), DOMAIN),))
VERIFIED = log(SOUND, domains=(to_domain(flow(under(4, trust="Verified")), DOMAIN),))
SILENT = log(SOUND)


def settings(
    *entries: tuple[str, str], product: str = "postfix", place: str = "", unread: str = "", elsewhere: str | None = None
) -> Observation:
    when = "2026-11-01T00:00:00Z"
    kinds = (UnreadLines(unread, 1, ""),) if unread else ()
    file = SuppliedFile("policy", place, "tls_policy", "0" * 64, 1, when, when, 1, unread=kinds)
    others = tuple(elsewhere.split()) if elsewhere else ()
    facts = TlsPolicyFacts("tls_policy", file, product, tuple(PolicyEntry(*entry) for entry in entries), others)
    probe = "postfix_policy" if elsewhere is None else "postfix_settings"
    return _seen(probe, "evidence/policy/tls_policy", "0" * 64, facts, None, origin=Origin.SUPPLIED)


def postconf(*entries: tuple[str, str], elsewhere: str = "") -> Observation:
    return settings(*entries, elsewhere=elsewhere)


def online(*entries: tuple[str, str]) -> Observation:
    return settings(*entries, product="exchange_online")


E, V, D = Level.ENCRYPT, Level.VERIFY, Level.DANE
NAMED = {level: (DOMAIN, level) for level in ("may", "encrypt", "verify", "secure", "fingerprint", "dane", "dane-only")}
ROWS: list[tuple[str, Level, Subject, tuple[Observation, ...], str]] = [
    ("nothing supplied", E, RELE, (), "not_tested no_evidence no_settings"),
    ("a log that tells nothing, no settings", E, RELE, (SILENT,), "not_tested no_evidence nothing_sent_to_partner"),
    ("encrypt", E, RELE, (settings(NAMED["encrypt"]),), "pass settings_demand"),
    ("encrypt, more asked", V, RELE, (settings(NAMED["encrypt"]),), "fail settings_weaker"),
    ("verify", V, RELE, (settings(NAMED["verify"]),), "pass settings_demand"),
    ("secure", V, RELE, (settings(NAMED["secure"]),), "pass settings_demand"),
    ("fingerprint", V, RELE, (settings(NAMED["fingerprint"]),), "pass settings_demand"),
    ("DANE where there is any is opportunistic", E, RELE, (settings(NAMED["dane"]),), "fail settings_weaker"),
    ("DANE alone", D, RELE, (settings(NAMED["dane-only"]),), "pass settings_demand"),
    ("secure, DANE asked", D, RELE, (settings(NAMED["secure"]),), "fail settings_weaker"),
    ("may", E, RELE, (settings(NAMED["may"]),), "fail settings_weaker"),
    ("another partner alone", E, RELE, (settings(("x.example", "secure")),), "fail settings_lack_partner"),
    ("its subdomains alone", E, RELE, (settings((f"*.{DOMAIN}", "secure")),), "fail settings_lack_partner"),
    ("everybody", E, RELE, (settings(("*", "encrypt")),), "pass settings_demand"),
    (
        "everybody less, itself enough",
        V,
        RELE,
        (settings(("*", "may")), settings(NAMED["secure"])),
        "pass settings_demand",
    ),
    (
        "everybody enough, itself less",
        E,
        RELE,
        (settings(("*", "encrypt")), settings(NAMED["may"])),
        "fail settings_weaker",
    ),
    (
        "two that disagree",
        E,
        RELE,
        (settings(NAMED["may"]), settings(NAMED["secure"])),
        "not_tested no_evidence settings_disagree",
    ),
    (
        "a table that Postfix was never told of",
        V,
        RELE,
        (settings(NAMED["secure"]), postconf(("*", "may"))),
        "not_tested no_evidence settings_table_unused",
    ),
    (
        "a table in use",
        V,
        RELE,
        (settings(NAMED["secure"]), postconf(("*", "may"), elsewhere="smtp_tls_policy_maps")),
        "pass settings_demand",
    ),
    (
        "everybody, and a table that is not there",
        E,
        RELE,
        (postconf(("*", "encrypt"), elsewhere="smtp_tls_policy_maps"),),
        "not_tested no_evidence settings_without_table",
    ),
    (
        "nothing for everybody, and a table that is not there",
        E,
        RELE,
        (postconf(elsewhere="smtp_tls_policy_maps"),),
        "not_tested no_evidence settings_without_table",
    ),
    (
        "everybody, and a table that says nothing of it",
        E,
        RELE,
        (postconf(("*", "encrypt"), elsewhere="smtp_tls_policy_maps"), settings(("x.example", "may"))),
        "pass settings_demand",
    ),
    (
        "a table that is not asked, since a relay delivers",
        E,
        RELE,
        (postconf(("*", "may"), elsewhere="relayhost smtp_tls_policy_maps"), settings(NAMED["encrypt"])),
        "not_tested no_evidence settings_relayed",
    ),
    (
        "everybody, which is the relay alone",
        E,
        RELE,
        (postconf(("*", "encrypt"), elsewhere="relayhost"),),
        "not_tested no_evidence settings_relayed",
    ),
    (
        "a host's entry, which may be the partner's",
        E,
        RELE,
        (
            settings(("x.example", "secure"), unread="no_domain"),
            postconf(("*", "may"), elsewhere="smtp_tls_policy_maps"),
        ),
        "not_tested no_evidence settings_partly_read",
    ),
    (
        "a host's entry, and all others encrypted",
        E,
        RELE,
        (
            settings(("x.example", "secure"), unread="no_domain"),
            postconf(("*", "encrypt"), elsewhere="smtp_tls_policy_maps"),
        ),
        "pass settings_demand",
    ),
    (
        "a connector turned off",
        E,
        M365,
        (settings(product="exchange_online", unread="not_in_use"),),
        "fail settings_lack_partner",
    ),
    ("settings and a log that agrees", V, RELE, (settings(NAMED["verify"]), VERIFIED), "pass settings_demand"),
    ("settings say so, a log shows clear", E, RELE, (settings(NAMED["encrypt"]), CLEAR), "fail partner_sent_clear"),
    ("settings say less, a log was lucky", V, RELE, (settings(NAMED["may"]), VERIFIED), "fail settings_weaker"),
    ("settings in its own folder", E, RELE, (settings(NAMED["encrypt"], place=RELE.label),), "pass settings_demand"),
    (
        "settings in another's folder",
        E,
        RELE,
        (settings(NAMED["encrypt"], place="rele9"),),
        "not_tested no_evidence no_settings",
    ),
    (
        "a connector is not Postfix's",
        E,
        RELE,
        (online((DOMAIN, "DomainValidation")),),
        "not_tested no_evidence no_settings",
    ),
    ("a connector", V, M365, (online((DOMAIN, "DomainValidation")),), "pass settings_demand"),
    (
        "a connector that looks at no name",
        V,
        M365,
        (online((DOMAIN, "CertificateValidation")),),
        "fail settings_weaker",
    ),
    (
        "a connector that looks at no certificate",
        E,
        M365,
        (online((DOMAIN, "EncryptionOnly")),),
        "pass settings_demand",
    ),
    ("no connector asks for DANE", D, M365, (online((DOMAIN, "DomainValidation")),), "fail settings_weaker"),
    ("a connector that asks nothing", E, M365, (online((DOMAIN, "")),), "fail settings_weaker"),
]


@pytest.mark.parametrize(
    ("level", "sender", "seen", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_settings_require_encryption_toward_a_partner(
    level: Level, sender: Subject, seen: tuple[Observation, ...], expected: str
) -> None:
    partner = subject(DOMAIN, "partner", require_tls=RequireTls(level))
    run = context(seen, partner, RELE, M365)
    found = judged(run, "U02-1c-2", OutgoingView(run, partner, Kind.PARTNER, sender))

    assert told(found) == expected


def test_settings_without_a_name_are_nobodys_where_several_hosts_send() -> None:
    partner = subject(DOMAIN, "partner", require_tls=RequireTls(Level.ENCRYPT))
    run = context((settings(NAMED["encrypt"]),), partner, RELE, OTHER)
    for sender in (RELE, OTHER):
        found = judged(run, "U02-1c-2", OutgoingView(run, partner, Kind.PARTNER, sender))
        assert told(found) == "not_tested no_evidence no_settings"
