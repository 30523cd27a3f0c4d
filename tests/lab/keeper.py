"""Ends the lab's servers when the tests themselves were killed and could not.

`python tests/lab/keeper.py` reads lines `+pid` and `-pid`; when its input ends, it ends every server still named.
(The kernel's own signal on a parent's death does not do: Postfix's master loses it when it changes its user.)
"""

import contextlib
import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import IO


class Keeper:
    """The other side of that process. Used with `with`: what is still named at the end is ended then too."""

    def __enter__(self) -> "Keeper":
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._input.close()
        self._process.wait(10)

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def watch(self, pid: int) -> None:
        """This server ends when we do."""
        self._tell(f"+{pid}")

    def forget(self, pid: int) -> None:
        """This server was stopped; its process id may soon be another's."""
        self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        self._input.write(line + "\n")
        self._input.flush()


def keep() -> None:
    """Follow the lines until they end, then end what is left."""
    watched: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "+":
            watched.add(pid)
        else:
            watched.discard(pid)
    for pid in watched:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    keep()
