"""A message that was received elsewhere, as a mail program saves it (`.eml`): the way it went, and its signatures.

Everything in it may be forged by whoever sent it, but for what the receiver's own servers wrote on top: which fields
those are is told at judgement. Authentication-Results are not kept: what they say is verified here, or not believed.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from compliance.model.messages import KeptSignature
from compliance.model.supplied import MessageFacts
from compliance.outbound.canary.mail import Intake, Pending
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.records.dkim_signature import Field
from compliance.records.received import parse

MOST_HEADER = 1 << 20
MOST_MESSAGE = 1 << 25
MOST_HOPS = 30
_PIECE = 1 << 22
_MOST_VALUE = 1024  # octets: a key of 8192 bits
_FIELD = re.compile(rb"(?m)^(received|from|date|message-id|dkim-signature|mime-version|subject):", re.IGNORECASE)
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?[!-9;-~]{1,76}[ \t]*:")
_LINE_END = re.compile(rb"\r?\n")
_RELAYED = (b"list-", b"resent-", b"x-forwarded-")


class Message:
    """Reader of one message."""

    name = "message"
    folders = frozenset({"messages"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether it begins with header fields, three of those that every message has among them."""
        header = _LINE_END.sub(b"\n", head).partition(b"\n\n")[0]
        return bool(_BEGINNING.match(head)) and len({found[1].lower() for found in _FIELD.finditer(header)}) >= 3

    def read(self, file: SuppliedInput) -> MessageFacts:
        """Keep the hops and the signatures; raises Unreadable for what is larger than mail."""
        header, body = _halves(file)
        intake = Intake(MOST_HEADER)
        for line in header:
            if not intake.take(line + b"\r\n"):
                raise Unreadable("a header of more than 1 MiB")
        intake.take(b"\r\n")
        for start in range(0, len(body), _PIECE):
            intake.take(body[start : start + _PIECE])
        received = [value for name, value in intake.fields if _is(name, b"received")]
        hops = tuple(map(parse, received[:MOST_HOPS]))
        when = next((hop.time for hop in hops if hop.time), "")
        arrived = intake.end(_moment(when).timestamp() if when else 0.0)
        older = bool(when) and _moment(when) < file.since
        moment, past = ("", len(header)) if older else (when, 0)
        return MessageFacts(
            kind="message",
            file=file.about(moment, moment, len(header), older=past),
            from_domain=arrived.from_domain,
            relayed_by_list=_relayed(intake.fields),
            hops=() if older else hops,
            unread_hops=max(len(received) - MOST_HOPS, 0),
            signatures=() if older else tuple(map(_kept, arrived.pending)),
        )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _halves(file: SuppliedInput) -> tuple[list[bytes], bytes]:
    """Give the lines of the header, and the body, with line ends as they are sent (RFC 5322 section 2.1)."""
    content = b"".join(_bounded(file.blocks())).removeprefix(b"\xef\xbb\xbf")
    content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    header, _, body = content.partition(b"\r\n\r\n")
    return header.split(b"\r\n"), body


def _bounded(blocks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > MOST_MESSAGE:
            raise Unreadable("a message of more than 32 MiB")
        yield block


def _is(name: bytes, wanted: bytes) -> bool:
    return name.strip(b" \t").lower() == wanted


def _relayed(fields: Sequence[Field]) -> bool:
    return any(name.strip(b" \t").lower().startswith(_RELAYED) for name, _ in fields)


def _kept(pending: Pending) -> KeptSignature:
    signed = pending.signed
    if signed is None or len(signed.value) > _MOST_VALUE:
        return KeptSignature("", "", "", "", b"", b"", False, False, None, pending.fault or "too_long")
    return KeptSignature(
        domain=signed.domain,
        selector=signed.selector,
        algorithm=signed.algorithm,
        identity_domain=signed.identity_domain,
        value=signed.value,
        header_hash=signed.header_hash,
        body_hash_right=signed.body_hash_right,
        covers_all=signed.covers_all,
        expires=signed.expires,
    )
