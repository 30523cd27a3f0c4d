"""The zone lines the personas need, ready to paste: every name is below the canary's base domain."""

from collections.abc import Iterator

from compliance.outbound.canary.keys import Keys
from compliance.outbound.canary.personas import Sts, Tlsa
from compliance.outbound.canary.plan import Setup

_BROKEN = f"3 1 1 {'00' * 31}01"  # the hash of nobody's key
_TTL = 300


def zone_lines(setup: Setup, keys: Keys) -> Iterator[str]:
    """Give the records of every persona in presentation form (RFC 1035 section 5.1)."""
    for persona in setup.personas:
        is_, host, domain = setup.behaviour(persona), setup.host(persona), setup.domain(persona)
        address = setup.address(persona)
        yield _line(domain, "MX", f"10 {host}.")
        yield _line(domain, "TXT", '"v=spf1 -all"')  # it receives, and never sends
        yield _line(f"_dmarc.{domain}", "TXT", '"v=DMARC1; p=reject"')
        yield _line(host, "AAAA" if ":" in address else "A", address)
        if is_.tlsa is not Tlsa.NONE:
            right = keys.tlsa(persona)
            yield _line(f"_{setup.port}._tcp.{host}", "TLSA", right if is_.tlsa is Tlsa.RIGHT else _BROKEN)
        if is_.sts is Sts.ENFORCE_MISMATCH:
            yield _line(f"_mta-sts.{domain}", "TXT", '"v=STSv1; id=canary1"')


def policy_text(setup: Setup) -> str:
    """Give the MTA-STS policy that no host of the canary matches (RFC 8461 section 3.2), for a web server to show."""
    lines = ("version: STSv1", "mode: enforce", f"mx: mx.elsewhere.{setup.base}", "max_age: 86400")
    return "".join(f"{line}\r\n" for line in lines)


def policy_hosts(setup: Setup) -> tuple[str, ...]:
    """Give the names the policy is to be found under by HTTPS."""
    wanted = (name for name in setup.personas if setup.behaviour(name).sts is Sts.ENFORCE_MISMATCH)
    return tuple(f"mta-sts.{setup.domain(name)}" for name in wanted)


def _line(owner: str, kind: str, data: str) -> str:
    return f"{owner}. {_TTL} IN {kind} {data}"
