"""The golden world's MTA-STS policy hosts: one HTTPS server at one address, each policy by the host name asked for."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Mapping

from compliance.demo.listener import Listener, listen_on

_PATIENCE = 10.0
_MOST = 16 * 1024
_HOST = re.compile(rb"\r\nHost:[ \t]*([^:\r\n]+)", re.IGNORECASE)
_PATH = b"GET /.well-known/mta-sts.txt "


class PolicyHosts:
    """Serves policies (host name to file) over HTTPS; `port` is set once it is made."""

    def __init__(self, address: str, context: ssl.SSLContext, policies: Mapping[str, str]) -> None:
        self._context = context
        self._policies = policies
        self.port, sockets = listen_on([address])
        self._listener = Listener(sockets, self._serve)

    def start(self) -> None:
        """Begin to serve."""
        self._listener.start()

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        self._listener.stop()

    def _serve(self, connection: socket.socket, _address: str, _stopping: threading.Event) -> None:
        connection.settimeout(_PATIENCE)
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as line:
            request = b""
            while b"\r\n\r\n" not in request and len(request) < _MOST:
                piece = line.recv(_MOST)
                if not piece:
                    return
                request += piece
            line.sendall(self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        named = _HOST.search(request)
        policy = self._policies.get(named[1].decode("latin-1").strip().lower(), "") if named else ""
        if not policy or not request.startswith(_PATH):
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        body = policy.encode("ascii")
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode("ascii") + body
