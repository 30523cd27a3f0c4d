"""Postfix's own settings for the sessions it opens: a policy table or `postmap -s` of it, and `postconf -n`."""

import re

from compliance.model.supplied import PolicyEntry, SuppliedFile, TlsPolicyFacts
from compliance.outbound.dates import stamp
from compliance.outbound.lines import Unread, batches
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.records.tls_policy import EVERYBODY, LEVELS, TlsPolicyFault, logical_lines, parse_entry

_MOST = 100_000  # entries: no table of partners is longer
_EQUALS = rb"[ \t]*=(?:[ \t]|\r?\n[ \t])*"  # a value may begin on the next line, behind a blank
_LEVEL = re.compile(rb"(?m)^smtp_tls_security_level" + _EQUALS + rb"(\S*)")
_ELSEWHERE = re.compile(rb"(?m)^(smtp_tls_policy_maps|relayhost)" + _EQUALS + rb"\S")
_PARAMETER = re.compile(rb"(?m)^[a-z0-9_]+[ \t]*=")


class PolicyMap:
    """Reader of a policy table."""

    name = "postfix_policy"
    folders = frozenset({"policy"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether the first line that counts is an entry."""
        first = next(iter(logical_lines(head.decode("latin-1").split("\n"))), None)
        if first is None:
            return False
        try:
            parse_entry(first.text)
        except TlsPolicyFault:
            return False
        return True

    def read(self, file: SuppliedInput) -> TlsPolicyFacts:
        """Give every entry; what is none is counted with its kind. Raises Unreadable for a table without an end."""
        unread = Unread()
        lines = [line.rstrip(b"\r").decode("latin-1") for batch in batches(file.blocks(), unread) for line in batch]
        entries = []
        for line in logical_lines(lines):
            try:
                entry = parse_entry(line.text)
            except TlsPolicyFault:
                unread.note("no_entry", line.text.encode("latin-1", "replace"))
                continue
            if not entry.pattern:
                unread.note("no_domain", line.text.encode("latin-1", "replace"))
                continue
            entries.append(entry)
            if len(entries) > _MOST:
                raise Unreadable("more entries than any table of partners has")
        return TlsPolicyFacts("tls_policy", _about(file, len(lines), unread), "postfix", tuple(entries))


class PostfixSettings:
    """Reader of `postconf -n`: what is asked of every destination that has no entry of its own."""

    name = "postfix_settings"
    folders = frozenset({"policy"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether it is a list of parameters; a table has no equals sign behind its first word."""
        return len(_PARAMETER.findall(head)) > 1

    def read(self, file: SuppliedInput) -> TlsPolicyFacts:
        """Give the level for everybody, if one is set, and whether a table or a relay decides instead.

        Raises Unreadable for a level that Postfix does not know.
        """
        text = b"".join(file.blocks())[: 1 << 20]
        found = _LEVEL.findall(text)
        level = found[-1].decode("latin-1").lower() if found else ""
        if level and level not in LEVELS:
            raise Unreadable("smtp_tls_security_level has a value Postfix does not know")
        entries = (PolicyEntry(EVERYBODY, level),) if level else ()
        elsewhere = tuple(sorted({name.decode() for name in _ELSEWHERE.findall(text)}))
        return TlsPolicyFacts("tls_policy", _about(file, text.count(b"\n"), Unread()), "postfix", entries, elsewhere)


def _about(file: SuppliedInput, lines: int, unread: Unread) -> SuppliedFile:
    moment = stamp(int(file.modified.timestamp()))
    return file.about(moment, moment, lines, unread=unread.kinds())
