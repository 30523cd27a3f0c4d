"""SMTP servers of the golden world: each host its own loopback address, all on one high port, each a persona.

They speak only what a probe may ask (RFC 5321, 3207): no message is ever taken.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.demo.listener import Listener, listen_on
from compliance.demo.personas import Persona

_PATIENCE = 20.0  # seconds a client may be silent
_LINE = 4096
_FLOOD_PIECE = b"250-" + b"X" * 4090 + b"\r\n"
_REFUSED_IN_CLEAR = b"450 4.7.4 TLS required from this sender"


@dataclass(frozen=True, slots=True)
class MailHost:
    """A host ready to serve: its context is None where it never does TLS."""

    name: str
    address: str
    persona: Persona
    context: ssl.SSLContext
    tls_only_from: tuple[str, ...] = ()  # sender domains whose mail is taken only inside TLS (U-02 measure 1c)


class SmtpServers:
    """Serves all hosts at one port, free on every one of their addresses; `port` is set once it is made."""

    def __init__(self, hosts: Iterable[MailHost]) -> None:
        self._hosts = {host.address: host for host in hosts}
        self.port, sockets = listen_on(self._hosts)
        self._listener = Listener(sockets, self._serve)

    def start(self) -> None:
        """Begin to serve."""
        self._listener.start()

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        self._listener.stop()

    def _serve(self, connection: socket.socket, address: str, stopping: threading.Event) -> None:
        connection.settimeout(_PATIENCE)
        session = _Session(self._hosts[address], connection, stopping)
        try:
            session.run()
        finally:
            session.end()


class _Session:
    """One connection: what was read and not yet used, and whether TLS is on."""

    def __init__(self, host: MailHost, connection: socket.socket, stopping: threading.Event) -> None:
        self.host = host
        self.persona = host.persona
        self.line: socket.socket | ssl.SSLSocket = connection
        self.stopping = stopping
        self.unread = b""
        self.encrypted = False
        self.sender = ""

    def run(self) -> None:
        """Greet, then answer until the client leaves."""
        if self.persona.mute:
            self._wait_for_the_end()
            return
        if self.persona.wait and self.stopping.wait(self.persona.wait):
            return
        if self.persona.greeting:
            self._say(self.persona.greeting)
        if self.persona.hangs_up:
            return
        while not self.stopping.is_set() and (command := self._hear()) is not None:
            if not self._answer(command):
                return

    def end(self) -> None:
        """Say good-bye in TLS too, where it still can be said."""
        if isinstance(self.line, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self.line.settimeout(0.5)
                self.line.unwrap()
        self.line.close()

    def _wait_for_the_end(self) -> None:
        while not self.stopping.is_set():
            try:
                if not self.line.recv(_LINE):
                    return
            except TimeoutError:
                continue

    def _say(self, text: bytes) -> None:
        self.line.sendall(text.replace(b"{name}", self.host.name.encode("ascii")) + b"\r\n")

    def _hear(self) -> bytes | None:
        while b"\n" not in self.unread:
            piece = self.line.recv(_LINE)
            if not piece or len(self.unread) > _LINE:
                return None
            self.unread += piece
        command, _, self.unread = self.unread.partition(b"\n")
        return command.strip()

    def _answer(self, command: bytes) -> bool:
        """Answer one command; False ends the session."""
        verb, _, argument = command.partition(b" ")
        match verb.upper():
            case b"EHLO":
                self._extended_hello()
            case b"STARTTLS":
                return self._starttls()
            case b"MAIL":
                self.sender = argument.rpartition(b"@")[2].partition(b">")[0].decode("latin-1").lower()
                self._say(b"250 2.1.0 Ok")
            case b"RCPT" if not self.encrypted and self.sender in self.host.tls_only_from:
                self._say(_REFUSED_IN_CLEAR)
            case b"HELO" | b"RSET" | b"NOOP" | b"RCPT":
                self._say(b"250 Ok")
            case b"QUIT":
                self._say(b"221 2.0.0 Bye")
                return False
            case b"DATA" | b"BDAT":
                self._say(b"554 5.5.1 This host takes no mail")
            case _:
                self._say(b"500 5.5.2 Unknown command")
        return True

    def _extended_hello(self) -> None:
        code = str(self.persona.ehlo_code).encode("ascii")
        if self.persona.ehlo_code != 250:
            self._say(code + b" 5.5.1 Command not implemented")
            return
        offered = [line for line in self.persona.ehlo if not (self.encrypted and b"STARTTLS" in line.upper())]
        lines = [b"{name}", *offered]
        for _ in range(0, self.persona.flood, len(_FLOOD_PIECE)):
            if self.stopping.is_set():
                return
            self.line.sendall(_FLOOD_PIECE)
        self._say(b"\r\n".join(code + (b"-" if left else b" ") + line for left, line in _counting_down(lines)))

    def _starttls(self) -> bool:
        reply = self.persona.starttls_reply
        if self.encrypted or not any(line.strip().upper() == b"STARTTLS" for line in self.persona.ehlo):
            reply = b"502 5.5.1 Not implemented"
        injected, self.unread = self.unread, b""
        self._say(reply)
        if not reply.startswith(b"220"):
            return True
        if self.persona.tls.never_begins:
            self._wait_for_the_end()
            return False
        line = self.line
        self.line = self.host.context.wrap_socket(line, server_side=True, do_handshake_on_connect=False)
        self.line.do_handshake()
        self.encrypted = True
        if self.persona.tls.keeps_injected:
            self.unread = injected
        return True


def _counting_down(lines: list[bytes]) -> Iterable[tuple[int, bytes]]:
    return zip(range(len(lines) - 1, -1, -1), lines, strict=True)
