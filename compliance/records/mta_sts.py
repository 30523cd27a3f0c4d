"""MTA-STS: the TXT record that announces a policy, and the policy file (RFC 8461 section 3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from compliance.records.field_list import FieldFault, begins, is_meant, read_fields

VERSION = "STSv1"
PATH = "/.well-known/mta-sts.txt"
MAX_POLICY = 64 * 1024  # bytes: RFC 8461 section 3.3 suggests it
LONGEST_MAX_AGE = 31557600  # seconds, a year: section 3.2
_BLANKS = " \t"
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]+")
_SECONDS = re.compile(r"[0-9]{1,10}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MOST_NAME = 253


class StsFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no record or policy. `line` counts from 1, 0 where no one line is to blame.

    `why` of a record: version, empty, no_equals, name, value, id_missing, bad_id. Of a policy: too_long, line, key,
    character, and `bad_` or `no_` with the key that is wrong or missing (bad_version, no_mx ...).
    """

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


class Mode(StrEnum):
    """What senders do where the policy does not hold: refuse, report only, or nothing."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; `repeated` names keys given more than once (the first counts), `unknown` those no RFC names."""

    mode: Mode
    max_age: int
    mx: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    blank_lines: int = 0


def owner(domain: str) -> str:
    """Give the owner name of a domain's TXT record."""
    return f"_mta-sts.{domain}"


def policy_host(domain: str) -> str:
    """Give the host that serves a domain's policy (RFC 8461 section 3.3)."""
    return f"mta-sts.{domain}"


def candidates(texts: Sequence[str]) -> tuple[str, ...]:
    """Give the TXT records that begin `v=STSv1;`: senders discard the rest, and want exactly one."""
    return tuple(text for text in texts if begins(text, VERSION))


def meant(texts: Sequence[str]) -> tuple[str, ...]:
    """Give the TXT records that somebody meant for MTA-STS, in whatever spelling."""
    return tuple(text for text in texts if is_meant(text, VERSION))


def parse_record(text: str) -> str:
    """Read a TXT record and give its id (section 3.1); raises StsFault. A field given twice counts the first time."""
    try:
        fields = read_fields(text, VERSION)
    except FieldFault as fault:
        raise StsFault(fault.why) from fault
    found = next((field.value for field in fields if field.name == "id"), None)
    if found is None:
        raise StsFault("id_missing")
    if not _ID.fullmatch(found):
        raise StsFault("bad_id")
    return found


def parse_policy(body: str) -> Policy:
    """Read a policy file (section 3.2), each character an octet; raises StsFault. Lines end in LF or CRLF.

    Unknown keys are passed over, and of a key given twice the first counts, as the RFC bids. Blank lines stand
    outside its grammar, but no sender is known to mind them.
    """
    if len(body) > MAX_POLICY:
        raise StsFault("too_long")
    first: dict[str, tuple[str, int]] = {}
    patterns: dict[str, None] = {}
    repeated: dict[str, None] = {}
    lines = body.removesuffix("\n").removesuffix("\r").split("\n")
    blank = 0
    for number, line in enumerate(lines, 1):
        text = line.removesuffix("\r").rstrip(_BLANKS)
        if not text:
            blank += 1
            continue
        key, value = _pair(text, number)
        if key == "mx":
            if not is_pattern(value):
                raise StsFault("bad_mx", number)
            patterns[value.lower()] = None
        elif key in first:
            repeated[key] = None
        else:
            first[key] = (value, number)
    return _policy(first, tuple(patterns), tuple(repeated), blank)


def _pair(text: str, number: int) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon:
        raise StsFault("line", number)
    if not _KEY.fullmatch(key):
        raise StsFault("key", number)
    value = value.lstrip(_BLANKS)
    if not _VALUE.fullmatch(value):
        raise StsFault("character" if value else f"bad_{key}", number)
    return key, value


def _policy(
    first: dict[str, tuple[str, int]], patterns: tuple[str, ...], repeated: tuple[str, ...], blank: int
) -> Policy:
    for key in ("version", "mode", "max_age"):
        if key not in first:
            raise StsFault(f"no_{key}")
    version, at = first["version"]
    if version != VERSION:
        raise StsFault("bad_version", at)
    mode, at = first["mode"]
    if mode not in set(Mode):
        raise StsFault("bad_mode", at)
    seconds, at = first["max_age"]
    if not _SECONDS.fullmatch(seconds) or int(seconds) > LONGEST_MAX_AGE:
        raise StsFault("bad_max_age", at)
    if mode != Mode.NONE and not patterns:
        raise StsFault("no_mx")
    unknown = tuple(key for key in first if key not in {"version", "mode", "max_age"})
    return Policy(Mode(mode), int(seconds), patterns, repeated, unknown, blank)


def is_pattern(text: str) -> bool:
    """Tell whether a text is a host name or `*.` and one (section 3.2)."""
    labels = text.removeprefix("*.").split(".")
    return len(text) <= _MOST_NAME and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def mx_matches(pattern: str, host: str) -> bool:
    """Tell whether a pattern covers an MX name: `*` stands for exactly one label, the leftmost (section 4.1)."""
    pattern, host = pattern.lower(), host.lower().removesuffix(".")
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == pattern[2:]
