"""A raw TLS hello behind STARTTLS, and the bytes that come back. Nothing is concluded here."""

from compliance.model.observation import Failure, FailureKind, HelloFacts
from compliance.probes.net import RESET, Channel, Stopped
from compliance.probes.smtp import Host, Session, offers_starttls
from compliance.records.tls_hello import MAX_RECEIVED, HelloFault, closing_alert, read_answer
from compliance.records.tls_question import HelloQuestion
from compliance.settings import SmtpSettings


def put_hello(
    host: Host, ehlo_name: str, settings: SmtpSettings, question: HelloQuestion, patience: float = 0.0
) -> tuple[HelloFacts | None, Failure | None]:
    """Go as far as 220 to STARTTLS, send the hello, read the answer. No facts unless the hello was sent.

    A session that stops before the hello says nothing of TLS, so it must not look like a hello that was refused.
    An answer may take `hello_timeout`, or `patience` seconds, or as long as this very session shows the host to need.
    """
    session = Session(host, ehlo_name, settings)
    try:
        session.open()
        session.greeting()
        if not offers_starttls(session.hello()):
            return None, Failure(FailureKind.PROTOCOL, "starttls", "not offered")
        session.begin_tls()
        if session.channel is None:
            raise RuntimeError("the session is not open")
        sent = question.build()
        patience = max((settings.hello_timeout, patience, *(slowness(reply.seconds) for reply in session.replies)))
        received, ended = _exchange(session.channel, question.label, sent, patience)
    except Stopped as stop:
        return None, stop.failure
    finally:
        session.quit()
    replies = tuple(reply for reply in session.replies if reply.step != "quit")
    return HelloFacts(
        "hello", host.name, host.address, host.port, question.label, replies, sent, received, ended, 1
    ), session.odd


def slowness(seconds: float) -> float:
    """Give how long an answer may take where another took these seconds."""
    return 2 * seconds


def _exchange(channel: Channel, offer: str, sent: bytes, patience: float) -> tuple[bytes, str]:
    """Send the hello, read until there is an answer or an end, and take leave with an alert."""
    until = channel.deadline.within(patience)
    on_time = "timeout" if channel.deadline.left >= patience else "cut"
    channel.wire.send(sent, "hello", until)
    received = b""
    try:
        while not _is_answered(offer, received):
            piece = channel.wire.receive("hello", until)
            if not piece:
                return received, "closed"
            received = (received + piece)[:MAX_RECEIVED]
        channel.wire.send(closing_alert(), "hello", channel.deadline.within(1.0))
    except Stopped as stop:
        return received, _end(stop.failure, offer, received, on_time)
    return received, "answered"


def _end(failure: Failure, offer: str, received: bytes, on_time: str) -> str:
    if _is_answered(offer, received):  # the peer was gone when we took leave
        return "answered"
    if failure.kind is FailureKind.TIMEOUT:
        return on_time
    return "reset" if failure.detail == RESET else "closed"


def _is_answered(offer: str, received: bytes) -> bool:
    """Tell whether more bytes could change nothing: a whole answer, no answer at all in TLS's sense, or too much."""
    if len(received) >= MAX_RECEIVED:
        return True
    try:
        return read_answer(offer, received).complete
    except HelloFault:
        return True
