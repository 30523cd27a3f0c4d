"""A mail client that shares no code with the program: the lab's servers are seen by other eyes than those tested."""

import smtplib
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

EHLO = "tests.example"
CERTIFICATE_REQUEST = 13  # RFC 8446 section 4, HandshakeType


@dataclass(frozen=True)
class Seen:
    """What one session with STARTTLS showed, down to whether it asked for a client certificate."""

    version: str
    suite: str
    leaf: x509.Certificate | None
    asked_for_ours: bool
    ehlo_inside: int


def any_context(
    version: ssl.TLSVersion | None = None, ciphers: str = "ALL:@SECLEVEL=0", roots: Path | None = None
) -> ssl.SSLContext:
    """A context that speaks everything this OpenSSL still can; with `roots` it verifies, chain and name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(ciphers)
    context.minimum_version = version or ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    if roots is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(roots)
    return context


def starttls(address: str, host: str, context: ssl.SSLContext) -> Seen:
    """Greet, EHLO, STARTTLS, EHLO again, QUIT; raises ssl.SSLError or smtplib.SMTPException as they come."""
    asked: list[bool] = []

    def watch(_: object, direction: str, __: object, ___: object, message: object, ____: object) -> None:
        if direction == "read" and message == CERTIFICATE_REQUEST:
            asked.append(True)

    context._msg_callback = watch  # type: ignore[attr-defined]
    with smtplib.SMTP(address, 25, local_hostname=EHLO, timeout=15) as session:
        session._host = host  # type: ignore[attr-defined]  # the name asked for in SNI and in the certificate
        session.starttls(context=context)
        channel = session.sock
        assert isinstance(channel, ssl.SSLSocket)
        code, _ = session.ehlo()
        der = channel.getpeercert(binary_form=True)
        cipher = channel.cipher()
        return Seen(
            channel.version() or "",
            cipher[0] if cipher else "",
            x509.load_der_x509_certificate(der) if der else None,
            bool(asked),
            code,
        )
