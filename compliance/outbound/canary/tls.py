"""The receiver's side of TLS, over memory BIOs: what a client offered and what came about (RFC 5246, RFC 8446)."""

import contextlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from OpenSSL import SSL

from compliance.model.canary import CanaryTls
from compliance.outbound.canary.personas import Versions
from compliance.records.tls_hello import HelloFault, Offer, read_answer
from compliance.records.tls_offer import MOST_HELLO

_PIECE = 64 * 1024
_MOST_HANDSHAKE = 256 * 1024
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:@SECLEVEL=0"
_OLD_CIPHERS = b"ECDHE+AES:RSA+AES:@SECLEVEL=0"


class TlsEnded(Exception):  # noqa: N818 - a session that ended is the world's doing
    """The handshake failed, or the client said an alert; `args[0]` are OpenSSL's words."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a persona presents: a chain, leaf first, and its key."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes


def server_context(identity: Identity, versions: Versions) -> SSL.Context:
    """Make a context that presents the identity, speaks the versions, and asks for a client certificate."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    old = versions is Versions.OLD
    context.set_cipher_list(_OLD_CIPHERS if old else _CIPHERS)
    context.set_min_proto_version(SSL.TLS1_VERSION if old else SSL.TLS1_2_VERSION)
    if old:
        context.set_max_proto_version(SSL.TLS1_VERSION)
    context.use_certificate(identity.chain[0])
    for each in identity.chain[1:]:
        context.add_extra_chain_cert(each)
    context.use_privatekey(identity.key)  # type: ignore[arg-type]  # a kind OpenSSL has no use for raises
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)  # seen, never judged
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)  # each session shows a whole handshake
    return context


class ServerTls:
    """TLS of one session: bytes from the wire in, bytes for the wire out, and plain bytes between."""

    def __init__(self, context: SSL.Context) -> None:
        self._connection = SSL.Connection(context, None)
        self._connection.set_accept_state()
        self._heard = b""  # the client's first records, which no later byte changes
        self._said = b""
        self._count = 0
        self.done = False
        self.failure = ""

    def handshake(self, data: bytes) -> bool:
        """Take what came; tells whether the handshake is complete; raises TlsEnded."""
        self._count += len(data)
        if self._count > _MOST_HANDSHAKE:
            self.failure = "handshake too long"
            raise TlsEnded(self.failure)
        if len(self._heard) < MOST_HELLO:
            self._heard += data[: MOST_HELLO - len(self._heard)]
        if data:
            self._connection.bio_write(data)
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as trouble:
            self.failure = _words(trouble)
            raise TlsEnded(self.failure) from trouble
        self.done = True
        return True

    def outgoing(self) -> bytes:
        """Give what is to go out over the wire."""
        pieces = []
        with contextlib.suppress(SSL.WantReadError, SSL.Error):
            while True:
                pieces.append(self._connection.bio_read(_PIECE))
        found = b"".join(pieces)
        if not self.done and len(self._said) < MOST_HELLO:
            self._said += found
        return found

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes from the wire; gives the plain ones, and whether the client has ended; raises TlsEnded."""
        if data:
            self._connection.bio_write(data)
        plain = []
        while True:
            try:
                plain.append(self._connection.recv(_PIECE))
            except SSL.WantReadError:
                return b"".join(plain), False
            except SSL.ZeroReturnError:
                return b"".join(plain), True
            except SSL.Error as trouble:
                self.failure = _words(trouble)
                raise TlsEnded(self.failure) from trouble

    def encrypt(self, data: bytes) -> None:
        """Put plain bytes in; `outgoing` gives them for the wire; raises TlsEnded."""
        try:
            self._connection.sendall(data)
        except SSL.Error as trouble:
            raise TlsEnded(_words(trouble)) from trouble

    def farewell(self) -> None:
        """Say close_notify, where it still can be said."""
        with contextlib.suppress(SSL.Error):
            self._connection.shutdown()

    def facts(self) -> CanaryTls:
        """Give what is known of the handshake, whole or failed."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        return CanaryTls(
            version=self._connection.get_protocol_version_name() if self.done else "",
            suite=self._suite() if self.done else "",
            hello=_first_flight(self._heard),
            client_certificate=certificate.fingerprint(hashes.SHA256()).hex() if certificate else "",
            failure=self.failure,
        )

    def _suite(self) -> str:
        """Give IANA's name for the suite, from our own ServerHello: OpenSSL has names of its own."""
        with contextlib.suppress(HelloFault):
            hello = read_answer(Offer.SSL3_TLS11, self._said).hello
            if hello:
                return hello.suite_name
        return self._connection.get_cipher_name() or ""


def _first_flight(heard: bytes) -> bytes:
    """Keep the records of the hello, and not what came behind them."""
    at = 0
    wanted = 0
    while len(heard) - at >= 5 and heard[at] == 22:
        size = int.from_bytes(heard[at + 3 : at + 5])
        if at == 0 and size >= 4:
            wanted = 4 + int.from_bytes(heard[6:9])
        wanted -= size
        at += 5 + size
        if wanted <= 0:
            break
    return heard[:at]


def _words(trouble: SSL.Error) -> str:
    queue = trouble.args[0] if trouble.args and isinstance(trouble.args[0], list) else []
    return ("; ".join(str(entry[-1]) for entry in queue if entry) or type(trouble).__name__)[:200]
