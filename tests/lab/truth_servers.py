"""The truth about Exim, OpenSMTPD, s_server, dialects of STARTTLS and policies: what differs from a sound domain."""

from collections.abc import Mapping

from tests.lab.opensmtpd import packaged_speaks_tls
from tests.lab.verdicts import NEEDS_STARTTLS, NO_TLSA, TRANSPORT, every, shut

_ONLY_13 = {"U02-TLS-5": "not_applicable only_tls13"}
_ONLY_12 = {"U02-TLS-4": "fail tls13_not_accepted"}
_POLICY = {"STS-1": "pass policy_valid"}


def _no_policy(reason: str) -> dict[str, str]:
    """A policy no sender can use, and so no promise to keep."""
    return {"STS-1": f"fail {reason}", "STS-2": f"not_applicable {reason}"}


_EXIM: Mapping[str, Mapping[str, str]] = {
    "exim": {},
    # GnuTLS's own choice still takes TLS 1.0, and key exchange without forward secrecy.
    "exim-defaults": {"U02-TLS-1": "fail old_tls_accepted", "U02-TLS-3": "fail no_forward_secrecy"},
    "exim-old": {
        "U02-TLS-1": "fail old_tls_accepted",
        "U02-TLS-2": "fail weak_suites_accepted",
        "U02-TLS-3": "fail no_forward_secrecy",
    },
    "exim-both-keys": {},
    "exim-no-rfc5746": {"U02-TLS-5": "fail renegotiation_insecure"},
    "exim-good": {},
    # GnuTLS does not take an answer that speaks against its own certificate, and Exim has no TLS then.
    "exim-revoked": {"U02-1b-1": "fail starttls_unavailable", **NEEDS_STARTTLS, **NO_TLSA},
    "exim-two-faces": {},
}

_OPENSMTPD: Mapping[str, Mapping[str, str]] = {
    "opensmtpd": {},
    # It chooses RSA key exchange where no other is offered; its key process cannot decrypt for it, and no session comes
    # about.
    "opensmtpd-defaults": {},
    "opensmtpd-ecdsa": {},
    "opensmtpd-old": {},
    "opensmtpd-packaged": {} if packaged_speaks_tls() else shut("handshake_failed"),
}

_S_SERVER: Mapping[str, Mapping[str, str]] = {
    "staple-good": {},
    "staple-revoked": {"U02-1b-2": "fail revoked", **NO_TLSA},
    "staple-unknown": {},
    "staple-outdated": {},
    "staple-revoked-13": {"U02-1b-2": "fail revoked", **_ONLY_13, **NO_TLSA},
    "own-sni-alone": {},
    "other-sni-alone": shut("handshake_failed"),
    "dhe-1024": {"U02-TLS-3": "fail dhe_group_short", **_ONLY_12},
    "tls13-only": _ONLY_13,
    "tls13-both-keys": _ONLY_13,
    "dsa": {"U02-1b-5": "fail weak_key", "U02-TLS-3": "fail dhe_group_short", **_ONLY_12, **NO_TLSA},
    "wants-certificate": every("not_tested client_certificate_wanted", *TRANSPORT),
    "second-expired": {"U02-1b-4": "fail expired", **NO_TLSA},
    "second-expired-13": {"U02-1b-4": "fail expired", **_ONLY_13, **NO_TLSA},
}

_DIALECTS: Mapping[str, Mapping[str, str]] = {
    "masked": shut("starttls_masked"),
    "masked-too": shut("starttls_masked"),
    "second-ehlo": shut("starttls_not_offered"),  # no sender says EHLO twice before STARTTLS
    "lower-case": {},
    "not-now": {},
    "garbage": shut("no_tls_behind_220"),
    "bytes-behind": {},
}

_POLICIES: Mapping[str, Mapping[str, str]] = {
    "sts": {**_POLICY, "STS-2": "pass policy_holds"},
    "sts-wildcard": {**_POLICY, "STS-2": "pass policy_holds"},
    "sts-mismatch": {**_POLICY, "STS-2": "fail mx_not_in_policy"},
    "sts-testing": {**_POLICY, "STS-2": "not_applicable policy_in_testing"},
    "sts-redirect": _no_policy("policy_redirected"),
    "sts-html": _no_policy("policy_media_type"),
    "sts-two-records": _no_policy("sts_several"),
    "sts-self-signed": _no_policy("policy_certificate_untrusted"),
    "sts-wrong-name": _no_policy("policy_certificate_name"),
    "sts-no-dane": {**_POLICY, "STS-2": "pass policy_holds", "DIGDIR-DANE-2": "fail tlsa_mismatch"},
    "sts-dane-only": {**_POLICY, "STS-2": "fail policy_mx_untrusted", "U02-1b-2": "pass met_through_dane"},
    "sts-no-starttls": {
        **_POLICY,
        "STS-2": "fail policy_without_starttls",
        "U02-1b-1": "fail starttls_not_offered",
        **NEEDS_STARTTLS,
        **NO_TLSA,
    },
}

#: Per case what differs from a sound domain.
OTHERS: Mapping[str, Mapping[str, str]] = {**_EXIM, **_OPENSMTPD, **_S_SERVER, **_DIALECTS, **_POLICIES}
