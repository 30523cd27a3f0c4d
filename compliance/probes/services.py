"""What stands beside port 25: the host of an MTA-STS policy, and the ports users submit mail at. No login, no mail."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from compliance.model.names import is_inside, is_loopback, is_plain, mail_host_target
from compliance.model.observation import Facts, Failure, FailureKind, Observation, PolicyFacts, SmtpFacts
from compliance.model.subject import Kind, Subject
from compliance.probes.asker import Act, Asker
from compliance.probes.https import fetch
from compliance.probes.smtp import Host, hold_session
from compliance.probes.submission import hold_implicit_session
from compliance.records.dns_walk import DnsQuestion, drive, facts, is_answered, texts
from compliance.records.mail_route import host_addresses
from compliance.records.mta_sts import StsFault, candidates, owner, parse_record, policy_host
from compliance.settings import Settings

POLICY, POLICY_AGAIN = "policy", "policy again"
IMPLICIT, IN_CLEAR = "implicit tls", "submission"
SUBMISSIONS = 465  # RFC 8314 section 7.3; every other port begins in clear
_POLICIES_AT_ONCE = 4  # of one address: a supplier serves the policies of many domains there


@dataclass
class Services:
    """Asks policy hosts and submission ports through the prober's asker, answers and budget; safe for many threads."""

    settings: Settings
    ehlo: str
    asker: Asker
    answer: Callable[[DnsQuestion], Observation]
    budgeted: Callable[[str, int, Act], Act]
    gate: Callable[[str], threading.BoundedSemaphore]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _gates: dict[str, threading.BoundedSemaphore] = field(default_factory=dict)

    # -- MTA-STS ----------------------------------------------------------------------------------------------------

    def policy(self, domain: str) -> None:
        """Look for the record that announces a policy, and fetch the policy where there is exactly one that reads."""
        host = policy_host(domain)
        answer = self.answer(DnsQuestion(owner(domain), "TXT"))
        if not _announces(answer) or not is_plain(host):
            return
        if addresses := self._public(host):
            self._fetch(host, addresses, POLICY)

    def policy_again(self, domain: str) -> None:
        """Fetch once more what did not come, at the end of the run: a fault counts only when it was seen twice."""
        host = policy_host(domain)
        first = self.asker.seen(host, POLICY)
        if first is not None and (is_theirs(first.failure) or _was_turned_away(first)):
            self._fetch(host, self._public(host), POLICY_AGAIN)

    def _fetch(self, host: str, addresses: tuple[str, ...], question: str) -> None:
        smtp = self.settings.smtp

        def act() -> tuple[Facts | None, Failure | None]:
            with self._at_once(addresses[0]):
                return fetch(
                    host,
                    addresses,
                    port=self.settings.mta_sts.port,
                    seconds=smtp.session_timeout,
                    connect_seconds=smtp.connect_timeout,
                )

        self.asker.ask("https", host, question, act)

    def _at_once(self, address: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._gates.setdefault(address, threading.BoundedSemaphore(_POLICIES_AT_ONCE))

    def _outside(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Leave out addresses of the inside of a network: who answers there is not whom the name promises."""
        accepted = self.settings.self_test.inside == "accepted"
        return tuple(address for address in addresses if accepted or not is_inside(address))

    def _public(self, host: str) -> tuple[str, ...]:
        """Give the addresses a policy may be fetched at; this very machine's own only where a lab is asked."""
        outside = self._outside(drive(host_addresses(host), self.answer).addresses)
        return tuple(address for address in outside if self.settings.asks_a_lab or not is_loopback(address))

    # -- submission -------------------------------------------------------------------------------------------------

    def submission(self, subject: Subject, addresses: Iterable[str]) -> None:
        """Hold one session with each submission port of a host: at 465 inside TLS, elsewhere greeting and EHLO."""
        for host in self._places(subject, addresses):
            self._hold(host, _question(host.port))

    def submission_again(self, subject: Subject, addresses: Iterable[str]) -> None:
        """Ask again what came to nothing, at the end of the run."""
        for host in self._places(subject, addresses):
            question = _question(host.port)
            first = self.asker.seen(_target(host), question)
            if first is not None and is_theirs(first.failure) and not _was_heard(first):
                self._hold(host, f"{question} again")

    def _places(self, subject: Subject, addresses: Iterable[str]) -> Iterable[Host]:
        if Kind.SUBMISSION_HOST not in subject.kinds or subject.dummy or subject.probe == "never":
            return ()
        ports = submission_ports(subject)
        return tuple(Host(subject.hostname, address, port) for address in self._outside(addresses) for port in ports)

    def _hold(self, host: Host, question: str) -> None:
        hold = hold_implicit_session if host.port == SUBMISSIONS else hold_session
        act = self.budgeted(host.address, 0, lambda: hold(host, self.ehlo, self.settings.smtp))
        with self.gate(host.address):
            self.asker.ask("submission", _target(host), question, act)


def submission_ports(subject: Subject) -> tuple[int, ...]:
    """Give the ports the inventory names, or both."""
    return tuple(dict.fromkeys(subject.ports)) or (SUBMISSIONS, 587)


def is_theirs(failure: Failure | None) -> bool:
    """Tell whether there is a failure, and it is not our own missing network, budget or defect."""
    if failure is None:
        return False
    return failure.kind not in {FailureKind.NO_ROUTE, FailureKind.DEFECT} and failure.stage != "budget"


def _announces(answer: Observation) -> bool:
    """Whether a sender would go on to fetch a policy (RFC 8461 section 3.1)."""
    seen = facts(answer)
    found = candidates(texts(seen)) if seen and is_answered(answer) else ()
    if len(found) != 1:
        return False
    try:
        parse_record(found[0])
    except StsFault:
        return False
    return True


def _question(port: int) -> str:
    return IMPLICIT if port == SUBMISSIONS else IN_CLEAR


def _target(host: Host) -> str:
    return mail_host_target(host.name, host.address, host.port)


def _was_turned_away(first: Observation) -> bool:
    """Whether a policy host said that it has no policy, or none now: a redirect is no such answer."""
    served = first.facts if isinstance(first.facts, PolicyFacts) and first.failure is None else None
    return served is not None and served.status != 200 and not 300 <= served.status < 400


def _was_heard(first: Observation) -> bool:
    """Whether what the port is judged by was seen, whatever broke afterwards: its TLS, or its EHLO reply in clear."""
    if not isinstance(first.facts, SmtpFacts):
        return False
    reply = first.facts.reply("ehlo")
    return first.facts.tls is not None or (reply is not None and reply.code == 250)
