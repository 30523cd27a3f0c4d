"""The table of the zone lab: every domain with its one peculiarity, the clause that decides, and what is expected.

The files in cases/ are all there is to edit. A case says only what differs from a sound domain of its kind.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "cases"
TOP = "example"

#: Rows that cannot be met where another is not: BASELINE's `needs`, as far as the domain side goes.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "U02-2-1": ("U02-2-2", "U02-2-3"),
    "U02-3-1": ("U02-3-2", "U02-3-4"),
    "U02-4-1": ("U02-4-2", "U02-4-3"),
}
_INHERITED = ("not_tested", "not_applicable")


@dataclass(frozen=True)
class Zone:
    """A zone of the case's own. `state`: signed, insecure, expired, wrong_ds, unsupported, opt_out or lame.

    `origin` is its name, `without` are types at the top whose RRSIG is missing, `odd` what its name server does wrong
    (see relay.py).
    """

    origin: str
    state: str = "signed"
    without: tuple[str, ...] = ()
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One subject. `records` by their part of the domain (mx, spf, dmarc, dkim, tlsrpt) hold RDATA, `more` zone lines.

    `expected` is status and reason by requirement, `values` and `notices` what the finding must hold besides.
    """

    name: str
    family: str
    rule: str
    kind: str
    domain: str
    data: Mapping[str, Any]
    records: Mapping[str, Sequence[str]]
    more: tuple[str, ...]
    zone: Zone | None
    expected: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]
    notices: Mapping[str, tuple[str, ...]]


_KEYS = frozenset({"rule", "kind", "domain", "data", "more", "zone", "verdicts", "values", "notices"})
_RECORDS = ("mx", "spf", "dmarc", "dkim", "tlsrpt", "ptr")


@cache
def cases() -> Mapping[str, Case]:
    """Every case by its name, in the order of the files."""
    found = [case for file in sorted((FOLDER / "families").glob("*.yaml")) for case in _family(file)]
    names = [case.name for case in found]
    assert len(names) == len(set(names)), "a name stands twice"
    return {case.name: case for case in found}


@cache
def shared() -> tuple[str, ...]:
    """The zone lines of those the cases refer to: suppliers, registries, receivers of reports."""
    return tuple(load(FOLDER / "shared.yaml")["lines"])


def sound(kind: str) -> Mapping[str, Any]:
    """What a sound subject of a kind publishes, and its verdicts."""
    found: Mapping[str, Any] = load(FOLDER / "sound.yaml")[kind]
    return found


@cache
def load(path: Path) -> Any:
    """Read a YAML file."""
    return YAML(typ="safe", pure=True).load(path)


def _family(file: Path) -> Iterator[Case]:
    for name, said in load(file).items():
        assert set(said) <= _KEYS | set(_RECORDS), f"{file.name}: {name}: {set(said) - _KEYS - set(_RECORDS)}"
        kind = said.get("kind", "own_domain")
        base = sound(kind)
        domain = said.get("domain", f"{name}.{TOP}")
        yield Case(
            name=name,
            family=file.stem,
            rule=said["rule"],
            kind=kind,
            domain=domain,
            data=_filled({**base.get("data", {}), **said.get("data", {})}, name),
            records={key: _listed(said.get(key, base.get(key))) for key in _RECORDS},
            more=tuple(said.get("more", ())),
            zone=_zone(domain, said.get("zone", "none" if kind.endswith("_host") else "own")),
            expected=_expected(base["verdicts"], said.get("verdicts", {})),
            values=said.get("values", {}),
            notices={key: tuple(codes) for key, codes in said.get("notices", {}).items()},
        )


def _zone(domain: str, said: str | Mapping[str, Any]) -> Zone | None:
    """`own` is a sound zone of the registered name, `none` none at all; what is said in full is the domain's itself."""
    if isinstance(said, str):
        return Zone(".".join(domain.split(".")[-2:]) + ".") if said == "own" else None
    return Zone(f"{domain}.", **{**said, "without": tuple(said.get("without", ()))})


def _filled(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Put the case's name in; what is null is left out."""
    return {
        key: value.replace("<N>", name) if isinstance(value, str) else value
        for key, value in data.items()
        if value is not None
    }


def _listed(said: str | Sequence[str] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def _expected(base: Mapping[str, str], said: Mapping[str, str]) -> Mapping[str, str]:
    """The sound verdicts with the case's own over them, and what follows from these by NEEDS."""
    found = {key: verdict for key, verdict in {**base, **said}.items() if verdict}
    for needed, dependents in NEEDS.items():
        status, _, _ = found.get(needed, "pass").partition(" ")
        for key in set(dependents) & set(found) - set(said):
            if status == "fail":
                found[key] = f"not_applicable needs {needed}"
            elif status in _INHERITED:
                found[key] = found[needed]
    return found
