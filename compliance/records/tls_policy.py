"""What a sending host's own settings ask of the sessions it opens: Postfix's policy table (postconf(5), TLS_README).

One grammar for the table's source and for what `postmap -s` prints: a key, white space, a level, attributes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.names import is_domain, is_plain
from compliance.model.supplied import PolicyEntry

LEVELS = frozenset({"none", "may", "encrypt", "fingerprint", "verify", "secure", "dane", "dane-only", "half-dane"})
"""Postfix's words for levels (TLS_README); `half-dane` is for a destination's own use alone."""

#: Attributes stand behind blanks or commas, and a level in letters of either case (smtp_tls_policy.c, tls_level.c).
_ENTRY = re.compile(r"(?P<key>\S+)[ \t]+(?P<level>[A-Za-z-]+)(?P<rest>(?:[ \t,].*)?)")
_MATCH = re.compile(r"(?:^|[ \t,])match=([^ \t,]+)")
_MOST_NAMES = 20
EVERYBODY = "*"


class TlsPolicyFault(ValueError):  # noqa: N818 - said of the line
    """A line that is no entry of a policy table."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with those that continue it; `number` counts from 1."""

    number: int
    text: str


def logical_lines(lines: Iterable[str]) -> Iterable[Line]:
    """Give lines as Postfix reads them: comments and empty lines left out, lines that begin with a blank joined on."""
    begun, held = 0, list[str]()
    for number, text in enumerate(lines, 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if text[:1] in " \t" and held:
            held.append(text.strip())
            continue
        if held:
            yield Line(begun, " ".join(held))
        begun, held = number, [text.rstrip()]
    if held:
        yield Line(begun, " ".join(held))


def parse_entry(text: str) -> PolicyEntry:
    """Read one entry; raises TlsPolicyFault. A key that is no plain name (`[host]:port`) has an empty pattern."""
    found = _ENTRY.fullmatch(text)
    if found is None or found["level"].lower() not in LEVELS:
        raise TlsPolicyFault(text[:80])
    names = [name for listed in _MATCH.findall(found["rest"]) for name in listed.split(":")]
    plain = tuple(name for name in names[:_MOST_NAMES] if is_plain(name.removeprefix(".")))
    return PolicyEntry(_pattern(found["key"].lower()), found["level"].lower(), plain)


def _pattern(key: str) -> str:
    """Give the pattern of a key: a domain, or `*.domain` for what Postfix writes `.domain`."""
    bare = key.removeprefix(".")
    if not is_domain(bare):
        return ""
    return f"*.{bare}" if key.startswith(".") else bare


def covering(entries: Iterable[PolicyEntry], domain: str) -> tuple[PolicyEntry, ...]:
    """Give the entries that decide for a domain: its own, else its nearest parent's, else those for everybody."""
    known = tuple(entries)
    labels = domain.split(".")
    patterns = [domain, *(f"*.{'.'.join(labels[at:])}" for at in range(1, len(labels))), EVERYBODY]
    for pattern in patterns:
        if found := tuple(entry for entry in known if entry.pattern == pattern):
            return found
    return ()
