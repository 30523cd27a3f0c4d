"""Lay our verdicts on the domains of the zone lab beside checkdmarc's, and hold each difference to docs/differences.md.

Run as root: `.venv/bin/python -m tests.bench.checkdmarc`. It fetches checkdmarc into a folder that is thrown away, asks
the same Unbound with both, and prints the differences that docs/differences.md does not explain, and the explanations
that explain nothing any more. Exit 1 where there is one of either.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.outside import Absent, run
from tests.zones.table import Case
from tests.zones.world import RESOLVER, Findings, World, findings_of, running
from tests.zones.world import run as run_all

VERSION = "6.0.4"
DOCUMENT = Path(__file__).parents[2] / "docs" / "differences.md"
_WITHIN = 300.0
_UNANSWERED = re.compile(r"nameservers failed to answer|resolution lifetime expired")
_OWN = ("fail", "not_tested", "pass", "not_applicable")  # the first that a requirement of an area has, counts
_STATES = {"pass": "sound", "fail": "at fault", "not_tested": "not told", "not_applicable": "not told"}


@dataclass(frozen=True)
class Opinion:
    """What one program says of one area: `sound`, `at fault` or `not told`, and its words."""

    state: str
    words: str


@dataclass(frozen=True)
class Area:
    """Something both programs judge: our requirements, and how checkdmarc's result is read."""

    name: str
    requirements: tuple[str, ...]
    theirs: Callable[[Mapping[str, Any]], Opinion]


def _valid(part: str) -> Callable[[Mapping[str, Any]], Opinion]:
    """Its `valid`; where the error says that nobody answered, it tells nothing, though `valid` is false."""

    def read(result: Mapping[str, Any]) -> Opinion:
        found = result[part]
        if error := found.get("error", ""):
            return Opinion("not told" if _UNANSWERED.search(error) else "at fault", error)
        return Opinion("sound" if found["valid"] else "at fault", "; ".join(found.get("warnings", [])))

    return read


def _ending(result: Mapping[str, Any]) -> Opinion:
    said = _valid("spf")(result)
    if said.state != "sound":
        return said
    ending = result["spf"]["parsed"]["all"]
    return Opinion("sound" if ending in {"fail", "softfail"} else "at fault", f"all: {ending}")


def _policy(result: Mapping[str, Any]) -> Opinion:
    said = _valid("dmarc")(result)
    if said.state != "sound":
        return said
    tags = {name: result["dmarc"]["tags"][name]["value"] for name in ("p", "sp", "np")}
    stops = set(tags.values()) <= {"quarantine", "reject"}
    return Opinion("sound" if stops else "at fault", ", ".join(f"{name}={tags[name]}" for name in tags))


_NO_REPORTS = re.compile(r"rua tag .* not found|does not indicate that it accepts|has no MX records")


def _reports(result: Mapping[str, Any]) -> Opinion:
    said = _valid("dmarc")(result)
    return Opinion("at fault", said.words) if said.state == "sound" and _NO_REPORTS.search(said.words) else said


def _mx(result: Mapping[str, Any]) -> Opinion:
    """Its warnings are its verdict here; one about reverse names is about another matter."""
    found = result["mx"]
    words = found.get("error") or "; ".join(each for each in found["warnings"] if "reverse DNS" not in each)
    if _UNANSWERED.search(words) or "has no MX records" in words:
        return Opinion("not told", words)
    return Opinion("sound" if not words or "has a null MX record" in words else "at fault", words)


def _dnssec(result: Mapping[str, Any]) -> Opinion:
    return Opinion("sound" if result["dnssec"] else "at fault", f"dnssec: {result['dnssec']}")


AREAS = (
    Area("SPF", ("U02-2-1", "U02-2-2"), _valid("spf")),
    Area("SPF ending", ("U02-2-3",), _ending),
    Area("DMARC", ("U02-4-1",), _valid("dmarc")),
    Area("DMARC policy", ("U02-4-2",), _policy),
    Area("DMARC reports", ("U02-4-3",), _reports),
    Area("MX", ("MX-1",), _mx),
    Area("MTA-STS", ("STS-1",), _valid("mta_sts")),
    Area("TLS-RPT", ("DIGDIR-TLSRPT-1",), _valid("smtp_tls_reporting")),
    Area("DNSSEC", ("DIGDIR-DNSSEC-1",), _dnssec),
)


