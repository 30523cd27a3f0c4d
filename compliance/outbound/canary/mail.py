"""A message as it comes in: its header is read, its body hashed and thrown away, line by line (RFC 5322, RFC 6376)."""

import re
from dataclasses import dataclass
from email.utils import getaddresses

from compliance.model.canary import DkimSeen
from compliance.model.names import NameFault, is_domain, to_ascii
from compliance.records.dkim_signature import (
    BodyHash,
    Field,
    Signature,
    SignatureFault,
    parse,
    read_fields,
    signed_header,
)
from compliance.records.dkim_verify import DkimState, Signed, held
from compliance.records.tag_list import BLANKS

MOST_SIGNATURES = 8
_MOST_FROM = 2000  # bytes of a From field that are read
_FOLD = re.compile(rb"\r\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Pending:
    """A signature still to be held against its key; `fault` is why it is none, and then nothing is asked."""

    signed: Signed | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is left of a message when its last line has come: no body, no address of a person."""

    from_domain: str
    size: int
    pending: tuple[Pending, ...]


class Intake:
    """Takes the lines of one message."""

    def __init__(self, most_header: int) -> None:
        self.size = 0
        self._most_header = most_header
        self._header = bytearray()
        self._in_body = False
        self._fields: tuple[Field, ...] = ()
        self._signatures: list[tuple[int, Signature | str, BodyHash | None]] = []

    def take(self, line: bytes) -> bool:
        """Take one line with its CRLF; False where the header is longer than anybody's."""
        self.size += len(line)
        if self._in_body:
            for _, _, body in self._signatures:
                if body:
                    body.feed(line)
            return True
        if line == b"\r\n":
            self._end_header()
            return True
        self._header += line
        return len(self._header) <= self._most_header

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the header, none before it has ended."""
        return self._fields

    def end(self, at: float) -> Arrived:
        """End the message, which came at `at` (seconds since 1970)."""
        if not self._in_body:
            self._end_header()
        return Arrived(self._from_domain(), self.size, tuple(self._pending(at)))

    def _end_header(self) -> None:
        self._in_body = True
        self._fields = tuple(read_fields(bytes(self._header)))
        self._header.clear()
        for place, (name, value) in enumerate(self._fields):
            if name.strip(b" \t").lower() != b"dkim-signature" or len(self._signatures) >= MOST_SIGNATURES:
                continue
            try:
                signature = parse(value)
                self._signatures.append((place, signature, BodyHash(signature)))
            except SignatureFault as fault:
                self._signatures.append((place, fault.why, None))

    def _pending(self, at: float) -> list[Pending]:
        found = []
        for place, signature, body in self._signatures:
            if isinstance(signature, str) or body is None:
                found.append(Pending(None, str(signature)))
                continue
            digest = body.digest()
            header = signed_header(self._fields, signature, place)
            found.append(Pending(held(signature, header, digest, covers_all=body.covers_all, at=at)))
        return found

    def _from_domain(self) -> str:
        """Give the domain of From, if there is one field with one address (RFC 5322 section 3.6.2, RFC 9989)."""
        fields = [value for name, value in self._fields if name.strip(b" \t").lower() == b"from"]
        if len(fields) != 1 or len(fields[0]) > _MOST_FROM:
            return ""
        text = _FOLD.sub(b"", fields[0]).decode("utf-8", "replace").strip(BLANKS)
        addresses = [address for _, address in getaddresses([text]) if address]
        return domain_of(addresses[0]) if len(addresses) == 1 else ""


def domain_of(address: str) -> str:
    """Give the domain of an address in wire form, `` where there is none that is a plain mail domain."""
    try:
        name = to_ascii(address.rpartition("@")[2]) if "@" in address else ""
    except NameFault:
        return ""
    return name if is_domain(name) else ""


def seen(pending: Pending, state: DkimState, why: str, *, testing: bool = False) -> DkimSeen:
    """Give what is recorded of a signature."""
    if pending.signed is None:
        return DkimSeen("", "", "", DkimState.PERMERROR, pending.fault)
    signature = pending.signed
    return DkimSeen(signature.domain, signature.selector, signature.algorithm, state, why, testing)
