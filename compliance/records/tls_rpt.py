"""TLS-RPT: where senders may report that encrypted delivery failed (RFC 8460 section 3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from compliance.model.names import is_domain
from compliance.records.field_list import FieldFault, begins, is_meant, read_fields

VERSION = "TLSRPTv1"
_MOST_ADDRESSES = 64
_BLANKS = " \t"
#: RFC 3986 characters; `,` `;` and `!` must be percent-encoded here, and a percent sign leads two hex digits.
_URI = re.compile(r"(?:[A-Za-z0-9:/?#\[\]@$&'()*+=._~-]|%[0-9A-Fa-f]{2})+")
_LOCAL = re.compile(r"[!#-'*+\x2d/-9=?A-Z^-~]+(?:\.[!#-'*+\x2d/-9=?A-Z^-~]+)*")
_PORT = re.compile(r"\d{1,5}")


class TlsRptFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no TLS-RPT record; `why`: version, empty, no_equals, name, value, rua_missing, rua_unusable."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class TlsRpt:
    """A record: the usable report addresses, those nobody can use, and the names of extensions."""

    rua: tuple[str, ...]
    unusable: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


def owner(domain: str) -> str:
    """Give the owner name of a domain's record."""
    return f"_smtp._tls.{domain}"


def candidates(texts: Sequence[str]) -> tuple[str, ...]:
    """Give the TXT records that begin `v=TLSRPTv1;`: senders discard the rest, and want exactly one."""
    return tuple(text for text in texts if begins(text, VERSION))


def meant(texts: Sequence[str]) -> tuple[str, ...]:
    """Give the TXT records that somebody meant for TLS-RPT, in whatever spelling."""
    return tuple(text for text in texts if is_meant(text, VERSION))


def parse(text: str) -> TlsRpt:
    """Read a record; raises TlsRptFault. It is usable if one address at least is `mailto:` or `https:`."""
    try:
        fields = read_fields(text, VERSION)
    except FieldFault as fault:
        raise TlsRptFault(fault.why) from fault
    found = next((field.value for field in fields if field.name == "rua"), None)
    if found is None:
        raise TlsRptFault("rua_missing")
    given = [address.strip(_BLANKS) for address in found.split(",")][:_MOST_ADDRESSES]
    usable = tuple(address for address in given if is_usable(address))
    if not usable:
        raise TlsRptFault("rua_unusable")
    unusable = tuple(address for address in given if address not in usable)
    return TlsRpt(usable, unusable, tuple(field.name for field in fields if field.name != "rua"))


def is_usable(address: str) -> bool:
    """Tell whether a report can be sent there: `mailto:` with an address, or `https:` with a host."""
    if not _URI.fullmatch(address):
        return False
    scheme, _, rest = address.partition(":")
    match scheme.lower():
        case "mailto":
            local, at, domain = unquote(rest.partition("?")[0]).rpartition("@")
            return bool(at) and _LOCAL.fullmatch(local) is not None and _is_host(domain)
        case "https":
            return rest.startswith("//") and _is_authority(re.split("[/?#]", rest[2:], maxsplit=1)[0])
        case _:
            return False


def _is_authority(text: str) -> bool:
    host, colon, port = text.partition(":")
    return _is_host(host) and (not colon or _PORT.fullmatch(port) is not None)


def _is_host(name: str) -> bool:
    return name.isascii() and is_domain(name.lower())
