"""A command in clear behind STARTTLS: carried into TLS, dropped, or not seen."""

from dataclasses import replace

import pytest

from compliance.checks.registry import CHECKS
from compliance.checks.scopes import targets
from compliance.model.finding import Status
from compliance.model.observation import Failure, Observation
from compliance.settings import Depth
from tests.unit.checks.build import (
    ADDRESS,
    DOMAIN,
    MX,
    OFFER,
    context,
    dns,
    elsewhere,
    failure,
    good,
    heard,
    host_view,
    judged,
    nothing,
    subject,
    tls,
    told,
)

GO = "220 go"
EHLO, NOOP, BYE = "250-mx|250 SIZE 1", "250 2.0.0 Ok", "221 2.0.0 Bye"
CLOSED, RESET = failure("closed", "tls"), failure("closed", "tls", "reset")
ALERT, GARBAGE = failure("handshake", "tls", "wrong version number"), failure("protocol", "tls", "x")


def injected(stopped: Failure | None = None, question: str = "injection", **said: str) -> Observation:
    """Hold the session; TLS came about where something was said inside it."""
    inside = tls() if {"ehlo_tls", "quit", "surplus"} & set(said) else None
    seen = heard(ehlo=OFFER, inside=inside, stopped=stopped, **said)
    return replace(seen, probe="injection", question=question)


def again(stopped: Failure | None = None, **said: str) -> Observation:
    return injected(stopped, "injection again", **said)


def after(seen: Observation) -> Observation:
    return replace(seen, probe="injection", question="injection session after")


def unsent(kind: str, stage: str, *, question: str = "injection") -> Observation:
    return replace(nothing(kind, stage), probe="injection", question=question)


DROPPED = injected(starttls=GO, ehlo_tls=EHLO, quit=BYE)
ENDED = (injected(CLOSED, starttls=GO), again(CLOSED, starttls=GO))
CHATTY = heard(ehlo=OFFER, starttls=GO, ehlo_tls=NOOP, inside=tls(), quit="250 mx")
BEHIND_220 = good(stopped=failure("protocol", "starttls", "bytes behind 220"))

