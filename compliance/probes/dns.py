"""DNS questions to one resolver (RFC 1035, 6891, 4035): the answer as it came, and what stands in it."""

import ipaddress
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.reversename

from compliance.model.observation import DnsFacts, DnsRecord, Failure, FailureKind
from compliance.probes.net import connect, datagrams
from compliance.settings import ResolverSettings

_PAYLOAD = 1232  # bytes: fits every path (DNS flag day 2020)
_ROUNDS = 2
_LEAST = 0.1  # seconds, for a question whose time is used up by the one it stands for
_MAX_ALIASES = 16
_STUBS = {"127.0.0.53", "127.0.0.54"}  # systemd-resolved: on loopback, but it forwards, so its AD is not its own

Answered = tuple[DnsFacts | None, Failure | None]


class Resolver:
    """Asks the configured resolver, or the system's; every question ends within `settings.timeout` seconds."""

    def __init__(self, settings: ResolverSettings) -> None:
        self._settings = settings
        self.nameservers = tuple(settings.nameservers) or _system_nameservers()
        self._port = settings.port if settings.nameservers else 53

    def ask(self, name: str, rdtype: str, *, checking_disabled: bool = False) -> Answered:
        """Put one question. An answer with any rcode is facts; no answer at all is a failure (stage `query`)."""
        if not self.nameservers:
            return None, Failure(FailureKind.NO_ROUTE, "query", "no nameserver")
        try:
            query = _query(name, rdtype, checking_disabled=checking_disabled)
        except dns.exception.DNSException as trouble:
            return None, Failure(FailureKind.UNRESOLVED, "query", f"{type(trouble).__name__}: {name}"[:512])
        end = time.monotonic() + self._settings.timeout
        kept: Answered = (None, Failure(FailureKind.TIMEOUT, "query"))
        left = _ROUNDS * len(self.nameservers)
        for server in self.nameservers * _ROUNDS:
            share = (end - time.monotonic()) / left
            left -= 1
            if share <= 0:
                break
            response = self._exchange(query, server, share)
            if not isinstance(response, Failure) and _knows_no_edns(response[0]):
                plain = _query(name, rdtype, checking_disabled=checking_disabled, edns=False)
                response = self._exchange(plain, server, max(end - time.monotonic(), _LEAST))
            if isinstance(response, Failure):
                kept = kept if kept[0] else (None, response)
                continue
            message, over_tcp = response
            if why := _no_answer(message, name, rdtype):
                kept = kept if kept[0] else (None, Failure(FailureKind.PROTOCOL, "query", why))
                continue
            facts = self._facts(name, rdtype, message, server, over_tcp=over_tcp, checking_disabled=checking_disabled)
            if facts.rcode != "REFUSED":  # another server may serve us; if none does, the refusal is the answer
                return facts, None
            kept = (facts, None)
        return kept

    def _exchange(
        self, query: dns.message.Message, server: str, seconds: float
    ) -> tuple[dns.message.Message, bool] | Failure:
        try:
            with datagrams(server, self._port) as line:
                response = dns.query.udp(
                    query,
                    server,
                    timeout=seconds,
                    port=self._port,
                    sock=line,
                    ignore_unexpected=True,
                    ignore_errors=True,
                    raise_on_truncation=True,
                )
            return response, False
        except dns.message.Truncated:
            return self._exchange_over_tcp(query, server, seconds)
        except (dns.exception.DNSException, OSError, EOFError) as trouble:
            return _failure(trouble)

    def _exchange_over_tcp(
        self, query: dns.message.Message, server: str, seconds: float
    ) -> tuple[dns.message.Message, bool] | Failure:
        """Ask again over TCP where the answer did not fit (RFC 7766 section 5)."""
        line = connect(server, self._port, seconds)
        if isinstance(line, Failure):
            return Failure(line.kind, "query", line.detail)
        try:
            with line:
                line.setblocking(False)
                return dns.query.tcp(query, server, timeout=seconds, port=self._port, sock=line), True
        except (dns.exception.DNSException, OSError, EOFError) as trouble:
            return _failure(trouble)

    def _facts(
        self,
        name: str,
        rdtype: str,
        response: dns.message.Message,
        server: str,
        *,
        over_tcp: bool,
        checking_disabled: bool,
    ) -> DnsFacts:
        records, aliases = _end_of_chain(response, name, rdtype)
        return DnsFacts(
            kind="dns",
            name=name,
            rdtype=rdtype,
            rcode=dns.rcode.to_text(response.rcode()),
            ad=bool(response.flags & dns.flags.AD),
            ad_trusted=self._is_trusted(server),
            checking_disabled=checking_disabled,
            records=records,
            aliases=aliases,
            server=f"{server}#{self._port}",
            over_tcp=over_tcp,
            wire=response.wire or response.to_wire(),
        )

    def _is_trusted(self, server: str) -> bool:
        if self._settings.trust_ad is not None:
            return self._settings.trust_ad
        return ipaddress.ip_address(server).is_loopback and server not in _STUBS


