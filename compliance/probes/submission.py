"""A submission port: TLS before a word is said (RFC 8314 section 3.3), then greeting, EHLO and QUIT; no login."""

from compliance.model.observation import Failure, SmtpFacts
from compliance.probes.smtp import Host, Session, carried_out
from compliance.settings import SmtpSettings


def hold_implicit_session(
    host: Host, ehlo_name: str, settings: SmtpSettings
) -> tuple[SmtpFacts | None, Failure | None]:
    """Do the handshake at once; what is said inside it is kept, its EHLO as step `ehlo_tls`.

    Facts are None only where no connection was made.
    """
    session = Session(host, ehlo_name, settings)

    def steps() -> None:
        session.open()
        session.handshake()
        session.greeting()
        session.hello("ehlo_tls")

    return carried_out(session, steps)
