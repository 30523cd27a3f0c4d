"""Hosts users submit mail at: ports 465 and 587 of Postfix and of Exim, sound ones and others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.cases.postfix import CLOSED
from tests.lab.exim import Exim
from tests.lab.pki import Leaf, Pki
from tests.lab.postfix import PostfixInstance
from tests.lab.private import left_out
from tests.lab.servers import Server

#: What Postfix's own example of master.cf says of both ports; AUTH before TLS is for each host to say.
_PORTS = """\
{address}:465 inet n - n - - smtpd
    -o smtpd_tls_wrappermode=yes
{address}:587 inet n - n - - smtpd
"""
#: Exim offers a login where its authenticator says so; Debian's own example says: inside TLS.
_LOGIN = "begin authenticators\n{0}:\n  driver = plaintext\n  public_name = {0}\n  server_condition = false\n"
_INSIDE = "  server_advertise_condition = ${if def:tls_in_cipher}\n"


@dataclass(frozen=True)
class Place:
    """A submission host: who serves it, its certificate, and whether it offers a login in clear."""

    name: str
    address: str
    daemon: str
    leaf: Leaf
    in_clear: bool
    tls_at_once: bool = True  # what port 465 is for

    @property
    def host(self) -> str:
        """Its name."""
        return f"{self.name}.sound.example"


_EVERY = (
    Place("submit", "127.41.0.101", "postfix", Leaf.SOUND, in_clear=False),
    Place("submit-open", "127.41.0.102", "postfix", Leaf.SELF_SIGNED, in_clear=True),
    Place("submit-exim", "127.41.0.103", "exim", Leaf.SOUND, in_clear=False),
    Place("submit-exim-open", "127.41.0.104", "exim", Leaf.EXPIRED, in_clear=True, tls_at_once=False),
)
PLACES = tuple(place for place in _EVERY if not left_out(place.daemon))


def submission_servers(folder: Path, pki: Pki, logins: Path) -> dict[str, Server]:
    """Make the servers of all places; `logins` is the socket Postfix asks about logins."""
    servers: dict[str, Server] = {}
    for place in PLACES:
        files = pki.leaf(place.leaf, place.host, place.name)
        where = (place.name, folder / place.name, place.address, place.host)
        if place.daemon == "postfix":
            settings = {"smtpd_tls_chain_files": f"{files.key}, {files.chain}", **CLOSED, **_sasl(place, logins)}
            servers[place.name] = PostfixInstance(*where, settings, more=_PORTS.format(address=place.address))
        else:
            at_once = {"tls_on_connect_ports": "465"} if place.tls_at_once else {}
            settings = {"daemon_smtp_ports": "25 : 465 : 587", "auth_advertise_hosts": "*", **at_once}
            blocks = _LOGIN.format("PLAIN") + ("" if place.in_clear else _INSIDE)
            servers[place.name] = Exim(*where, [files], settings, blocks=blocks)
    return servers


def _sasl(place: Place, logins: Path) -> Mapping[str, str]:
    return {
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": str(logins),
        "smtpd_sasl_security_options": "noanonymous",
        "smtpd_tls_auth_only": "no" if place.in_clear else "yes",
    }


def inventory() -> dict[str, Any]:
    """Give the places as entries of the inventory."""
    return {
        place.host: {"hostname": place.host, "groups": ["submission_host"], "data": {"managed_by": "own"}}
        for place in PLACES
    }
