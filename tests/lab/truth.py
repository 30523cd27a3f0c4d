"""The lab's truth: what a sound domain gets, and per case what differs from it, as status and reason."""

from collections.abc import Mapping

from tests.lab.cases import CASES
from tests.lab.truth_servers import OTHERS
from tests.lab.verdicts import AS_IT_COMES, BEHIND_MX, DOMAIN, NEEDS_STARTTLS, NO_TLSA, TRANSPORT, every

#: What a sound domain gets, and every other domain where its fault does not reach.
SOUND: Mapping[str, str] = {
    "U02-1b-1": "pass starttls_works",
    "U02-1b-2": "pass issuer_trusted",
    "U02-1b-3": "pass name_matches",
    "U02-1b-4": "pass in_date",
    "U02-1b-5": "pass strong_enough",
    "U02-TLS-1": "pass only_new_tls",
    "U02-TLS-2": "pass no_weak_suites",
    "U02-TLS-3": "pass forward_secrecy_kept",
    "U02-TLS-4": "pass tls13_accepted",
    "U02-TLS-5": "pass no_compression_safe_renegotiation",
    "U02-TLS-7": "pass no_anonymous_suites",
    "U02-2-1": "pass spf_valid",
    "U02-2-2": "pass spf_within_limits",
    "U02-2-3": "pass spf_refuses_others",
    "U02-4-1": "pass dmarc_valid",
    "U02-4-2": "pass dmarc_stops_false_senders",
    "MX-1": "pass mx_resolves",
    "DIGDIR-DNSSEC-1": "pass dnssec_secure",
    "DIGDIR-DNSSEC-2": "pass dnssec_secure",
    "DIGDIR-DANE-1": "pass tlsa_published",
    "DIGDIR-DANE-2": "pass tlsa_matches",
    "DIGDIR-TLSRPT-1": "pass tls_rpt_valid",
    "STS-1": "fail sts_missing",
    "STS-2": "not_applicable sts_missing",
}

_EVERY: Mapping[str, Mapping[str, str]] = {
    "sound": {},
    "strong": {},
    "ecdsa": {},
    "unsigned": {**every("fail dnssec_insecure", "DIGDIR-DNSSEC-1", "DIGDIR-DNSSEC-2"), **NO_TLSA},
    "expired": {"U02-1b-4": "fail expired", **NO_TLSA},
    "no-starttls": {
        "U02-1b-1": "fail starttls_not_offered",
        **NEEDS_STARTTLS,
        "U02-1c-1": "fail starttls_not_offered",
        **NO_TLSA,
    },
    "self-signed": {"U02-1b-2": "fail self_signed", "U02-1c-1": "fail self_signed", **NO_TLSA},
    "wrong-name": {"U02-1b-3": "fail name_mismatch", "U02-1c-1": "fail name_mismatch", **NO_TLSA},
    "no-intermediate": {"U02-1b-2": "fail missing_intermediate", **NO_TLSA},
    "dane-only": {"U02-1b-2": "pass met_through_dane", "U02-1c-1": "fail self_signed"},
    "dane-mismatch": {"DIGDIR-DANE-2": "fail tlsa_mismatch"},
    # Postfix as it comes takes anonymous suites and key exchange without forward secrecy.
    "old-tls": {"U02-TLS-1": "fail old_tls_accepted", **AS_IT_COMES},
    "null-cipher": {"U02-TLS-1": "fail old_tls_accepted", "U02-TLS-2": "fail weak_suites_accepted", **AS_IT_COMES},
    # It takes TLS 1.1 too with suites that need no signature, whatever OpenSSL's security level says.
    # Our own host hears it inside TLS alone.
    "defaults": {
        "U02-1c-1": "pass carries_level",
        "U02-1c-3": "pass plain_refused_for_encryption",
        "U02-TLS-1": "fail old_tls_accepted",
        **AS_IT_COMES,
    },
    "also-from": {"U02-1c-1": "pass carries_level", "U02-1c-3": "fail plain_accepted"},
    "greet-delay": {},
    "rejects": every("not_tested rejected_us", *TRANSPORT, "DIGDIR-DANE-2"),
    "asks-certificate": {},
    "needs-certificate": every("not_tested client_certificate_wanted", *TRANSPORT),
    "needs-certificate-12": every("not_tested client_certificate_wanted", *TRANSPORT),
    "null-mx": {
        **every("not_applicable null_mx", *TRANSPORT, *BEHIND_MX, "DIGDIR-TLSRPT-1", "STS-1", "STS-2"),
        "MX-1": "pass null_mx_alone",
    },
    "bogus": {
        **every("not_tested dns_bogus", *TRANSPORT, *DOMAIN, *BEHIND_MX, "DIGDIR-TLSRPT-1", "STS-1", "STS-2"),
        "DIGDIR-DNSSEC-1": "fail dnssec_broken",
    },
    "no-such-host": {
        **every("not_applicable mx_no_address", *TRANSPORT, *BEHIND_MX, "STS-2"),
        "MX-1": "fail mx_no_such_name",
    },
    "unsafe-name": {**every("not_tested unsafe_name", *TRANSPORT, *BEHIND_MX, "STS-2"), "MX-1": "fail mx_no_host_name"},
    "idn": {},
    **OTHERS,
}
#: Per case what differs from SOUND: status and reason.
FAULTS = {name: verdicts for name, verdicts in _EVERY.items() if name in CASES}
