"""How our own hosts send, from logs: what proves it, what denies it, and what proves nothing."""

import pytest

from compliance.checks.views import OutgoingView
from compliance.model.finding import Verdict
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Subject
from tests.unit.checks.build import MX, OTHER, context, good, judged, nothing, noticed, subject, told
from tests.unit.checks.logs import flow, log, to_host, under

RELE = subject("rele.etaten.example", "outbound_host", sends_for=("etaten.example",), helo="ut.etaten.example")
SECOND = subject("rele2.etaten.example", "outbound_host", sends_for=("etaten.example",))
CLOUD = subject("m365", "outbound_host", hostname="m365", service="exchange_online", sends_for=("etaten.example",))
SOUND = to_host(flow(under()))
FAR = "198.51.100.7"
Row = tuple[str, tuple[Observation, ...], str, list[str]]


def judge(requirement: str, seen: tuple[Observation, ...], *subjects: Subject, at: int = 0) -> Verdict:
    run = context(seen, *(subjects or (RELE,)))
    sender = run.subjects[at]
    return judged(run, requirement, OutgoingView(run, sender, Kind.OUTBOUND_HOST, sender))


STARTTLS: list[Row] = [
    ("under TLS", (log(SOUND),), "pass sent_encrypted", []),
    ("no log", (), "not_tested no_evidence no_log", []),
    ("another's log", (log(SOUND, host="else"),), "not_tested no_evidence log_of_another_host", []),
    ("nothing sent", (log(),), "not_tested no_evidence log_without_deliveries", []),
    (
        "a log that never tells of TLS",
        (log(to_host(flow(unknown=9)), logs_tls=False),),
        "not_tested no_evidence log_without_tls_lines",
        [],
    ),
    (
        "told in another file of the same program",
        (log(to_host(flow(unknown=2)), logs_tls=False), log(SOUND)),
        "pass sent_encrypted",
        ["sent_unknown"],
    ),
    (
        "another program of the host tells nothing",
        (log(SOUND), log(to_host(flow(unknown=2)), logs_tls=False, program="postfix-ut")),
        "not_tested no_evidence log_without_tls_lines",
        [],
    ),
    ("mostly not told", (log(to_host(flow(under(2), unknown=3))),), "not_tested no_evidence log_mostly_silent", []),
    ("in clear between two sessions", (log(to_host(flow(under(), clear=2))),), "fail sent_clear_though_offered", []),
    (
        "in clear before it offered any",
        (log(to_host(flow(under(), clear=2, days=(-80, -60)))),),
        "pass sent_encrypted",
        ["sent_clear_unoffered"],
    ),
    (
        "in clear after it stopped",
        (log(to_host(flow(under(days=(-80, -70)), clear=2))),),
        "pass sent_encrypted",
        ["sent_clear_unoffered"],
    ),
    (
        "in clear since, and it offers still",
        (log(to_host(flow(under(days=(-80, -70)), clear=2))), good()),
        "fail sent_clear_though_offered",
        [],
    ),
    (
        "in clear while another sender had TLS there",
        (log(SOUND, to_host(flow(clear=3), address=FAR)), log(to_host(flow(under()), address=FAR), host="else")),
        "fail sent_clear_though_offered",
        [],
    ),
    (
        "in clear to a host that never offered",
        (log(SOUND, to_host(flow(clear=3), address=FAR)),),
        "pass sent_encrypted",
        ["sent_clear_unoffered"],
    ),
    (
        "in clear lately to a host we see offering",
        (log(to_host(flow(under(), clear=1), address=FAR), to_host(flow(clear=1, days=(-30, -3)))), good()),
        "fail sent_clear_though_offered",
        [],
    ),
    (
        "in clear long ago to a host we see offering",
        (log(to_host(flow(under()), address=FAR), to_host(flow(clear=1, days=(-60, -50)))), good()),
        "pass sent_encrypted",
        ["sent_clear_unoffered"],
    ),
    (
        "we saw no TLS there",
        (log(to_host(flow(under()), address=FAR), to_host(flow(clear=1, days=(-3, -3)))), nothing("timeout")),
        "pass sent_encrypted",
        ["sent_clear_unoffered"],
    ),
    (
        "in clear after a handshake that failed",
        (log(to_host(flow(under(), clear=2, failed=2))),),
        "pass sent_encrypted",
        ["sent_clear_after_failure"],
    ),
    ("nothing but clear", (log(to_host(flow(clear=2))),), "not_tested no_evidence nothing_sent_encrypted", []),
]


@pytest.mark.parametrize(
    ("seen", "expected", "notices"), [row[1:] for row in STARTTLS], ids=[row[0] for row in STARTTLS]
)
def test_what_was_sent_to_hosts_that_offer_starttls(
    seen: tuple[Observation, ...], expected: str, notices: list[str]
) -> None:
    found = judge("U02-1a-1", seen)

    assert told(found) == expected
    assert noticed(found) == notices


