"""What of a supplied message is kept: the hosts it went through, and what it takes to verify its signatures.

Nothing of a person: no local part, subject, message id or body. Names are plain host names or addresses, or ``.
"""

from dataclasses import dataclass
from typing import ClassVar

from compliance.strict import Base64

_STRICT: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class ReceivedHop:
    """One Received field (RFC 5321 section 4.4), as the server `by` wrote it.

    `from_name` is what the client called itself; `verified_name` what the server found for its address, there and back
    again; `protocol` is SMTP, ESMTP, ESMTPS and the like (RFC 3848), `` where it is none of those. `version` is
    TLSv1.3, TLSv1.2 ..., `suite` the name the server knows it by; both `` where it does not note them. Time is UTC.
    """

    __pydantic_config__: ClassVar = _STRICT
    from_name: str
    verified_name: str
    from_address: str
    by: str
    protocol: str
    version: str
    suite: str
    time: str

    @property
    def encrypted(self) -> bool | None:
        """Whether it came under TLS, None where the server does not say (RFC 3848: the S of ESMTPS)."""
        if self.version or self.protocol.endswith(("S", "SA")):
            return True
        return False if self.protocol else None


@dataclass(frozen=True, slots=True)
class KeptSignature:
    """One DKIM signature without the words it is over: see records/dkim_verify.py. `fault`: why it is none at all."""

    __pydantic_config__: ClassVar = _STRICT
    domain: str
    selector: str
    algorithm: str
    identity_domain: str
    value: Base64
    header_hash: Base64
    body_hash_right: bool
    covers_all: bool
    expires: int | None
    fault: str = ""
