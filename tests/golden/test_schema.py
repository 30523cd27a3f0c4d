"""docs/schema/ is current, and what a run writes is of that form."""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.golden.conftest import Demo

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"
_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def _make() -> ModuleType:
    found = importlib.util.spec_from_file_location("make", SCHEMAS / "make.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_schemas_are_current() -> None:
    """If not: python docs/schema/make.py."""
    assert _make().stale() == []


class Form:
    """As much of JSON Schema as ours use; a word it does not know fails the test."""

    _KNOWN = frozenset({"$ref", "type", "enum", "const", "anyOf", "oneOf", "items", "prefixItems", "properties"})
    _KNOWN |= {"required", "additionalProperties", "propertyNames", "minItems", "maxItems", "format", "description"}
    _KNOWN |= {"$schema", "$defs", "title", "default", "discriminator", "x-schema-number"}

    def __init__(self, name: str) -> None:
        self.whole = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))

    def faults(self, value: Any, node: Any = None, at: str = "$") -> list[str]:
        """Say where a value is not of the form."""
        node = self.whole if node is None else node
        if isinstance(node, bool):
            return [] if node else [f"{at}: not allowed"]
        assert node.keys() <= self._KNOWN, node.keys() - self._KNOWN
        found: list[str] = []
        if "$ref" in node:
            found += self.faults(value, self.whole["$defs"][node["$ref"].removeprefix("#/$defs/")], at)
        if "type" in node and not self._is(value, node["type"]):
            return [f"{at}: no {node['type']}"]
        if value not in node.get("enum", [value]) or value != node.get("const", value):
            found.append(f"{at}: {value!r}")
        for word in ("anyOf", "oneOf"):
            if word in node and all(self.faults(value, choice, at) for choice in node[word]):
                found.append(f"{at}: none of {word}")
        if isinstance(value, dict):
            found += self._of_object(value, node, at)
        if isinstance(value, list):
            items = node.get("items", True)
            found += [fault for n, item in enumerate(value) for fault in self.faults(item, items, f"{at}[{n}]")]
        return found

    def _is(self, value: Any, kind: str) -> bool:
        return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))

    def _of_object(self, value: dict[str, Any], node: dict[str, Any], at: str) -> list[str]:
        fields, others = node.get("properties", {}), node.get("additionalProperties", True)
        found = [f"{at}.{name}: missing" for name in node.get("required", []) if name not in value]
        for name, item in value.items():
            found += self.faults(item, fields.get(name, others), f"{at}.{name}")
        return found


_WHOLE = {
    "run.schema.json": "run.json",
    "summary.schema.json": "summary.json",
    "unlisted.schema.json": "unlisted.json",
    "inventory.schema.json": "inputs/inventory.json",
    "waivers.schema.json": "inputs/waivers.json",
    "statements.schema.json": "inputs/statements.json",
    "baseline.schema.json": "inputs/baseline.json",
}
_LINES = {"observation.schema.json": "observations.jsonl", "finding.schema.json": "findings.jsonl"}


@pytest.mark.parametrize("name", _WHOLE)
def test_a_file_of_a_run_is_of_its_form(demo: Demo, name: str) -> None:
    value = json.loads((demo.folder / _WHOLE[name]).read_text(encoding="utf-8"))

    assert value
    assert Form(name).faults(value) == []


@pytest.mark.parametrize("name", _LINES)
def test_each_line_of_a_run_is_of_its_form(demo: Demo, name: str) -> None:
    form = Form(name)
    lines = [line for line in (demo.folder / _LINES[name]).read_bytes().split(b"\n") if line]

    assert lines
    assert [fault for line in lines for fault in form.faults(json.loads(line))] == []


def test_every_schema_is_of_a_file() -> None:
    assert {path.name for path in SCHEMAS.glob("*.json")} == _WHOLE.keys() | _LINES.keys()


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("run.schema.json", {"more": 1}),
        ("run.schema.json", {"state": 7}),
        ("run.schema.json", {"previous": {"run_id": "a"}}),
        ("summary.schema.json", {"own": None}),
    ],
)
def test_another_form_is_told_apart(demo: Demo, name: str, spoil: dict[str, object]) -> None:
    value = json.loads((demo.folder / _WHOLE[name]).read_text(encoding="utf-8"))

    assert Form(name).faults(value | spoil) != []
