"""What a check may look at: the evidence, the inputs of the run, and facts of the run as a whole."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from publicsuffixlist import PublicSuffixList

from compliance.checks.evidence import Evidence, place_of, smtp_facts
from compliance.checks.mail_logs import MailLogs
from compliance.checks.tls_seen import TlsSeen, replay
from compliance.checks.trust import Path, Roots, build
from compliance.checks.webpki import objection
from compliance.model.names import is_address, is_lab
from compliance.model.observation import FailureKind, Observation, SmtpFacts, VantageFacts
from compliance.model.requirement import Baseline
from compliance.model.subject import HOST_KINDS, OWN, Kind, Subject
from compliance.records.mail_route import ways_in
from compliance.settings import Depth

_MOST_ISSUERS = 90


@dataclass(frozen=True)
class Context:
    """One run, as judging sees it. `started` is the run's time; no check reads a clock."""

    subjects: tuple[Subject, ...]
    baseline: Baseline
    evidence: Evidence
    roots: Roots
    suffixes: bytes
    port: int
    started: datetime
    seen_from_inside: bool = False
    at_lab_ports: bool = False
    nameserver: str = ""  # the first resolver of the settings, `` = the machine's own
    nameserver_port: int = 53
    depth: Depth = Depth.OWN
    _operators: dict[str, str] = field(default_factory=dict)
    _built: dict[tuple[tuple[bytes, ...], datetime], Path] = field(default_factory=dict)
    _objections: dict[tuple[tuple[bytes, ...], datetime, str], str] = field(default_factory=dict)
    _tls: dict[tuple[str, int], TlsSeen] = field(default_factory=dict)

    @cached_property
    def _suffix_list(self) -> PublicSuffixList:
        return PublicSuffixList(source=io.BytesIO(self.suffixes), accept_unknown=True)

    def operator(self, name: str) -> str:
        """Give who runs a mail host, as far as its name tells: the registrable domain."""
        if name not in self._operators:
            self._operators[name] = name if is_address(name) else self._suffix_list.privatesuffix(name) or name
        return self._operators[name]

    def is_public_suffix(self, name: str) -> bool:
        """Tell whether a name is a registry's, so that a record found there is not the organisation's own."""
        return bool(self._suffix_list.publicsuffix(name) == name)

    def path(self, chain: tuple[bytes, ...], at: datetime) -> Path:
        """Build the path of a presented chain; many domains share few chains, so each is built once."""
        key = (chain, at)
        if key not in self._built:
            self._built[key] = build(chain, self.roots, at, self._issuers_seen)
        return self._built[key]

    def strict_objection(self, chain: tuple[bytes, ...], at: datetime, name: str) -> str:
        """Give what a strict verifier holds against a chain that leads to a root, `` where it takes it."""
        key = (chain, at, name)
        if key not in self._objections:
            self._objections[key] = objection(chain, self.path(chain, at), self.roots, at, name)
        return self._objections[key]

    @cached_property
    def _issuers_seen(self) -> tuple[bytes, ...]:
        """Certificates presented behind a leaf anywhere in the run: what a host forgot, another may have shown."""
        sessions = (facts for seen in self.evidence.all_sessions().values() for facts in map(smtp_facts, seen))
        shown = (der for facts in sessions if facts and facts.tls for der in facts.tls.chain[1:])
        return tuple(dict.fromkeys(shown))[:_MOST_ISSUERS]

    @cached_property
    def _sessions_at(self) -> dict[str, list[Observation]]:
        """Sessions by `[address]:port`, whatever the name they were held under."""
        found: dict[str, list[Observation]] = {}
        for target, seen in self.evidence.all_sessions().items():
            found.setdefault(place_of(target), []).extend(seen)
        return found

    def sessions_at(self, address: str, port: int) -> tuple[Observation, ...]:
        """Give every session with an address: what TLS it speaks is the same under each of its names."""
        return tuple(self._sessions_at.get(f"[{address}]:{port}", ()))

    def tls_seen(self, address: str, port: int) -> TlsSeen:
        """Give what the evidence shows of an address's TLS; many domains share few addresses, so each is read once."""
        key = (address, port)
        if key not in self._tls:
            self._tls[key] = replay(self.sessions_at(address, port), self.evidence.tls_questions(address, port))
        return self._tls[key]

    @cached_property
    def lab(self) -> bool:
        """Whether every mail host of the run is on the measuring machine itself, as in the demo."""
        ours = not all(subject.is_partner for subject in self.subjects)
        ways = ways_in(self.subjects, self.evidence.answer)
        return is_lab({address for _, address in ways}, vouched=ours or self.at_lab_ports)

    @cached_property
    def vantage(self) -> VantageFacts | None:
        """The self-test of the place the run was made from."""
        facts = (seen.facts for seen in self.evidence.by_id.values())
        return next((found for found in facts if isinstance(found, VantageFacts)), None)

    @cached_property
    def _paths(self) -> dict[str, set[str]]:
        """What our path let through, as the operators whose hosts showed it: `answered`, `starttls`."""
        paths: dict[str, set[str]] = {"answered": set(), "starttls": set()}
        for sessions in self.evidence.all_sessions().values():
            for facts in filter(None, map(smtp_facts, sessions)):
                if facts.replies:
                    paths["answered"].add(self.operator(facts.name))
                if facts.tls:
                    paths["starttls"].add(self.operator(facts.name))
        return paths

    def path_shown(self, what: str, apart_from: str) -> bool:
        """Tell whether an operator other than that of `apart_from` showed `answered` or `starttls` on our path."""
        return bool(self._paths[what] - {self.operator(apart_from)})

    @cached_property
    def port_state(self) -> str:
        """Whether mail hosts can be reached from here, judged from the run's own targets: ok, failed or unknown.

        Silence of one operator's hosts proves nothing about our path; silence of two does.
        """
        if self._paths["answered"]:
            return "ok"
        asked = {
            self.operator(target.partition("[")[0])
            for target, sessions in self.evidence.all_sessions().items()
            if not all(map(went_nowhere, sessions))  # a family without a route says nothing of a port
        }
        return "failed" if len(asked) > 1 else "unknown"

    @cached_property
    def dnssec_believed(self) -> bool:
        """Whether AD from the resolver of this run may be believed: vouched for, and not shown to be false."""
        return self.vantage is None or self.vantage.state("dnssec") != "failed"

    @cached_property
    def _hosts(self) -> Mapping[tuple[Kind, str], tuple[Subject, ...]]:
        found: dict[tuple[Kind, str], tuple[Subject, ...]] = {}
        for host in self.subjects:
            for kind in HOST_KINDS & set(host.kinds):
                found[kind, host.hostname] = (*found.get((kind, host.hostname), ()), host)
        return found

    def hosts(self, kind: Kind, name: str, address: str = "") -> tuple[Subject, ...]:
        """Give the inventory's hosts of a kind that stand for a mail host's name or address."""
        found = (*self._hosts.get((kind, name), ()), *self._hosts.get((kind, address), ()))
        return tuple(dict.fromkeys(found)) if name or address else ()

    @cached_property
    def senders(self) -> tuple[Subject, ...]:
        """Every host and service that sends for us."""
        return tuple(subject for subject in self.subjects if Kind.OUTBOUND_HOST in subject.kinds)

    @cached_property
    def mail_logs(self) -> MailLogs:
        """The supplied logs, by the host they are from."""
        return MailLogs(self.evidence.by_id.values(), self.subjects)

    @cached_property
    def domains_sent_for(self) -> frozenset[str]:
        """Every domain, as the inventory writes it, that some outbound host sends for."""
        return frozenset(domain for host in self.senders for domain in host.sends_for)

    def supplier(self, subject: Subject, host: str = "", address: str = "") -> str:
        """Give who runs what a finding is about: `own`, or a supplier's name from the inventory or the MX suffix."""
        if host:
            for entry in self.hosts(Kind.INBOUND_HOST, host, address):
                if entry.managed_by:
                    return entry.managed_by
            if known := self.known_supplier(host):
                return known
        return subject.managed_by or OWN

    def known_supplier(self, name: str) -> str:
        """Give the supplier whose names a name is one of, `` where none is known."""
        ends = self.baseline.suppliers.items()
        return next((known for end, known in ends if name == end or name.endswith(f".{end}")), "")

    @cached_property
    def _own_operators(self) -> frozenset[str]:
        kinds = {Kind.OWN_DOMAIN, Kind.PARKED_DOMAIN}
        return frozenset(self.operator(each.hostname) for each in self.subjects if kinds & set(each.kinds))

    def holder(self, name: str) -> str:
        """Give who publishes at a name one of ours leads to: a supplier's name or domain, `` where we do ourselves."""
        apart = name and self.operator(name) not in self._own_operators
        return (self.known_supplier(name) or self.operator(name)) if apart else ""


def went_nowhere(session: Observation) -> bool:
    """Tell whether a session has no route: our missing address family, nobody's fault."""
    return session.failure is not None and session.failure.kind is FailureKind.NO_ROUTE


def heard(sessions: tuple[Observation, ...]) -> SmtpFacts | None:
    """Give the facts of the last session that completed a handshake, if one did."""
    found = [facts for facts in map(smtp_facts, sessions) if facts and facts.tls]
    return found[-1] if found else None
