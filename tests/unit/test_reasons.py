"""Every reason and notice has its words in three languages, and every word has its reason."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import compliance
from compliance.reporting.formatter import SPECS, placeholders
from compliance.reporting.view.worst import fault_of
from compliance.reporting.words import LANGUAGES, shipped_texts

TEXTS = shipped_texts()
JUDGING = ("checks", "evaluate")

#: Where among a call's arguments the reason stands.
REASON_AT = {
    "passed": 0,
    "failed": 0,
    "not_applicable": 0,
    "not_tested": 1,
    "_unproven": 2,
    "Verdict": 1,
    "Path": 0,
    "Selector": 3,
}
#: Values of these tables are reasons.
TABLES = frozenset({"_UNHEARD", "_REASONS"})
#: Stands where a reason does and is none: the DNS answer says why.
NO_REASONS = frozenset({"", "unanswered"})
#: Texts no literal names: none today.
UNNAMED: frozenset[str] = frozenset()

_CODE = re.compile(r"`[^`]*`")
#: TERMS: U-02 recommends and demands nothing; «funn» and «observasjon» read as adverse; e-post has its hyphen.
_NORWEGIAN = r"!|\bkrav\w*|\bskal\b|\bepost\w*|\be?mail\w*|\bfunn\w*|\bobservasjon\w*|\bkritisk\w*|\bvennligst\b"
_BOKMAAL = (
    r"|\bikke\b|\bhv\w+|\bfra\b|\bnoen?\b|\btjener\w*|\butsted\w*|\bjeg\b|\bble\b|\bkun\b|\bderes?\b|\ben\b|\bet\b"
)
_FORBIDDEN = {
    "nb": _NORWEGIAN,
    "nn": _NORWEGIAN + _BOKMAAL,
    "en": r"!|\bshall\b|\bcompliant\b|\bcritical\b|\bplease\b|\bfindings?\b",
}


@cache
def _trees() -> tuple[ast.Module, ...]:
    home = Path(compliance.__file__).parent
    files = sorted(path for room in JUDGING for path in (home / room).glob("*.py"))
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in files)


def _nodes() -> Iterator[ast.AST]:
    for tree in _trees():
        yield from ast.walk(tree)


def _literals(node: ast.AST | None) -> Iterator[str]:
    """The texts an expression may come to: a literal, or either side of a conditional; nothing of an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _calls(names: Iterable[str]) -> Iterator[tuple[str, ast.Call]]:
    wanted = set(names)
    for node in _nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in wanted:
            yield node.func.id, node


def _reason_of(name: str, call: ast.Call) -> list[str]:
    at = REASON_AT[name]
    return list(_literals(call.args[at])) if len(call.args) > at else []


def _assigned() -> Iterator[str]:
    """Reasons that stand in a table or under the name `reason` before they are used."""
    for node in _nodes():
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        if node.targets[0].id in TABLES and isinstance(node.value, ast.Dict):
            for value in node.value.values:
                yield from _literals(value)
        elif node.targets[0].id == "reason":
            yield from _literals(node.value)


def reasons_in_code() -> set[str]:
    found = {reason for name, call in _calls(REASON_AT) for reason in _reason_of(name, call)}
    return (found | set(_assigned()) | {"defect"}) - NO_REASONS


def notices_in_code() -> set[str]:
    return {key for _, call in _calls({"Notice"}) for key in _literals(call.args[0])}


#: Whose doing it is, where that makes the sentence another.
_CAUSES = frozenset({"ours", "theirs"})


