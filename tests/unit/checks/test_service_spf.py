"""SPF of a service: the addresses it sends from are those its messages came from, as the canary saw them."""

import pytest

from compliance.checks.registry import Scope
from compliance.checks.scopes import targets
from compliance.model.canary import CanarySession
from compliance.model.observation import Observation
from compliance.model.subject import Kind
from tests.unit.checks.build import DOMAIN, context, dns, judged, subject, told
from tests.unit.checks.rounds import met, round_of

CLOUD = subject("m365", "outbound_host", hostname="", service="exchange_online", sends_for=(DOMAIN,))
M365, ONE, TWO = "spf.protection.outlook.com", "192.0.2.50", "198.51.100.60"
RECORD = dns(DOMAIN, "TXT", f"v=spf1 include:{M365} -all")


def service(*networks: str) -> Observation:
    return dns(M365, "TXT", f"v=spf1 {' '.join(f'ip4:{network}' for network in networks)} -all")


def came(source: str, sender: str = DOMAIN) -> CanarySession:
    return met("sound", 1, host="m365", source=source, sender=sender)


ROWS = [
    ("one address that is named", (came(ONE),), ("192.0.2.0/24",), [f"{ONE} {DOMAIN}: pass spf_sender_passes"]),
    ("one that is not", (came(TWO),), ("192.0.2.0/24",), [f"{TWO} {DOMAIN}: fail spf_sender_fails"]),
    (
        "one of each",
        (came(ONE), came(TWO), came(ONE)),
        ("192.0.2.0/24",),
        [f"{ONE} {DOMAIN}: pass spf_sender_passes", f"{TWO} {DOMAIN}: fail spf_sender_fails"],
    ),
    (
        "from another domain",
        (came(ONE, "annen.example"),),
        ("192.0.2.0/24",),
        [f"m365 {DOMAIN}: not_tested no_evidence spf_service_unseen"],
    ),
    (
        "from inside",
        (came("10.1.2.3"),),
        ("10.0.0.0/8",),
        [f"m365 {DOMAIN}: not_tested no_evidence spf_service_unseen"],
    ),
    ("none", (), ("192.0.2.0/24",), [f"m365 {DOMAIN}: not_tested no_evidence spf_service_unseen"]),
]


@pytest.mark.parametrize(("sessions", "networks", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_service_is_judged_at_the_addresses_its_mail_came_from(
    sessions: tuple[CanarySession, ...], networks: tuple[str, ...], expected: list[str]
) -> None:
    seen = (RECORD, service(*networks), round_of(*sessions, hosts=("m365",)))
    run = context(seen, CLOUD)
    views, closed = targets(Scope.SPF_SENDERS, run, CLOUD, Kind.OUTBOUND_HOST)

    assert [f"{view.target}: {told(judged(run, 'U02-2-4', view))}" for view in views] == expected
    assert closed == ()


def test_a_verdict_names_the_round_the_address_was_seen_in() -> None:
    run = context((RECORD, service("192.0.2.0/24"), round_of(came(ONE), hosts=("m365",))), CLOUD)
    (view,), _ = targets(Scope.SPF_SENDERS, run, CLOUD, Kind.OUTBOUND_HOST)

    assert judged(run, "U02-2-4", view).evidence == ("o-000003", "o-000001", "o-000002")
