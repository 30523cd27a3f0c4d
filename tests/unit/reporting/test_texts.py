"""The texts are whole: every key in three languages with the same holes, every key used, every used key there."""

import re
from pathlib import Path

import pytest

import compliance.reporting
from compliance.reporting.formatter import SPECS, placeholders
from compliance.reporting.words import LANGUAGES, shipped_texts

_ROOM = Path(compliance.reporting.__file__).parent
_INTERFACE = shipped_texts().interface
#: Keys put together in code: these beginnings and every ending the texts hold.
_BUILT = (
    "role_",
    "sign_", "status_", "cause_", "who_", "duty_", "origin_", "demand_", "measure_", "matrix_", "kind_", "state_",
    "waiver_state_", "head_row_", "term_", "name_", "evidence_", "assessment_", "failure_", "why_",
    "readme_", "review_", "check_cause_", "basis_derived", "basis_threshold", "whom_", "receiving_", "having_", "map_",
    "wrong_", "grade_", "noted_", "rest_", "lead_outbound_", "part_", "basis_own",
    "register_", "what_if_",
)  # fmt: skip
_KEY = re.compile(r"""["']([a-z][a-z0-9_]*(?:_[A-Z])?)["']""")


def _used() -> set[str]:
    files = [*_ROOM.rglob("*.py"), *(_ROOM / "templates").glob("*.j2")]
    return {key for file in files for key in _KEY.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("key", sorted(_INTERFACE))
def test_a_text_says_the_same_in_all_languages(key: str) -> None:
    text = _INTERFACE[key]
    assert set(text) == set(LANGUAGES)
    assert all(text[language].strip() for language in LANGUAGES)
    assert len({placeholders(text[language]) for language in LANGUAGES}) == 1
    assert {spec for _, spec in placeholders(text["nb"])} <= SPECS


def test_every_text_is_used() -> None:
    used = _used()
    forms = {f"{key}_{form}" for key in used for form in ("one", "many")}
    assert [key for key in _INTERFACE if key not in used | forms and not key.startswith(_BUILT)] == []


def test_every_key_of_the_templates_has_its_text() -> None:
    templates = "".join(file.read_text(encoding="utf-8") for file in (_ROOM / "templates").glob("*.j2"))
    asked = set(re.findall(r'w\.t\("([a-z0-9_]+)"[,)]', templates))
    assert sorted(asked - set(_INTERFACE)) == []


def test_every_key_of_the_code_has_its_text() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in _ROOM.rglob("*.py"))
    asked = set(re.findall(r'(?:words\.t|Say)\(\s*"([a-z0-9_]+)"[,)]', code))
    asked |= {f"{key}_{form}" for key in re.findall(r'plural(?:_key)?\("([a-z_]+)"', code) for form in ("one", "many")}
    assert sorted(asked - set(_INTERFACE)) == []


@pytest.mark.parametrize(
    ("word", "instead"), [("epost", "e-post"), ("compliant", ""), ("observasjon", "måling"), (" funn", "resultat")]
)
def test_words_of_norwegian_auditors(word: str, instead: str) -> None:
    texts = [_INTERFACE[key][language].lower() for key in _INTERFACE for language in ("nb", "nn")]
    assert [text for text in texts if word in text] == [], instead
