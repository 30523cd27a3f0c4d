"""Strictness at the edge: YAML with line numbers in, checked frozen dataclasses out; and the one JSON form.

pydantic does the checking, ruamel.yaml the reading (YAML 1.2: `no` stays a text, a doubled key is a fault).
Every fault carries its file and line, and all faults of a file are found at once.
"""

import base64
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Discriminator, PlainSerializer, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

__all__ = [
    "Base64",
    "Discriminator",
    "Fault",
    "Faulty",
    "Located",
    "dump_json",
    "load_json",
    "read_yaml",
    "shape",
    "to_data",
]

T = TypeVar("T")


def _from_base64(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


#: Binary material: in JSON the ordinary base64 of RFC 4648 section 4, which `base64 -d` reads.
Base64 = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(lambda value: base64.b64encode(value).decode("ascii"), return_type=str, when_used="json"),
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input file. `key` names the text in texts/faults.yaml, `values` its placeholders."""

    file: str
    line: int
    key: str
    values: Mapping[str, str]


class Faulty(Exception):  # noqa: N818 - it carries faults, plural, and is never shown as one
    """Input that cannot be used; `faults` holds every fault found, in file order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
        super().__init__("; ".join(f"{fault.file}:{fault.line}: {fault.key}" for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Located:
    """A parsed YAML document that remembers where each value stood."""

    data: Any
    file: str

    def line(self, path: Sequence[str | int]) -> int:
        """Give the line (from 1) of the value at `path`, or of the nearest parent that is there."""
        node, line = self.data, 1
        for step in path:
            found = _line_of(node, step)
            if found is None:
                break
            line = found
            node = node[step]
        return line

    def fault(self, path: Sequence[str | int], key: str, **values: str) -> Fault:
        """Make a fault at `path`."""
        return Fault(self.file, self.line(path), key, values)


def _line_of(node: Any, step: str | int) -> int | None:
    if isinstance(node, CommentedMap) and step in node:
        place = (node.lc.data or {}).get(step)  # a key merged in with `<<` has none
        return int(place[0]) + 1 if place else None
    if isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
        return int(node.lc.item(step)[0]) + 1
    return None


class _Constructor(RoundTripConstructor):
    """31 February stays a text, so that the field it stands in says on which line it is no date."""

    def construct_yaml_timestamp(self, node: ScalarNode, values: Any = None) -> Any:
        try:
            return super().construct_yaml_timestamp(node, values)
        except ValueError:
            return str(node.value)


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_yaml_timestamp)


def read_yaml(path: Path, name: str = "") -> Located:
    """Read one YAML file; raises Faulty for a missing file, a tab, a doubled key, or broken YAML."""
    shown = name or str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Faulty([Fault(shown, 1, "missing_file", {})]) from None
    except (OSError, UnicodeDecodeError) as trouble:
        raise Faulty([Fault(shown, 1, "unreadable_file", {"why": str(trouble)})]) from None
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    try:
        return Located(yaml.load(io.StringIO(text)), shown)
    except DuplicateKeyError as trouble:
        raise Faulty([_yaml_fault(shown, "doubled_key", trouble)]) from None
    except YAMLError as trouble:
        tabs = [
            number for number, line in enumerate(text.splitlines(), 1) if "\t" in line[: -len(line.lstrip()) or None]
        ]
        if tabs:
            raise Faulty([Fault(shown, line, "tab", {}) for line in tabs]) from None
        raise Faulty([_yaml_fault(shown, "broken_yaml", trouble)]) from None
    except (ValueError, RecursionError) as trouble:  # a number of thousands of digits, brackets without end
        raise Faulty([Fault(shown, 1, "broken_yaml", {"problem": str(trouble)})]) from None


def _yaml_fault(file: str, key: str, trouble: YAMLError) -> Fault:
    marked = trouble if isinstance(trouble, MarkedYAMLError) else None
    mark = marked and (marked.problem_mark or marked.context_mark)
    problem = ((marked and marked.problem) or "").partition(" with value")[0]
    return Fault(file, mark.line + 1 if mark else 1, key, {"problem": problem})


#: pydantic's error types and the keys of texts/faults.yaml that say them in plain words.
_FAULT_KEYS = {
    "extra_forbidden": "unknown_key",
    "unexpected_keyword_argument": "unknown_key",
    "missing": "missing_key",
    "enum": "not_one_of",
    "literal_error": "not_one_of",
    "date_from_datetime_parsing": "not_a_date",
    "date_parsing": "not_a_date",
    "date_type": "not_a_date",
    "int_parsing": "not_a_number",
    "int_type": "not_a_number",
    "float_parsing": "not_a_number",
    "float_type": "not_a_number",
    "bool_parsing": "not_a_boolean",
    "bool_type": "not_a_boolean",
    "string_type": "not_a_text",
    "tuple_type": "not_a_list",
    "list_type": "not_a_list",
    "dataclass_type": "not_a_mapping",
    "dict_type": "not_a_mapping",
    "mapping_type": "not_a_mapping",
}


def shape(kind: type[T], source: Located, at: Sequence[str | int] = (), data: Any = None) -> T:
    """Check a part of a YAML document against a frozen dataclass; raises Faulty with all faults and their lines."""
    value = plain(source.data if data is None else data)
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as trouble:
        raise Faulty(_fault(source, (*at, *error["loc"]), error) for error in trouble.errors()) from None


def _fault(source: Located, path: tuple[str | int, ...], error: Mapping[str, Any]) -> Fault:
    kind = str(error["type"])
    key = _FAULT_KEYS.get(kind, "bad_value")
    field = str(path[-1]) if path else ""
    context = error.get("ctx", {})
    values = {
        "key": field,
        "value": _short(error.get("input")),
        "expected": str(context.get("expected", "")),
        "why": str(error["msg"]),
    }
    return Fault(source.file, source.line(path), key, values)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def plain(value: Any) -> Any:
    """Give ruamel's containers as ordinary ones, so that nothing of the reader leaks inward."""
    if isinstance(value, Mapping):
        keys = {key: str(key) if isinstance(key, (Mapping, tuple)) else plain(key) for key in value}
        return {keys[key]: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool | int | float) and type(value) not in (bool, int, float):
        base: Callable[[Any], Any] = int if isinstance(value, int) else float
        return base(value)
    if isinstance(value, str) and type(value) is not str:
        return str(value)
    return value


_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _ADAPTERS:  # building one costs milliseconds, and a run has thousands of records
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_data(value: object) -> Any:
    """Give a dataclass as JSON-ready data, fields in their declared order."""
    return _adapter(type(value)).dump_python(value, mode="json")


def dump_json(value: object) -> str:
    """Give the one JSON line of a dataclass: declared field order, no blanks, letters as they are."""
    return json.dumps(to_data(value), ensure_ascii=False, separators=(",", ":"))


def load_json(kind: type[T], line: str | bytes) -> T:
    """Read back what dump_json wrote; raises ValueError if it is not of that shape."""
    return _adapter(kind).validate_json(line)
