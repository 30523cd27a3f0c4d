"""Mail in clear from a partner: refused for want of encryption, accepted, or nothing proven."""

from dataclasses import replace

import pytest

from compliance.checks.registry import Scope
from compliance.checks.reperform import reperform
from compliance.checks.scopes import targets
from compliance.checks.views import HostView
from compliance.model.observation import Failure, Observation, Reply, SmtpFacts
from compliance.model.subject import Kind, Level, RequireTls, Subject
from compliance.settings import Depth
from tests.unit.checks.build import (
    MX,
    OFFER,
    context,
    failure,
    heard,
    host_view,
    judged,
    noticed,
    subject,
    tls,
    told,
    way_in,
)

PART = "part.example"
YES, ENCRYPT = "250 Ok", "450 4.7.1 Session encryption is required"
GREYLISTED, BUSY = "450 4.2.0 Greylisted, see later", "421 4.3.2 closing"
TOO_MANY, LOGIN = "450 4.7.1 Error: too many recipients", "530 5.7.0 Authentication required"
BOTH, UNSEEN = "not_tested theirs refused_both_ways", "not_tested theirs envelope_unseen"
CALLED = "starttls-encrypted.example"
CLOSED = failure("closed", "mail part.example")


def partner(level: Level = Level.ENCRYPT) -> Subject:
    return subject(PART, "partner", require_tls=RequireTls(from_=level))


def named(
    where: str, mail: str = "", rcpt: str = "", stopped: Failure | None = None, sender: str = PART
) -> Observation:
    """Hold a session in which a sender was named; nothing said = it ended before."""
    inside = where.startswith("inside TLS")
    said = {"ehlo": OFFER, **({"starttls": "220 go", "ehlo_tls": "250 mx"} if inside else {})}
    said |= {f"{verb} {sender}": text for verb, text in (("mail", mail), ("rcpt", rcpt)) if text}
    seen = heard(**said, inside=tls() if inside else None, stopped=stopped)
    assert isinstance(seen.facts, SmtpFacts)
    replies = tuple(_with_line(reply, sender) for reply in seen.facts.replies)
    return replace(seen, probe="envelope", question=f"envelope {where} 1", facts=replace(seen.facts, replies=replies))


def _with_line(reply: Reply, sender: str) -> Reply:
    lines = {"mail": f"MAIL FROM:<postmaster@{sender}>", "rcpt": "RCPT TO:<postmaster@a.example>"}
    return replace(reply, sent=lines.get(reply.step.partition(" ")[0], ""))


def clear(*answers: str, stopped: Failure | None = None) -> Observation:
    return named("in clear", *answers, stopped=stopped)


def inside(*answers: str, stopped: Failure | None = None) -> Observation:
    return named("inside TLS", *answers, stopped=stopped)


def after(*answers: str, stopped: Failure | None = None) -> Observation:
    return named("inside TLS after", *answers, stopped=stopped)


ROWS = [
    ("nothing recorded", (), "not_tested no_evidence not_recorded"),
    ("refused between", (inside(YES, YES), clear(YES, "554 no"), after(YES, YES)), "pass plain_refused"),
    ("refused at MAIL", (inside(YES, YES), clear("530 5.7.1 no"), after(YES, YES)), "pass plain_refused"),
    ("heard too much", (inside(YES, YES), clear(YES, TOO_MANY), after(YES, TOO_MANY)), BOTH),
    ("heard too much at MAIL", (inside(YES, YES), clear(TOO_MANY), after(TOO_MANY)), BOTH),
    ("not tried after", (inside(YES, YES), clear(YES, TOO_MANY)), "not_tested theirs envelope_unseen"),
    ("gone after", (inside(YES, YES), clear(YES, "554 no"), after(stopped=CLOSED)), "not_tested theirs closed_on_us"),
    ("says what is missing", (inside(YES, YES), clear(YES, ENCRYPT)), "pass plain_refused_for_encryption"),
    ("misses it in clear alone", (inside(YES, GREYLISTED), clear(YES, ENCRYPT)), "pass plain_refused_for_encryption"),
    ("misses it inside too", (inside(YES, ENCRYPT), clear(YES, ENCRYPT)), BOTH),
    ("530 for a login", (inside(), clear("530 5.7.0 Authentication required")), UNSEEN),
    ("530 for a login both ways", (inside(LOGIN), clear(LOGIN)), BOTH),
    ("a name that speaks of it", (inside(), clear(YES, f"550 5.1.1 <x@{CALLED}>, see https://{CALLED}/a")), UNSEEN),
    ("a bare name that does", (inside(), clear(f"450 4.7.1 {CALLED}: put off by mx.{CALLED}")), UNSEEN),
    ("530 of RFC 3207", (inside(), clear("530 5.7.0 Must issue a command first")), "pass plain_refused_for_encryption"),
    ("x.7.10", (inside(), clear(YES, "451 4.7.10 no")), "pass plain_refused_for_encryption"),
    ("530 of another kind", (inside(), clear("530 5.5.0 no")), "not_tested theirs envelope_unseen"),
    ("taken both ways", (inside(YES, YES), clear(YES, YES)), "fail plain_accepted"),
    ("taken in clear alone", (inside(YES, "554 no"), clear(YES, YES)), "fail plain_accepted"),
    ("will forward", (inside(YES, YES), clear(YES, "251 will forward")), "fail plain_accepted"),
    ("refused both ways", (inside(YES, GREYLISTED), clear(YES, GREYLISTED)), "not_tested theirs refused_both_ways"),
    ("refused at MAIL both ways", (inside("550 SPF"), clear("550 SPF")), "not_tested theirs refused_both_ways"),
    ("busy in clear", (inside(YES, YES), clear(YES, BUSY)), "not_tested theirs envelope_unseen"),
    ("only MAIL was answered", (inside(YES, YES), clear(YES)), "not_tested theirs envelope_unseen"),
    ("gone before it was named", (inside(YES, YES), clear(stopped=CLOSED)), "not_tested theirs closed_on_us"),
    ("refused in clear, gone inside", (inside(stopped=CLOSED), clear(YES, "554 no")), "not_tested theirs closed_on_us"),
    ("another partner alone", (named("in clear", YES, YES, sender="b.example"),), "not_tested theirs envelope_unseen"),
]  # fmt: skip


