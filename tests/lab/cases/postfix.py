"""Domains behind Postfix, and domains whose names fail: the lab's first cases."""

from tests.lab.cases.case import Case, own, partner
from tests.lab.pki import Leaf

#: A sound host: what Postfix's defaults leave open (anonymous suites, key exchange without forward secrecy) is closed.
CLOSED = {"smtpd_tls_exclude_ciphers": "aNULL, kRSA, SHA1", "smtpd_tls_protocols": ">=TLSv1.2"}
#: OpenSSL's security level 2, Debian's default, knows no TLS below 1.2; Postfix hands the suite list on as it stands.
_OLD = {"smtpd_tls_protocols": ">=TLSv1", "tls_medium_cipherlist": "ALL:@SECLEVEL=0"}
#: What U-02 measure 1c asks of a receiver: this one partner is heard inside TLS only.
_DEMANDING = {"smtpd_sender_restrictions": "check_sender_access inline:{ defaults.example=reject_plaintext_session }"}

POSTFIX = (
    # Our own domains.
    own("sound", settings={**CLOSED, **_DEMANDING}),
    own("strong", Leaf.STRONG, settings=CLOSED),
    own("ecdsa", Leaf.ECDSA, settings=CLOSED),
    own("expired", Leaf.EXPIRED, settings=CLOSED, tlsa="none"),
    own("unsigned", settings=CLOSED, tlsa="none"),
    Case("parked", "parked_domain", None, server=False, mx="0 ."),
    # Partners whose offer or certificate fails.
    partner("no-starttls", None, {"smtpd_tls_security_level": "none"}, asked={"to": "encrypt"}, tlsa="none"),
    partner("self-signed", Leaf.SELF_SIGNED, CLOSED, asked={"to": "verify"}, tlsa="none"),
    partner("wrong-name", Leaf.WRONG_NAME, CLOSED, asked={"to": "verify"}, tlsa="none"),
    partner("no-intermediate", Leaf.NO_INTERMEDIATE, CLOSED, tlsa="none"),
    partner("dane-only", Leaf.SELF_SIGNED, CLOSED, asked={"to": "verify"}),
    partner("dane-mismatch", settings=CLOSED, tlsa="wrong"),
    # Partners whose versions or suites fail.
    partner("old-tls", settings=_OLD),
    partner("null-cipher", settings={"tls_medium_cipherlist": "ALL:eNULL:@SECLEVEL=0"}),
    partner(
        "defaults", asked={"to": "encrypt", "from": "encrypt"}
    ),  # a Postfix as it comes: anonymous suites, no forward secrecy asked
    # We ask it of this one too, and our own host does not yet.
    partner("also-from", settings=CLOSED, asked={"to": "encrypt", "from": "encrypt"}),
    # Partners with manners of their own.
    partner("greet-delay", settings={**CLOSED, "smtpd_delay_reject": "no", "smtpd_client_restrictions": "sleep 4"}),
    partner("rejects", settings={**CLOSED, "smtpd_delay_reject": "no", "smtpd_client_restrictions": "reject"}),
    partner("asks-certificate", settings={**CLOSED, "smtpd_tls_ask_ccert": "yes"}),
    partner(
        "needs-certificate",
        settings={**CLOSED, "smtpd_tls_security_level": "encrypt", "smtpd_tls_req_ccert": "yes"},
    ),
    partner(
        "needs-certificate-12",
        settings={
            **CLOSED,
            "smtpd_tls_security_level": "encrypt",
            "smtpd_tls_req_ccert": "yes",
            "smtpd_tls_mandatory_protocols": ">=TLSv1.2, <=TLSv1.2",
        },
    ),
    # Partners whose names fail.
    partner("null-mx", None, server=False, mx="0 ."),
    partner("bogus", server=False, tlsa="none"),
    partner("no-such-host", None, server=False, mx="10 gone.no-such-host.example.", tlsa="none"),
    partner("unsafe-name", None, server=False, mx=r"10 \$\(id\).unsafe-name.example.", tlsa="none"),
    partner("idn", settings=CLOSED, label="xn--blbr-roah"),  # blåbær
)
