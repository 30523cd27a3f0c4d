"""Whether our full walk and sslyze see the same versions and suites accepted, on every lab host that speaks TLS.

As root, after `make lab`, from the top of the repository: `python -m tests.bench.tls --agree`. Prints Markdown.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from compliance.records.tls_strategy import Depth as WalkDepth
from tests.bench.outside import Absent, Aim, Sslyze
from tests.bench.walk import Walk
from tests.lab.world import World, running

Pairs = set[tuple[str, str]]
_BUDGET = 400  # connections to one host: a server that takes everything is walked through to its end
_AT_ONCE = 4
#: Fewer connections at a time and more patience: a lab of one machine is soon busy.
_OPTIONS = ("--slow_connection", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3")


@dataclass(frozen=True)
class Compared:
    """One host by both programs: the pairs of version and suite each saw accepted, of the versions both told of.

    `troubles` say what one of them told nothing of; with an empty key it told nothing at all.
    """

    name: str
    ours: Pairs
    theirs: Pairs
    troubles: Mapping[str, str]

    @property
    def versions(self) -> tuple[set[str], set[str]]:
        """The versions each saw."""
        return {version for version, _ in self.ours}, {version for version, _ in self.theirs}

    @property
    def old(self) -> tuple[Pairs, Pairs]:
        """The suites of TLS 1.2 and older each saw; those of TLS 1.3 are not judged one by one."""
        ours, theirs = ({pair for pair in seen if pair[0] != "TLSv1.3"} for seen in (self.ours, self.theirs))
        return ours, theirs

    @property
    def differences(self) -> Iterator[str]:
        """Say every difference in a line."""
        for whose, one, other in (("u02", 0, 1), ("sslyze", 1, 0)):
            yield from (f"{each} by {whose} alone" for each in sorted(self.versions[one] - self.versions[other]))
            alone = sorted(self.old[one] - self.old[other])
            yield from (f"{version} {suite} by {whose} alone" for version, suite in alone)


def _compare(name: str, ours: Pairs | str, theirs: tuple[Pairs, Mapping[str, str]]) -> Compared:
    seen, untold = theirs
    troubles = {version: f"sslyze: {why}" for version, why in untold.items()}
    if isinstance(ours, str):
        troubles[""] = "; ".join(filter(None, [f"u02: {ours}", troubles.get("")]))
        ours = set()
    if "" in troubles:
        return Compared(name, set(), set(), troubles)
    told = {pair for pair in ours if pair[0] not in troubles}
    return Compared(name, told, seen, troubles)


def agree(only: Sequence[str], within: float) -> int:
    """Start the lab, ask every host (or `only` those cases) by both programs, print."""
    with tempfile.TemporaryDirectory(prefix="u02-agree-") as name, running() as world:
        folder = Path(name)
        aims = {case: aim for case, aim in _aims(world).items() if not only or case in only}
        sslyze = Sslyze(folder)
        print(f"{len(aims)} hosts; sslyze {sslyze.version}\n", file=sys.stderr, flush=True)
        sslyze.ask(list(aims.values()), within, _OPTIONS)
        theirs = sslyze.seen()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            ours = dict(zip(aims, pool.map(lambda aim: _ours(aim, folder, within), aims.values()), strict=True))
        nothing: tuple[Pairs, Mapping[str, str]] = (set(), {"": "not asked"})
        compared = [_compare(case, ours[case], theirs.get(aim.name, nothing)) for case, aim in aims.items()]
    _print(compared)
    return 0


def _aims(world: World) -> Mapping[str, Aim]:
    return {case.name: Aim(case.host, case.address, 25) for case in world.cases.values() if case.server}


def _ours(aim: Aim, folder: Path, within: float) -> Pairs | str:
    walk = Walk(WalkDepth.FULL, folder, _BUDGET)
    try:
        walk.ask([aim], within)
    except Absent as why:
        return str(why)
    return walk.accepted()[aim.name] or "no handshake"


def _print(compared: Sequence[Compared]) -> None:
    both = [each for each in compared if "" not in each.troubles]
    same = [each for each in both if not list(each.differences)]
    print("| Host | Versions, u02 | sslyze | Suites of TLS 1.2 and older, u02 | sslyze | In both |")
    print("|---|---|---|---:|---:|---:|")
    for each in both:
        versions = [" ".join(sorted(found)) for found in each.versions]
        mine, other = each.old
        print(f"| {each.name} | {versions[0]} | {versions[1]} | {len(mine)} | {len(other)} | {len(mine & other)} |")
    print(f"\n{len(compared)} hosts, {len(both)} seen by both, {len(same)} without a difference\n")
    for each in compared:
        for line in (*each.troubles.values(), *each.differences):
            print(f"- {each.name}: {line}")