ROWS: list[tuple[str, tuple[Observation, ...], str]] = [
    ("dropped", (DROPPED,), "pass injected_dropped"),
    ("dropped, one line of EHLO", (injected(starttls=GO, ehlo_tls="250 mx", quit=BYE),), "pass injected_dropped"),
    ("dropped, EHLO refused inside", (injected(starttls=GO, ehlo_tls="503 no", quit=BYE),), "pass injected_dropped"),
    ("dropped, no good-bye", (injected(starttls=GO, ehlo_tls=EHLO),), "pass injected_dropped"),
    (
        "dropped, greeted inside once more",
        (injected(starttls=GO, ehlo_tls="220 mx", quit=EHLO, surplus=BYE),),
        "pass injected_dropped",
    ),
    (
        "refused in clear, then dropped",
        (injected(starttls=GO, in_clear="503 no", ehlo_tls=EHLO, quit=BYE),),
        "pass injected_dropped",
    ),
    ("answered", (injected(starttls=GO, ehlo_tls=NOOP, quit=EHLO, surplus=BYE),), "fail injected_answered"),
    (
        "answered, no good-bye",
        (injected(failure("closed", "surplus"), starttls=GO, ehlo_tls=NOOP, quit=EHLO),),
        "fail injected_answered",
    ),
    (
        "answered with a refusal",
        (injected(starttls=GO, ehlo_tls="503 first EHLO", quit=EHLO, surplus=BYE),),
        "fail injected_answered",
    ),
    ("obeyed in clear", (injected(GARBAGE, starttls=GO, in_clear=NOOP),), "fail injected_obeyed_in_clear"),
    (
        "obeyed in clear, TLS all the same",
        (injected(starttls=GO, in_clear=NOOP, ehlo_tls=EHLO, quit=BYE),),
        "fail injected_obeyed_in_clear",
    ),
    (
        "something on the way talks behind every 220",
        (BEHIND_220, injected(GARBAGE, starttls=GO, in_clear=NOOP)),
        "not_tested theirs injected_unsettled",
    ),
    (
        "a reply too many without any command too",
        (CHATTY, injected(starttls=GO, ehlo_tls=NOOP, quit=EHLO, surplus=BYE)),
        "not_tested theirs injected_unsettled",
    ),
    (
        "a lone reply of one line",
        (injected(failure("closed", "quit"), starttls=GO, ehlo_tls=NOOP),),
        "not_tested theirs injected_unsettled",
    ),
    ("busy inside", (injected(starttls=GO, ehlo_tls="421 later"),), "not_tested theirs injected_unsettled"),
    (
        "refused as OpenSMTPD does",
        (injected(starttls="500 5.5.1 Invalid command: Pipelining not supported"),),
        "pass injected_refused",
    ),
    (
        "refused for want of synchronization",
        (injected(starttls="554 SMTP synchronization error"),),
        "pass injected_refused",
    ),
    (
        "refused for want of synchronization, in other words",
        (injected(starttls="554 5.5.0 Error: SMTP protocol synchronization"),),
        "pass injected_refused",
    ),
    ("a bad sequence", (injected(starttls="503 5.5.1 Pipelining not allowed"),), "pass injected_refused"),
    ("refused for who knows what", (injected(starttls="554 no"),), "not_tested theirs injected_unsettled"),
    (
        "refused for who knows what, twice",
        (injected(starttls="554 no"), again(starttls="554 no"), after(good())),
        "pass injected_ends_session",
    ),
    ("a limit", (injected(failure("limited", "starttls"), starttls="454 later"),), "not_tested theirs limited_us"),
    ("ended once", (ENDED[0],), "not_tested theirs injected_unsettled"),
    ("ended twice, and nobody came in after it", ENDED, "not_tested theirs injected_unsettled"),
    (
        "ended twice, and after it nothing works",
        (*ENDED, after(nothing("closed", "greeting"))),
        "not_tested theirs injected_unsettled",
    ),
    ("ended twice, and ordinary sessions work", (*ENDED, after(good())), "pass injected_ends_session"),
    (
        "an alert twice",
        (injected(ALERT, starttls=GO), again(RESET, starttls=GO), after(good())),
        "pass injected_ends_session",
    ),
    ("ended, then dropped", (ENDED[0], replace(DROPPED, question="injection again")), "pass injected_dropped"),
    (
        "ended, then answered",
        (ENDED[0], again(starttls=GO, ehlo_tls=NOOP, quit=EHLO, surplus=BYE)),
        "fail injected_answered",
    ),
    (
        "dropped by one of a pool, answered by another",
        (DROPPED, again(starttls=GO, ehlo_tls=NOOP, quit=EHLO, surplus=BYE)),
        "fail injected_answered",
    ),
    (
        "a timeout twice",
        tuple(make(failure("timeout", "tls", "silence"), starttls=GO) for make in (injected, again)),
        "not_tested theirs no_reply",
    ),
    ("closed at the command", (injected(failure("closed", "starttls")),), "not_tested theirs injected_unsettled"),
    ("turned away", (unsent("limited", "greeting"),), "not_tested theirs limited_us"),
    ("no budget", (unsent("limited", "budget"),), "not_tested ours budget_spent"),
    ("no route", (unsent("no_route", "connect"),), "not_tested ours no_route"),
    ("a defect", (unsent("defect", ""),), "error defect"),
    ("STARTTLS gone", (injected(),), "not_tested theirs injected_unsettled"),
    ("never asked", (), "not_tested no_evidence not_recorded"),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_command_behind_starttls(row: tuple[str, tuple[Observation, ...], str]) -> None:
    _, seen, expected = row
    run = context([good(), elsewhere(), *seen])
    verdict = judged(run, "U02-TLS-6", host_view(run))
    assert told(verdict) == expected
    if seen and verdict.status is not Status.ERROR:
        assert {run.evidence.by_id[key].probe for key in verdict.evidence} >= {"injection"}


def test_the_reply_that_gives_it_away_is_shown() -> None:
    run = context([injected(starttls=GO, ehlo_tls=NOOP, quit=EHLO, surplus=BYE)])
    assert judged(run, "U02-TLS-6", host_view(run)).values == {"command": "NOOP", "words": NOOP}


def test_what_was_asked_under_another_name_of_the_address_counts() -> None:
    other = replace(DROPPED, target=DROPPED.target.replace(MX, "mx.first.example"))
    run = context([good(), other])
    assert told(judged(run, "U02-TLS-6", host_view(run))) == "pass injected_dropped"


@pytest.mark.parametrize(
    ("managed_by", "depth", "expected"),
    [
        ("own", Depth.OWN, ""),
        ("own", Depth.FULL, ""),
        ("own", Depth.LIGHT, "not_tested not_asked depth_light"),
        ("Drift AS", Depth.OWN, "not_tested not_asked only_own_hosts"),
        ("", Depth.FULL, "not_tested not_asked only_own_hosts"),
    ],
)
def test_only_hosts_of_our_own_are_judged(managed_by: str, depth: Depth, expected: str) -> None:
    host = subject(MX, "inbound_host", managed_by=managed_by, receives_for=(DOMAIN,))
    seen = [dns(MX, "A", ADDRESS), dns(MX, "AAAA"), good(), DROPPED]
    run = replace(context(seen, host), depth=depth)
    views, settled = targets(CHECKS["command_injection"].scope, run, host, host.kinds[0])
    assert [told(verdict) for _, verdict, _ in settled] == ([expected] if expected else [])
    assert len(views) == (not expected)
