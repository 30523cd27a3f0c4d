"""Domains behind OpenSMTPD. The settings are more words of its `listen` line."""

from typing import Any

from tests.lab.cases.case import Case, partner
from tests.lab.pki import Leaf

_CLOSED = {"ciphers": '"ECDHE+AESGCM:ECDHE+CHACHA20"'}
#: It takes these words, and still speaks nothing older than TLS 1.2: its library no longer does.
_OLD = {"ciphers": '"ALL:!aNULL:@SECLEVEL=0"', "protocols": '"tlsv1.0,tlsv1.1,tlsv1.2,tlsv1.3"'}


def _newer(name: str, leaf: Leaf = Leaf.SOUND, **more: Any) -> Case:
    return partner(name, leaf, daemon="opensmtpd", **more)


OPENSMTPD = (
    _newer("opensmtpd", settings=_CLOSED),
    _newer("opensmtpd-defaults"),
    _newer("opensmtpd-ecdsa", Leaf.ECDSA),
    _newer("opensmtpd-old", settings=_OLD),
    # As the release has it: OpenSMTPD 6 cannot make a signature with OpenSSL 3 (OpenSMTPD's issue 1171).
    partner("opensmtpd-packaged", daemon="packaged_opensmtpd"),
)
