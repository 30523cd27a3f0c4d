"""Domains whose TLS is OpenSSL's s_server behind a small SMTP front: what no mail server can be told to do."""

from collections.abc import Mapping
from typing import Any

from tests.lab.cases.case import Case, partner
from tests.lab.pki import Leaf

_CLOSED = {"-no_tls1": "", "-no_tls1_1": "", "-cipher": "ECDHE+AESGCM:ECDHE+CHACHA20"}
_TLS13 = {"-tls1_3": ""}


def _odd(name: str, settings: Mapping[str, str] = _CLOSED, leaf: Leaf = Leaf.SOUND, **more: Any) -> Case:
    return partner(name, leaf, settings, daemon="s_server", **more)


S_SERVER = (
    _odd("staple-good", staple="good"),
    _odd("staple-revoked", staple="revoked", tlsa="none"),
    _odd("staple-unknown", staple="unknown"),
    _odd("staple-outdated", staple="outdated"),
    _odd("staple-revoked-13", _TLS13, staple="revoked", tlsa="none"),
    _odd("own-sni-alone", {**_CLOSED, "-servername": "", "-servername_fatal": ""}),
    _odd("other-sni-alone", {**_CLOSED, "-servername": "else.example", "-servername_fatal": ""}),
    _odd("dhe-1024", {"-tls1_2": "", "-cipher": "kDHE+aRSA+AESGCM:@SECLEVEL=0", "-dhparam": ""}),
    _odd("tls13-only", _TLS13),
    _odd("tls13-both-keys", _TLS13, second=Leaf.ECDSA),
    _odd("dsa", {"-tls1_2": "", "-cipher": "aDSS+kDHE:@SECLEVEL=0"}, Leaf.DSA, tlsa="none"),
    _odd("wants-certificate", {**_CLOSED, "-Verify": "2", "-verify_return_error": "", "-verify_quiet": ""}),
    _odd("second-expired", second=Leaf.ECDSA_EXPIRED, tlsa="none"),
    _odd("second-expired-13", _TLS13, second=Leaf.ECDSA_EXPIRED, tlsa="none"),
)
