"""What the package ships: every requirement, every source, and the suppliers known by their MX names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from compliance.model.requirement import Requirement, Source
from compliance.strict import Located, read_yaml, shape


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that can be asked, in the order of the reports."""

    requirements: Mapping[str, Requirement]
    sources: Mapping[str, Source]
    suppliers: Mapping[str, str]


@cache
def catalogue() -> Catalogue:
    """Read the package's requirements, sources and suppliers, once; raises Faulty if the data are broken."""
    folder = _data() / "requirements"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    requirements: list[Requirement] = []
    for name in names:
        located = read_data(f"requirements/{name}")
        requirements += shape(list[Requirement], located)
    sources = shape(list[Source], read_data("sources.yaml"))
    suppliers = shape(dict[str, str], read_data("suppliers.yaml"))
    return Catalogue(
        requirements={requirement.id: requirement for requirement in requirements},
        sources={source.key: source for source in sources},
        suppliers=suppliers,
    )


def shipped_files() -> dict[str, str]:
    """Give the shipped baselines: id -> file inside the package."""
    names = [entry.name for entry in (_data() / "baselines").iterdir() if entry.name.endswith(".yaml")]
    return {name: f"baselines/{name}.yaml" for name in sorted(name.removesuffix(".yaml") for name in names)}


def read_data(name: str) -> Located:
    """Read one of the package's own YAML files; `name` is its path below compliance/baseline/."""
    resource = _data()
    for part in name.split("/"):
        resource = resource / part
    with as_file(resource) as path:
        return read_yaml(path, name)


def _data() -> Traversable:
    return files("compliance.baseline")
