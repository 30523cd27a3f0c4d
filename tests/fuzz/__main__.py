"""Fuzz every reader with coverage (atheris): `python -m tests.fuzz SECONDS [READER...]`; see CONTRIBUTING.md.

Prints executions and crashes of each reader, and how its time grows with the length of what it reads. Exit 1 where
an error came out that is not the reader's own; the octets stand in `crash-*` in the folder it was started from.
"""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.parsers import Parser

_RUNS = re.compile(r"Done (\d+) runs in (\d+) second")


def main() -> int:
    """Share the seconds out among the readers, each in a process of its own."""
    from tests.fuzz.parsers import PARSERS

    seconds, *named = sys.argv[1:] or ["60"]
    chosen = named or list(PARSERS)
    share = max(1, int(seconds) // len(chosen))
    bad = 0
    for name in chosen:
        command = [sys.executable, "-m", "tests.fuzz", "only", name, f"-max_total_time={share}", "-max_len=4096"]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        done = _RUNS.search(told.stderr)
        bad += told.returncode != 0
        growth = "  ".join(f"{each:.2f}" for each in _growth(PARSERS[name]))
        print(f"{name:12} {done[1] if done else '?':>10} executions, exit {told.returncode}, growth {growth}")
        if told.returncode:
            print(told.stderr[-3000:])
    return 1 if bad else 0


def _growth(parser: "Parser") -> list[float]:
    """How much longer sixteen times as much takes, by sixteen, for each piece repeated: 1 is linear, 16 quadratic."""
    return [_took(parser, piece, 320_000) / max(_took(parser, piece, 20_000), 1e-4) / 16 for piece in parser.pieces]


def _took(parser: "Parser", piece: bytes, size: int) -> float:
    octets = parser.pieces[0] + piece * (size // len(piece))
    times = []
    for _ in range(3):
        begun = time.process_time()
        _once(parser, octets)
        times.append(time.process_time() - begun)
    return min(times)


def _once(parser: "Parser", octets: bytes) -> None:
    with contextlib.suppress(parser.fault):
        parser.read(octets)


def only(name: str, options: list[str]) -> None:
    """Fuzz one reader until its time is up."""
    import atheris

    with atheris.instrument_imports(include=["compliance.records"]):
        from tests.fuzz.parsers import PARSERS
    parser = PARSERS[name]
    corpus = Path(f"corpus-{name}")
    corpus.mkdir(exist_ok=True)
    for number, piece in enumerate(parser.pieces):
        (corpus / f"piece{number}").write_bytes(piece)
    atheris.Setup(["fuzz", str(corpus), *options], lambda octets: _once(parser, octets))
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["only"]:
        only(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())
