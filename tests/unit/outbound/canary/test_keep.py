"""Which sessions are written: those of hosts that know a recipient, and of nobody else."""

from dataclasses import replace

from compliance.model.canary import CanaryMessage, CanarySession, Stage
from compliance.outbound.canary.dialogue import Limits
from compliance.outbound.canary.keep import Keeper

MESSAGE = CanaryMessage("rele", "sound", "2026-11-01T12:00:00.000Z", True, "etaten.example", "etaten.example", 9, ())
TRIED = CanarySession(
    "untrusted", "127.0.0.1", "192.0.2.9", "", "2026-11-01T12:00:00.000Z", 1.0, "", True, Stage.TLS, "quit", None, ()
)
BROUGHT = replace(TRIED, persona="sound", stage=Stage.MESSAGE, messages=(MESSAGE,))


def kept(*sessions: CanarySession, limits: Limits | None = None, asked_for_others: bool = False) -> list[CanarySession]:
    written: list[CanarySession] = []
    keeper = Keeper(limits or Limits(), written.append)
    for session in sessions:
        keeper.take(session, turned_away=asked_for_others and not session.messages)
    keeper.end()
    return written


def test_attempts_count_before_and_after_the_host_is_known() -> None:
    assert kept(TRIED, BROUGHT, TRIED) == [BROUGHT, TRIED, TRIED]


def test_a_stranger_is_written_nowhere() -> None:
    assert kept(TRIED, replace(BROUGHT, source="198.51.100.1")) == [replace(BROUGHT, source="198.51.100.1")]


def test_who_asks_for_others_is_not_written_though_the_host_is_known() -> None:
    assert kept(BROUGHT, TRIED, asked_for_others=True) == [BROUGHT]


def test_a_service_is_known_by_the_domain_of_its_confirmed_name() -> None:
    one, two = (
        replace(each, name=f"a{at}.out.supplier.example", source=f"192.0.2.{at}")
        for at, each in ((1, BROUGHT), (2, TRIED))
    )
    alone = replace(two, name="mx.example")

    assert kept(two, one) == [one, two]
    assert kept(alone, replace(one, name="out.example")) == [replace(one, name="out.example")]


def test_a_session_that_came_as_far_as_mail_is_no_attempt_of_a_stranger() -> None:
    assert kept(replace(TRIED, stage=Stage.MAIL), BROUGHT) == [BROUGHT]


def test_a_source_has_its_share_and_no_more() -> None:
    assert kept(BROUGHT, *[TRIED] * 5, limits=Limits(kept_per_source=3)) == [BROUGHT, TRIED, TRIED]
    assert kept(*[TRIED] * 5, BROUGHT, limits=Limits(kept_per_source=3)) == [BROUGHT, TRIED, TRIED]
