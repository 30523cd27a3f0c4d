"""Texts in nb, nn and en, by key: labels, reasons, notices and remedies, in HTML or plain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from compliance.model.finding import Notice
from compliance.model.requirement import Baseline, Requirement, Text
from compliance.reporting.formatter import Formatter, Lexicon, Said
from compliance.strict import plain, read_yaml

LANGUAGES = ("nb", "nn", "en")
_NEEDS = "needs "


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence not yet in a language: its key in texts/interface.yaml, and its values."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequirementTitle:
    """Stands among a Say's values for the title of a requirement."""

    requirement: str


@dataclass(frozen=True)
class Texts:
    """All texts, key -> language -> text; of a reason key -> {sentence, remedy}."""

    interface: Mapping[str, Text]
    reasons: Mapping[str, Mapping[str, Any]]
    notices: Mapping[str, Text]
    selftest: Mapping[str, Text] = field(default_factory=dict)


@cache
def shipped_texts() -> Texts:
    """Read the package's own texts, once."""
    return Texts(_read("interface.yaml"), _together("reasons"), _together("notices"), _read("selftest.yaml"))


def _together(folder: str) -> dict[str, Any]:
    """Texts that the files of a folder share out between them; a key in two of them would hide one text."""
    found: dict[str, Any] = {}
    place = files("compliance.reporting") / "texts" / folder
    for name in sorted(f"{folder}/{each.name}" for each in place.iterdir() if each.name.endswith(".yaml")):
        texts = _read(name)
        if twice := found.keys() & texts.keys():
            raise ValueError(f"{name}: {', '.join(sorted(twice))}")
        found |= texts
    return found


def _read(name: str) -> dict[str, Any]:
    resource = files("compliance.reporting") / "texts" / name
    if not resource.is_file():
        return {}
    with as_file(resource) as path:
        data: dict[str, Any] = plain(read_yaml(path, name).data)
        return data


