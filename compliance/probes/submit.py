"""Handing a marked message of our own to an outbound host of our own (RFC 5321, RFC 4954): the canary's, and no other.

Every recipient is held against the domains the caller vouches for before a connection is made; there is no other way
into this room. A password goes out inside TLS alone, to a host whose certificate leads to a known root.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from compliance.model.names import is_address, is_domain
from compliance.model.observation import Failure, FailureKind, Reply
from compliance.probes.net import Stopped
from compliance.probes.smtp import Host, Session, offers_starttls
from compliance.settings import SmtpSettings

_PATIENCE = 60.0


class NotOurs(ValueError):  # noqa: N818 - what it says
    """A recipient outside the domains vouched for: nothing was sent, nobody was connected to."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A message of ours: whom it says it is from, whom it goes to, and its text with CRLF line ends."""

    sender: str
    recipient: str
    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a password, from the environment; `roots` is the PEM bundle the host's certificate must lead to."""

    user: str
    password: str = field(repr=False)
    roots: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one message: `refusal` says at which step and with which words it was not taken."""

    recipient: str
    refusal: str = ""


def hand_over(
    host: Host,
    ehlo_name: str,
    settings: SmtpSettings,
    messages: Sequence[Marked],
    domains: frozenset[str],
    login: Login | None = None,
) -> tuple[Handed, ...]:
    """Hand messages to a host in one session; raises NotOurs for a recipient outside `domains` before anything else."""
    for message in messages:
        _guard(message, domains)
    session = Session(host, ehlo_name, settings)
    try:
        _prepare(session, login)
    except Stopped as stop:
        session.quit()
        return tuple(Handed(message.recipient, _words(stop.failure)) for message in messages)
    done: list[Handed] = []
    try:
        for message in messages:
            done.append(_hand(session, message))  # noqa: PERF401 - what was done before a session broke stays done
    except Stopped as stop:
        done += [Handed(message.recipient, _words(stop.failure)) for message in messages[len(done) :]]
    finally:
        session.quit()
    return tuple(done)


def _guard(message: Marked, domains: frozenset[str]) -> None:
    local, _, domain = message.recipient.partition("@")
    if domain not in domains or not is_domain(domain) or not (local.isascii() and local.isalnum()):
        raise NotOurs(message.recipient)
    box, _, sent_from = message.sender.partition("@")
    if not is_domain(sent_from) or not (box.isascii() and box.replace("-", "").replace(".", "").isalnum()):
        raise NotOurs(message.sender)


def _prepare(session: Session, login: Login | None) -> None:
    session.open()
    session.greeting()
    if offers_starttls(session.hello()):
        session.begin_tls()
        session.handshake()
        session.hello("ehlo_tls")
    if login:
        if session.tls is None:
            raise Stopped(FailureKind.PROTOCOL, "auth", "no TLS, so no password was sent")
        if not _is_known(session.tls.chain, session.host, login.roots):
            raise Stopped(FailureKind.PROTOCOL, "auth", "certificate not trusted, so no password was sent")
        secret = base64.b64encode(f"\0{login.user}\0{login.password}".encode()).decode("ascii")
        _wanted(session.command(f"AUTH PLAIN {secret}", "auth", shown="AUTH PLAIN"), 235)


def _is_known(chain: Sequence[bytes], host: Host, roots: bytes) -> bool:
    """Tell whether a chain leads to a root and names the host (RFC 5280, RFC 9525)."""
    subject: x509.DNSName | x509.IPAddress
    try:
        store = Store(x509.load_pem_x509_certificates(roots))
        given = [x509.load_der_x509_certificate(der) for der in chain]
        subject = x509.IPAddress(ip_address(host.name)) if is_address(host.name) else x509.DNSName(host.name)
        PolicyBuilder().store(store).build_server_verifier(subject).verify(given[0], given[1:])
    except (ValueError, IndexError, VerificationError):
        return False
    return True


def _hand(session: Session, message: Marked) -> Handed:
    steps: tuple[tuple[Callable[[], Reply], int], ...] = (
        (lambda: session.command(f"MAIL FROM:<{message.sender}>", "mail", seconds=_PATIENCE), 250),
        (lambda: session.command(f"RCPT TO:<{message.recipient}>", "rcpt", seconds=_PATIENCE), 250),
        (lambda: session.command("DATA", "data", seconds=_PATIENCE), 354),
        (lambda: session.text(_dotted(message.text), _PATIENCE), 250),
    )
    for act, code in steps:
        reply = act()
        if reply.code != code:
            session.command("RSET", "rset")
            return Handed(message.recipient, f"{reply.step}: {reply.lines[-1]}"[:200])
    return Handed(message.recipient)


def _wanted(reply: Reply, code: int) -> None:
    if reply.code != code:
        raise Stopped(FailureKind.REJECTED, reply.step, reply.lines[-1])


def _dotted(text: bytes) -> bytes:
    """Double a dot at the start of a line (RFC 5321 section 4.5.2) and end the message."""
    whole = text if text.endswith(b"\r\n") else text + b"\r\n"
    return (b"\r\n" + whole).replace(b"\r\n.", b"\r\n..")[2:] + b"."


def _words(failure: Failure) -> str:
    return f"{failure.stage}: {failure.kind.value} {failure.detail}".strip()[:200]
