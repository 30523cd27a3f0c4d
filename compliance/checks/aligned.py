"""Whether the domain of a signature is aligned with that of From (RFC 9989 section 4.4)."""

from compliance.checks.context import Context
from compliance.model.names import NameFault, to_ascii
from compliance.records.dmarc import WalkState, policy_walk
from compliance.records.dns_walk import drive


def aligned(context: Context, signer: str, sender: str) -> bool | None:
    """Tell whether a signing domain is aligned with From, None where the mode is not known and matters."""
    if signer == sender:
        return True
    if context.operator(signer) != context.operator(sender) or context.is_public_suffix(signer):
        return False
    walk = drive(policy_walk(sender), context.evidence.answer)
    if walk.state is WalkState.UNRESOLVED:
        return None
    return walk.record is None or walk.record.adkim == "r"


def wire_name(domain: str) -> str:
    """Give a domain of the inventory as it stands in mail (RFC 5890)."""
    try:
        return to_ascii(domain)
    except NameFault:
        return domain