def _texts_of(part: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if "sentence" in part:
        yield "sentence", part["sentence"]
    yield from part.get("remedy", {}).items()


def _sets() -> Iterator[tuple[str, dict[str, str]]]:
    """Every text in three languages, with a name to tell it by."""
    for key, entry in TEXTS.reasons.items():
        yield from ((f"{key} {part}", entry[part]) for part in ("sentence", "action") if part in entry)
        for reader, text in entry.get("remedy", {}).items():
            yield f"{key} remedy {reader}", text
        for cause in _CAUSES & set(entry):
            yield from ((f"{key} {cause} {name}", text) for name, text in _texts_of(entry[cause]))
    for key, text in TEXTS.notices.items():
        yield f"notice {key}", dict(text)


SETS = tuple(_sets())


def test_every_reason_in_code_has_its_sentence() -> None:
    assert reasons_in_code() - set(TEXTS.reasons) == set()


def test_every_sentence_has_its_reason_in_code() -> None:
    assert set(TEXTS.reasons) - reasons_in_code() - UNNAMED == set()


def test_notices_in_code_and_in_texts_are_the_same() -> None:
    assert set(TEXTS.notices) == notices_in_code()


@pytest.mark.parametrize("key", sorted(TEXTS.reasons))
def test_a_reason_holds_a_sentence_and_perhaps_a_whole_remedy(key: str) -> None:
    entry = TEXTS.reasons[key]
    assert set(entry) <= {"sentence", "action", "remedy"} | _CAUSES
    assert "sentence" in entry
    for part in (entry, *(entry[cause] for cause in _CAUSES & set(entry))):
        assert set(part.get("remedy", {})) in (set(), {"operator", "plain"})


def failures_in_code() -> set[str]:
    """The reasons a check may fail for; a chain that does not build and a key that is no use are told by tables."""
    told = {reason for name, call in _calls({"failed", "Path", "Selector"}) for reason in _reason_of(name, call)}
    tables = (node for node in _nodes() if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
    chains = (node.value for node in tables if getattr(node.targets[0], "id", "") == "_REASONS")
    told |= {
        text for table in chains if isinstance(table, ast.Dict) for value in table.values for text in _literals(value)
    }
    return told - NO_REASONS


def test_every_failure_says_what_to_do_in_few_words() -> None:
    assert sorted(reason for reason in failures_in_code() if "action" not in TEXTS.reasons.get(reason, {})) == []
    actions = [text for entry in TEXTS.reasons.values() for text in entry.get("action", {}).values()]
    assert all(placeholders(text) == {("places", "")} for text in actions)
    assert all(len(text) < 90 and not text.endswith(".") for text in actions)


def test_every_failure_has_its_place_in_the_lead() -> None:
    assert [reason for reason in sorted(failures_in_code()) if fault_of(reason) == "other"] == []


@pytest.mark.parametrize(("name", "text"), SETS, ids=[name for name, _ in SETS])
def test_a_text_says_the_same_in_every_language(name: str, text: dict[str, str]) -> None:
    assert tuple(text) == LANGUAGES
    shown = {language: placeholders(text[language]) for language in LANGUAGES}
    assert shown["nb"] == shown["nn"] == shown["en"]
    assert {spec for _, spec in shown["nb"]} <= SPECS
    assert all(value.strip() == value and value.count("`") % 2 == 0 for value in text.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_uses_a_word_that_terms_forbid(language: str) -> None:
    prose = {name: _CODE.sub("", text[language]) for name, text in SETS}
    hits = {name: re.findall(_FORBIDDEN[language], text, re.IGNORECASE) for name, text in prose.items()}
    assert {name: words for name, words in hits.items() if words} == {}


def _given(call: ast.Call, name: str) -> set[str] | None:
    """The values a call hands on, None where only running it would tell."""
    if name == "Notice":
        if len(call.args) < 2:
            return set()
        values = call.args[1]
        return {key for node in values.keys for key in _literals(node)} if isinstance(values, ast.Dict) else None
    names = [keyword.arg for keyword in call.keywords]
    return None if name in {"Verdict", "Path", "Selector"} or None in names else {str(name) for name in names}


def _used(entry: Any) -> set[str]:
    parts = [entry] if "nb" in entry else [entry, *(entry[cause] for cause in _CAUSES & set(entry))]
    texts = [entry] if "nb" in entry else [text for part in parts for _, text in _texts_of(part)]
    return {name for text in texts for value in text.values() for name, _ in placeholders(value)}


def test_a_text_shows_only_values_the_code_gives() -> None:
    short = {}
    for name, call in _calls({*REASON_AT, "Notice"}):
        given = _given(call, name)
        if given is None:
            continue
        room: Any = TEXTS.notices if name == "Notice" else TEXTS.reasons
        keys = _literals(call.args[0]) if name == "Notice" else _reason_of(name, call)
        for key in set(keys) & set(room):
            if missing := _used(room[key]) - given:
                short[key] = missing
    assert short == {}
