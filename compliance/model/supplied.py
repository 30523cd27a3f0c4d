"""Evidence that the organisation supplied: what a file is, and what was distilled from it.

Of logs and messages only domains, host names, addresses, counts, TLS facts and times are kept: never local parts,
subjects or message ids. Names that are no plain host names are left empty. Times are UTC, RFC 3339, to the second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from compliance.model.canary import CanaryRound
from compliance.model.messages import KeptSignature, ReceivedHop

_STRICT: dict[str, str] = {"extra": "forbid"}
#: Words for a certificate that was checked, its name too.
AUTHENTICATED = frozenset({"Verified", "cv_yes", "cv_dane", "dane", "mta_sts"})


@dataclass(frozen=True, slots=True)
class UnreadLines:
    """Lines of one kind that could not be read: how many, and the first of them, cut and with names taken out."""

    __pydantic_config__: ClassVar = _STRICT
    kind: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class SuppliedFile:
    """One file as it was supplied. `folder` is its place in `evidence/`, `place` the folder below that, if it has one.

    `lines` are all lines (or rows, or entries), `older` those before the period, `unread` those of no known form.
    `year_assumed`: its dates have no year, so the file's own date told which year is meant.
    """

    __pydantic_config__: ClassVar = _STRICT
    folder: str  # logs | exchange | messages | policy | canary
    place: str
    name: str
    sha256: str
    size: int
    first: str  # of what counts; `` where nothing in it has a time
    last: str
    lines: int
    older: int = 0
    unread: tuple[UnreadLines, ...] = ()
    year_assumed: bool = False

    @property
    def not_read(self) -> int:
        """How many lines could not be read."""
        return sum(kind.count for kind in self.unread)


@dataclass(frozen=True, slots=True)
class TlsTally:
    """So many messages went under this TLS. What the log does not tell is empty.

    `version` is TLSv1.3, TLSv1.2, TLSv1.1, TLSv1, SSLv3; `suite` the name in the log. `trust` is Postfix's word for the
    peer's certificate (Verified, Trusted, Untrusted, Anonymous), Exim's (cv_yes, cv_no, cv_dane), or a service's (dane,
    mta_sts). `first` and `last`: when.
    """

    __pydantic_config__: ClassVar = _STRICT
    version: str
    suite: str
    trust: str
    count: int
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Messages that went one way: `tls` by kind, `clear` without TLS, `unknown` where the log does not tell.

    A delivery is `clear` only if the same program logged a TLS session before it and another after it: what logs no
    TLS session may have had one.

    `failed_tls` are those of `clear` that went so after a handshake with the same host had failed.
    """

    __pydantic_config__: ClassVar = _STRICT
    tls: tuple[TlsTally, ...] = ()
    clear: int = 0
    unknown: int = 0
    failed_tls: int = 0
    first_tls: str = ""
    last_tls: str = ""
    first_clear: str = ""
    last_clear: str = ""

    @property
    def encrypted(self) -> int:
        """Messages under TLS."""
        return sum(tally.count for tally in self.tls)

    @property
    def authenticated(self) -> int:
        """Messages to or from a peer whose certificate was checked against its name."""
        return sum(tally.count for tally in self.tls if tally.trust in AUTHENTICATED)

    @property
    def messages(self) -> int:
        """All messages."""
        return self.encrypted + self.clear + self.unknown


def merged(flows: Iterable[Flow]) -> Flow:
    """Add flows up, TLS by its kinds, the most used first."""
    found = list(flows)
    kinds: dict[tuple[str, str, str], list[TlsTally]] = {}
    for tally in (tally for flow in found for tally in flow.tls):
        kinds.setdefault((tally.version, tally.suite, tally.trust), []).append(tally)
    tallies = [TlsTally(*kind, sum(each.count for each in same), *_span(same)) for kind, same in kinds.items()]
    return Flow(
        tuple(sorted(tallies, key=lambda tally: (-tally.count, tally.version, tally.suite, tally.trust))),
        sum(flow.clear for flow in found),
        sum(flow.unknown for flow in found),
        sum(flow.failed_tls for flow in found),
        earliest(flow.first_tls for flow in found),
        latest(flow.last_tls for flow in found),
        earliest(flow.first_clear for flow in found),
        latest(flow.last_clear for flow in found),
    )


