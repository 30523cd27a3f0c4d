"""Write the JSON Schemas of a run folder's files beside this script, from the types the program itself reads them with.

python docs/schema/make.py            write them
python docs/schema/make.py --check    exit 1 if what stands there is not current
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from compliance.evaluate import Summary
from compliance.model.finding import Finding
from compliance.model.observation import Observation
from compliance.model.requirement import Baseline
from compliance.model.subject import Subject
from compliance.model.unlisted import Unlisted
from compliance.model.waiver import Statement, Waiver
from compliance.store.run import SCHEMA, Run

HERE = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: Schema file to the type, and what of a run folder it describes.
FILES: Mapping[str, tuple[Any, str]] = {
    "run.schema.json": (Run, "run.json"),
    "observation.schema.json": (Observation, "one line of observations.jsonl"),
    "finding.schema.json": (Finding, "one line of findings.jsonl"),
    "summary.schema.json": (Summary, "summary.json"),
    "unlisted.schema.json": (tuple[Unlisted, ...], "unlisted.json"),
    "inventory.schema.json": (tuple[Subject, ...], "inputs/inventory.json"),
    "waivers.schema.json": (tuple[Waiver, ...], "inputs/waivers.json"),
    "statements.schema.json": (tuple[Statement, ...], "inputs/statements.json"),
    "baseline.schema.json": (Baseline, "inputs/baseline.json"),
}


def schema(name: str) -> dict[str, Any]:
    """Give one schema: what the program writes, so every field is there and no other."""
    kind, described = FILES[name]
    made = TypeAdapter(kind).json_schema(mode="serialization", ref_template="#/$defs/{model}")
    head = {"$schema": DIALECT, "title": described, "x-schema-number": SCHEMA}
    return head | dict(_complete(made))


def _complete(node: Any) -> Any:
    """Make every field of an object required: what is written is written whole. Titles made from names say nothing."""
    if isinstance(node, list):
        return [_complete(item) for item in node]
    if not isinstance(node, dict):
        return node
    whole = {key: _complete(value) for key, value in node.items() if key != "title" or not isinstance(value, str)}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        whole["required"] = list(node["properties"])
        whole["additionalProperties"] = False
    return whole


def text(name: str) -> str:
    """Give one schema as it stands in its file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def stale() -> list[str]:
    """Name the schemas that are not current, and the files here that are no schema of ours."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("*.json")}
    return sorted(name for name in FILES.keys() | kept.keys() if name not in FILES or kept.get(name) != text(name))


def main() -> int:
    """Write the schemas, or check them."""
    if "--check" in sys.argv[1:]:
        print("\n".join(stale()))
        return 1 if stale() else 0
    for name in FILES:
        (HERE / name).write_text(text(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
