"""A run's evidence made by hand: observations numbered in the order given, and the context that checks see.

Names are those of two operators, so that a path can be shown by somebody else: `mx.etaten.example` is the one
judged, `mx.annen.example` the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import compliance.checks.catalogue  # noqa: F401 - registers every check
from compliance.baseline.load import load
from compliance.checks.context import Context
from compliance.checks.evidence import Evidence
from compliance.checks.registry import CHECKS
from compliance.checks.trust import Roots
from compliance.checks.views import DomainView, HostView, View
from compliance.model.finding import Verdict
from compliance.model.names import mail_host_target
from compliance.model.observation import (
    DnsFacts,
    DnsRecord,
    Failure,
    FailureKind,
    HelloFacts,
    Observation,
    Origin,
    Reply,
    SmtpFacts,
    StatementFacts,
    TlsFacts,
    VantageFacts,
    VantageItem,
)
from compliance.model.requirement import Baseline
from compliance.model.subject import Kind, Subject
from compliance.records.tls_question import (
    HelloAnswer,
    HelloQuestion,
    Question,
    SessionQuestion,
    answer_of,
    drive_tls,
    shown_by,
)
from compliance.records.tls_strategy import tls_walk
from tests.unit.records.tls_servers import CHAINS, Server

AT = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
PORT = 25
DOMAIN, MX, ADDRESS = "etaten.example", "mx.etaten.example", "192.0.2.1"
OTHER, ELSEWHERE = "mx.annen.example", "198.51.100.1"
SUFFIXES = b"example\nno\nkommune.no\n"
SOUND_SERVER = Server()
OFFER, PLAIN = "250-mx|250 STARTTLS", "250-mx|250 SIZE 1000"


def _seen(
    probe: str, target: str, question: str, facts: Any, failure: Failure | None = None, origin: Origin = Origin.WIRE
) -> Observation:
    return Observation("", probe, target, question, "", 0.1, "", "", origin, facts, failure)


def failure(kind: str, stage: str, detail: str = "") -> Failure:
    return Failure(FailureKind(kind), stage, detail)


def dns(
    name: str,
    rdtype: str,
    *data: str,
    rcode: str = "NOERROR",
    ad: bool = False,
    believed: bool = True,
    aliases: Sequence[str] = (),
    disabled: bool = False,
) -> Observation:
    """Answer a question; TXT data are whole texts, those of its retired twin too."""
    text = rdtype in {"TXT", "SPF"}
    records = tuple(DnsRecord(name, rdtype, 60, "" if text else each, (each,) if text else ()) for each in data)
    facts = DnsFacts("dns", name, rdtype, rcode, ad, believed, disabled, records, tuple(aliases), "", False, b"")
    return _seen("dns", name, f"{rdtype} cd" if disabled else rdtype, facts)


def unheard(name: str, rdtype: str, kind: str = "timeout") -> Observation:
    return _seen("dns", name, rdtype, None, failure(kind, "query"))


def way_in(
    domain: str = DOMAIN, name: str = MX, address: str = ADDRESS, *, secure: Sequence[str] = ()
) -> tuple[Observation, ...]:
    """One MX with one IPv4 address; `secure` names the types whose answers carry AD."""
    return (
        dns(domain, "MX", f"10 {name}.", ad="MX" in secure),
        dns(name, "A", address, ad="A" in secure),
        dns(name, "AAAA", ad="AAAA" in secure),
    )


def tls(version: str = "TLSv1.3", chain: Sequence[bytes] = (b"leaf",), **more: bool) -> TlsFacts:
    asked, sent = more.get("asked", False), more.get("sent", False)
    return TlsFacts(version, "TLS_AES_256_GCM_SHA384", tuple(chain), MX, asked, sent, 0.1)


def heard(
    *,
    name: str = MX,
    address: str = ADDRESS,
    port: int = PORT,
    again: bool = False,
    inside: TlsFacts | None = None,
    stopped: Failure | None = None,
    **said: str,
) -> Observation:
    """Hold a session: `said` holds replies by step, lines parted by `|`; `inside` is the completed handshake."""
    replies = [Reply("greeting", "", 220, ("220 mx ESMTP",), 0.1)]
    replies += [Reply(step, "", int(text[:3]), tuple(text.split("|")), 0.1) for step, text in said.items()]
    facts = SmtpFacts("smtp", name, address, port, tuple(replies), inside, 1)
    return _seen("smtp", mail_host_target(name, address, port), _question(again=again), facts, stopped)


def _question(*, again: bool) -> str:
    return "session again" if again else "session"


def good(version: str = "TLSv1.3", chain: Sequence[bytes] = (b"leaf",), **more: Any) -> Observation:
    """Hold a session as it should be: STARTTLS, a handshake, a reply inside."""
    return heard(ehlo=OFFER, starttls="220 go", ehlo_tls="250 mx", inside=tls(version, chain), **more)


def nothing(
    kind: str, stage: str = "connect", detail: str = "", *, name: str = MX, address: str = ADDRESS, again: bool = False
) -> Observation:
    """Hear nothing at all from a mail host."""
    target = mail_host_target(name, address, PORT)
    return _seen("smtp", target, _question(again=again), None, failure(kind, stage, detail))


def elsewhere() -> Observation:
    """Another operator's host that showed STARTTLS over the same path."""
    return good(name=OTHER, address=ELSEWHERE)