def _system_nameservers() -> tuple[str, ...]:
    try:
        found = dns.resolver.Resolver(configure=True).nameservers
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(server for server in found if isinstance(server, str))


def _query(name: str, rdtype: str, *, checking_disabled: bool, edns: bool = True) -> dns.message.QueryMessage:
    """A question with RD and AD set, DO in EDNS, and CD if the resolver is to give what it could not validate."""
    query = dns.message.make_query(name, rdtype)
    if edns:
        query.use_edns(0, dns.flags.DO, _PAYLOAD)
    query.flags |= dns.flags.AD
    if checking_disabled:
        query.flags |= dns.flags.CD
    return query


def _knows_no_edns(response: dns.message.Message) -> bool:
    """Whether a server turned the question down for its OPT record, which it does not know (RFC 6891 section 7)."""
    return response.edns < 0 and response.rcode() in {dns.rcode.FORMERR, dns.rcode.NOTIMP}


def _failure(trouble: Exception) -> Failure:
    if isinstance(trouble, dns.exception.Timeout | TimeoutError):
        return Failure(FailureKind.TIMEOUT, "query")
    if isinstance(trouble, ConnectionRefusedError):
        return Failure(FailureKind.REFUSED, "query")
    if isinstance(trouble, ConnectionError | EOFError):
        return Failure(FailureKind.CLOSED, "query")
    if isinstance(trouble, OSError):
        return Failure(FailureKind.NO_ROUTE, "query", str(trouble.strerror or trouble))
    return Failure(FailureKind.PROTOCOL, "query", type(trouble).__name__)


def _no_answer(response: dns.message.Message, name: str, rdtype: str) -> str:
    """Say why a response proves nothing: cut short, or records that the question does not lead to; `` if it does.

    Taken for an empty answer, such a response would make a domain with mail one without.
    """
    if response.flags & dns.flags.TC:  # over TCP, where all has room: over UDP it was asked again
        return "truncated"
    if response.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return ""
    records, aliases = _end_of_chain(response, name, rdtype)
    wanted = dns.rdatatype.from_text(rdtype)
    stray = any(found.rdtype == wanted for found in response.answer) or not aliases
    if records and response.rcode() == dns.rcode.NOERROR:
        return ""
    return "answer to another question" if response.answer and stray else ""


def _end_of_chain(
    response: dns.message.Message, name: str, rdtype: str
) -> tuple[tuple[DnsRecord, ...], tuple[str, ...]]:
    """Follow the CNAME records of an answer (RFC 1034 section 3.6.2); a loop ends where it begins again."""
    wanted = dns.rdatatype.from_text(rdtype)
    owner = dns.name.from_text(name)
    aliases: list[str] = []
    seen = {owner}
    while len(aliases) < _MAX_ALIASES:
        found = response.get_rrset(response.answer, owner, dns.rdataclass.IN, wanted)
        if found is not None:
            return tuple(_record(owner, rdtype, found.ttl, rdata) for rdata in found), tuple(aliases)
        alias = response.get_rrset(response.answer, owner, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None or alias[0].target in seen:
            break
        owner = alias[0].target
        seen.add(owner)
        aliases.append(wire_name(owner))
    return (), tuple(aliases)


def _record(owner: dns.name.Name, rdtype: str, ttl: int, rdata: dns.rdata.Rdata) -> DnsRecord:
    strings: tuple[str, ...] = ()
    match rdtype:
        case "TXT" | "SPF":
            strings = tuple(string.decode("latin-1") for string in rdata.strings)  # type: ignore[attr-defined]
            data = rdata.to_text()
        case "MX":
            data = f"{rdata.preference} {wire_name(rdata.exchange)}"  # type: ignore[attr-defined]
        case "PTR" | "CNAME" | "NS":
            data = wire_name(rdata.target)  # type: ignore[attr-defined]
        case "TLSA":  # dnspython breaks long hex with blanks
            head = f"{rdata.usage} {rdata.selector} {rdata.mtype}"  # type: ignore[attr-defined]
            data = f"{head} {rdata.cert.hex()}"  # type: ignore[attr-defined]
        case _:
            data = rdata.to_text()
    return DnsRecord(wire_name(owner), rdtype, ttl, data, strings)


def wire_name(name: dns.name.Name) -> str:
    """Give a name lower case, without its trailing dot; the root is `.`."""
    return name.to_text(omit_final_dot=True).lower()


def reverse_name(address: str) -> str:
    """Give the owner name of an address's PTR record (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    return wire_name(dns.reversename.from_address(address))
