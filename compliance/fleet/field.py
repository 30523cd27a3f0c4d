"""One value of an input file with its place: read as a text, a name, a number; what is wrong is noted, never raised."""

import difflib
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from compliance.model.names import NameFault, is_domain, is_plain, to_ascii
from compliance.strict import Fault, Faulty, Located, plain, shape

T = TypeVar("T")
Path = tuple[str | int, ...]

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")
_LIKE_AN_ADDRESS = re.compile(r"[\d./]+|\[.*\]|[^.]*:.*")


@dataclass(frozen=True, slots=True)
class Field:
    """A value, where it stands, and the list its faults go to. A reader that fails gives an empty value."""

    source: Located
    path: Path
    value: Any
    faults: list[Fault]

    def note(self, key: str, /, **values: str) -> None:
        """Note a fault at this place."""
        name = next((step for step in reversed(self.path) if isinstance(step, str)), "")
        shown = " ".join(str(self.value).split())
        filled = {"key": name, "value": shown if len(shown) <= 60 else f"{shown[:57]}...", **values}
        self.faults.append(Fault(self.source.file, self.source.line(self.path), key, filled))

    def part(self, step: str | int) -> "Field":
        """Give a value inside this one."""
        return Field(self.source, (*self.path, step), self.value[step], self.faults)

    def items(self) -> list["Field"]:
        """Give the items of a list."""
        if not isinstance(self.value, (list, tuple)):
            self.note("not_a_list")
            return []
        return [self.part(number) for number in range(len(self.value))]

    def parts(self, known: Collection[str] = ()) -> dict[str, "Field"]:
        """Give the values of a mapping by key; nothing at all counts as empty, keys outside `known` are faults."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            self.note("not_a_mapping")
            return {}
        for key in self.value:
            if known and key not in known:
                self.part(key).note("unknown_key", key=str(key), expected=nearest(str(key), known))
        return {key: self.part(key) for key in self.value if not known or key in known}

    def text(self) -> str:
        """Read a text that is not empty."""
        if not isinstance(self.value, str):
            self.note("not_a_text")
            return ""
        if not self.value.strip():
            self.note("empty_value")
        elif not self.value.isprintable():
            self.note("control_character")
        return self.value.strip()

    def one_of(self, words: Collection[str]) -> str:
        """Read one of some words."""
        if self.value in words:
            return str(self.value)
        self.note("not_one_of", expected=", ".join(words))
        return ""

    def number(self, low: int, high: int) -> int:
        """Read a whole number in a range."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.note("not_a_number")
            return low
        if not low <= self.value <= high:
            self.note("out_of_range", expected=f"{low}-{high}")
        return self.value

    def domain(self) -> str:
        """Read a domain; gives its wire form."""
        return self._name(self.text(), "bad_domain", address=False)

    def host(self) -> str:
        """Read a host: a full host name (wire form) or an address (shortest form)."""
        return self._name(self.text(), "bad_host", address=True)

    def address(self) -> str:
        """Read an address (shortest form)."""
        found = usable_address(self.text())
        if self.value and not found:
            self.note("bad_address")
        return found

    def label(self) -> str:
        """Read a plain name that need not be a domain (a selector); gives its wire form."""
        text = self.text()
        try:
            name = to_ascii(text) if text else ""
        except NameFault:
            name = ""
        if text and not (name and is_plain(name)):
            self.note("bad_selector")
        return name

    def _name(self, text: str, key: str, *, address: bool) -> str:
        if not text:
            return ""
        if address and (found := usable_address(text)):
            return found
        if _LIKE_AN_ADDRESS.fullmatch(text):
            self.note("bad_address" if address else key)
            return ""
        try:
            name = to_ascii(text)
        except NameFault:
            name = ""
        if not is_domain(name):
            self.note(key)
            return ""
        return name

    def email(self) -> None:
        """Check that a text is an e-mail address; only its outer form is looked at."""
        if isinstance(self.value, str) and self.value and not _EMAIL.fullmatch(self.value):
            self.note("bad_email")

    def shaped(self, kind: type[T]) -> T | None:
        """Read a mapping as a frozen dataclass."""
        if not isinstance(self.value, dict):
            self.note("not_a_mapping")
            return None
        try:
            return shape(kind, self.source, self.path, self.value)
        except Faulty as trouble:
            self.faults.extend(trouble.faults)
            return None


def root(source: Located, faults: list[Fault]) -> Field:
    """Give a whole document as a field."""
    return Field(source, (), plain(source.data), faults)


def usable_address(text: str) -> str:
    """Give an address one host can have, in its shortest form; empty for anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return "" if "%" in text or address.is_multicast or address.is_unspecified else str(address)


def nearest(word: str, known: Collection[str]) -> str:
    """Give the known word that was probably meant; if none is like it, all of them where they are few."""
    if close := closest(word, known):
        return close
    return ", ".join(known) if len(known) < 20 else next(iter(difflib.get_close_matches(word, known, 1, 0)), "")


def closest(word: str, known: Collection[str]) -> str:
    """Give the known word so like this one that it was surely meant; empty if there is none."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.75)), "")


def raise_all(faults: Collection[Fault]) -> None:
    """Raise Faulty with each fault once (many hosts may inherit the same one), if there is any."""
    once = {(fault.file, fault.line, fault.key, *sorted(fault.values.items())): fault for fault in faults}
    if once:
        raise Faulty(once.values())
