"""TLS as any current OpenSSL can speak it (RFC 5246, 8446): nothing is verified here, all that is shown is kept.

The handshake runs over memory BIOs, so that every byte passes the session's deadline and caps.
"""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto

from compliance.model.names import is_address
from compliance.model.observation import FailureKind, TlsFacts
from compliance.probes.net import Deadline, Stopped, Wire
from compliance.records.tls_classes import KeyType
from compliance.records.tls_hello import HelloFault, Offer, read_answer
from compliance.settings import ClientCertificate

#: Everything authenticated and encrypted: what a host accepts is to be seen, not to be liked.
_CIPHERS = b"ALL:!eNULL:!EXPORT:!aNULL:!PSK:!SRP:@SECLEVEL=0"
#: Down to no encryption at all: for a host with which nothing better could be agreed on.
_EVERYTHING = b"ALL:COMPLEMENTOFALL:!aNULL:!PSK:!SRP:@SECLEVEL=0"
_STATIC = b"kRSA:!eNULL:@SECLEVEL=0"
_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT: talk to hosts without RFC 5746, and record them
_PIECE = 64 * 1024
_MAX_HANDSHAKE = 256 * 1024
_CLEAR_PART = 16 * 1024  # the ServerHello stands here, in clear in every version
_FAREWELL = 2.0


class ClientCertificateFault(ValueError):  # noqa: N818 - a fault of the configuration
    """A client certificate that cannot be used; `args` are the file and why."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """Our own certificate with its chain (leaf first) and key, for hosts that ask for one."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes


def load_identity(
    settings: ClientCertificate | None, folder: Path, environ: Mapping[str, str]
) -> ClientIdentity | None:
    """Read the client certificate of the settings, paths relative to `folder`; raises ClientCertificateFault."""
    if settings is None:
        return None
    certificate, key = folder / settings.certificate, folder / settings.key
    password = environ.get(settings.password_env) if settings.password_env else None
    if settings.password_env and password is None:
        raise ClientCertificateFault(settings.key, f"{settings.password_env} is not set")
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as trouble:
        raise ClientCertificateFault(settings.certificate, str(trouble)) from trouble
    try:
        private = load_pem_private_key(key.read_bytes(), password.encode() if password else None)
    except (OSError, ValueError, TypeError) as trouble:  # TypeError: a password is missing, or not needed
        raise ClientCertificateFault(settings.key, str(trouble)) from trouble
    if private.public_key() != chain[0].public_key():
        raise ClientCertificateFault(settings.key, f"does not belong to {settings.certificate}")
    return ClientIdentity(tuple(chain), private)


_CLASSIC_GROUPS = b"X25519:P-256:P-384:P-521"
#: Signature algorithms that one type of key alone can make, by OpenSSL's names.
_SIGNATURES = {
    KeyType.RSA: b"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1",
    KeyType.ECDSA: b"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:ECDSA+SHA1",
}
SILENCE = "silence"
CERTIFICATE_WANTED = "client certificate wanted"


@dataclass(slots=True)
class _Watch:
    """What the handshake did with client certificates, and the OCSP response it brought."""

    asked: bool = False
    sent: bool = False
    staple: bytes = b""

    def notice(self, connection: SSL.Connection, _where: int, _value: int) -> None:
        """Look at the state OpenSSL is in: only a certificate that was really sent is proven with a signature."""
        state = connection.get_state_string()
        self.asked = self.asked or b"read server certificate request" in state
        self.sent = self.sent or b"write certificate verify" in state

    def keep(self, _connection: SSL.Connection, staple: bytes, _: None) -> bool:
        """Keep what was stapled, and go on whatever it says."""
        self.staple = staple
        return True


class TlsWire:
    """A wire inside TLS; the wire below stays the only one that touches a socket."""

    def __init__(self, below: Wire, connection: SSL.Connection) -> None:
        self._below = below
        self._connection = connection
        self._ended = False

    def flush(self, stage: str, until: Deadline) -> None:
        """Send what OpenSSL has made ready; raises Stopped."""
        while True:
            try:
                piece = self._connection.bio_read(_PIECE)
            except SSL.WantReadError:
                return
            self._below.send(piece, stage, until)

    def send(self, data: bytes, stage: str, until: Deadline) -> None:
        """Encrypt and send; raises Stopped (handshake = an alert or broken TLS)."""
        try:
            self._connection.sendall(data)
        except SSL.Error as trouble:
            raise Stopped(FailureKind.HANDSHAKE, stage, reason(trouble)) from trouble
        self.flush(stage, until)

    def receive(self, stage: str, until: Deadline) -> bytes:
        """Give what came, decrypted, `b""` at the peer's end; raises Stopped (handshake = an alert or broken TLS)."""
        while True:
            try:
                return self._connection.recv(_PIECE)
            except SSL.WantReadError:
                self.flush(stage, until)
            except SSL.ZeroReturnError:
                return b""
            except SSL.Error as trouble:
                with contextlib.suppress(Stopped):
                    self.flush(stage, until)
                raise Stopped(FailureKind.HANDSHAKE, stage, reason(trouble)) from trouble
            piece = self._below.receive(stage, until)
            if not piece:
                return b""
            self._connection.bio_write(piece)

    def close(self, until: Deadline) -> None:
        """Say close_notify, then end the wire below."""
        if not self._ended:
            self._ended = True
            with contextlib.suppress(SSL.Error, Stopped):
                self._connection.shutdown()
                self.flush("quit", until.within(_FAREWELL))
        self._below.close(until)