def ours(area: Area, case: Case, findings: Findings) -> Opinion | None:
    """Our verdict on an area: the worst of its requirements; None where none is asked of such a subject."""
    found = [findings[case.domain, key] for key in area.requirements if (case.domain, key) in findings]
    if not found:
        return None
    worst = min(found, key=lambda finding: _OWN.index(finding["status"]))
    words = f"{worst['status']} {worst['reason']}"
    needs = worst["reason"].startswith("needs ")  # the record it is about is at fault itself
    return Opinion("at fault" if needs else _STATES[worst["status"]], words)


def differences(
    cases: Mapping[str, Case], findings: Findings, theirs: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, Opinion, Opinion]]:
    """Give area, case and both opinions wherever these are not the same."""
    for area in AREAS:
        for case in cases.values():
            if case.domain not in theirs or not (mine := ours(area, case, findings)):
                continue
            other = area.theirs(theirs[case.domain])
            if mine.state != other.state:
                yield area.name, case.name, mine, other


_ROW = re.compile(r"^\| (?P<area>[A-Z][A-Za-z -]+) \| (?P<cases>`[^|]+`) \|", re.MULTILINE)


def explained() -> set[tuple[str, str]]:
    """Give the (area, case) pairs that have a row in docs/differences.md."""
    rows = _ROW.finditer(DOCUMENT.read_text())
    return {(row["area"], name) for row in rows for name in re.findall(r"`([^`]+)`", row["cases"])}


def ask_checkdmarc(folder: Path, cases: Mapping[str, Case]) -> dict[str, Mapping[str, Any]]:
    """Give checkdmarc's result by domain; parked domains are shown to it as such."""
    _run([sys.executable, "-m", "venv", str(folder / "venv")])
    _run([str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", f"checkdmarc=={VERSION}"])
    found: dict[str, Mapping[str, Any]] = {}
    for kind, options in (("own_domain", ()), ("parked_domain", ("--parked",))):
        names, told = folder / f"{kind}.txt", folder / f"{kind}.json"
        names.write_text("".join(f"{case.domain}\n" for case in cases.values() if case.kind == kind))
        program = str(folder / "venv/bin/checkdmarc")
        _run([program, str(names), "-n", RESOLVER, "-t", "2", *options, "-f", "json", "-o", str(told)])
        found |= {result["domain"]: result for result in json.loads(told.read_text())}
    return found


def _run(command: list[str]) -> None:
    said = run([command], _WITHIN)[0]
    if "Traceback" in said:
        raise Absent(said[-500:])


def compare(world: World, folder: Path) -> int:
    """Print what is not explained and what explains nothing; gives the exit code."""
    findings = findings_of(run_all(world, folder))
    theirs = ask_checkdmarc(folder, world.cases)
    found = {(area, name): (mine, other) for area, name, mine, other in differences(world.cases, findings, theirs)}
    known = explained()
    for (area, name), (mine, other) in found.items():
        mark = "explained" if (area, name) in known else "UNEXPLAINED"
        print(f"{mark:12} {area:14} {name:28} ours: {mine.words:42} theirs: {other.state}: {other.words[:160]!r}")
    for area, name in sorted(known - set(found)):
        print(f"{'STALE':12} {area:14} {name:28} the two say the same")
    print(f"{len(theirs)} domains, {len(AREAS)} areas, {len(found)} differences, {len(set(found) - known)} unexplained")
    return int(bool(set(found) ^ known))


def main() -> int:
    """Start the zone lab, ask both, compare."""
    try:
        with running() as world, tempfile.TemporaryDirectory(prefix="u02-checkdmarc-") as folder:
            return compare(world, Path(folder))
    except (Absent, subprocess.CalledProcessError) as trouble:
        print(f"checkdmarc cannot be had here: {trouble}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
