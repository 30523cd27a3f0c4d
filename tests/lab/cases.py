"""The lab's domains: each has one fault, or none, and its name says which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

from tests.lab.pki import Leaf

RESOLVER, RESOLVER_PORT = "127.41.0.1", 5300
SENDER = "127.41.0.10"
NAME_SERVER, NAME_SERVER_PORT = "127.41.0.2", 5300
_FIRST_HOST = IPv4Address("127.41.0.11")

#: A sound host: what Postfix's defaults leave open (anonymous suites, key exchange without forward secrecy) is closed.
_CLOSED = {"smtpd_tls_exclude_ciphers": "aNULL, kRSA, SHA1", "smtpd_tls_protocols": ">=TLSv1.2"}
#: OpenSSL's security level 2, Debian's default, knows no TLS below 1.2; Postfix hands the suite list on as it stands.
_OLD = {"smtpd_tls_protocols": ">=TLSv1", "tls_medium_cipherlist": "ALL:@SECLEVEL=0"}
#: What U-02 measure 1c asks of a receiver: this one partner is heard inside TLS only.
_DEMANDING = {"smtpd_sender_restrictions": "check_sender_access inline:{ defaults.example=reject_plaintext_session }"}
_CONTACT = {"name": "Driftsvakt", "phone": "+47 22 00 00 00", "reviewed": datetime.now(UTC).date() - timedelta(days=30)}


Asked = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One domain of the lab.

    `kind` is its inventory group and `data` what the inventory says besides. `leaf` is its certificate (None: it shows
    none) and `settings` its lines of main.cf. `server` False: no Postfix of its own. `mx` is the whole MX RDATA where
    it is not `10 mx.<domain>.`.
    """

    name: str
    kind: str
    leaf: Leaf | None = Leaf.SOUND
    settings: Mapping[str, str] = field(default_factory=dict)
    server: bool = True
    mx: str = ""
    label: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    tlsa: str = "own"  # own | wrong | none: what the zone says of the host's key

    @property
    def domain(self) -> str:
        """The mail domain in wire form, without the last dot."""
        return f"{self.label or self.name}.example"

    @property
    def host(self) -> str:
        """The name of its mail host."""
        return f"mx.{self.domain}"

    @property
    def address(self) -> str:
        """The mail host's address; without a Postfix of its own, that of the sound one."""
        with_server = [case.name for case in CASES.values() if case.server]
        return str(_FIRST_HOST + (with_server.index(self.name) if self.server else 0))


def _own(name: str, leaf: Leaf | None = Leaf.SOUND, **more: Any) -> Case:
    return Case(name, "own_domain", leaf, data={"managed_by": "own", "dkim_selectors": ["s1"]}, **more)


def _partner(
    name: str,
    leaf: Leaf | None = Leaf.SOUND,
    settings: Mapping[str, str] | None = None,
    asked: Asked | None = None,
    **more: Any,
) -> Case:
    data = {"contact": _CONTACT, **({"require_tls": asked} if asked else {})}
    return Case(name, "partner", leaf, settings or {}, data=data, **more)


_ALL = (
    # Our own domains.
    _own("sound", settings={**_CLOSED, **_DEMANDING}),
    _own("strong", Leaf.STRONG, settings=_CLOSED),
    _own("ecdsa", Leaf.ECDSA, settings=_CLOSED),
    _own("expired", Leaf.EXPIRED, settings=_CLOSED, tlsa="none"),
    _own("unsigned", settings=_CLOSED, tlsa="none"),
    Case("parked", "parked_domain", None, server=False, mx="0 ."),
    # Partners whose offer or certificate fails.
    _partner("no-starttls", None, {"smtpd_tls_security_level": "none"}, asked={"to": "encrypt"}, tlsa="none"),
    _partner("self-signed", Leaf.SELF_SIGNED, _CLOSED, asked={"to": "verify"}, tlsa="none"),
    _partner("wrong-name", Leaf.WRONG_NAME, _CLOSED, asked={"to": "verify"}, tlsa="none"),
    _partner("no-intermediate", Leaf.NO_INTERMEDIATE, _CLOSED, tlsa="none"),
    _partner("dane-only", Leaf.SELF_SIGNED, _CLOSED, asked={"to": "verify"}),
    _partner("dane-mismatch", settings=_CLOSED, tlsa="wrong"),
    # Partners whose versions or suites fail.
    _partner("old-tls", settings=_OLD),
    _partner("null-cipher", settings={"tls_medium_cipherlist": "ALL:eNULL:@SECLEVEL=0"}),
    _partner(
        "defaults", asked={"to": "encrypt", "from": "encrypt"}
    ),  # a Postfix as it comes: anonymous suites, no forward secrecy asked
    # Partners with manners of their own.
    _partner("greet-delay", settings={**_CLOSED, "smtpd_delay_reject": "no", "smtpd_client_restrictions": "sleep 4"}),
    _partner("rejects", settings={**_CLOSED, "smtpd_delay_reject": "no", "smtpd_client_restrictions": "reject"}),
    _partner("asks-certificate", settings={**_CLOSED, "smtpd_tls_ask_ccert": "yes"}),
    _partner(
        "needs-certificate",
        settings={**_CLOSED, "smtpd_tls_security_level": "encrypt", "smtpd_tls_req_ccert": "yes"},
    ),
    _partner(
        "needs-certificate-12",
        settings={
            **_CLOSED,
            "smtpd_tls_security_level": "encrypt",
            "smtpd_tls_req_ccert": "yes",
            "smtpd_tls_mandatory_protocols": ">=TLSv1.2, <=TLSv1.2",
        },
    ),
    # Partners whose names fail.
    _partner("null-mx", None, server=False, mx="0 ."),
    _partner("bogus", server=False, tlsa="none"),
    _partner("no-such-host", None, server=False, mx="10 gone.no-such-host.example.", tlsa="none"),
    _partner("unsafe-name", None, server=False, mx=r"10 \$\(id\).unsafe-name.example.", tlsa="none"),
    _partner("idn", settings=_CLOSED, label="xn--blbr-roah"),  # blåbær
)

#: Every domain of the lab by the name of its case.
CASES: Mapping[str, Case] = {case.name: case for case in _ALL}
