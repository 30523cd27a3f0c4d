"""The connection ledger: everything that opened a connection is in it, by address and port."""

from compliance.model.observation import Facts, Failure, FailureKind, PolicyFacts, SmtpFacts
from compliance.model.target import MailAddress
from compliance.store.ledger import connections
from tests.unit.checks.build import _seen, tls

TLS_BROKE = Failure(FailureKind.HANDSHAKE, "tls")
SMTP = SmtpFacts("smtp", "smtp.a.example", "192.0.2.5", 587, (), None, 1)
POLICY = PolicyFacts("policy", "mta-sts.a.example", "192.0.2.8", 443, tls(), 200, "text/plain", "", "")


def lines(*seen: tuple[str, str, Facts | None, Failure | None]) -> list[tuple[str, tuple[str, ...], int, bool]]:
    observations = [_seen(probe, target, "any", facts, failure) for probe, target, facts, failure in seen]
    ours = MailAddress("192.0.2.5", 587, ("smtp.a.example",), ours=True)
    found = connections(observations, [ours], 8443).addresses
    return [(line.target, line.names, line.connections, line.ours) for line in found]


def test_submission_ports_and_policy_hosts_are_counted() -> None:
    assert lines(
        ("submission", "smtp.a.example[192.0.2.5]:587", SMTP, None), ("https", "mta-sts.a.example", POLICY, None)
    ) == [
        ("[192.0.2.5]:587", ("smtp.a.example",), 1, True),
        ("[192.0.2.8]:443", ("mta-sts.a.example",), 1, False),
    ]


def test_a_policy_host_whose_tls_broke_stands_for_its_address() -> None:
    assert lines(("https", "mta-sts.b.example", None, TLS_BROKE)) == [
        ("[mta-sts.b.example]:8443", ("mta-sts.b.example",), 1, False)
    ]


def test_a_connection_that_was_not_made_is_not_counted() -> None:
    refused = Failure(FailureKind.REFUSED, "connect")

    assert lines(("https", "mta-sts.b.example", None, refused)) == []