def _span(tallies: Iterable[TlsTally]) -> tuple[str, str]:
    known = list(tallies)
    return earliest(each.first for each in known), latest(each.last for each in known)


def earliest(moments: Iterable[str]) -> str:
    """Give the earliest of moments, `` if there is none."""
    return min((moment for moment in moments if moment), default="")


def latest(moments: Iterable[str]) -> str:
    """Give the latest of moments, `` if there is none."""
    return max(moments, default="")


@dataclass(frozen=True, slots=True)
class RelayFlow:
    """What was delivered to one host's address and port; `name` as the sender knew it."""

    __pydantic_config__: ClassVar = _STRICT
    name: str
    address: str
    port: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class DomainFlow:
    """What was exchanged with one domain. `direction`: to | from. `hosts`: up to three names it went by most."""

    __pydantic_config__: ClassVar = _STRICT
    domain: str
    direction: str
    hosts: tuple[str, ...]
    flow: Flow


@dataclass(frozen=True, slots=True)
class LogInstance:
    """One mail program in a log: the host's name in the log and the name the program logs by.

    `logs_tls`: it wrote at least one line of an outgoing TLS session, without which its silence proves nothing.
    What has no plain name, and what is more than is kept one by one, stands under the empty name.
    """

    __pydantic_config__: ClassVar = _STRICT
    host: str
    program: str
    logs_tls: bool
    relays: tuple[RelayFlow, ...]
    domains: tuple[DomainFlow, ...]


@dataclass(frozen=True, slots=True)
class MailLogFacts:
    """A mail log, or a service's report of what it sent. `product`: postfix | exim | exchange_online."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["mail_log"]
    file: SuppliedFile
    product: str
    instances: tuple[LogInstance, ...]


@dataclass(frozen=True, slots=True)
class CanaryFacts:
    """The journal of one round of the canary receiver. Sessions from before the period are left out of `round`."""

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["canary"]
    file: SuppliedFile
    round: CanaryRound


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """What a sending host asks of one destination. `pattern`: a domain, `*.domain` (below it) or `*` (everybody).

    `level` is the product's own word: Postfix's (none, may, encrypt, fingerprint, verify, secure, dane, dane-only), or
    Exchange Online's TlsSettings (EncryptionOnly, CertificateValidation, DomainValidation, `` for opportunistic).
    `names` are those the certificate is held against, where the entry says which.
    """

    __pydantic_config__: ClassVar = _STRICT
    pattern: str
    level: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsPolicyFacts:
    """The TLS policy of a sending host. `product`: postfix | exchange_online. A file of this kind has no times.

    `elsewhere`: Postfix's parameters set in it that let something else decide: smtp_tls_policy_maps, relayhost.
    """

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["tls_policy"]
    file: SuppliedFile
    product: str
    entries: tuple[PolicyEntry, ...]
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counterparty:
    """A domain that mail is exchanged with. `supplier` runs its mail hosts, as far as their names say."""

    domain: str
    supplier: str
    hosts: tuple[str, ...]
    to: Flow
    from_: Flow

    @property
    def messages(self) -> int:
        """Messages in both directions."""
        return self.to.messages + self.from_.messages


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One message as a mailbox elsewhere received it: `hops` from the last server to the first.

    `from_domain` is that of the one address of From. `relayed_by_list`: fields of a mailing list or of resending are
    there, so what arrived may not be what was sent. `unread_hops`: how many Received fields there were beyond those.
    """

    __pydantic_config__: ClassVar = _STRICT
    kind: Literal["message"]
    file: SuppliedFile
    from_domain: str
    relayed_by_list: bool
    hops: tuple[ReceivedHop, ...]
    unread_hops: int
    signatures: tuple[KeptSignature, ...]


SuppliedFacts = MailLogFacts | CanaryFacts | TlsPolicyFacts | MessageFacts
"""Every kind of supplied facts has the `file` it was read from."""
