"""Submission (RFC 8314): TLS at once on 465, no passwords in clear on 587."""

from functools import cache
from typing import Any

import pytest

from compliance.checks.submission import submission
from compliance.checks.trust import Roots
from compliance.checks.views import HostView
from compliance.model.finding import Verdict
from compliance.model.observation import Failure, Observation, Reply, SmtpFacts, TlsFacts
from compliance.model.subject import Kind
from tests.unit.authorities import NOW, Made, Wanted, leaf, make
from tests.unit.checks.build import AT, _seen, context, failure, noticed, subject, told

NAME, ADDRESS = "smtp.etaten.example", "192.0.2.5"


@cache
def pki() -> dict[str, Made]:
    off = (AT - NOW).days
    dates: dict[str, Any] = {"since": off - 30, "until": off + 300}
    root, own = make(Wanted("Public root", **dates)), make(Wanted("Private root", **dates))
    return {
        "root": root,
        "own root": own,
        "sound": leaf(root, names=(NAME,), **dates),
        "private": leaf(own, names=(NAME,), **dates),
        "private and expired": leaf(own, names=(NAME,), since=off - 30, until=off - 1),
        "expired": leaf(root, names=(NAME,), since=off - 30, until=off - 1),
        "named otherwise": leaf(root, names=("else.example",), **dates),
        "self-signed": leaf(None, names=(NAME,), **dates),
    }


def at_once(shown: str, stopped: Failure | None = None) -> Observation:
    tls = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", (pki()[shown].der,), NAME, False, False, 0.1)
    facts = SmtpFacts("smtp", NAME, ADDRESS, 465, (), tls, 1)
    return _seen("submission", f"{NAME}[{ADDRESS}]:465", "implicit tls", facts, stopped)


def no_tls(kind: str, stage: str = "tls", *, again: bool = False) -> Observation:
    question = "implicit tls again" if again else "implicit tls"
    return _seen("submission", f"{NAME}[{ADDRESS}]:465", question, None, failure(kind, stage))


def in_clear(*lines: str, code: int = 250, stopped: Failure | None = None) -> Observation:
    facts = SmtpFacts("smtp", NAME, ADDRESS, 587, (Reply("ehlo", "", code, lines, 0.1),), None, 1)
    return _seen("submission", f"{NAME}[{ADDRESS}]:587", "submission", facts, stopped)


ROWS: list[tuple[int, tuple[Observation, ...], str, str]] = [
    (465, (at_once("sound"),), "pass submission_encrypted", ""),
    (465, (at_once("sound", failure("timeout", "greeting")),), "pass submission_encrypted", ""),
    (465, (at_once("private"),), "pass submission_encrypted", "submission_private_root"),
    (465, (at_once("private and expired"),), "fail submission_dates", ""),
    (465, (at_once("expired"),), "fail submission_dates", ""),
    (465, (at_once("named otherwise"),), "fail submission_name", ""),
    (465, (at_once("self-signed"),), "fail submission_untrusted", ""),
    (465, (no_tls("protocol"), no_tls("protocol", again=True)), "fail submission_not_tls", ""),
    (465, (no_tls("protocol"),), "not_tested theirs submission_no_reply", ""),
    (465, (no_tls("protocol"), no_tls("timeout", again=True)), "not_tested theirs submission_no_reply", ""),
    (465, (no_tls("protocol"), no_tls("no_route", "connect", again=True)), "not_tested ours no_route", ""),
    (465, (no_tls("handshake"),), "not_tested theirs submission_no_reply", ""),
    (465, (no_tls("handshake"), no_tls("handshake", again=True)), "fail submission_handshake_failed", ""),
    (465, (no_tls("timeout"), no_tls("timeout", again=True)), "not_tested theirs submission_no_reply", ""),
    (465, (no_tls("refused", "connect"),), "not_tested theirs submission_no_reply", ""),
    (465, (no_tls("no_route", "connect"),), "not_tested ours no_route", ""),
    (465, (no_tls("limited", "budget"),), "not_tested ours budget_spent", ""),
    (465, (no_tls("defect", ""),), "error defect", ""),
    (587, (in_clear("250-mx", "250 STARTTLS"),), "pass submission_no_login_in_clear", ""),
    (587, (in_clear("250-STARTTLS", "250 AUTH XOAUTH2 GSSAPI"),), "pass submission_no_login_in_clear", ""),
    (587, (in_clear("250 mx"),), "pass submission_no_login_in_clear", "submission_without_starttls"),
    (587, (in_clear("250-STARTTLS", "250 AUTH PLAIN"),), "fail submission_login_in_clear", ""),
    (587, (in_clear("250-STARTTLS", "250 auth gssapi login"),), "fail submission_login_in_clear", ""),
    (587, (in_clear("250-AUTH=LOGIN", "250 STARTTLS"),), "fail submission_login_in_clear", ""),
    (587, (in_clear("250-AUTHPLAIN LOGIN", "250 STARTTLS"),), "pass submission_no_login_in_clear", ""),
    (587, (in_clear("421 later", code=421),), "not_tested theirs submission_no_reply", ""),
    (587, (), "not_tested no_evidence not_recorded", ""),
]


def judged(seen: tuple[Observation, ...], port: int) -> Verdict:
    host = subject(NAME, "submission_host")
    run = context(seen, host, roots=Roots(pki()["root"].pem, pki()["own root"].pem))
    return submission(HostView(run, host, Kind.SUBMISSION_HOST, NAME, ADDRESS, port), {})


@pytest.mark.parametrize(("port", "seen", "expected", "notice"), ROWS)
def test_a_port(port: int, seen: tuple[Observation, ...], expected: str, notice: str) -> None:
    verdict = judged(seen, port)
    assert (told(verdict), noticed(verdict)) == (expected, [notice] if notice else [])


def test_the_mechanisms_are_named() -> None:
    seen = in_clear("250-AUTH LOGIN PLAIN GSSAPI", "250 STARTTLS")
    assert judged((seen,), 587).values["mechanisms"] == ["PLAIN", "LOGIN"]
