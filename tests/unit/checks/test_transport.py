"""STARTTLS (RFC 3207): what counts as offered, what is a fault, and whose doing it is where nothing was seen."""

from dataclasses import replace

import pytest

from compliance.checks.transport import starttls
from compliance.model.observation import Observation
from tests.unit.checks.build import (
    OFFER,
    PLAIN,
    context,
    elsewhere,
    failure,
    good,
    heard,
    host_view,
    nothing,
    noticed,
    tls,
    told,
    walked,
)

MASKED = "250-mx|250-XXXXXXXA|250 SIZE"
GO = {"ehlo": OFFER, "starttls": "220 go"}
SHUT = heard(**GO, stopped=failure("handshake", "tls", "no protocols available"))
SHUT_AGAIN = heard(**GO, stopped=failure("handshake", "tls", "no protocols available"), again=True)
NO_CIPHER = heard(**GO, ehlo_tls="250 mx", inside=replace(tls("TLSv1.2"), suite="TLS_RSA_WITH_NULL_SHA256"), again=True)
SILENCE = failure("timeout", "tls", "silence")
LACKING = failure("protocol", "starttls", "not offered")
CLEAN, UNPROVEN = "", "path-not-proven"


def twice(**facts: object) -> tuple[Observation, ...]:
    return heard(**facts), heard(**facts, again=True)  # type: ignore[arg-type]


def not_twice(kind: str, stage: str, detail: str = "") -> tuple[Observation, ...]:
    return nothing(kind, stage, detail), nothing(kind, stage, detail, again=True)


def offering(ehlo: str) -> tuple[Observation, ...]:
    return (heard(ehlo=ehlo, starttls="220 go", ehlo_tls="250 mx", inside=tls()),)


def answered(text: str) -> tuple[Observation, ...]:
    stopped = failure("rejected" if text[0] == "5" else "limited", "starttls", text)
    return twice(ehlo=OFFER, starttls=text, stopped=stopped)


