"""Asks a host of ours whether it takes mail from a partner, in clear and inside TLS: MAIL, RCPT, RSET, and no DATA."""

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.model.observation import Failure, Reply, SmtpFacts
from compliance.probes.smtp import Host, Session, carried_out, offers_starttls, turned_down
from compliance.probes.tls import ClientIdentity
from compliance.records.envelope import Envelope, step
from compliance.settings import SmtpSettings


def put_envelopes(
    host: Host,
    ehlo_name: str,
    settings: SmtpSettings,
    envelopes: Iterable[Envelope],
    identity: ClientIdentity | None,
    *,
    inside: bool,
) -> tuple[SmtpFacts | None, Failure | None]:
    """Name each sender and recipient, and take both back. Facts are None only where no connection was made."""
    session = _Enveloping(host, ehlo_name, settings, identity)

    def steps() -> None:
        session.open()
        session.greeting()
        answer = session.hello()
        if inside:
            if not offers_starttls(answer):
                return
            session.begin_tls()
            session.handshake()
            session.hello("ehlo_tls")
        for envelope in envelopes:
            session.name(envelope)

    return carried_out(session, steps)


@dataclass
class _Enveloping(Session):
    """A session that goes as far as RCPT."""

    def name(self, envelope: Envelope) -> None:
        """Say MAIL, RCPT where MAIL was taken, and RSET (RFC 5321 sections 4.1.1.2, 4.1.1.3, 4.1.1.5)."""
        sender, recipient = envelope
        if self._heard(f"MAIL FROM:<postmaster@{sender}>", step("mail", sender)).code < 400:
            self._heard(f"RCPT TO:<postmaster@{recipient}>", step("rcpt", sender))
        self._heard("RSET", step("rset", sender))

    def _heard(self, line: str, named: str) -> Reply:
        reply = self._say(line, named)
        if reply.code == 421:  # the host is closing
            raise turned_down(reply)
        return reply
