"""How many connections the TLS walk takes, and how long, beside sslyze, testssl.sh and posttls-finger.

As root, after `make lab`, from the top of the repository: `python -m tests.bench.tls`. Prints tables in Markdown.
All of them ask the same three Postfix hosts of the lab, at the same time, through a relay that counts and delays.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from compliance.records.tls_profile import TlsProfile
from compliance.records.tls_strategy import Depth as WalkDepth
from tests.bench.agree import agree
from tests.bench.outside import Absent, Aim, Finger, Sslyze, Testssl, run
from tests.bench.relay import Relay
from tests.bench.walk import Walk
from tests.lab.cases import CASES
from tests.lab.debs import REPO, missing
from tests.lab.keeper import Keeper
from tests.lab.pki import Pki
from tests.lab.postfix import PostfixInstance
from tests.lab.servers import Server

# The lab's sound hosts at addresses of their own, so that its tests may run at the same time.
_HOSTS = {"sound": "127.42.0.11", "strong": "127.42.0.12", "ecdsa": "127.42.0.13"}
_PORT = 25
Pairs = Mapping[str, set[tuple[str, str]]]
Program = Walk | Sslyze | Testssl | Finger


@dataclass(frozen=True)
class Line:
    """A line of the table: connections per address, in the order of the hosts, and seconds for them all."""

    program: str
    path: str
    connections: tuple[int, ...]
    seconds: float
    trouble: str = ""


def _measured(program: Program, aims: Sequence[Aim], within: float, round_trip: int, relay: Relay | None) -> Line:
    """Time one program; without a relay nothing is counted."""
    if relay:
        relay.counts()
    trouble = ""
    begun = time.monotonic()
    try:
        program.ask(aims, within)
    except Absent as why:
        trouble = str(why)
    seconds = time.monotonic() - begun
    counted = relay.counts() if relay else {}
    connections = tuple(counted[aim.address] for aim in aims) if relay else ()
    if relay and isinstance(program, Walk) and not trouble and program.booked != connections:
        trouble = f"by the observations {program.booked}"
    print(f"{program.name}, {round_trip} ms: {seconds:.1f} s {trouble}", file=sys.stderr, flush=True)
    return Line(program.name, f"{round_trip} ms" if relay else "no relay", connections, seconds, trouble)


def _start(stack: ExitStack, folder: Path) -> list[PostfixInstance]:
    (folder / "pki").mkdir()
    pki = Pki(folder / "pki")
    keeper = stack.enter_context(Keeper())
    servers = []
    for name, address in _HOSTS.items():
        case = CASES[name]
        assert case.leaf is not None, f"{name} shows no certificate"
        files = pki.leaf(case.leaf, case.host, name)
        # TLS is as the lab has it; what the case says of its partners is about sessions that are not held here.
        settings = {key: value for key, value in case.settings.items() if key.startswith(("smtpd_tls_", "tls_"))}
        settings["smtpd_tls_chain_files"] = f"{files.key}, {files.chain}"
        servers.append(PostfixInstance(name, folder / name, address, case.host, settings))
    for server in servers:
        server.start()
        keeper.watch(server.pid)
        stack.callback(_stop, server, keeper)
    for server in servers:
        server.wait()
    return servers


def _stop(server: Server, keeper: Keeper) -> None:
    pid = server.pid
    server.stop()
    keeper.forget(pid)


def _programs(
    folder: Path, configuration: Path, left_out: Iterable[str]
) -> tuple[list[Sslyze | Testssl | Finger], list[str]]:
    """Fetch what can be had; what cannot be is said."""
    had: list[Sslyze | Testssl | Finger] = []
    absent = []
    makers: Mapping[str, Callable[[], Sslyze | Testssl | Finger]] = {
        "posttls-finger": lambda: Finger(configuration),
        "sslyze": lambda: Sslyze(folder),
        "testssl.sh": lambda: Testssl(folder),
    }
    for name, make in makers.items():
        if name in left_out:
            continue
        try:
            had.append(make())
        except Absent as why:
            absent.append(f"| {name} | | could not be had: {' '.join(str(why).split())} | | |")
    return had, absent


def _table(lines: Sequence[Line]) -> None:
    base = {line.path: line.seconds for line in lines if line.program == "u02 full" and not line.trouble}
    print("| Program | Round trip | Connections per address | Seconds, all three | Times u02 full |")
    print("|---|---|---:|---:|---:|")
    for line in lines:
        connections = ", ".join(map(str, line.connections)) or "not counted"
        ratio = f"{line.seconds / base[line.path]:.2f}" if line.path in base else ""
        if line.trouble:
            connections, ratio = f"{connections} ({line.trouble})", ""
        print(f"| {line.program} | {line.path} | {connections} | {line.seconds:.2f} | {ratio} |")


def _compare(ours: Pairs, theirs: Pairs) -> None:
    """Print every difference between what two programs saw accepted."""
    print("\nAccepted versions and suites, u02 full beside sslyze:\n")
    for name in sorted({*ours, *theirs}):
        mine, other = ours.get(name, set()), theirs.get(name, set())
        print(f"- {name}: {len(mine)} and {len(other)} pairs of version and suite, {len(mine & other)} in both")
        for whose, versions in (("u02", _gone(mine, other)), ("sslyze", _gone(other, mine))):
            for version in versions:
                print(f"  - version {version} by {whose} alone")
        for whose, pairs in (("u02", mine - other), ("sslyze", other - mine)):
            for version, suite in sorted(pairs):
                print(f"  - {version} {suite} by {whose} alone")


def _gone(some: set[tuple[str, str]], others: set[tuple[str, str]]) -> list[str]:
    return sorted({version for version, _ in some} - {version for version, _ in others})


def _unproven(profiles: Mapping[str, TlsProfile]) -> None:
    for name, profile in profiles.items():
        open_ones = [version for version, item in profile.versions.items() if not item.proven]
        print(f"- {name}: versions our walk left unproven: {', '.join(open_ones) or 'none'}")


def _head(programs: Sequence[Sslyze | Testssl | Finger]) -> None:
    commit = run([["git", "-C", str(REPO), "describe", "--always", "--dirty", "--abbrev=12"]], 10)[0].strip()
    versions = "; ".join(f"{each.name} {each.version}{each.remark}" for each in programs)
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit}, {os.cpu_count()} cores, Python "
          f"{sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}; {versions}\n")  # fmt: skip


def main() -> int:
    """Start the hosts, ask them by every program and every round trip, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--round-trips", type=int, nargs="+", default=[0, 40], metavar="MS")
    parser.add_argument("--without", nargs="*", default=[], choices=["sslyze", "testssl.sh", "posttls-finger"])
    parser.add_argument("--within", type=float, default=900.0, metavar="S", help="of one program, for all hosts")
    parser.add_argument(
        "--agree", nargs="*", metavar="CASE", help="compare with sslyze on every host of the lab instead"
    )
    args = parser.parse_args()
    if trouble := missing():
        print(trouble, file=sys.stderr)
        return 1
    if args.agree is not None:
        return agree(args.agree, args.within)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="u02-bench-")))
        folder.chmod(0o755)  # Postfix drops its rights and must still reach its queue
        servers = _start(stack, folder)
        outside, absent = _programs(folder, servers[0].folder, args.without)
        _head(outside)
        light, full = Walk(WalkDepth.LIGHT, folder), Walk(WalkDepth.FULL, folder)
        lines: list[Line] = []
        # How much the relay itself costs: the shell script's time is its own, and is not measured twice.
        quick = (light, full, *(each for each in outside if not isinstance(each, Testssl)))
        direct = [Aim(each.host, each.address, each.port) for each in servers]
        lines += [_measured(each, direct, args.within, 0, None) for each in quick]
        for round_trip in args.round_trips:
            aims = [replace(aim, address=aim.address.replace("127.42.0.", "127.42.1.")) for aim in direct]
            routes = {(aim.address, aim.port): (to.address, to.port) for aim, to in zip(aims, direct, strict=True)}
            with Relay(routes, round_trip / 1000) as relay:
                lines += [_measured(each, aims, args.within, round_trip, relay) for each in (light, full, *outside)]
        _table(lines)
        print("\n".join([*absent, ""]))
        _unproven(full.profiles)
        for each in outside:
            if isinstance(each, Sslyze):
                try:
                    _compare(full.accepted(), each.accepted())
                except (Absent, OSError) as why:
                    print(f"\nNothing to compare with: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