ROWS = [
    # offered and completed
    ("as it should be", offering(OFFER), "pass starttls_works", CLEAN),
    ("lower case", offering("250-mx|250 starttls"), "pass starttls_works", CLEAN),
    ("odd spacing", offering("250-mx|250-  StartTLS  |250 SIZE"), "pass starttls_works", CLEAN),
    ("a 2xx inside that is not 250", (heard(**GO, ehlo_tls="220 mx", inside=tls()),), "pass starttls_works", CLEAN),
    ("QUIT is not answered", (good(stopped=failure("closed", "quit")),), "pass starttls_works", CLEAN),
    (
        "lower case, and then turned down",
        twice(ehlo="250-mx|250 starttls", starttls="454 later"),
        "fail starttls_unavailable",
        CLEAN,
    ),
    (
        "odd spacing, and then turned down",
        twice(ehlo="250-mx|250-  StartTLS  |250 SIZE", starttls="454 later"),
        "fail starttls_unavailable",
        CLEAN,
    ),
    # not offered
    ("free text", (*twice(ehlo="250-mx|250 no STARTTLS here"), elsewhere()), "fail starttls_not_offered", CLEAN),
    ("a longer word", (*twice(ehlo="250-mx|250 STARTTLSX"), elsewhere()), "fail starttls_not_offered", CLEAN),
    ("missing, path shown", (*twice(ehlo=PLAIN), elsewhere()), "fail starttls_not_offered", CLEAN),
    ("missing, path not shown", twice(ehlo=PLAIN), "fail starttls_not_offered", UNPROVEN),
    (
        "missing, path shown by the same operator alone",
        (*twice(ehlo=PLAIN), good(name="mx2.etaten.example", address="192.0.2.2")),
        "fail starttls_not_offered",
        UNPROVEN,
    ),
    ("masked, path shown", (*twice(ehlo=MASKED), elsewhere()), "fail starttls_masked", CLEAN),
    ("masked, path not shown", twice(ehlo=MASKED), "not_tested ours starttls_masked_on_path", CLEAN),
    ("masked in lower case", twice(ehlo="250-mx|250 xxxxxxxa"), "not_tested ours starttls_masked_on_path", CLEAN),
    ("masked beside an offer", offering("250-mx|250-XXXXXXXA|250 STARTTLS"), "pass starttls_works", CLEAN),
    # EHLO turned down
    ("EHLO 502", (*twice(ehlo="502 what", helo="250 mx"), elsewhere()), "fail ehlo_unknown", CLEAN),
    ("EHLO 500, path not shown", twice(ehlo="500 what", helo="250 mx"), "fail ehlo_unknown", UNPROVEN),
    (
        "EHLO 421",
        twice(ehlo="421 later", stopped=failure("limited", "ehlo", "421 later")),
        "not_tested theirs limited_us",
        CLEAN,
    ),
    (
        "EHLO 550",
        twice(ehlo="550 no", stopped=failure("rejected", "ehlo", "550 no")),
        "not_tested theirs rejected_us",
        CLEAN,
    ),
    # STARTTLS turned down
    ("454 twice", answered("454 no certificate"), "fail starttls_unavailable", CLEAN),
    (
        "454, then 220",
        (answered("454 later")[0], good(again=True)),
        "pass starttls_works",
        "starttls_unsteady",
    ),
    (
        "220, then 454",
        (good(), heard(ehlo=OFFER, starttls="454 later", again=True)),
        "pass starttls_works",
        "starttls_unsteady",
    ),
    ("not offered to a hello", walked(instead={"hello ssl2": LACKING}), "pass starttls_works", "starttls_unsteady"),
    (
        "not offered to a session of the walk",
        (good(), replace(heard(ehlo=PLAIN), question="session static")),
        "pass starttls_works",
        "starttls_unsteady",
    ),
    ("a hello limited", walked(instead={"hello ssl2": failure("limited", "starttls")}), "pass starttls_works", CLEAN),
    ("STARTTLS 421", answered("421 busy"), "not_tested theirs starttls_refused", CLEAN),
    ("STARTTLS 554", answered("554 go away"), "not_tested theirs starttls_refused", CLEAN),
    ("STARTTLS 450", answered("450 wait"), "not_tested theirs starttls_refused", CLEAN),
    ("STARTTLS 502", answered("502 what"), "not_tested theirs starttls_refused", CLEAN),
    (
        "STARTTLS is not answered",
        twice(ehlo=OFFER, stopped=failure("timeout", "starttls")),
        "not_tested theirs no_reply",
        CLEAN,
    ),
    # 220, and no TLS
    ("handshake failed twice", (SHUT, SHUT_AGAIN, elsewhere()), "fail handshake_failed", CLEAN),
    ("handshake failed twice, path not shown", (SHUT, SHUT_AGAIN), "fail handshake_failed", UNPROVEN),
    ("handshake failed once, not asked again", (SHUT,), "not_tested ours not_seen_twice", CLEAN),
    ("handshake failed, then worked", (SHUT, good(again=True)), "pass starttls_works", "starttls_unsteady"),
    (
        "handshake failed, then they limited us",
        (SHUT, nothing("limited", "greeting", "421", again=True)),
        "not_tested theirs not_seen_twice",
        CLEAN,
    ),
    (
        "they limited us, then handshake failed",
        (nothing("limited", "greeting", "421"), SHUT_AGAIN),
        "not_tested theirs not_seen_twice",
        CLEAN,
    ),
    (
        "handshake failed, then our own port was closed",
        (SHUT, nothing("timeout", "connect", again=True)),
        "not_tested ours not_seen_twice",
        CLEAN,
    ),
    (
        "handshake failed, then our own network was gone",
        (SHUT, nothing("no_route", again=True)),
        "not_tested ours not_seen_twice",
        CLEAN,
    ),
    ("handshake failed, then our own defect", (SHUT, nothing("defect", again=True)), "error defect", CLEAN),
    (
        "closed behind 220",
        (*twice(**GO, stopped=failure("closed", "tls")), elsewhere()),
        "fail no_tls_behind_220",
        CLEAN,
    ),
    (
        "reset behind 220, path not shown",
        twice(**GO, stopped=failure("closed", "tls", "reset")),
        "fail no_tls_behind_220",
        UNPROVEN,
    ),
    (
        "garbage behind 220",
        (*twice(**GO, stopped=failure("protocol", "tls", "wrong version number")), elsewhere()),
        "fail no_tls_behind_220",
        CLEAN,
    ),
    ("silence behind 220", (*twice(**GO, stopped=SILENCE), elsewhere()), "fail no_tls_behind_220", CLEAN),
    ("silence behind 220, path not shown", twice(**GO, stopped=SILENCE), "not_tested theirs no_reply", CLEAN),
    (
        "the deadline ran out in the handshake",
        (*twice(**GO, stopped=failure("timeout", "tls")), elsewhere()),
        "not_tested theirs no_reply",
        CLEAN,
    ),
    # agreed on, and readable on the way
    ("only without encryption", (SHUT, NO_CIPHER), "fail no_encryption", CLEAN),
    (
        "without encryption, seen once",
        (nothing("limited", "greeting", "421"), NO_CIPHER),
        "not_tested theirs not_seen_twice",
        CLEAN,
    ),
    (
        "bytes behind 220",
        (good(stopped=failure("protocol", "starttls", "bytes behind 220")),),
        "pass starttls_works",
        "bytes_behind_220",
    ),
    # inside TLS
    (
        "silent inside TLS",
        twice(**GO, inside=tls(), stopped=failure("timeout", "ehlo_tls")),
        "not_tested theirs silent_inside_tls",
        CLEAN,
    ),
    (
        "turned down inside TLS",
        twice(**GO, inside=tls(), ehlo_tls="550 no"),
        "not_tested theirs silent_inside_tls",
        CLEAN,
    ),
    (
        "a client certificate is wanted",
        twice(**GO, inside=tls(asked=True), stopped=failure("handshake", "ehlo_tls", "certificate required")),
        "not_tested theirs client_certificate_wanted",
        CLEAN,
    ),
    (
        "a client certificate may be given",
        twice(**GO, inside=tls(asked=True), ehlo_tls="250 mx"),
        "pass starttls_works",
        CLEAN,
    ),
    (
        "our client certificate was sent and not liked",
        twice(**GO, inside=tls(asked=True, sent=True), stopped=failure("handshake", "ehlo_tls")),
        "not_tested theirs silent_inside_tls",
        CLEAN,
    ),
    # nothing heard
    ("never asked", (), "not_tested no_evidence not_recorded", CLEAN),
    ("greeting 554", not_twice("rejected", "greeting", "554 no"), "not_tested theirs rejected_us", CLEAN),
    ("greeting 421", not_twice("limited", "greeting", "421 no"), "not_tested theirs limited_us", CLEAN),
    ("tarpit", not_twice("timeout", "greeting"), "not_tested theirs no_reply", CLEAN),
    ("closed at once", not_twice("closed", "greeting"), "not_tested theirs closed_on_us", CLEAN),
    (
        "speaks another language",
        not_twice("protocol", "greeting", "SSH-2.0"),
        "not_tested theirs broken_dialogue",
        CLEAN,
    ),
    (
        "refused, path shown",
        (*not_twice("refused", "connect"), elsewhere()),
        "not_tested theirs connection_refused",
        CLEAN,
    ),
    ("refused, path not shown", not_twice("refused", "connect"), "not_tested ours port_closed_to_us", CLEAN),
    ("no answer, path shown", (*not_twice("timeout", "connect"), elsewhere()), "not_tested theirs no_reply", CLEAN),
    ("no answer, path not shown", not_twice("timeout", "connect"), "not_tested ours port_closed_to_us", CLEAN),
    ("no route", (nothing("no_route"), elsewhere()), "not_tested ours no_route", CLEAN),
    ("our budget was spent", (nothing("limited", "budget"), elsewhere()), "not_tested ours budget_spent", CLEAN),
    ("a defect of ours", (nothing("defect", "probe", "KeyError"), elsewhere()), "error defect", CLEAN),
]


@pytest.mark.parametrize(("case", "facts", "expected", "notice"), ROWS, ids=[row[0] for row in ROWS])
def test_starttls_is_judged_by_what_was_seen(
    case: str, facts: tuple[Observation, ...], expected: str, notice: str
) -> None:
    verdict = starttls(host_view(context(facts)), {})
    assert (told(verdict), noticed(verdict)) == (expected, [notice] if notice else [])


def test_the_words_of_a_refusal_are_kept() -> None:
    verdict = starttls(host_view(context(answered("454 no certificate"))), {})
    assert verdict.values == {"words": "454 no certificate"}


def test_the_version_and_suite_of_a_working_session_are_told() -> None:
    verdict = starttls(host_view(context([good("TLSv1.2")])), {})
    assert verdict.values["version"] == "TLSv1.2"