def view_of(seen: tuple[Observation, ...], level: Level = Level.ENCRYPT) -> HostView:
    run = context((*way_in(), *seen), partner(level), subject(MX, "inbound_host", managed_by="own"))
    return host_view(run)


@pytest.mark.parametrize(("case", "seen", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_clear_text_is_turned_away(case: str, seen: tuple[Observation, ...], expected: str) -> None:
    view = view_of(seen)
    assert told(judged(view.context, "U02-1c-3", view)) == expected


@pytest.mark.parametrize(
    ("level", "answers", "notices"),
    [
        (Level.ENCRYPT, (YES, YES), []),
        (Level.VERIFY, (YES, YES), ["sender_not_verified"]),
        (Level.DANE, (YES, YES), ["sender_not_verified"]),
        (Level.VERIFY, (YES, "450 certificate wanted"), []),
    ],
)
def test_whoever_encrypts_is_not_yet_verified(level: Level, answers: tuple[str, str], notices: list[str]) -> None:
    view = view_of((inside(*answers), clear(YES, ENCRYPT)), level)
    assert noticed(judged(view.context, "U02-1c-3", view)) == notices


def test_the_command_goes_as_far_as_rcpt_and_no_further() -> None:
    view = view_of((inside(YES, YES), clear(YES, ENCRYPT)))
    how = reperform("envelope", view, judged(view.context, "U02-1c-3", view))
    assert how.command is not None
    assert how.command.endswith("--quit-after RCPT --from postmaster@part.example --to postmaster@a.example")
    assert how.expect == "<** 450"
    view = view_of((inside(YES, "250 inside"), clear(YES, "250 2.1.5 Recipient ok")))
    assert reperform("envelope", view, judged(view.context, "U02-1c-3", view)).expect == "<-  250 2.1.5 Recipient ok"


OURS = subject(MX, "inbound_host", managed_by="own")
SUPPLIED = subject("mx2.a.example", "inbound_host", managed_by="Drift AS")
HOSTS = [
    ("a host of ours", subject(MX, "inbound_host", managed_by="own"), "own", [f"{MX}[192.0.2.1]:25"]),
    ("a supplier's", subject(MX, "inbound_host", managed_by="Drift AS"), "own", ["part.example: no_own_inbound_host"]),
    ("no host at all", subject("a.example", "own_domain"), "own", ["part.example: no_own_inbound_host"]),
    ("a supplier's beside", (OURS, SUPPLIED), "own", [f"{MX}[192.0.2.1]:25", "mx2.a.example: only_own_hosts"]),
    ("a supplier's dummy", (OURS, replace(SUPPLIED, dummy="spam trap")), "own", [f"{MX}[192.0.2.1]:25"]),
    ("a run that asks little", subject(MX, "inbound_host", managed_by="own"), "light", [f"{MX}: depth_light"]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "other", "depth", "expected"), HOSTS, ids=[row[0] for row in HOSTS])
def test_only_hosts_of_ours_are_asked(
    case: str, other: Subject | tuple[Subject, ...], depth: str, expected: list[str]
) -> None:
    others = other if isinstance(other, tuple) else (other,)
    run = replace(context(way_in(), partner(), *others), depth=Depth(depth))
    views, lines = targets(Scope.OWN_INBOUND, run, run.subjects[0], Kind.PARTNER)
    assert [*(view.target for view in views), *(f"{name}: {verdict.reason}" for name, verdict, _ in lines)] == expected
    assert all(view.subject.hostname == PART for view in views)
