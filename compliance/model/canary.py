"""What a canary receiver saw: how our own sending hosts met personas that were sound, or broken on purpose.

Nothing of a person is kept: no local part, subject, message id or body. Names are plain host names, or ``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from compliance.strict import Base64

_STRICT: dict[str, str] = {"extra": "forbid"}
BY_HAND = "by-hand"
"""The label that messages sent from an ordinary mail program go under where no outbound host was named."""


class Stage(StrEnum):
    """How far a session came; a later stage comes after an earlier one."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"  # the handshake was completed
    MAIL = "mail"
    RCPT = "rcpt"  # a recipient of this round was accepted
    MESSAGE = "message"  # a message was received whole


#: Stages at which a sender has left before it said who the mail is from.
BEFORE_MAIL = frozenset({Stage.EHLO, Stage.STARTTLS, Stage.TLS})


@dataclass(frozen=True, slots=True)
class CanaryTls:
    """One TLS handshake as the receiver saw it. `hello` are the client's first records, for reading at judgement.

    `version` and `suite` (IANA's name) are `` where none came about; `failure` then says in OpenSSL's words why.
    """

    __pydantic_config__: ClassVar = _STRICT
    version: str
    suite: str
    hello: Base64
    client_certificate: str = ""  # SHA-256 of what the client presented, hex
    failure: str = ""


@dataclass(frozen=True, slots=True)
class DkimSeen:
    """One DKIM signature of a received message: `result` and `why` are those of records/dkim_verify.py."""

    __pydantic_config__: ClassVar = _STRICT
    domain: str
    selector: str
    algorithm: str
    result: str
    why: str = ""
    testing: bool = False


@dataclass(frozen=True, slots=True)
class CanaryMessage:
    """One message received: for which sending host's recipient, over what, and what its header shows.

    `mail_from` and `from_domain` are domains alone: of the reverse path, and of the one address of From.
    """

    __pydantic_config__: ClassVar = _STRICT
    host: str  # the outbound host's label in the inventory, or `by-hand`
    persona: str
    received: str
    encrypted: bool
    mail_from: str
    from_domain: str
    size: int
    signatures: tuple[DkimSeen, ...]


@dataclass(frozen=True, slots=True)
class CanarySession:
    """One session with one persona. `ended`: quit, closed, timeout, tls_failure, limit, refused."""

    __pydantic_config__: ClassVar = _STRICT
    persona: str
    address: str
    source: str
    name: str  # the source's PTR name where that name leads back to the source, else ``
    started: str
    seconds: float
    ehlo: str
    offered: bool  # STARTTLS was offered
    stage: Stage
    ended: str
    tls: CanaryTls | None
    messages: tuple[CanaryMessage, ...]


@dataclass(frozen=True, slots=True)
class PersonaNote:
    """What a persona is, as the round was run: what a sound sender does when it meets it."""

    __pydantic_config__: ClassVar = _STRICT
    name: str
    address: str
    starttls: bool
    certificate: str  # sound | untrusted | expired | wrong_name | none
    tlsa: str  # right | broken | none
    versions: str  # what it accepts: newer | old
    sts: str  # enforce_mismatch | none


@dataclass(frozen=True, slots=True)
class Submission:
    """One marked message handed to an outbound host, or not: `refusal` is its reply line's code and stage."""

    __pydantic_config__: ClassVar = _STRICT
    host: str
    persona: str
    at: str
    until: str  # the end of the window that was printed
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class CanaryRound:
    """One round: from the start of the receiver to its end, with all that came from the hosts it was run for."""

    __pydantic_config__: ClassVar = _STRICT
    round: str
    base: str
    started: str
    ended: str
    personas: tuple[PersonaNote, ...]
    hosts: tuple[str, ...]
    submissions: tuple[Submission, ...]
    sessions: tuple[CanarySession, ...]
    strangers: int  # recipients turned away
    left_out: int  # sessions not kept, because there were too many
