"""Every room of checks, imported so that each registers itself; a test proves the list closed."""

from compliance.checks import (
    certificate,
    dane_records,
    dkim,
    dmarc,
    dmarc_reports,
    dnssec,
    injection,
    mta_sts,
    mx,
    partner,
    spf,
    submission,
    tls,
    tls_rpt,
    transport,
)

__all__ = [
    "certificate",
    "dane_records",
    "dkim",
    "dmarc",
    "dmarc_reports",
    "dnssec",
    "injection",
    "mta_sts",
    "mx",
    "partner",
    "spf",
    "submission",
    "tls",
    "tls_rpt",
    "transport",
]