OLD = under(3, "TLSv1", "ECDHE-RSA-AES256-SHA", days=(-30, -20))
ANONYMOUS = under(3, "TLSv1.2", "ADH-AES256-GCM-SHA384", "Anonymous", days=(-30, -20))
TLS: list[Row] = [
    ("1.3", (log(SOUND),), "pass sent_with_strong_tls", []),
    ("no log", (), "not_tested no_evidence no_log", []),
    ("older with a host that had better", (log(to_host(flow(under(), OLD))),), "fail sent_with_weak_tls", []),
    (
        "older before the host had better",
        (log(to_host(flow(under(days=(-10, -2)), OLD))),),
        "pass sent_with_strong_tls",
        ["sent_weak_to_some"],
    ),
    (
        "older with a host never seen with better",
        (log(SOUND, to_host(flow(OLD), address=FAR)),),
        "pass sent_with_strong_tls",
        ["sent_weak_to_some"],
    ),
    (
        "older lately with a host we see better",
        (log(to_host(flow(under(3, "TLSv1.1", days=(-30, -3))))), good()),
        "fail sent_with_weak_tls",
        [],
    ),
    (
        "older long ago with a host we see better",
        (log(to_host(flow(OLD)), to_host(flow(under()), address=FAR)), good()),
        "pass sent_with_strong_tls",
        ["sent_weak_to_some"],
    ),
    (
        "older with a host we see no better",
        (log(to_host(flow(under(3, "TLSv1.1", days=(-30, -3)))), to_host(flow(under()), address=FAR)), good("TLSv1.1")),
        "pass sent_with_strong_tls",
        ["sent_weak_to_some"],
    ),
    ("anonymous with a host that had better", (log(to_host(flow(under(), ANONYMOUS))),), "fail sent_with_weak_tls", []),
    (
        "RC4 with a host that had better",
        (log(to_host(flow(under(), under(1, "TLSv1.2", "ECDHE-RSA-RC4-SHA", days=(-9, -9))))),),
        "fail sent_with_weak_tls",
        [],
    ),
    (
        "3DES with a host that had better",
        (log(to_host(flow(under(), under(1, "TLSv1.2", "DES-CBC3-SHA", days=(-9, -9))))),),
        "fail sent_with_weak_tls",
        [],
    ),
    ("nothing but old", (log(to_host(flow(OLD))),), "not_tested no_evidence no_strong_tls_seen", []),
    (
        "a log that never tells of TLS",
        (log(to_host(flow(unknown=9)), logs_tls=False),),
        "not_tested no_evidence log_without_tls_lines",
        [],
    ),
]


@pytest.mark.parametrize(("seen", "expected", "notices"), [row[1:] for row in TLS], ids=[row[0] for row in TLS])
def test_with_which_tls_it_was_sent(seen: tuple[Observation, ...], expected: str, notices: list[str]) -> None:
    found = judge("U02-1a-2", seen)

    assert told(found) == expected
    assert noticed(found) == notices


WHOSE = [
    ("the host's short name", log(SOUND, host="rele"), True),
    ("its full name", log(SOUND, host="rele.etaten.example"), True),
    ("the name it greets with", log(SOUND, host="ut.etaten.example"), True),
    ("the short form of that", log(SOUND, host="ut"), True),
    ("another full name that begins alike", log(SOUND, host="rele.annen.example"), False),
    ("the other host's", log(SOUND, host="rele2"), False),
    ("nobody's", log(SOUND, host=""), False),
    ("the folder it lies in", log(SOUND, host="", place="rele.etaten.example"), True),
    ("the folder, whatever the log says", log(SOUND, host="rele2", place="rele"), True),
    ("a service's", log(SOUND, host="rele", product="exchange_online"), False),
]


@pytest.mark.parametrize(("seen", "ours"), [row[1:] for row in WHOSE], ids=[row[0] for row in WHOSE])
def test_a_log_is_a_hosts_by_its_name(seen: Observation, ours: bool) -> None:
    found = judge("U02-1a-1", (seen,), RELE, SECOND, CLOUD)

    assert (found.reason == "sent_encrypted") is ours


def test_a_log_that_names_no_host_is_that_of_the_only_one() -> None:
    assert told(judge("U02-1a-1", (log(SOUND, host="", product="exim"),), RELE, CLOUD)) == "pass sent_encrypted"


def test_an_export_is_the_services() -> None:
    export = log(SOUND, host="", product="exchange_online")

    assert told(judge("U02-1a-1", (export,), RELE, CLOUD, at=1)) == "pass sent_encrypted"


def test_a_verdict_names_the_log_and_the_session_it_rests_on() -> None:
    found = judge("U02-1a-1", (log(to_host(flow(under(), clear=2))), good(), good(name=OTHER, address="198.51.100.1")))

    assert found.evidence == ("o-000001", "o-000002")
    assert found.values["hosts"] == [MX]
    assert found.values["count"] == 2
