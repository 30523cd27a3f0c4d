"""A server of the lab: a child process of the tests, in a session of its own, ended by its own process id."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

START_WITHIN = 15.0
STOP_WITHIN = 5.0


class NotStarted(Exception):  # noqa: N818 - the text is the server's own last words
    """A server died or stayed silent; the text holds the end of its log."""


class Server:
    """One daemon kept in the foreground. Subclasses say where it listens, how it is started and when it answers."""

    address: str
    port: int

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = [str(word) for word in command]
        self.log = log
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def start(self) -> None:
        """Start without waiting, so that many can come up at once.

        Raises NotStarted if somebody serves there already: the tests would ask a stranger.
        """
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((self.address, self.port), 1):
            raise NotStarted(f"{self.name}: somebody answers at {self.address} port {self.port} already")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # a Postfix master signals its whole group when it ends
            )

    def wait(self) -> None:
        """Wait until it answers; raises NotStarted with its last words."""
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if self.answers():
                return
            time.sleep(0.05)
        raise NotStarted(f"{self.name}: {self.last_words()}")

    def answers(self) -> bool:
        """Whether it serves already."""
        raise NotImplementedError

    def last_words(self) -> str:
        """The end of its log, for people."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else "no log"

    def stop(self) -> None:
        """End it by its own process id: asked first, then its own group forced."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_WITHIN)


def read_greeting(address: str, port: int, within: float) -> bytes:
    """Read the first line of an SMTP server, then say QUIT; nothing if nobody answers in time."""
    try:
        with socket.create_connection((address, port), timeout=within) as connection:
            line = connection.recv(512)
            connection.sendall(b"QUIT\r\n")
            connection.recv(512)
            return line
    except OSError:
        return b""
