"""TLSA records and their match against a presented chain (RFC 6698 section 2, RFC 7672 section 3)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from compliance.records.certificate import is_signed_by
from compliance.records.der import DerFault, is_public_key, subject_public_key_info

_FORM = re.compile(r"(\d{1,3}) (\d{1,3}) (\d{1,3}) ([0-9A-Fa-f]+(?: [0-9A-Fa-f]+)*)")
DANE_TA, DANE_EE = 2, 3
_DIGESTS = {1: 32, 2: 64}  # octets, by matching type


class TlsaFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no TLSA record."""


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One record: certificate usage, selector (0 certificate, 1 key), matching type (0 whole, 1 SHA-256, 2 SHA-512)."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def usable(self) -> bool:
        """Whether SMTP clients use it: DANE-TA or DANE-EE, with known parts, and well formed (RFC 7672 section 3.1)."""
        known = self.usage in {DANE_TA, DANE_EE} and self.selector in {0, 1} and self.matching in {0, 1, 2}
        return known and self._is_well_formed

    @property
    def _is_well_formed(self) -> bool:
        """Whether a digest has its length, and what is whole is a certificate or a key: a slip vouches for nobody."""
        if self.matching in _DIGESTS:
            return len(self.data) == _DIGESTS[self.matching]
        try:
            return bool(subject_public_key_info(self.data)) if self.selector == 0 else is_public_key(self.data)
        except DerFault:
            return False


def parse(text: str) -> Tlsa:
    """Read the presentation form `3 1 1 hex`; raises TlsaFault."""
    found = _FORM.fullmatch(text.strip())
    digits = found[4].replace(" ", "") if found else ""
    if not found or len(digits) % 2:
        raise TlsaFault(text)
    return Tlsa(int(found[1]), int(found[2]), int(found[3]), bytes.fromhex(digits))


def matches(record: Tlsa, der: bytes) -> bool:
    """Tell whether one certificate is the one a usable record names."""
    if not record.usable:
        return False
    try:
        content = der if record.selector == 0 else subject_public_key_info(der)
    except DerFault:
        return False
    digest = {0: lambda: content, 1: hashlib.sha256(content).digest, 2: hashlib.sha512(content).digest}
    return digest[record.matching]() == record.data


def matches_leaf(records: Sequence[Tlsa], chain: Sequence[bytes]) -> bool:
    """Tell whether a DANE-EE record names the leaf: name, dates and issuer do not matter then (RFC 7672 3.1.1)."""
    return bool(chain) and any(record.usage == DANE_EE and matches(record, chain[0]) for record in records)


def anchors(records: Sequence[Tlsa], chain: Sequence[bytes]) -> tuple[bytes, ...]:
    """Give the presented certificates that a DANE-TA record names: trust anchors for this host (RFC 7672 3.1.2)."""
    trusted = [record for record in records if record.usage == DANE_TA]
    return tuple(der for der in chain if any(matches(record, der) for record in trusted))


def anchors_not_sent(records: Sequence[Tlsa], chain: Sequence[bytes]) -> tuple[bytes, ...]:
    """Give what DANE-TA records vouch for that hold the anchor whole, so that it need not be sent (RFC 7671 5.2).

    A certificate is an anchor itself; a key has none, so whatever it signed of the presented chain stands for it.
    """
    whole = [record for record in records if record.usable and record.usage == DANE_TA and record.matching == 0]
    certificates = [record.data for record in whole if record.selector == 0]
    keys = [record.data for record in whole if record.selector == 1]
    return (*certificates, *(der for der in chain if any(is_signed_by(der, key) for key in keys)))
