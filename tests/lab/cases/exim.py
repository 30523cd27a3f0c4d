"""Domains behind Exim with GnuTLS. Its settings are those of its own file; priorities are GnuTLS's words."""

from collections.abc import Mapping
from typing import Any

from tests.lab.cases.case import Case, partner
from tests.lab.pki import Leaf

#: What GnuTLS's own choice leaves open (TLS 1.0 and 1.1, key exchange without forward secrecy) is closed.
_NEW = "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-RSA"
_OLD = "NORMAL:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:+ANON-ECDH:+ANON-DH"
_CLOSED = {"tls_require_ciphers": _NEW}


def _exim(name: str, settings: Mapping[str, str] = _CLOSED, **more: Any) -> Case:
    return partner(name, settings=settings, daemon="exim", **more)


EXIM = (
    _exim("exim"),
    _exim("exim-defaults", {}),
    _exim("exim-old", {"tls_require_ciphers": _OLD}),
    _exim("exim-both-keys", second=Leaf.ECDSA),
    _exim("exim-no-rfc5746", {"tls_require_ciphers": f"{_NEW}:%DISABLE_SAFE_RENEGOTIATION"}),
    _exim("exim-good", staple="good"),
    _exim("exim-revoked", staple="revoked", tlsa="none"),
    # What it says inside TLS is not what it said outside.
    _exim(
        "exim-two-faces",
        {
            **_CLOSED,
            "pipelining_advertise_hosts": "${if def:tls_in_cipher {*}{}}",
            "chunking_advertise_hosts": "${if def:tls_in_cipher {}{*}}",
            "dsn_advertise_hosts": "${if def:tls_in_cipher {*}{}}",
        },
    ),
)
