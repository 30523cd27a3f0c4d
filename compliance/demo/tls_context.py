"""Server-side TLS contexts for the personas, sound and unsound."""

import ssl
import warnings
from collections.abc import Iterable
from pathlib import Path

from compliance.demo.personas import TlsManners

#: The 1024-bit group of RFC 2409 section 6.2, long shared by servers with a small DHE group.
_GROUP_1024 = """-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
"""


def server_context(manners: TlsManners, chains: Iterable[Path], roots: Path) -> ssl.SSLContext:
    """Make a context that behaves as the persona says and presents these chains (one per key type)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_NONE
    # The cipher list comes first: its SECLEVEL decides which keys may be loaded at all.
    context.set_ciphers(manners.ciphers)
    # MINIMUM_SUPPORTED, since naming TLS 1.0 warns, though it is what is meant.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED if manners.older else ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2 if manners.newest_is_12 else ssl.TLSVersion.TLSv1_3
    if manners.only_older:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    for chain in chains:
        context.load_cert_chain(chain)
    if manners.asks_client:
        context.load_verify_locations(roots)
        context.verify_mode = ssl.CERT_OPTIONAL
    if manners.dh_1024:
        path = roots.parent / "dh1024.pem"
        path.write_text(_GROUP_1024, encoding="ascii")
        context.load_dh_params(str(path))
    return context


def prefer_name(context: ssl.SSLContext, name: str, named: ssl.SSLContext) -> None:
    """Let `context` present another certificate, that of `named`, to a client that asks for `name` (RFC 6066 3)."""

    def choose(session: ssl.SSLObject | ssl.SSLSocket, asked: str | None, _: ssl.SSLContext) -> None:
        if asked == name:
            session.context = named

    context.sni_callback = choose
