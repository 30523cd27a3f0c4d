"""A command in clear behind STARTTLS, sent to real servers: none of today's carries it into TLS."""

import pytest

from compliance.probes.own_host import put_injection
from compliance.probes.smtp import Host
from compliance.records.injection import Fate, read_injection
from compliance.settings import SmtpSettings
from tests.lab.world import World

SETTINGS = SmtpSettings(session_timeout=20, greeting_timeout=10)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("sound", Fate.DROPPED),
        ("defaults", Fate.DROPPED),
        ("exim", Fate.DROPPED),
        ("opensmtpd", Fate.REFUSED),  # 500 5.5.1 Invalid command: Pipelining not supported
    ],
)
def test_no_server_of_today_carries_a_command_into_tls(name: str, fate: Fate, world: World) -> None:
    case = world.cases[name]
    facts, failure = put_injection(Host(case.host, case.address, 25), "probe.example", SETTINGS)
    assert facts is not None
    assert read_injection(facts, failure).fate is fate, (facts, failure)
