"""Scripted servers on loopback: SMTP dialogues with one fault each, TLS with a certificate of its own, DNS."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Script = Callable[["Peer"], None]


@dataclass
class Peer:
    """The server's end of one connection."""

    line: socket.socket
    stop: threading.Event
    heard: list[bytes]

    def say(self, *lines: bytes) -> None:
        self.line.sendall(b"".join(line + b"\r\n" for line in lines))

    def hear(self) -> bytes:
        """One line from the client; the script ends where the client has gone."""
        line = b""
        while not line.endswith(b"\n"):
            byte = self.line.recv(1)
            if not byte:
                raise EOFError
            line += byte
        self.heard.append(line.strip())
        return line.strip()

    def wait(self) -> None:
        self.stop.wait(30)

    def tls(self, context: ssl.SSLContext) -> None:
        self.line = context.wrap_socket(self.line, server_side=True)


class ScriptedServer:
    """Runs a script on every connection; `reset` tells whether a client ended with RST, `heard` what it said.

    It listens where it is told, else on a port of its own.
    """

    def __init__(self, script: Script, listening: socket.socket | None = None) -> None:
        self._script = script
        self._stop = threading.Event()
        self.heard: list[bytes] = []
        self.connections = 0
        self.reset = False
        self._socket = listening or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(line,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(10)
        peer = Peer(line, self._stop, self.heard)
        try:
            self._script(peer)
        except ConnectionResetError:
            self.reset = True
        except (OSError, EOFError, ValueError):
            pass
        finally:
            with contextlib.suppress(OSError):
                peer.line.close()

    def __enter__(self) -> "ScriptedServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(3)


def certificate(folder: Path, name: str = "mx.example", password: bytes | None = None) -> tuple[Path, Path]:
    """A self-signed certificate and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return paths


class DnsServer:
    """Answers by a table on UDP and TCP: (name, type) to rcode and records, or a word for a fault; see `_answer`."""

    def __init__(self, table: dict[tuple[str, str], tuple[str, list[str]]]) -> None:
        self.table = table
        self.asked: list[tuple[str, str, bool, bool]] = []  # name, type, CD, over TCP
        self._stop = threading.Event()
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._udp.settimeout(0.2)
        self._tcp.settimeout(0.2)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._on_udp, self._on_tcp)]
        for thread in self._threads:
            thread.start()

    def _on_udp(self) -> None:
        while not self._stop.is_set():
            try:
                wire, whom = self._udp.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if response := self._answer(wire, over_tcp=False):
                for each in (*self._forged(wire), response):
                    self._udp.sendto(each, whom)

    def _on_tcp(self) -> None:
        while not self._stop.is_set():
            try:
                line, _ = self._tcp.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with line:
                size = int.from_bytes(line.recv(2))
                if response := self._answer(line.recv(size), over_tcp=True):
                    line.sendall(len(response).to_bytes(2) + response)

    def _forged(self, wire: bytes) -> list[bytes]:
        """Answers that are none of this question's: another id, another name, an empty one cut short."""
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        if self.table.get((asked.name.to_text(omit_final_dot=True), "forged")) is None:
            return []
        stranger, other, cut = (dns.message.make_response(query) for _ in range(3))
        stranger.id ^= 1
        stranger.set_rcode(dns.rcode.NXDOMAIN)
        other.question[0] = dns.rrset.RRset(dns.name.from_text("other.example."), asked.rdclass, asked.rdtype)
        cut.id ^= 1
        cut.flags |= dns.flags.TC
        return [stranger.to_wire(), other.to_wire(), cut.to_wire(), b"", wire[:5]]

    def _answer(self, wire: bytes, *, over_tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        name, rdtype = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        disabled = bool(query.flags & dns.flags.CD)
        self.asked.append((name, rdtype, disabled, over_tcp))
        rcode, records = self.table.get((name, f"{rdtype} cd" if disabled else rdtype), ("NXDOMAIN", []))
        if rcode == "SILENT":
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if rcode == "OLD":  # before RFC 2671: what it does not know is malformed
            if query.edns >= 0:
                response.use_edns(False)
                response.set_rcode(dns.rcode.FORMERR)
                return response.to_wire()
            rcode = "NOERROR"
        if rcode == "UDP ONLY":  # what does not fit is not to be had
            response.flags |= dns.flags.TC
            return None if over_tcp else response.to_wire()
        if rcode == "AD":
            rcode = "NOERROR"
            response.flags |= dns.flags.AD
        if rcode == "TRUNCATED":
            rcode = "NOERROR"
            if not over_tcp:
                response.flags |= dns.flags.TC
                return response.to_wire()
        if rcode == "CUT":  # over TCP too
            response.flags |= dns.flags.TC
            return response.to_wire()
        response.set_rcode(dns.rcode.from_text(rcode))
        for record in records:
            owner, kind, data = record.split(" ", 2)
            response.answer.append(dns.rrset.from_text(f"{owner}.", 300, "IN", kind, data))
        return response.to_wire()

    def __enter__(self) -> "DnsServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(2)
        self._udp.close()
        self._tcp.close()
