"""Field lists `v=X; a=b`, the form of MTA-STS and TLS-RPT records (RFC 8461 section 3.1, RFC 8460 section 3)."""

import re
from dataclasses import dataclass

_BLANKS = " \t"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_VALUE = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+")


class FieldFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no such list; `why`: version, empty, no_equals, name, value."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Field:
    """One field as written."""

    name: str
    value: str


def begins(text: str, version: str) -> bool:
    """Tell whether senders take a TXT record for one of this version: it begins `v=…;`, in just these letters."""
    return text.startswith(f"v={version};")


def is_meant(text: str, version: str) -> bool:
    """Tell whether somebody meant such a record, though senders pass it over."""
    return text.strip().lower().startswith(f"v={version.lower()}")


def read_fields(text: str, version: str) -> tuple[Field, ...]:
    """Read the fields behind the version, at least one; raises FieldFault. The values of `rua` may hold `=` and blanks.

    A field's own grammar is the caller's: here a value is only looked at where its name is not known to be free.
    """
    if not begins(text, version):
        raise FieldFault("version")
    parts = [part.strip(_BLANKS) for part in text.split(";")[1:]]
    if parts and not parts[-1]:
        parts.pop()  # the list may end in a semicolon
    if not parts:
        raise FieldFault("empty")
    return tuple(map(_field, parts))


def _field(part: str) -> Field:
    name, equals, value = part.partition("=")
    if not part:
        raise FieldFault("empty")
    if not equals:
        raise FieldFault("no_equals")
    if not _NAME.fullmatch(name):
        raise FieldFault("name")
    if name != "rua" and not _VALUE.fullmatch(value):
        raise FieldFault("value")
    return Field(name, value)
