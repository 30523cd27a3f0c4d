"""What a path must obey besides its signatures (RFC 5280 section 6.1), as a server's certificate is judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from compliance.records.certificate import Certificate
from compliance.records.der import DerFault, subject_public_key_info
from compliance.records.name_constraints import is_permitted

_SERVER = {ExtendedKeyUsageOID.SERVER_AUTH.dotted_string, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string}
_TLS_USAGES = {"digital_signature", "key_encipherment", "key_agreement"}
_HANDLED = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.ISSUER_ALTERNATIVE_NAME,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    x509.ObjectIdentifier("2.16.840.1.113730.1.1"),  # Netscape certificate type, as OpenSSL takes it
}


@dataclass(frozen=True, slots=True)
class Link:
    """One certificate of a path: its octets, as loaded, and its summary."""

    der: bytes
    loaded: x509.Certificate
    summary: Certificate

    @property
    def subject(self) -> bytes:
        """The subject's DER, to find issuers by."""
        return self.loaded.subject.public_bytes()

    @property
    def identity(self) -> tuple[bytes, bytes]:
        """Name and key: the same twice in a path leads nowhere (RFC 4158 section 5.2)."""
        try:
            return self.subject, subject_public_key_info(self.der)
        except DerFault:
            return self.subject, self.der

    @property
    def issuer(self) -> bytes:
        """The issuer's DER."""
        return self.loaded.issuer.public_bytes()


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule broken: `state` is the path's, `why` the particulars."""

    state: str
    why: str


def breach(path: Sequence[Link], at: datetime) -> Breach | None:
    """Give the first rule that a path, leaf first and anchor last, breaks; the leaf's dates are judged elsewhere."""
    return (
        _leaf_breach(path[0])
        or next(filter(None, (_issuer_breach(path, height, at) for height in range(1, len(path)))), None)
        or _name_breach(path)
    )


def _leaf_breach(leaf: Link) -> Breach | None:
    summary = leaf.summary
    if summary.key_usage is not None and not _TLS_USAGES & set(summary.key_usage):
        return Breach("wrong_usage", "key_usage")
    return _usage_breach(leaf)


def _usage_breach(link: Link) -> Breach | None:
    extended = link.summary.extended_usage
    if extended is not None and not _SERVER & set(extended):
        return Breach("wrong_usage", "extended_usage")
    if any(found.critical and found.oid not in _HANDLED for found in link.loaded.extensions):
        return Breach("wrong_usage", "critical_extension")
    return None


def _issuer_breach(path: Sequence[Link], height: int, at: datetime) -> Breach | None:
    """Judge one issuing certificate; `height` certificates stand below it."""
    link = path[height]
    summary = link.summary
    old_root = link.loaded.version is x509.Version.v1 and summary.self_signed and height == len(path) - 1
    if not summary.is_ca and not old_root:  # roots older than X.509 v3 have no extensions to say it with
        return Breach("not_ca", "basic_constraints")
    if summary.key_usage is not None and "key_cert_sign" not in summary.key_usage:
        return Breach("not_ca", "key_usage")
    between = sum(not below.summary.self_issued for below in path[1:height])
    if summary.path_length is not None and between > summary.path_length:
        return Breach("path_length", "")
    if at > summary.not_after:
        return Breach("expired_issuer", "root_expired" if height == len(path) - 1 else "expired")
    if at < summary.not_before:
        return Breach("expired_issuer", "not_yet_valid")
    return _usage_breach(link)


def _name_breach(path: Sequence[Link]) -> Breach | None:
    for height, link in enumerate(path):
        for at, below in enumerate(path[:height]):
            exempt = at > 0 and below.summary.self_issued
            if not exempt and not is_permitted(below.loaded, link.loaded):
                return Breach("name_constraint", "")
    return None
