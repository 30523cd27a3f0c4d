"""A quiet TCP server on many loopback addresses: one accepting thread, one thread a connection, all joined."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterable

Handler = Callable[[socket.socket, str, threading.Event], None]
"""Serves one connection; gets the socket, the address it came in on, and the event that says stop."""

_TRIES = 200
_CLOSING = 3.0  # seconds a connection thread has to notice that its socket was shut
_DRAIN = 0.3


class NoPort(OSError):  # noqa: N818 - says what is missing
    """No port was found that is free on every address."""


class Listener:
    """Accepts on every address at one common port, and hands each connection to `handler` in a thread of its own."""

    def __init__(self, sockets: Iterable[socket.socket], handler: Handler) -> None:
        self._sockets = tuple(sockets)
        self._handler = handler
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._live: dict[threading.Thread, socket.socket] = {}
        self._wake, self._woken = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, name="demo-accept", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self._accepting.start()

    def stop(self) -> None:
        """Close every socket and wait for every thread; may be called twice."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._wake.send(b"x")
        if self._accepting.ident is not None:  # else it was never started
            self._accepting.join(_CLOSING)
        for listening in (*self._sockets, self._wake, self._woken):
            listening.close()
        with self._guard:
            live = dict(self._live)
        for connection in live.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in live:
            thread.join(_CLOSING)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._woken, selectors.EVENT_READ)
            for listening in self._sockets:
                listening.setblocking(False)
                ready.register(listening, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in ready.select():
                    if key.fileobj is not self._woken and isinstance(key.fileobj, socket.socket):
                        self._take(key.fileobj)

    def _take(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        address = str(listening.getsockname()[0])
        thread = threading.Thread(target=self._serve, args=(connection, address), name="demo-session", daemon=True)
        with self._guard:
            self._live[thread] = connection
        thread.start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        # A duplicate stays ours: ssl detaches the socket it wraps, and stop() must still be able to shut the line.
        try:
            with connection.dup() as lent:
                self._handler(lent, address, self._stopping)
        except (OSError, ValueError):  # a client that leaves, or talks nonsense, is no news here
            pass
        finally:
            part_gently(connection)
            with self._guard:
                self._live.pop(threading.current_thread(), None)


def part_gently(connection: socket.socket) -> None:
    """End a connection by FIN: closing on unread bytes would send RST, and our last words would be lost."""
    with contextlib.suppress(OSError):
        connection.settimeout(_DRAIN)
        connection.shutdown(socket.SHUT_WR)
        for _ in range(64):
            if not connection.recv(65536):
                break
    connection.close()


def listen_on(addresses: Iterable[str], datagrams: Iterable[str] = ()) -> tuple[int, list[socket.socket]]:
    """Listen on one port that is free on all addresses; the TCP sockets come first, then UDP ones; raises NoPort."""
    wanted = [(address, socket.SOCK_STREAM) for address in addresses]
    wanted += [(address, socket.SOCK_DGRAM) for address in datagrams]
    for _ in range(_TRIES):
        port, sockets = 0, []
        try:
            for address, kind in wanted:
                sockets.append(_bound(address, port, kind))
                port = port or int(sockets[0].getsockname()[1])
        except OSError:
            for taken in sockets:
                taken.close()
            continue
        return port, sockets
    raise NoPort


def _bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    if not address.startswith("127."):
        raise ValueError(address)  # the golden world never listens where another machine could reach it
    made = socket.socket(socket.AF_INET, kind)
    try:
        if kind is socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if kind is socket.SOCK_STREAM:
            made.listen(128)
    except OSError:
        made.close()
        raise
    return made
