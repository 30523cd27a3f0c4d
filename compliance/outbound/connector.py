"""Exchange Online's outbound connectors, as `Get-OutboundConnector | ConvertTo-Json` writes them.

Only what decides is read: whether the connector is enabled and for whom, and how far TLS is asked for. TlsSettings:
EncryptionOnly (no certificate is looked at), CertificateValidation (its issuer alone), DomainValidation (its name too,
against TlsDomain); without it TLS is opportunistic.
"""

import json
from typing import Any

from compliance.model.names import NameFault, is_domain, to_ascii
from compliance.model.supplied import PolicyEntry, TlsPolicyFacts
from compliance.outbound.dates import stamp
from compliance.outbound.lines import Unread
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.records.tls_policy import EVERYBODY

_LONGEST = 8 << 20
_KEYS = frozenset({"RecipientDomains", "TlsSettings", "Enabled"})
#: PowerShell 5 writes an enumeration by its number where it is not told otherwise.
_TO_OURSELVES = frozenset({"OnPremises", 1})  # to the organisation's own server: what that one asks is not told here
_SETTINGS = ("EncryptionOnly", "CertificateValidation", "DomainValidation")


class Connectors:
    """Reader of such an export."""

    name = "exchange_connectors"
    folders = frozenset({"policy", "exchange"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether it is JSON that names the properties of a connector."""
        text = _decoded(head)
        return text.lstrip()[:1] in {"[", "{"} and all(f'"{key}"' in text for key in _KEYS)

    def read(self, file: SuppliedInput) -> TlsPolicyFacts:
        """Give an entry for each domain of each connector in use; raises Unreadable for what is no such export."""
        raw = bytearray()
        for block in file.blocks():
            raw += block
            if len(raw) > _LONGEST:
                raise Unreadable("longer than any export of connectors")
        try:
            data = json.loads(_decoded(bytes(raw)))
        except (ValueError, RecursionError):
            raise Unreadable("no JSON") from None
        listed = data if isinstance(data, list) else [data]
        unread = Unread()
        entries: list[PolicyEntry] = []
        for each in listed:
            if not isinstance(each, dict) or not each.keys() >= _KEYS:
                unread.note("no_connector", json.dumps(each)[:200].encode())
            elif each.get("Enabled") is not True or each.get("IsTransportRuleScoped") is True:
                unread.note("not_in_use", json.dumps({key: each.get(key) for key in sorted(_KEYS)})[:200].encode())
            elif each.get("ConnectorType") in _TO_OURSELVES:
                unread.note("own_server", b"")
            else:
                entries += _entries(each, unread)
        moment = stamp(int(file.modified.timestamp()))
        about = file.about(moment, moment, len(listed), unread=unread.kinds())
        return TlsPolicyFacts("tls_policy", about, "exchange_online", tuple(entries))


def _entries(connector: dict[str, Any], unread: Unread) -> list[PolicyEntry]:
    level = _level(connector.get("TlsSettings"))
    if level is None:
        unread.note("unknown_setting", json.dumps(connector.get("TlsSettings"))[:200].encode())
        return []
    named = _pattern(connector.get("TlsDomain"))
    names = (named,) if named and named != EVERYBODY else ()
    domains = connector.get("RecipientDomains")
    found = []
    for domain in domains if isinstance(domains, list) else [domains]:
        if pattern := _pattern(domain):
            found.append(PolicyEntry(pattern, level, names))
        else:
            unread.note("no_domain", json.dumps(domain)[:200].encode())
    return found


def _level(setting: object) -> str | None:
    if setting is None or setting == "":
        return ""
    if isinstance(setting, int) and not isinstance(setting, bool):
        return _SETTINGS[setting - 1] if 1 <= setting <= len(_SETTINGS) else None
    return setting if setting in _SETTINGS else None


def _pattern(domain: object) -> str:
    """Give a domain, `*.domain` or `*`; `` for what is none of them."""
    if not isinstance(domain, str):
        return ""
    if domain == EVERYBODY:
        return EVERYBODY
    try:
        name = to_ascii(domain.removeprefix("*."))
    except NameFault:
        return ""
    if not is_domain(name):
        return ""
    return f"*.{name}" if domain.startswith("*.") else name


def _decoded(raw: bytes) -> str:
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return raw.decode(encoding, "replace")
