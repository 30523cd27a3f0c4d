"""The guard against wildcards: a name that nobody publishes, asked beside those that count (RFC 4592).

A zone with `*` answers for every name, so a record found at one name proves little by itself.
"""

import hashlib

from compliance.records.dns_walk import DnsQuestion


def beside(parent: str) -> DnsQuestion:
    """Give the question for a TXT record at a name below `parent` that only a wildcard answers.

    The name is drawn from the parent's, so that it is the same when a run is resumed, replayed or compared.
    """
    drawn = hashlib.sha256(b"u02 wildcard " + parent.encode("ascii", "replace")).hexdigest()
    return DnsQuestion(f"u02-{drawn[:16]}.{parent}", "TXT")
