"""Postfix's log: which deliveries went under which TLS, and what a stranger cannot make it say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.model.supplied import Flow
from tests.unit.outbound.build import (
    distilled,
    domains,
    log_file,
    relay,
    relays,
    sent,
    stamped,
    supplied,
    tls_from,
    tls_to,
)

OTHER = "mx.annen.example[198.51.100.1]:25"
#: A process begun in the log's first hour is not trusted to have no session yet, so rows play later.
LATER = 120
Row = tuple[str, list[str], tuple[int, int, int]]


def between(*lines: str) -> list[str]:
    """Lines of other processes around them show that the program logs TLS sessions: before, and after."""
    around = "postfix/smtp[99]"
    first = stamped(0, tls_to(OTHER), around)
    return [
        first,
        *(stamped(LATER, line) if line[:3] != "Nov" else line for line in lines),
        stamped(300, tls_to(OTHER), around),
    ]


ROWS: list[Row] = [
    ("under TLS", between(tls_to(), sent()), (1, 0, 0)),
    ("two recipients of one message", between(tls_to(), sent(), sent(to="ola@part.example")), (2, 0, 0)),
    ("in clear", between(sent()), (0, 1, 0)),
    ("a session for each message", between(tls_to(), sent(queue="A1B2C3"), tls_to(), sent(queue="D4E5F6")), (2, 0, 0)),
    (
        "under TLS, then in clear by the same process",
        between(tls_to(), sent(queue="A1B2C3"), sent(queue="D4E5F6")),
        (1, 1, 0),
    ),
    ("taken over from the cache, in clear", between(sent(queue="A1B2C3"), sent(queue="D4E5F6", cached="2")), (0, 2, 0)),
    (
        "taken over from the cache after another's TLS",
        between(tls_to(), sent(queue="A1B2C3"), sent(queue="D4E5F6", cached="2")),
        (1, 1, 0),
    ),
    (
        "taken over from the cache, under TLS",
        between(tls_to(how="reused"), sent(cached="2"), sent(to="b@part.example", cached="2")),
        (2, 0, 0),
    ),
    ("a session that broke off before the message went elsewhere", between(tls_to(OTHER), sent()), (0, 1, 0)),
    (
        "a session that was lost",
        between(tls_to(), "A1B2C3: lost connection with mx.part.example[192.0.2.1] while sending MAIL FROM", sent()),
        (0, 1, 0),
    ),
    (
        "put off, and delivered in clear later",
        between(tls_to(), sent(status="deferred"), stamped(LATER + 6, sent())),
        (0, 1, 0),
    ),
    (
        "refused for one recipient, taken for the other",
        between(tls_to(), sent(status="bounced"), sent(to="b@part.example")),
        (1, 0, 0),
    ),
    ("another port is another session", between(tls_to("mx.part.example[192.0.2.1]:26"), sent()), (0, 1, 0)),
    ("another process's session", between(stamped(LATER, tls_to(), "postfix/smtp[11]"), sent()), (0, 1, 0)),
    ("no TLS line afterwards", [stamped(0, tls_to(OTHER), "postfix/smtp[99]"), stamped(LATER, sent())], (0, 0, 1)),
    (
        "no TLS line before",
        [stamped(0, "warning: nothing", "postfix/master[1]"), stamped(LATER, sent()), stamped(300, tls_to(OTHER))],
        (0, 0, 1),
    ),
    (
        "taken over in clear after a session of its own that came to nothing",
        between(tls_to(), sent(cached="2")),
        (0, 1, 0),
    ),
    ("no TLS line at all", [stamped(0, "warning: nothing", "postfix/master[1]"), stamped(LATER, sent())], (0, 0, 1)),
    (
        "another program's TLS lines",
        [
            stamped(0, tls_to(OTHER), "postfix-x/smtp[9]"),
            stamped(LATER, sent()),
            stamped(300, tls_to(OTHER), "postfix-x/smtp[9]"),
        ],
        (0, 0, 1),
    ),
    (
        "a process older than the log",
        [
            stamped(0, tls_to(OTHER), "postfix/smtp[99]"),
            stamped(5, sent()),
            stamped(300, tls_to(OTHER), "postfix/smtp[99]"),
        ],
        (0, 0, 1),
    ),
    (
        "a process no older than the log that begins with Postfix itself",
        [
            stamped(0, "daemon started -- version 3.7.11, configuration /etc/postfix", "postfix/master[1]"),
            stamped(0, tls_to(OTHER), "postfix/smtp[99]"),
            stamped(5, sent()),
            stamped(300, tls_to(OTHER), "postfix/smtp[99]"),
        ],
        (0, 1, 0),
    ),
    (
        "another service of the same Postfix",
        between(stamped(LATER, sent(), "postfix/relay/smtp[10]")),
        (0, 1, 0),
    ),
    (
        "after the journal left lines out",
        between(stamped(LATER, "Suppressed 400 messages from postfix@-.service", "systemd-journald[1]"), sent()),
        (0, 0, 1),
    ),
    (
        "after rsyslog left lines out",
        between(
            stamped(LATER, "imuxsock[pid 10]: 31 messages lost due to rate-limiting", "rsyslogd"),
            sent(),
        ),
        (0, 0, 1),
    ),
    (
        "long after the journal left lines out",
        between(stamped(10, "Suppressed 400 messages from x.service", "systemd-journald[1]"), sent()),
        (0, 1, 0),
    ),
    ("to a filter on this machine", between(sent("127.0.0.1[127.0.0.1]:10024")), (0, 0, 0)),
    ("put off", between(tls_to(), sent(status="deferred")), (0, 0, 0)),
    (
        "with a field that later versions may add",
        between(tls_to(), sent().replace("dsn=2.0.0,", "dsn=2.0.0, tls=verified,")),
        (1, 0, 0),
    ),
    (
        "with its TLS level told of",
        between(tls_to(), sent().replace("dsn=2.0.0,", "tls=verify:x, dsn=2.0.0,")),
        (1, 0, 0),
    ),
]


@pytest.mark.parametrize(("lines", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_delivery_is_joined_with_its_session(
    tmp_path: Path, lines: list[str], expected: tuple[int, int, int]
) -> None:
    facts = distilled(log_file(tmp_path, lines))
    flow = relay(facts)

    assert (flow.encrypted, flow.clear, flow.unknown) == expected
    assert facts.file.unread == ()


def test_a_handshake_that_failed_is_told_beside_the_clear_delivery(tmp_path: Path) -> None:
    failed = "SSL_connect error to mx.part.example[192.0.2.1]:25: -1"
    flow = relay(distilled(log_file(tmp_path, between(failed, "4F2A11: Cannot start TLS: handshake failure", sent()))))

    assert (flow.clear, flow.failed_tls) == (1, 1)


def test_the_tls_is_kept_by_version_suite_and_certificate(tmp_path: Path) -> None:
    old = tls_to(trust="Anonymous", version="TLSv1", suite="ADH-AES256-SHA")
    lines = between(tls_to(trust="Verified"), sent(queue="A1B2C3"), old, sent(queue="D4E5F6"))
    flow = relay(distilled(log_file(tmp_path, lines)))

    assert {(tally.version, tally.suite, tally.trust) for tally in flow.tls} == {
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "Verified"),
        ("TLSv1", "ADH-AES256-SHA", "Anonymous"),
    }
    assert (flow.first_tls, flow.last_tls) == ("2026-11-02T09:00:00Z", "2026-11-02T09:00:00Z")


EVIL = '"a>, relay=evil.example[203.0.113.9]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (x"@part.example'
FORGED: list[tuple[str, str, str]] = [
    ("a quoted recipient that looks like a delivery", sent(to=EVIL), ""),
    ("the same without its quotes, as Postfix before 3.5 wrote it", sent(to=EVIL.replace('"', "")), "delivery"),
    (
        "a reply that looks like a delivery",
        sent(reply="250 x>, relay=evil.example[203.0.113.9]:25, status=sent (x)"),
        "delivery",
    ),
    ("a host called status=sent", sent("status=sent[203.0.113.9]:25", status="deferred"), ""),
    ("a reply that looks like a TLS line", sent(reply=f"250 {tls_to('evil.example[203.0.113.9]:25')}"), ""),
    ("a broken TLS line", tls_to().replace("cipher", "cypher"), "tls"),
    ("a version there is none of", tls_to(version="TLSv9"), "tls"),
    ("an address that is none", sent("mx.part.example[not.an.address]:25"), "delivery"),
]


@pytest.mark.parametrize(("line", "unread"), [row[1:] for row in FORGED], ids=[row[0] for row in FORGED])
def test_a_strangers_words_count_as_no_line(tmp_path: Path, line: str, unread: str) -> None:
    facts = distilled(log_file(tmp_path, between(line)))

    assert relay(facts, "203.0.113.9").messages == 0
    assert [kind.kind for kind in facts.file.unread] == ([unread] if unread else [])


def test_a_forged_helo_is_no_session(tmp_path: Path) -> None:
    helo = f"NOQUEUE: reject: RCPT from evil[203.0.113.9]: 450 <x>: x; helo=<{tls_from('evil[203.0.113.9]')}>"
    took = [("connect from evil[203.0.113.9]"), helo, "4F2A11: client=evil[203.0.113.9]"]
    lines = [stamped(0, tls_from(), "postfix/smtpd[7]"), *(stamped(5, line, "postfix/smtpd[8]") for line in took)]
    lines += [stamped(5, "4F2A11: from=<x@evil.example>, size=1", "postfix/qmgr[3]")]
    facts = distilled(log_file(tmp_path, [*lines, stamped(9, tls_from(), "postfix/smtpd[7]")]))

    assert domains(facts, "from")["evil.example"].flow.clear == 1


def test_what_smtpd_took_is_joined_with_its_session_and_its_sender(tmp_path: Path) -> None:
    said = ["connect from mx.part.example[192.0.2.1]", tls_from(), "4F2A11: client=mx.part.example[192.0.2.1]"]
    inside = ["connect from pc[10.0.0.9]", "A1B2C3: client=pc[10.0.0.9], sasl_method=PLAIN, sasl_username=kari"]
    lines = [stamped(1, line, "postfix/smtpd[8]") for line in (*said, "disconnect from mx.part.example[192.0.2.1]")]
    lines += [stamped(1, line, "postfix/submission/smtpd[9]") for line in inside]
    lines += [
        stamped(1, f"{queue}: from=<ola@{name}.example>, size=1, nrcpt=1 (queue active)", "postfix/qmgr[3]")
        for queue, name in (("4F2A11", "part"), ("A1B2C3", "etaten"))
    ]
    facts = distilled(log_file(tmp_path, lines))

    assert {name: each.flow.encrypted for name, each in domains(facts, "from").items()} == {"part.example": 1}
    assert domains(facts, "from")["part.example"].hosts == ("mx.part.example",)


DATES = [
    ("syslog", "Nov  2 09:30:00", "2026-11-02T08:30:00Z", True),
    ("with a priority", "<22>Nov  2 09:30:00", "2026-11-02T08:30:00Z", True),
    ("with fractions", "Nov  2 09:30:00.123456", "2026-11-02T08:30:00Z", True),
    ("journal, short-iso", "2026-11-02T09:30:00+0100", "2026-11-02T08:30:00Z", False),
    ("RFC 3339", "2026-11-02T09:30:00.5+01:00", "2026-11-02T08:30:00Z", False),
    ("RFC 3339, UTC", "2026-11-02T09:30:00Z", "2026-11-02T09:30:00Z", False),
    ("in summer time", "Aug  2 09:30:00", "2026-08-02T07:30:00Z", True),
]


@pytest.mark.parametrize(("date", "expected", "assumed"), [row[1:] for row in DATES], ids=[row[0] for row in DATES])
def test_dates_are_read(tmp_path: Path, date: str, expected: str, assumed: bool) -> None:
    facts = distilled(log_file(tmp_path, [f"{date} rele postfix/smtp[1]: {tls_to()}"]))

    assert (facts.file.first, facts.file.last) == (expected, expected)
    assert facts.file.year_assumed is assumed


def test_a_log_over_new_year_goes_on_in_the_next_year(tmp_path: Path) -> None:
    lines = [f"{date} 10:00:00 rele postfix/smtp[1]: {tls_to()}" for date in ("Nov 30", "Dec 31", "Jan  1", "Jan 20")]
    path = log_file(tmp_path, lines, modified=datetime(2027, 1, 21, tzinfo=UTC))

    assert distilled(path).file.first == "2026-11-30T09:00:00Z"
    assert distilled(path).file.last == "2027-01-20T09:00:00Z"


def test_a_log_longer_than_a_year_begins_a_year_earlier(tmp_path: Path) -> None:
    months = ("Oct 10", "Jan 10", "May 10", "Sep 10", "Dec 10", "Feb 10")
    lines = [f"{date} 10:00:00 rele postfix/smtp[1]: {tls_to()}" for date in months]
    file = supplied(log_file(tmp_path, lines, modified=datetime(2027, 2, 11, tzinfo=UTC)))
    facts = distilled(file.path, since=datetime(2020, 1, 1, tzinfo=UTC))

    assert (facts.file.first, facts.file.last) == ("2025-10-10T08:00:00Z", "2027-02-10T09:00:00Z")


def test_what_is_older_than_the_period_does_not_count(tmp_path: Path) -> None:
    lines = ["Jul 20 10:00:00 rele postfix/smtp[10]: " + line for line in (tls_to(), sent())]
    facts = distilled(log_file(tmp_path, [*lines, stamped(0, tls_to()), stamped(1, sent())]))

    assert (facts.file.lines, facts.file.older, relay(facts).encrypted) == (4, 2, 1)


def test_lines_of_no_known_form_are_counted_with_an_example(tmp_path: Path) -> None:
    odd = ["what is this", "also this", "Nov 31 10:00:00 rele postfix/smtp[1]: x", "x" * 20000]
    keeping = ["-- Boot 1f --", "Nov  2 08:00:00 rele last message repeated 2 times", ""]
    other = [stamped(0, "session opened for user root", "sshd[1]"), stamped(0, "x", "kernel")]
    facts = distilled(log_file(tmp_path, [stamped(0, tls_to()), *odd, *keeping, *other]))

    assert {kind.kind: (kind.count, kind.example[:12]) for kind in facts.file.unread} == {
        "no_header": (2, "what is this"),
        "no_date": (1, "Nov 31 10:00"),
        "too_long": (1, "x" * 12),
    }


def test_no_name_of_a_person_is_kept(tmp_path: Path) -> None:
    secret = [
        "kari.nordmann@part.example did this",
        'odd "Kari Nordmann" line',
        "Subject: Kari",
        "to Kari",
        "<kari@x> y",
    ]
    facts = distilled(log_file(tmp_path, [stamped(0, tls_to()), stamped(1, sent(to="kari@part.example")), *secret]))

    assert "kari" not in repr(facts).lower()
    assert "4F2A11" not in repr(facts)


def test_names_that_are_no_plain_names_are_not_kept(tmp_path: Path) -> None:
    facts = distilled(log_file(tmp_path, between(sent("$(id).x[192.0.2.1]:25", to="x@$(id).example"))))

    assert [(each.name, each.flow.clear) for each in relays(facts) if each.address == "192.0.2.1"] == [("", 1)]
    assert domains(facts)[""].flow.clear == 1


def test_a_carriage_return_ends_no_line(tmp_path: Path) -> None:
    path = log_file(tmp_path, between(f"warning: x\rNov  2 10:00:01 rele postfix/smtp[10]: {tls_to()}", sent()))

    assert relay(distilled(path)) == Flow(
        clear=1, first_clear="2026-11-02T09:00:00Z", last_clear="2026-11-02T09:00:00Z"
    )
