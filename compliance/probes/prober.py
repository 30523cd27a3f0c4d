"""Everything a run asks, in the order it asks it: vantage, DNS of the subjects, mail hosts, mail hosts again.

Never MAIL, RCPT, DATA or AUTH: what is sent to a mail host is EHLO, HELO, STARTTLS, a TLS hello and QUIT. What goes to
hosts of our own alone (MAIL and RCPT among it, and still no DATA) stands in own_host.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from compliance.model.names import is_address, is_inside, is_lab, is_no_mail_host
from compliance.model.observation import (
    DnsFacts,
    FailureKind,
    Observation,
    SmtpFacts,
)
from compliance.model.subject import OWN, Kind, Subject
from compliance.model.target import MailAddress
from compliance.probes.asker import Asker
from compliance.probes.budget import Act, Budget
from compliance.probes.dns import Resolver
from compliance.probes.dns_asking import DnsAsking
from compliance.probes.net import own_name
from compliance.probes.own_host import OwnHost, envelopes_of
from compliance.probes.sending import sending_address
from compliance.probes.services import Services, submission_ports
from compliance.probes.smtp import Host, hold_session
from compliance.probes.tls import load_identity
from compliance.probes.tls_asking import TlsAsking, is_ours
from compliance.probes.vantage import ehlo_name_of, self_test
from compliance.records.dane_walk import dane_walk
from compliance.records.dkim_selector import learned_walk, selector_walk
from compliance.records.dmarc_reports import dmarc_walk
from compliance.records.dns_walk import DnsQuestion, drive
from compliance.records.mail_route import RouteState, host_addresses, mail_route, ways_in
from compliance.records.spf_tree import record_tree
from compliance.records.tls_rpt import owner as tls_rpt_owner
from compliance.records.tls_strategy import Depth as TlsDepth
from compliance.settings import Depth, Settings

SESSION, SESSION_AGAIN = "session", "session again"
_AGAIN = " again"
_KEPT_FOR_TLS = 6  # connections of the budget that sessions under many names may not use up
_FULL_BUDGET = 40  # what it takes to name every suite of an own host
_NO_MAIL = frozenset({RouteState.NULL, RouteState.NO_MAIL, RouteState.NO_DOMAIN})
_ROUTED = frozenset({Kind.OWN_DOMAIN, Kind.PARTNER})  # a parked domain's mail hosts are judged by DNS alone


class Prober:
    """Asks the world through an Asker; safe for many threads. Raises ClientCertificateFault when made.

    `mail` are the messages supplied: the keys they name are asked for.
    """

    def __init__(
        self,
        settings: Settings,
        asker: Asker,
        folder: Path,
        environ: Mapping[str, str],
        mail: Iterable[Observation] = (),
    ) -> None:
        self._settings = settings
        self._asker = asker
        self._folder = folder
        self._identity = load_identity(settings.client_certificate, folder, environ)
        self._mail = tuple(mail)
        self._dns = DnsAsking(asker, Resolver(settings.resolver))
        self.ehlo = ehlo_name_of(settings.ehlo, "" if settings.ehlo else own_name())
        self._budget = Budget(settings.smtp, asker.all_seen())
        self._services = Services(settings, self.ehlo, asker, self.answer, self._budget.spending, self._budget.gate)

    # -- vantage ----------------------------------------------------------------------------------------------------

    def vantage(self, candidates: Sequence[MailAddress]) -> Observation:
        """Put the self-test; `candidates` are mail hosts of this run that port 25 is tried on."""
        return self._asker.ask(
            "vantage",
            "vantage",
            "self-test",
            lambda: (self_test(self._settings, self.ehlo, self._folder, self._ask, candidates), None),
        )

    # -- sweep 1: DNS, and what stands beside port 25 ---------------------------------------------------------------

    def dns(self, name: str, rdtype: str) -> Observation:
        """Put one DNS question; after a SERVFAIL the same with CD=1, as `<TYPE> cd` (RFC 4035 section 3.2.2)."""
        seen = self._ask(name, rdtype)
        if isinstance(seen.facts, DnsFacts) and seen.facts.rcode == "SERVFAIL" and not seen.facts.checking_disabled:
            self._ask(name, f"{rdtype} cd")
        return seen

    def _ask(self, name: str, question: str) -> Observation:
        return self._dns.ask(name, question)

    def answer(self, question: DnsQuestion) -> Observation:
        """Answer a walk's question; one that is put `again` has had its look with CD=1 the first time."""
        ask = self._ask if question.rdtype.endswith(_AGAIN) else self.dns
        return ask(question.name, question.rdtype)

    def subject(self, subject: Subject) -> None:
        """Ask everything that DNS knows of one subject, its MTA-STS policy and its submission ports."""
        with self._dns.share():
            if subject.domain_kind is not None:
                self._domain(subject)
            elif subject.service:
                for domain in subject.sends_for:
                    drive(record_tree(domain), self.answer)
            elif subject.hostname:
                self._host(subject)

    def _domain(self, subject: Subject) -> None:
        domain = subject.hostname
        route = drive(mail_route(domain), self.answer)
        drive(record_tree(domain), self.answer)
        drive(dmarc_walk(domain, reports=subject.domain_kind is Kind.OWN_DOMAIN), self.answer)
        drive(selector_walk(domain, subject.dkim_selectors), self.answer)
        if subject.domain_kind is Kind.OWN_DOMAIN:
            drive(learned_walk(domain, self._mail), self.answer)
        if subject.domain_kind in _ROUTED and route.state not in _NO_MAIL:
            for host in route.hosts:
                drive(dane_walk(host.name), self.answer)
            self.dns(tls_rpt_owner(domain), "TXT")
            self._services.policy(domain)

    def subject_again(self, subject: Subject) -> None:
        """Ask a policy host or submission port again, at the end of the run, where it came to nothing."""
        with self._dns.share():
            if subject.domain_kind in _ROUTED:
                self._services.policy_again(subject.hostname)
            elif Kind.SUBMISSION_HOST in subject.kinds and subject.hostname:
                self._services.submission_again(subject, self._addresses_of(subject.hostname))

    def _host(self, subject: Subject) -> None:
        addresses = self._addresses_of(subject.hostname)
        if Kind.OUTBOUND_HOST in subject.kinds:
            for address in addresses:
                sending_address(subject, address, self.answer)
        if subject.helo:
            self._addresses_of(subject.helo)
        if Kind.INBOUND_HOST in subject.kinds:
            drive(dane_walk(subject.hostname), self.answer)
        self._services.submission(subject, addresses)

    def _addresses_of(self, name: str) -> tuple[str, ...]:
        if is_address(name):
            return (name,)
        return drive(host_addresses(name), self.answer).addresses

    # -- sweep 2 and 3: mail hosts ----------------------------------------------------------------------------------

    def addresses(self, chosen: Iterable[Subject], inventory: Iterable[Subject]) -> tuple[MailAddress, ...]:
        """Give every mail-host address the chosen subjects lead to, each once, with all names that lead to it.

        What the whole inventory says of a host holds in a subset run too: dummies and hosts it bids us leave alone
        (`probe: never`) are not among them. Nor are addresses of the inside of a network, whatever name leads there,
        unless the run is meant to be made from inside: who answers there is not whom the name promises. Nor are
        addresses of no host, and this machine's own outside a lab. Where entries disagree on whose an address is, it is
        asked as others' are.
        """
        chosen, everyone = tuple(chosen), tuple(inventory)
        left_alone = {each.hostname for each in everyone if each.dummy or each.probe == "never"}
        names: dict[str, set[str]] = defaultdict(set)
        ways = tuple(ways_in(chosen, self.answer))
        by_address = (each.hostname for each in everyone if Kind.INBOUND_HOST in each.kinds)
        vouched = self._settings.asks_a_lab or not all(each.is_partner for each in everyone)
        lab = is_lab({*(address for _, address in ways), *filter(is_address, by_address)}, vouched=vouched)
        for name, address in ways:
            if is_no_mail_host(address, lab=lab):
                continue
            elsewhere = is_inside(address) and self._settings.self_test.inside != "accepted"
            if name not in left_alone and address not in left_alone and not elsewhere:
                names[address].add(name)
        hosts = [each for each in everyone if {Kind.INBOUND_HOST, Kind.SUBMISSION_HOST} & set(each.kinds)]
        own = {each.hostname for each in hosts if each.managed_by == OWN}
        others = {each.hostname for each in hosts if each.managed_by not in {"", OWN}}
        return tuple(
            self._mail_address(
                address, led, everyone, ours=bool(own & {address, *led}) and not others & {address, *led}
            )
            for address, led in sorted(names.items())
        )

    def _mail_address(self, address: str, led: set[str], everyone: Sequence[Subject], *, ours: bool) -> MailAddress:
        envelopes = envelopes_of(everyone, {address, *led}) if ours else ()
        return MailAddress(address, self._settings.smtp.port, _names(address, led), ours, envelopes)

    def submission_addresses(self, chosen: Iterable[Subject]) -> tuple[MailAddress, ...]:
        """Give the submission ports of the chosen subjects, as the connection ledger knows them."""
        return tuple(
            MailAddress(address, port, (subject.hostname,), ours=subject.managed_by == OWN)
            for subject in chosen
            if Kind.SUBMISSION_HOST in subject.kinds and subject.hostname
            for address in self._addresses_of(subject.hostname)
            for port in submission_ports(subject)
        )

    def mail_host(self, host: MailAddress) -> None:
        """Hold an ordinary session under each name; then, where TLS was heard, walk through it once."""
        with self._budget.gate(host.address):
            for name in host.names:
                self._session(host, name, SESSION)
            self._tls(host, again=False)
            self._own_host(host, again=False)

    def mail_host_again(self, host: MailAddress) -> None:
        """Ask again what came to nothing, at the end of the run: a fault counts only when it was seen twice."""
        with self._budget.gate(host.address):
            for name in host.names:
                first = self._asker.seen(host.target(name), SESSION)
                if first is not None and _worth_another(first):
                    self._session(host, name, SESSION_AGAIN)
            self._tls(host, again=True)
            self._own_host(host, again=True)

    def _tls(self, host: MailAddress, *, again: bool) -> None:
        """Walk through the TLS of an address; the second time only what is not known is put."""
        if not self._speaks_tls(host):
            return
        full = host.ours and self._settings.smtp.depth is Depth.FULL

        def spend(act: Act) -> Act:
            return self._budget.spending(host.address, 0, act, least=_FULL_BUDGET if full else 0)

        depth = TlsDepth.FULL if full else TlsDepth.LIGHT
        asking = TlsAsking(
            host, self._asker, self.ehlo, self._settings.smtp, self._identity, spend, depth=depth, again=again
        )
        asking.walk(self._sessions(host))

    def _own_host(self, host: MailAddress, *, again: bool) -> None:
        """Put what no host is asked but ours, where an ordinary session came to EHLO, or to a reply inside TLS."""
        smtp = self._settings.smtp
        if not host.ours or smtp.depth is Depth.LIGHT:
            return

        def asking(least: int) -> OwnHost:
            def spend(act: Act) -> Act:
                return self._budget.spending(host.address, 0, act, least=least)

            return OwnHost(host, self._asker, self.ehlo, smtp, self._identity, spend)

        if not all(map(_worth_another, self._sessions(host))):
            asking(_FULL_BUDGET if smtp.depth is Depth.FULL else 0).ask(again=again)
        if any(isinstance(seen.facts, SmtpFacts) and seen.facts.reply("ehlo") for seen in self._sessions(host)):
            asking(_FULL_BUDGET).ask_of_partners()

    def _session(self, host: MailAddress, name: str, question: str) -> Observation:
        first = self._asker.seen(host.target(name), SESSION) if question == SESSION_AGAIN else None
        failed = first is not None and first.failure is not None and first.failure.kind is FailureKind.HANDSHAKE
        kept = _KEPT_FOR_TLS if name != host.names[0] else 0
        to = Host(name, host.address, host.port)
        return self._asker.ask(
            "smtp",
            host.target(name),
            question,
            self._budget.spending(
                host.address,
                kept,
                lambda: hold_session(
                    to,
                    self.ehlo,
                    self._settings.smtp,
                    self._identity,
                    smaller=question == SESSION_AGAIN,
                    everything=failed,
                ),
            ),
        )

    def _speaks_tls(self, host: MailAddress) -> bool:
        """Whether TLS of some kind was heard here: a completed handshake, or one that could not be agreed."""
        return any(
            (isinstance(seen.facts, SmtpFacts) and seen.facts.tls is not None)
            or (seen.failure is not None and seen.failure.kind is FailureKind.HANDSHAKE)
            for seen in self._sessions(host)
        )

    def _sessions(self, host: MailAddress) -> Iterator[Observation]:
        for name in host.names:
            for question in (SESSION, SESSION_AGAIN):
                if seen := self._asker.seen(host.target(name), question):
                    yield seen


def _names(address: str, led: set[str]) -> tuple[str, ...]:
    """The names of an address; the address itself is one only where no name leads to it."""
    named = sorted(led - {address})
    return tuple(named) or (address,)


def _worth_another(first: Observation) -> bool:
    """Whether a session did not come to a reply inside TLS, for a reason that may pass or must be seen twice."""
    if isinstance(first.facts, SmtpFacts) and first.facts.tls:
        inside = first.facts.reply("ehlo_tls")
        if inside is not None and 200 <= inside.code < 300:
            return False
    return not is_ours(first.failure)
