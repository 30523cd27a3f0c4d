"""From a partner list to inventory entries: text that hosts.yaml takes as it stands."""

import json
from collections.abc import Iterable

from compliance.outbound.partner_list import Entry


def list_entries(partners: Iterable[Entry], head: str) -> str:
    """Give the entries. Every text of the list stands in quotes, so that none of it is YAML."""
    lines = [f"# {line}".rstrip() for line in head.split("\n")]
    for partner in partners:
        lines += ["", f"{partner.domain}:", "  groups: [partner]"]
        contact = {"name": partner.contact, "phone": partner.phone, "email": partner.email}
        told = ", ".join(f"{key}: {_quoted(value)}" for key, value in contact.items() if value)
        data = [f"name: {_quoted(partner.name)}"] if partner.name else []
        data += [f"require_tls: {partner.level}"] if partner.level else []
        data += [f"contact: {{{told}}}"] if told else []
        lines += ["  data:", *(f"    {line}" for line in data)] if data else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML one too
