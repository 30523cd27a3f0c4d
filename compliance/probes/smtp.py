"""One SMTP session: greeting, EHLO, STARTTLS, EHLO inside TLS, QUIT (RFC 5321, 3207). No probe ever begins a mail.

The client never talks first, and says QUIT wherever the line can still carry it. What was heard before a session
stopped is kept beside the failure that stopped it.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from compliance.model.observation import Failure, FailureKind, Reply, SmtpFacts, TlsFacts
from compliance.probes.net import Channel, Deadline, SocketWire, Stopped, connect
from compliance.probes.tls import ClientIdentity, handshake
from compliance.records.tls_classes import KeyType
from compliance.settings import SmtpSettings

_OFFER = re.compile(r"250[ -]\s*STARTTLS\s*", re.IGNORECASE)
_UNKNOWN_COMMAND = {500, 502}
_GOODBYE = 2.0  # seconds a QUIT may take
BYTES_BEHIND_220 = "bytes behind 220"


@dataclass(frozen=True, slots=True)
class Host:
    """Whom a session is held with: one name of one address."""

    name: str
    address: str
    port: int


@dataclass
class Session:
    """One connection to one host; each step records its reply, and raises Stopped where the session ends."""

    host: Host
    ehlo_name: str
    settings: SmtpSettings
    identity: ClientIdentity | None = None
    replies: list[Reply] = field(default_factory=list)
    tls: TlsFacts | None = None
    odd: Failure | None = None  # noted on the way, without ending the session
    channel: Channel | None = None
    _usable: bool = False  # the peer has spoken, and waits for our next line

    def open(self) -> None:
        """Connect; raises Stopped (stage `connect`)."""
        deadline = Deadline.after(self.settings.session_timeout)
        line = connect(
            self.host.address, self.host.port, min(self.settings.connect_timeout, self.settings.session_timeout)
        )
        if isinstance(line, Failure):
            raise Stopped(line.kind, line.stage, line.detail)
        self.channel = Channel(SocketWire(line), deadline)

    def greeting(self) -> None:
        """Wait for the greeting (RFC 5321 section 3.1): 554 and other 5xx turn us away, 4xx bids us wait."""
        reply = self._hear("greeting", "", self.settings.greeting_timeout)
        if not 200 <= reply.code < 300:
            raise turned_down(reply)

    def hello(self, step: str = "ehlo") -> Reply:
        """Say EHLO (section 4.1.1.1). 500 and 502 are answers: such a host does not know the word."""
        reply = self._say(f"EHLO {self.ehlo_name}", step)
        if not 200 <= reply.code < 300 and (reply.code not in _UNKNOWN_COMMAND or step != "ehlo"):
            raise turned_down(reply)
        return reply

    def helo(self) -> None:
        """Say HELO, as one does where EHLO is unknown (section 3.2)."""
        reply = self._say(f"HELO {self.ehlo_name}", "helo")
        if not 200 <= reply.code < 300:
            raise turned_down(reply)

    def begin_tls(self) -> None:
        """Say STARTTLS and get 220 (RFC 3207 section 4); what stands behind it in clear is thrown away and noted."""
        reply = self._say("STARTTLS", "starttls")
        if reply.code != 220:
            raise turned_down(reply)
        self._usable = False
        channel = self._line()
        if channel.unread:
            channel.unread = b""
            self.odd = Failure(FailureKind.PROTOCOL, "starttls", BYTES_BEHIND_220)

    def handshake(
        self,
        *,
        smaller: bool = False,
        everything: bool = False,
        keys: KeyType | None = None,
        static: bool = False,
        named: bool = True,
    ) -> None:
        """Do the TLS handshake, for the certificate of one type of key if `keys`; raises Stopped (stage `tls`)."""
        channel = self._line()
        channel.wire, self.tls = handshake(
            channel.wire,
            self.host.name if named else "",
            channel.deadline,
            self.identity,
            smaller=smaller,
            everything=everything,
            keys=keys,
            static=static,
        )
        self._usable = True

    def command(self, line: str, step: str, seconds: float | None = None, shown: str = "") -> Reply:
        """Say one line of our own mail and give the reply, whatever it is; `shown` stands on record for a secret line.

        Only submit.py has mail to say; raises Stopped.
        """
        reply = self._say(line, step, seconds)
        if shown:
            reply = self.replies[-1] = replace(reply, sent=shown)
        return reply

    def text(self, content: bytes, seconds: float) -> Reply:
        """Send a message of our own, its last line the dot, and give the reply; raises Stopped."""
        self._usable = False
        self._line().send(content + b"\r\n", "text", seconds)
        return self._hear("text", "", seconds)

    def quit(self) -> None:
        """Say QUIT if the line can carry it, and end the connection; never raises."""
        if self.channel is None:
            return
        try:
            if self._usable and self.channel.deadline.left:
                self._say("QUIT", "quit", _GOODBYE)
        except Stopped:
            pass  # a good-bye that is not answered changes nothing of what was seen
        finally:
            self.channel.close()

    def _say(self, line: str, step: str, seconds: float | None = None) -> Reply:
        self._usable = False
        if self._line().unread:  # a reply before it was asked for would be taken for the answer to this line
            raise Stopped(FailureKind.PROTOCOL, step, "unasked reply")
        patience = self.settings.greeting_timeout if seconds is None else seconds
        self._line().send(line.encode("ascii") + b"\r\n", step, patience)
        return self._hear(step, line, patience)

    def _hear(self, step: str, sent: str, seconds: float) -> Reply:
        begun = time.monotonic()
        code, lines = self._line().read_reply(step, seconds)
        reply = Reply(step, sent, code, lines, round(time.monotonic() - begun, 3))
        self.replies.append(reply)
        self._usable = code != 421  # RFC 5321 section 3.8: after 421 the host is closing
        return reply

    def _line(self) -> Channel:
        if self.channel is None:
            raise RuntimeError("the session is not open")
        return self.channel


def offers_starttls(reply: Reply) -> bool:
    """Tell whether an EHLO reply offers STARTTLS: the keyword alone on a line, in any case and spacing."""
    return any(_OFFER.fullmatch(line) for line in reply.lines)


def turned_down(reply: Reply) -> Stopped:
    """A reply that ends the session: 5xx is a refusal, 4xx a limit, anything else no dialogue we know."""
    if 500 <= reply.code < 600:
        kind = FailureKind.REJECTED
    elif 400 <= reply.code < 500:
        kind = FailureKind.LIMITED
    else:
        kind = FailureKind.PROTOCOL
    return Stopped(kind, reply.step, reply.lines[-1])


def hold_session(
    host: Host,
    ehlo_name: str,
    settings: SmtpSettings,
    identity: ClientIdentity | None = None,
    *,
    smaller: bool = False,
    everything: bool = False,
    keys: KeyType | None = None,
    static: bool = False,
    named: bool = True,
) -> tuple[SmtpFacts | None, Failure | None]:
    """Hold an ordinary session to its end. Facts are None only where no connection was made.

    `smaller` asks for TLS with a hello that fits one segment: the second asking, so that a size is nobody's fault.
    `everything` offers suites without encryption too, where no handshake came about with the others.
    `keys` asks for the certificate of one type of key, `static` for RSA key exchange alone; not `named` asks for
    nobody's (no SNI).
    """
    session = Session(host, ehlo_name, settings, identity)

    def agree() -> None:
        session.handshake(smaller=smaller, everything=everything, keys=keys, static=static, named=named)

    return carried_out(session, lambda: _run(session, agree))


def carried_out(session: Session, steps: Callable[[], None]) -> tuple[SmtpFacts | None, Failure | None]:
    """Take the steps of a session to its end or its stop, say good-bye, and give what was heard.

    Facts are None only where no connection was made.
    """
    failure: Failure | None = None
    try:
        steps()
    except Stopped as stop:
        failure = stop.failure
    finally:
        session.quit()
    if session.channel is None:
        return None, failure
    host = session.host
    facts = SmtpFacts("smtp", host.name, host.address, host.port, tuple(session.replies), session.tls, connections=1)
    return facts, failure or session.odd


def _run(session: Session, agree: Callable[[], None]) -> None:
    session.open()
    session.greeting()
    answer = session.hello()
    if answer.code in _UNKNOWN_COMMAND:
        session.helo()
        return
    if not offers_starttls(answer):
        return
    session.begin_tls()
    agree()
    session.hello("ehlo_tls")