class Words:
    """One language, one rendering. A text that is missing shows as its key: a report never fails for a word."""

    def __init__(
        self, language: str, *, html: bool = False, baseline: Baseline | None = None, texts: Texts | None = None
    ) -> None:
        self.language = language
        self.html = html
        self.texts = texts or shipped_texts()
        self.baseline = baseline
        label = self._interface
        numbers = tuple(label("numbers").split())
        lexicon = Lexicon(language, label("and"), label("day"), label("days"), label("yes"), label("no"), numbers)
        self.form = Formatter(lexicon, html=html)

    def t(self, key: str, **values: object) -> str:
        """Give a label or sentence of texts/interface.yaml."""
        return self.form.fill(self._interface(key), values)

    def plural(self, key: str, n: int, **values: object) -> str:
        """Give the sentence for a number: `key_one` or `key_many`, with `n` among its values."""
        return self.t(plural_key(key, n), n=n, **values)

    def say(self, said: Say) -> str:
        """Give a sentence kept as Say; nested ones are said first."""
        values = {name: self._said(value) for name, value in said.values.items()}
        return self.form.fill(self._interface(said.key), values)

    def _said(self, value: object) -> object:
        if isinstance(value, Say):
            return Said(self.say(value))
        if isinstance(value, tuple) and value and all(isinstance(item, Say) for item in value):
            return [Said(self.say(item)) for item in value]
        if isinstance(value, RequirementTitle):
            return Said(self.title(value.requirement))
        return Said(self.text(value)) if isinstance(value, Mapping) else value

    def f(self, value: object, spec: str = "") -> str:
        """Give one value, formatted by a spec."""
        return self.form.value(value, spec)

    def text(self, text: Text | None, **values: object) -> str:
        """Give a text of the baseline; Norwegian where the language is missing."""
        if not text:
            return ""
        return self._fill(_pick(text, self.language), values)

    def title(self, requirement: str) -> str:
        """Give a requirement's title; its id where the baseline does not know it."""
        known = self._requirement(requirement)
        return self.text(known.title) if known else requirement

    def reason(self, reason: str, values: Mapping[str, object], cause: str | None = None) -> str:
        """Give the sentence that says what is so; where whose doing it is makes a difference, that of the cause."""
        if reason.startswith(_NEEDS):
            needed = reason.removeprefix(_NEEDS)
            return self.t("needs_requirement", id=needed, title=self.plain_title(needed))
        text = self._entry(reason, cause).get("sentence")
        return self._fill(_pick(text, self.language), values) if text else self.f(reason, "code")

    def below(self, status: str, sentence: str) -> str:
        """Give a sentence that begins with its status, to stand where the status is shown already."""
        opening = f"{self.t(f'status_{status}')}: "
        if not sentence.startswith(opening):
            return sentence
        rest = sentence[len(opening) :]
        return type(sentence)(rest[:1].upper() + rest[1:])

    def action(self, reason: str, requirement: str, places: str) -> str:
        """Give what to do as a short imperative with the places in it; `places` is safe as it stands."""
        text = self.texts.reasons.get(reason, {}).get("action")
        if text:
            return self._fill(_pick(text, self.language), {"places": Said(places)})
        return self.t("action_other", title=Said(self.title(requirement)), places=Said(places))

    def own_remedy(self, reason: str, values: Mapping[str, object], cause: str | None = None) -> tuple[str, str] | None:
        """Give what the reason itself has to say on the way forward, for the operator and in plain words, or None."""
        own = self._entry(reason, cause).get("remedy")
        return (self.text(own["operator"], **values), self.text(own["plain"], **values)) if own else None

    def _entry(self, reason: str, cause: str | None) -> Mapping[str, Any]:
        entry = self.texts.reasons.get(reason, {})
        return {**entry, **entry.get(cause, {})} if cause else entry

    def notice(self, notice: Notice) -> str:
        """Give the sentence of a notice."""
        text = self.texts.notices.get(notice.notice)
        return self._fill(_pick(text, self.language), notice.values) if text else self.f(notice.notice, "code")

    def selftest(self, key: str, values: Mapping[str, object]) -> str | None:
        """Give a line of the self-test; None where no text knows it."""
        text = self.texts.selftest.get(key)
        return self._fill(_pick(text, self.language), values) if text else None

    def remedy(self, requirement: str, reason: str, values: Mapping[str, object]) -> tuple[str, str]:
        """Give «Hva gjør jeg nå?» for the operator and in plain words: the reason's own, else the requirement's."""
        needed = reason.removeprefix(_NEEDS) if reason.startswith(_NEEDS) else requirement
        known = self._requirement(needed)
        own = self.texts.reasons.get(reason, {}).get("remedy") or {}
        operator = own.get("operator") or (known.remedy.operator if known else {})
        ordinary = own.get("plain") or (known.remedy.plain if known else {})
        return self.text(operator, **values), self.text(ordinary, **values)

    def plain_title(self, requirement: str) -> str:
        """Give a requirement's title without markup, to stand as a value in a sentence."""
        known = self._requirement(requirement)
        return _pick(known.title, self.language) if known else requirement

    def _requirement(self, key: str) -> Requirement | None:
        known = self.baseline.requirements if self.baseline else ()
        return next((requirement for requirement in known if requirement.id == key), None)

    def _fill(self, template: str, values: Mapping[str, object]) -> str:
        try:
            return self.form.fill(template.strip(), values)
        except ValueError:  # a lone brace in a text: shown as it stands
            return self.f(template, "long")

    def _interface(self, key: str) -> str:
        return _pick(self.texts.interface.get(key) or {"nb": key}, self.language)


def plural_key(key: str, n: int) -> str:
    """Give the key of a number's form of a sentence."""
    return f"{key}_one" if n == 1 else f"{key}_many"


def _pick(text: Text, language: str) -> str:
    return str(text.get(language) or text.get("nb") or next(iter(text.values()), ""))
