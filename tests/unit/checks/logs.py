"""Supplied logs made by hand: what went to one host, and to one domain, as a reader would have distilled it."""

from datetime import timedelta

from compliance.model.observation import Observation, Origin
from compliance.model.supplied import DomainFlow, Flow, LogInstance, MailLogFacts, RelayFlow, SuppliedFile, TlsTally
from tests.unit.checks.build import ADDRESS, AT, MX, _seen


def day(number: int) -> str:
    """Noon, so many days after the run; before it where the number is negative."""
    return (AT + timedelta(days=number)).strftime("%Y-%m-%dT12:00:00Z")


def under(
    count: int = 5,
    version: str = "TLSv1.3",
    suite: str = "TLS_AES_256_GCM_SHA384",
    trust: str = "Trusted",
    days: tuple[int, int] = (-40, -2),
) -> TlsTally:
    return TlsTally(version, suite, trust, count, day(days[0]), day(days[1]))


def flow(*tls: TlsTally, clear: int = 0, unknown: int = 0, failed: int = 0, days: tuple[int, int] = (-20, -10)) -> Flow:
    """`days` are those of the messages in clear."""
    firsts, lasts = [tally.first for tally in tls], [tally.last for tally in tls]
    in_clear = (day(days[0]), day(days[1])) if clear else ("", "")
    return Flow(tls, clear, unknown, failed, min(firsts, default=""), max(lasts, default=""), *in_clear)


def to_host(each: Flow, name: str = MX, address: str = ADDRESS) -> RelayFlow:
    return RelayFlow(name, address, 25, each)


def log(
    *relays: RelayFlow,
    host: str = "rele",
    place: str = "",
    logs_tls: bool = True,
    program: str = "postfix",
    product: str = "postfix",
    domains: tuple[DomainFlow, ...] = (),
) -> Observation:
    file = SuppliedFile("logs", place, "mail.log", "0" * 64, 1, day(-90), day(0), 10)
    instance = LogInstance(host, program, logs_tls, relays, domains)
    facts = MailLogFacts("mail_log", file, product, (instance,))
    return _seen("postfix_log", "mail.log", f"logs {host}{place}", facts, origin=Origin.SUPPLIED)


def to_domain(each: Flow, domain: str, direction: str = "to") -> DomainFlow:
    return DomainFlow(domain, direction, (MX,), each)