def handshake(
    wire: Wire,
    name: str,
    until: Deadline,
    identity: ClientIdentity | None,
    *,
    smaller: bool = False,
    everything: bool = False,
    keys: KeyType | None = None,
    static: bool = False,
) -> tuple[TlsWire, TlsFacts]:
    """Do a handshake, asking for `name` by SNI if it is a name (RFC 6066 section 3); raises Stopped, stage `tls`.

    Kinds: handshake (an alert, or TLS that cannot be agreed; it says so in the detail when a client certificate was
    asked for and none sent), protocol (what came is no TLS), closed, timeout (with the detail `silence` if no byte
    came). A `smaller` hello has no post-quantum key share and fits one segment: filters on the way are known to lose
    larger ones. `everything` offers suites without encryption too. `keys` takes the signature algorithms of one type
    of key alone, `static` RSA key exchange alone; raises ValueError if it cannot be done.
    """
    begun = time.monotonic()
    watch = _Watch()
    sni = "" if is_address(name) else name  # no name is asked for where there is none
    context = _context(identity, watch)
    if everything:
        context.set_cipher_list(_EVERYTHING)
    if static:
        context.set_cipher_list(_STATIC)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    if keys:
        _restrict(context, keys)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    connection.request_ocsp()
    if smaller:
        # pyOpenSSL has no call of its own for it.
        SSL._lib.SSL_set1_curves_list(connection._ssl, _CLASSIC_GROUPS)  # type: ignore[attr-defined]  # noqa: SLF001
    if sni:
        connection.set_tlsext_host_name(sni.encode("ascii"))
    inside = TlsWire(wire, connection)
    received = _complete(inside, wire, connection, watch, until)
    version = connection.get_protocol_version_name()
    return inside, TlsFacts(
        version=version,
        suite=_suite(received) or connection.get_cipher_name() or "",
        chain=tuple(
            crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in connection.get_peer_cert_chain() or ()
        ),
        sni=sni,
        client_certificate_asked=watch.asked,
        client_certificate_sent=watch.sent,
        seconds=round(time.monotonic() - begun, 3),
        staple=watch.staple,
    )


def _complete(inside: TlsWire, wire: Wire, connection: SSL.Connection, watch: _Watch, until: Deadline) -> bytes:
    """Run the handshake to its end; gives the beginning of what the peer sent."""
    beginning = b""
    total = 0
    while True:
        try:
            connection.do_handshake()
            inside.flush("tls", until)
            return beginning
        except SSL.WantReadError:
            inside.flush("tls", until)
        except SSL.Error as trouble:
            with contextlib.suppress(Stopped):  # the alert we owe them
                inside.flush("tls", until)
            kind = FailureKind.HANDSHAKE if _looks_like_tls(beginning) else FailureKind.PROTOCOL
            words = f"{CERTIFICATE_WANTED}: {reason(trouble)}" if watch.asked and not watch.sent else reason(trouble)
            raise Stopped(kind, "tls", words) from trouble
        try:
            piece = wire.receive("tls", until)
        except Stopped as stop:
            if stop.failure.kind is FailureKind.CLOSED:
                raise _gone(beginning, stop.failure.detail) from None
            silent = stop.failure.kind is FailureKind.TIMEOUT and not total
            raise Stopped(FailureKind.TIMEOUT, "tls", SILENCE) if silent else stop from None
        if not piece:
            raise _gone(beginning, "")
        total += len(piece)
        if total > _MAX_HANDSHAKE:
            raise Stopped(FailureKind.PROTOCOL, "tls", "handshake too long")
        beginning = (beginning + piece)[:_CLEAR_PART]
        connection.bio_write(piece)


def _gone(beginning: bytes, detail: str) -> Stopped:
    """A peer that left: in the midst of a handshake if it had begun one, else before any TLS was seen."""
    if len(beginning) > 2 and _looks_like_tls(beginning):
        return Stopped(FailureKind.HANDSHAKE, "tls", f"{detail or 'closed'} in the handshake")
    return Stopped(FailureKind.CLOSED, "tls", detail)


def _context(identity: ClientIdentity | None, watch: _Watch) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(_CIPHERS)
    context.set_options(_LEGACY_SERVER_CONNECT)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_info_callback(watch.notice)
    context.set_ocsp_client_callback(watch.keep)
    if identity:
        context.use_certificate(identity.chain[0])
        for each in identity.chain[1:]:
            context.add_extra_chain_cert(each)
        context.use_privatekey(identity.key)  # type: ignore[arg-type]  # a kind OpenSSL has no use for raises
    return context


def _restrict(context: SSL.Context, keys: KeyType) -> None:
    """Offer the signature algorithms of one type of key; pyOpenSSL has no call of its own for it."""
    library: Any = SSL._lib  # type: ignore[attr-defined]  # noqa: SLF001
    listed = getattr(library, "SSL_CTX_set1_sigalgs_list", None)
    if keys not in _SIGNATURES or listed is None or listed(context._context, _SIGNATURES[keys]) != 1:  # noqa: SLF001
        raise ValueError(f"no signature algorithms can be set for {keys}")


def _suite(received: bytes) -> str:
    """Give the IANA name of the suite from the ServerHello itself: OpenSSL has names of its own."""
    try:
        hello = read_answer(Offer.SSL3_TLS11, received).hello
    except HelloFault:
        return ""
    return hello.suite_name if hello else ""


def _looks_like_tls(received: bytes) -> bool:
    return len(received) < 2 or (20 <= received[0] <= 23 and received[1] == 3)


def reason(trouble: SSL.Error) -> str:
    """Give OpenSSL's own words for what went wrong; they name the alert, if there was one."""
    queue = trouble.args[0] if trouble.args and isinstance(trouble.args[0], list) else []
    words = "; ".join(str(entry[-1]) for entry in queue if entry)
    return words or type(trouble).__name__
