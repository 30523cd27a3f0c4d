"""Name constraints of authorities, for DNS names, addresses and directory names (RFC 5280 section 4.2.1.10)."""

import ipaddress
from collections.abc import Sequence
from contextlib import suppress

from cryptography import x509

Names = Sequence[x509.GeneralName]
_KINDS = (x509.DNSName, x509.IPAddress, x509.DirectoryName)


def is_permitted(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Tell whether every name of a certificate is one that an authority above it may vouch for."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    permitted, excluded = constraints.permitted_subtrees or (), constraints.excluded_subtrees or ()
    return all(_is_free(name, permitted, excluded) for name in _names(certificate))


def _names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = [x509.DirectoryName(certificate.subject)] if list(certificate.subject) else []
    with suppress(x509.ExtensionNotFound):
        found += certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [name for name in found if isinstance(name, _KINDS)]


def _is_free(name: x509.GeneralName, permitted: Names, excluded: Names) -> bool:
    allowed = [base for base in permitted if type(base) is type(name)]
    if allowed and not any(_is_within(name, base) for base in allowed):
        return False
    return not any(_is_within(name, base) for base in excluded if type(base) is type(name))


def _is_within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName) and isinstance(base, x509.DNSName):
        wanted, host = base.value.lower().removesuffix("."), name.value.lower().removesuffix(".")
        if not wanted or wanted.startswith("."):
            return host.endswith(wanted)
        return host == wanted or host.endswith(f".{wanted}")
    if isinstance(name, x509.IPAddress) and isinstance(base, x509.IPAddress):
        network, address = base.value, name.value
        if isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network) and not isinstance(
            address, ipaddress.IPv4Network | ipaddress.IPv6Network
        ):
            return address in network
        return False
    if isinstance(name, x509.DirectoryName) and isinstance(base, x509.DirectoryName):
        prefix = [_plain(part) for part in base.value.rdns]
        return [_plain(part) for part in name.value.rdns][: len(prefix)] == prefix
    return False


def _plain(part: x509.RelativeDistinguishedName) -> frozenset[tuple[str, str]]:
    """Compare as RFC 5280 section 7.1 wants it: without regard to case or doubled blanks."""
    return frozenset((item.oid.dotted_string, " ".join(str(item.value).casefold().split())) for item in part)
