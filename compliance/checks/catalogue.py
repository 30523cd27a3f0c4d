"""Every room of checks, imported so that each registers itself; a test proves the list closed."""

from compliance.checks import certificate, dkim, dmarc, mx, partner, spf, tls, transport

__all__ = ["certificate", "dkim", "dmarc", "mx", "partner", "spf", "tls", "transport"]