Put = bytes | tuple[bytes, str] | Failure | TlsFacts | None
"""What comes of a question: bytes, and how it ended; a failure; a handshake; None = it was not recorded."""


def walked(
    server: Server = SOUND_SERVER,
    session: Observation | None = None,
    instead: Mapping[str, Put] | None = None,
) -> tuple[Observation, ...]:
    """Walk through a server as a run does: its ordinary session, then what the walk put.

    `instead` says what comes of the questions whose name it has, or begins.
    """
    first = session or good()
    kept = [first]
    shown = shown_by(first)
    if server.chains is CHAINS and shown.key:  # what nobody made otherwise shows the same to everyone
        server = replace(server, chains={**CHAINS, shown.key: shown.chain})

    def answer(question: Question) -> HelloAnswer:
        names = (key for key in instead or {} if f"{question.question} ".startswith(f"{key} "))
        key = next(names, None)
        seen = _put(question, (instead or {})[key] if key else _answered(server, question))
        kept.extend([seen] if seen else [])
        return answer_of(question, seen)

    drive_tls(tls_walk(shown), answer)
    return tuple(kept)


def _answered(server: Server, question: Question) -> Put:
    if isinstance(question, SessionQuestion):
        return tls() if server.modern else failure("timeout", "connect")
    received = server(question)
    return received, "answered" if received else "reset"


def _put(question: Question, what: Put) -> Observation | None:
    place = (MX, ADDRESS, PORT)
    if what is None:
        return None
    if isinstance(what, Failure):
        probe = "hello" if isinstance(question, HelloQuestion) else "smtp"
        return _seen(probe, mail_host_target(*place), question.question, None, what)
    if isinstance(what, TlsFacts):
        return replace(heard(ehlo=OFFER, starttls="220 go", ehlo_tls="250 mx", inside=what), question=question.question)
    received, ended = what if isinstance(what, tuple) else (what, "answered")
    assert isinstance(question, HelloQuestion)
    facts = HelloFacts("hello", *place, question.label, (), question.build(), received, ended, 1)
    return _seen("hello", mail_host_target(*place), question.question, facts)


def vantage(**states: str) -> Observation:
    items = tuple(VantageItem(item, state, item != "dnssec", {}) for item, state in states.items())
    return _seen("vantage", "vantage", "self-test", VantageFacts("vantage", items))


def said(requirement: str, status: str, date: str) -> Observation:
    facts = StatementFacts("statement", requirement, status, "Slik er det", "Sikkerhetsleder", date)
    return _seen("statement", "Etaten", requirement, facts, origin=Origin.DECLARED)


def numbered(seen: Iterable[Observation]) -> tuple[Observation, ...]:
    """Give observations ids and times, a second apart from AT on, in the order given."""
    return tuple(
        replace(each, id=f"o-{number:06}", started=(AT + timedelta(seconds=number)).isoformat(timespec="milliseconds"))
        for number, each in enumerate(seen, 1)
    )


@cache
def shipped(name: str = "u02") -> Baseline:
    return load(name)


def subject(label: str = DOMAIN, kind: str = "own_domain", **more: Any) -> Subject:
    return Subject(label=label, hostname=more.pop("hostname", label), kinds=(Kind(kind),), **more)


def context(
    seen: Iterable[Observation],
    *subjects: Subject,
    roots: Roots | None = None,
    dane_counts: bool = True,
    inside: bool = False,
    started: datetime = AT,
) -> Context:
    return Context(
        subjects=subjects or (subject(),),
        baseline=replace(shipped(), dane_counts=dane_counts),
        evidence=Evidence(numbered(seen)),
        roots=roots or Roots(b""),
        suffixes=SUFFIXES,
        port=PORT,
        started=started,
        seen_from_inside=inside,
    )


def host_view(run: Context, *, name: str = MX, address: str = ADDRESS) -> HostView:
    """View one address of the first subject, on the trail of every DNS answer of the run but TLSA."""
    first = run.subjects[0]
    trail = tuple(key for key, each in run.evidence.by_id.items() if each.question in {"MX", "A", "AAAA"})
    return HostView(run, first, first.kinds[0], name, address, PORT, trail)


def told(verdict: Verdict) -> str:
    """Write a verdict as rows expect it: `status reason`, the cause behind a not_tested."""
    cause = f" {verdict.cause}" if verdict.cause else ""
    return f"{verdict.status}{cause} {verdict.reason}"


def noticed(verdict: Verdict) -> list[str]:
    return [notice.notice for notice in verdict.notices]


def judged(run: Context, requirement: str, view: View) -> Verdict:
    """Judge a view by the check of a shipped requirement, with its thresholds."""
    asked = shipped().requirement(requirement)
    return CHECKS[asked.check or ""].judge(view, asked.parameters)


def domain_view(run: Context) -> DomainView:
    return DomainView(run, run.subjects[0], run.subjects[0].kinds[0])
