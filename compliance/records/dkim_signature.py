"""DKIM-Signature header fields, and the form in which a message was signed (RFC 6376 sections 3.4, 3.5 and 3.7).

A body is hashed piece by piece as it comes and never held. Everything read here is a stranger's: only
SignatureFault is raised, sizes are the caller's, and each byte is looked at a fixed number of times.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compliance.model.names import is_domain
from compliance.records.tag_list import BLANKS, read_tags

ALGORITHMS = ("rsa-sha256", "ed25519-sha256", "rsa-sha1")
Field = tuple[bytes, bytes]
"""A header field: its name, and all behind the colon as it stands, with its folds and its last CRLF."""

_BLANK_RUN = re.compile(rb"[ \t]+")
_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,250}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"[0-9]{1,12}")


class SignatureFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A field that is no usable signature (RFC 6376 section 6.1.1); `why` is a fixed word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature. Times are seconds since 1970, None where absent; `length` is `l=`, None = the whole body."""

    domain: str
    selector: str
    algorithm: str
    relaxed_header: bool
    relaxed_body: bool
    headers: tuple[str, ...]
    body_hash: bytes
    value: bytes
    identity_domain: str
    length: int | None
    made: int | None
    expires: int | None

    @property
    def signs_from(self) -> bool:
        """Whether From is signed, without which a signature is none (RFC 6376 section 5.4)."""
        return "from" in self.headers


def parse(value: bytes) -> Signature:
    """Read one DKIM-Signature field's value; raises SignatureFault."""
    tags = read_tags(value.decode("latin-1"))
    if tags.flaws:
        raise SignatureFault(tags.flaws[0].why)
    if tags.get("v") != "1":
        raise SignatureFault("version")
    wanted = {name: tags.get(name) for name in ("a", "b", "bh", "d", "h", "s")}
    if not all(wanted.values()):
        raise SignatureFault("missing_tag")
    given = {name: str(text) for name, text in wanted.items()}
    algorithm, domain = given["a"].lower(), given["d"].lower().rstrip(".")
    if algorithm not in ALGORITHMS:
        raise SignatureFault("algorithm")
    if not is_domain(domain) or not _SELECTOR.fullmatch(given["s"]) or ".." in given["s"]:
        raise SignatureFault("name")
    headers = tuple(part.strip(BLANKS).lower() for part in given["h"].split(":"))
    if "from" not in headers:
        raise SignatureFault("from_not_signed")
    identity = (tags.get("i") or f"@{domain}").rpartition("@")[2].lower()
    if identity != domain and not identity.endswith(f".{domain}"):
        raise SignatureFault("identity")
    header_form, body_form = _forms(tags.get("c") or "simple/simple")
    return Signature(
        domain,
        given["s"].lower(),
        algorithm,
        header_form,
        body_form,
        headers,
        _decoded(given["bh"]),
        _decoded(given["b"]),
        identity,
        _number(tags.get("l")),
        _number(tags.get("t")),
        _number(tags.get("x")),
    )


def _forms(text: str) -> tuple[bool, bool]:
    header, _, body = text.lower().partition("/")
    if {header, body or "simple"} - {"simple", "relaxed"}:
        raise SignatureFault("canonicalization")
    return header == "relaxed", body == "relaxed"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise SignatureFault("base64") from fault


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise SignatureFault("number")
    return int(text)


class BodyHash:
    """The hash of a body in the form it was signed in (section 3.4.3 and 3.4.4), fed in pieces of any size."""

    def __init__(self, signature: Signature) -> None:
        self._relaxed = signature.relaxed_body
        self._left = signature.length
        self._hash = hashlib.sha1() if signature.algorithm == "rsa-sha1" else hashlib.sha256()  # noqa: S324 - told apart
        self._line = b""
        self._empty = 0  # empty lines seen and not yet hashed: those at the end of a body do not count
        self._any = False

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body; lines end in CRLF."""
        lines = (self._line + piece).split(b"\r\n")
        self._line = lines.pop()
        for line in lines:
            self._take(line)

    def digest(self) -> bytes:
        """End the body (a last line without CRLF gets one) and give its hash."""
        if self._line:
            self._take(self._line)
            self._line = b""
        if not self._any and not self._relaxed:
            self._add(b"\r\n")  # an empty body in simple form is one line's end
        return self._hash.digest()

    @property
    def covers_all(self) -> bool:
        """Whether nothing of the body stood behind what `l=` covers."""
        return self._left is None or self._left >= 0

    def _take(self, line: bytes) -> None:
        if self._relaxed:
            line = _BLANK_RUN.sub(b" ", line).rstrip(b" ")
        if not line:
            self._empty += 1
            return
        self._add(b"\r\n" * self._empty + line + b"\r\n")
        self._empty = 0
        self._any = True

    def _add(self, content: bytes) -> None:
        if self._left is not None:
            kept = content[: max(self._left, 0)]
            self._left -= len(content)
            content = kept
        self._hash.update(content)


def signed_header(fields: Sequence[Field], signature: Signature, own: int) -> bytes:
    """Give the bytes the signature is over (section 3.7); `own` is the place of its field among `fields`.

    A name listed more often than it occurs stands for nothing; fields of one name are taken from the last upward.
    """
    places: dict[str, list[int]] = {}
    for place, (known, _) in enumerate(fields):
        places.setdefault(known.decode("latin-1").strip(BLANKS).lower(), []).append(place)
    shown = []
    for name in signature.headers:
        left = places.get(name)
        if left:
            shown.append(_canonical(fields[left.pop()], relaxed=signature.relaxed_header))
    name_, value = fields[own]
    last = _canonical((name_, _without_value(value)), relaxed=signature.relaxed_header)
    return b"".join(shown) + last.removesuffix(b"\r\n")


def _canonical(field: Field, *, relaxed: bool) -> bytes:
    name, value = field
    if not relaxed:
        return name + b":" + value
    unfolded = _BLANK_RUN.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t").lower() + b":" + unfolded + b"\r\n"


def _without_value(value: bytes) -> bytes:
    """Empty the `b=` tag, and leave all else of the field as it stands."""
    parts = value.split(b";")
    for place, part in enumerate(parts):
        name, equals, content = part.partition(b"=")
        if equals and name.strip(b" \t\r\n") == b"b":
            end = b"\r\n" if place == len(parts) - 1 and content.endswith(b"\r\n") else b""
            parts[place] = name + equals + end
    return b";".join(parts)


def read_fields(header: bytes) -> Iterator[Field]:
    """Give the header fields of a message (RFC 5322 section 2.2), folded lines joined to theirs; others are skipped."""
    name, value = b"", [b""]
    for line in header.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            value += (line, b"\r\n") if name else ()
            continue
        if name:
            yield name, b"".join(value)
        name, colon, first = line.partition(b":")
        name, value = (name, [first, b"\r\n"]) if colon else (b"", [])
    if name:
        yield name, b"".join(value)
