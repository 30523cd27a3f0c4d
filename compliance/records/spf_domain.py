"""Domain-specs and macro strings of SPF records: their grammar (RFC 7208 sections 7.1 and 12)."""

import re

MACRO = re.compile(
    r"(?P<literal>[\x21-\x24\x26-\x7e]+)|%\{(?P<letter>[A-Za-z])(?P<digits>[0-9]*)(?P<turned>[rR]?)(?P<split>[-.+,/_=]*)\}|%[%_-]"
)
_LETTERS = frozenset("slodiphcrtv")
_ONLY_IN_TEXTS = frozenset("crt")  # section 7.2: allowed only in the text that exp= leads to
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class SpfFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no SPF record: `position` is the index of the fault, `why` its key."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(why)
        self.position = position
        self.why = why


def macro_string(text: str, position: int, *, in_domain: bool = False) -> bool:
    """Tell whether a macro-string ends in a macro-expand; `position` is its index. Raises SpfFault."""
    at = 0
    is_macro = False
    while at < len(text):
        found = MACRO.match(text, at)
        if not found:
            raise SpfFault(position + at, "macro" if text[at] == "%" else "character")
        if letter := found["letter"]:
            if letter.lower() not in _LETTERS or (in_domain and letter.lower() in _ONLY_IN_TEXTS):
                raise SpfFault(position + at, "macro_letter")
            if found["digits"] and not found["digits"].strip("0"):  # section 7.3: must be nonzero
                raise SpfFault(position + at, "macro_digits")
        is_macro = found["literal"] is None
        at = found.end()
    return is_macro


def domain_spec(text: str, position: int) -> None:
    """Hold a domain-spec to its grammar: it ends in a top label or in a macro. Raises SpfFault."""
    if not text:
        raise SpfFault(position, "argument")
    if macro_string(text, position, in_domain=True):
        return
    literal = _last_literal(text) if "%" in text else text
    head, dot, label = literal.removesuffix(".").rpartition(".")
    if not dot or not _LABEL.fullmatch(label) or label.isdigit():
        raise SpfFault(position + len(text) - len(literal) + len(head), "domain")


def _last_literal(text: str) -> str:
    """The part behind the last macro-expand."""
    last = ""
    for found in MACRO.finditer(text):
        last = found["literal"] or ""
    return last
