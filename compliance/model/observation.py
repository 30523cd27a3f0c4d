"""Observations: raw facts of one probe on one target, in one envelope, with what went wrong.

Facts keep wire text. SMTP lines and TXT strings are the wire's bytes as ISO 8859-1 code points (so every byte
survives and ordinary text reads as text); binary material is base64 in JSON (RFC 4648 section 4).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from compliance.model.supplied import CanaryFacts, MailLogFacts, MessageFacts, TlsPolicyFacts
from compliance.strict import Base64, Discriminator

_STRICT: dict[str, str] = {"extra": "forbid"}


class FailureKind(StrEnum):
    """The world's trouble; `no_route` is our own missing network, `defect` our own fault."""

    UNRESOLVED = "unresolved"
    NO_ROUTE = "no_route"
    REFUSED = "refused"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    HANDSHAKE = "handshake"
    PROTOCOL = "protocol"
    LIMITED = "limited"
    DEFECT = "defect"


class Origin(StrEnum):
    """Who says so: measured on the wire, a file the organisation supplied, a person's statement."""

    WIRE = "wire"
    SUPPLIED = "supplied"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Failure:
    """What stopped a probe: `stage` names the step (connect, greeting, ehlo, starttls, tls, query ...)."""

    __pydantic_config__: ClassVar = _STRICT
    kind: FailureKind
    stage: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record: `data` in presentation form; for TXT also the character-strings, byte for byte (ISO 8859-1)."""

    __pydantic_config__: ClassVar = _STRICT
    name: str
    rdtype: str
    ttl: int
    data: str
    strings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DnsFacts:
    """One DNS answer (RFC 1035): rcode as its mnemonic, AD as received, the message as it came over the wire.

    `records` are those of the question's type at the end of the CNAME chain; `aliases` is that chain.
    `checking_disabled` tells that the question was put with CD=1 (RFC 4035 section 3.2.2).
    """

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["dns"]
    name: str
    rdtype: str
    rcode: str
    ad: bool
    ad_trusted: bool  # the resolver is on loopback or the configuration says that its AD is to be believed
    checking_disabled: bool
    records: tuple[DnsRecord, ...]
    aliases: tuple[str, ...]
    server: str
    over_tcp: bool
    wire: Base64


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply (RFC 5321 section 4.2); `sent` is our line, or the two lines that went in one packet.

    `step`: greeting, ehlo, helo, starttls, ehlo_tls, quit; where a command went behind STARTTLS in its packet also
    in_clear (heard before TLS began) and surplus (after the answer to QUIT was due). Where senders were named to a host
    of ours: mail, rcpt and rset, each with the sender's domain behind it.
    """

    __pydantic_config__: ClassVar = _STRICT
    step: str
    sent: str
    code: int
    lines: tuple[str, ...]  # whole lines with their codes, no CRLF
    seconds: float


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """One completed TLS handshake: `chain` is the presented chain, leaf first, DER; `suite` the IANA name.

    `staple` is the OCSP response that came with the certificate (RFC 6066 section 8), DER; empty: none came.
    """

    __pydantic_config__: ClassVar = _STRICT
    version: str  # TLSv1.3, TLSv1.2, TLSv1.1, TLSv1
    suite: str
    chain: tuple[Base64, ...]
    sni: str
    client_certificate_asked: bool
    client_certificate_sent: bool
    seconds: float
    staple: Base64 = b""


@dataclass(frozen=True, slots=True)
class SmtpFacts:
    """One SMTP session on one address: replies in order, and the handshake if one was completed."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["smtp"]
    name: str
    address: str
    port: int
    replies: tuple[Reply, ...]
    tls: TlsFacts | None
    connections: int  # connections opened for this observation

    def reply(self, step: str) -> Reply | None:
        """Give the reply to a step, if the session came that far."""
        return next((reply for reply in self.replies if reply.step == step), None)


@dataclass(frozen=True, slots=True)
class HelloFacts:
    """One raw TLS hello behind STARTTLS, and what came back: nothing is concluded here.

    `offer` names the question (ssl2, ssl3_tls11); `ended`: answered, closed, reset, timeout (as long as this host may
    need for an answer was waited for), cut (the session's own deadline came before that).
    """

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["hello"]
    name: str
    address: str
    port: int
    offer: str
    replies: tuple[Reply, ...]
    sent: Base64
    received: Base64
    ended: str
    connections: int


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """One HTTPS answer to the question for an MTA-STS policy (RFC 8461 section 3.3); no redirect is followed.

    `status` is 0 where no HTTP answer was understood; `body` is kept of a 200 alone, its bytes as ISO 8859-1.
    """

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["policy"]
    name: str
    address: str
    port: int
    tls: TlsFacts
    status: int
    media_type: str
    location: str
    body: str


@dataclass(frozen=True, slots=True)
class VantageItem:
    """One line of the self-test: `state` ok, failed or unknown; `blocking` items can make a run incomplete."""

    __pydantic_config__: ClassVar = _STRICT
    item: str
    state: str
    blocking: bool
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class VantageFacts:
    """What this machine can and cannot test from where it stands."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["vantage"]
    items: tuple[VantageItem, ...]

    def state(self, item: str) -> str:
        """Give the state of an item; `unknown` if it was not tried."""
        return next((line.state for line in self.items if line.item == item), "unknown")


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What a person said, by role, for a requirement no probe can see."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["statement"]
    requirement: str
    status: str
    statement: str
    by: str
    date: str


Facts = (
    DnsFacts
    | SmtpFacts
    | HelloFacts
    | PolicyFacts
    | VantageFacts
    | StatementFacts
    | MailLogFacts
    | CanaryFacts
    | TlsPolicyFacts
    | MessageFacts
)
AnyFacts = Annotated[Facts, Discriminator("kind")]


@dataclass(frozen=True, slots=True)
class Observation:
    """The envelope: which question was put to which target, when, from where, by what, and what came of it.

    `started` is UTC, RFC 3339 with milliseconds; `seconds` how long it took. `question` is unique per target
    within a run (a second asking has its own question), so a resumed run knows what it has. Either facts, or
    partial facts and a failure, or a failure alone.
    """

    __pydantic_config__: ClassVar = _STRICT
    id: str
    probe: str
    target: str
    question: str
    started: str
    seconds: float
    vantage: str
    tool: str
    origin: Origin
    facts: AnyFacts | None
    failure: Failure | None
