"""The self-test: what this machine can and cannot test from where it stands. All values are texts."""

import ipaddress
import re
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path

import certifi
import dns.exception
import dns.message
import dns.rdatatype
from OpenSSL import crypto

from compliance.model.names import mail_host_target, to_ascii
from compliance.model.observation import DnsFacts, FailureKind, Observation, VantageFacts, VantageItem
from compliance.model.target import MailAddress
from compliance.probes.dns import reverse_name
from compliance.probes.net import Stopped, source_address
from compliance.probes.smtp import Host, Session
from compliance.settings import Settings

Ask = Callable[[str, str], Observation]
_TRIED = 3
_OFF = timedelta(minutes=5)
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BLOCKING = {"resolver", "port25", "clock"}
#: Where the routing table is asked about when no mail host of the family is known (RFC 5737, 3849); nothing is sent.
_ANYWHERE = {4: "192.0.2.1", 6: "2001:db8::1"}
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4}| GMT| UTC)"
)


@dataclass
class Greeted:
    """What the attempts on mail hosts showed: per target what came of it, and clocks seen in greetings."""

    outcomes: dict[str, str] = field(default_factory=dict)
    reached: bool = False
    offsets: list[timedelta] = field(default_factory=list)


def self_test(
    settings: Settings, ehlo_name: str, folder: Path, ask: Ask, candidates: Sequence[MailAddress]
) -> VantageFacts:
    """Try everything a run needs. `ask` puts DNS questions; `candidates` are mail hosts of this run."""
    signed = ask(settings.self_test.signed, "A")
    broken = ask(settings.self_test.broken, "A")
    greeted = _greet(settings, ehlo_name, _spread(candidates))
    return VantageFacts(
        "vantage",
        (
            _resolver((signed, broken)),
            _dnssec(signed, broken, vouched=settings.resolver.trust_ad is True),
            _route(4, candidates, settings.smtp.port),
            _route(6, candidates, settings.smtp.port),
            _port25(greeted, settings.smtp.port),
            _ehlo_name(ehlo_name, ask),
            _ptr(ehlo_name, ask, candidates, settings.smtp.port),
            _clock(greeted, _signatures(signed, ask)),
            _roots(settings.trust.bundle, folder),
        ),
    )


def _item(item: str, state: str, /, **values: str) -> VantageItem:
    return VantageItem(item, state, item in _BLOCKING, values)


def _facts(seen: Observation) -> DnsFacts | None:
    return seen.facts if isinstance(seen.facts, DnsFacts) else None


def _told(seen: Observation) -> str:
    """An answer in one word: its rcode, or what went wrong."""
    known = _facts(seen)
    return known.rcode if known else seen.failure.kind.value if seen.failure else ""


def _resolver(answers: Iterable[Observation]) -> VantageItem:
    """The resolver answers at all; a refusal is no service."""
    found = [known for known in map(_facts, answers) if known]
    served = [known for known in found if known.rcode != "REFUSED"]
    if served:
        return _item("resolver", "ok", server=served[0].server)
    why = ", ".join(sorted({_told(seen) for seen in answers}))
    return _item("resolver", "failed", server=found[0].server if found else "", why=why)


def _dnssec(signed: Observation, broken: Observation, *, vouched: bool) -> VantageItem:
    """The resolver validates: AD for a signed name, SERVFAIL for a broken one (RFC 4035 section 3.2.3).

    Where the names are not to be had, it is not known, and only a resolver the user vouches for is still believed.
    """
    good, bad = _facts(signed), _facts(broken)
    values = {
        "signed": signed.target,
        "broken": broken.target,
        "signed_answer": _told(signed),
        "broken_answer": _told(broken),
        "ad": "yes" if good and good.ad else "no",
        "ad_trusted": "yes" if good and good.ad_trusted else "no",
    }
    unproven = "unknown" if vouched else "failed"
    if good is None or bad is None:
        return _item("dnssec", unproven, why="no_answer", **values)
    if not good.ad_trusted:
        return _item("dnssec", "failed", why="not_trusted", **values)
    if good.rcode == "NXDOMAIN" and bad.rcode == "NXDOMAIN":  # a private root that has no such names
        return _item("dnssec", unproven, why="names_unknown", **values)
    if not good.ad:
        return _item("dnssec", "failed", why="not_validating", **values)
    if bad.rcode != "SERVFAIL":
        return _item("dnssec", "failed", why="broken_accepted", **values)
    return _item("dnssec", "ok", **values)


def _route(family: int, candidates: Sequence[MailAddress], port: int) -> VantageItem:
    """A route of this address family exists."""
    known = [each.address for each in candidates if ipaddress.ip_address(each.address).version == family]
    target = next(iter(known), _ANYWHERE[family])
    ours = source_address(target, port)
    name = f"ipv{family}"
    return _item(name, "ok", source=ours) if ours else _item(name, "failed", why="no_route")


def _spread(candidates: Sequence[MailAddress]) -> list[MailAddress]:
    """Pick a few different addresses; those whose names share no ending first, so that one operator is not all."""
    picked: dict[str, MailAddress] = {}
    for each in candidates:
        picked.setdefault(".".join(each.names[0].split(".")[-2:]) if each.names else each.address, each)
    rest = [each for each in candidates if each not in picked.values()]
    return list({each.address: each for each in (*picked.values(), *rest)}.values())[:_TRIED]


def _greet(settings: Settings, ehlo_name: str, candidates: Iterable[MailAddress]) -> Greeted:
    """Connect, hear the greeting, say QUIT."""
    greeted = Greeted()
    for each in candidates:
        name = each.names[0] if each.names else each.address
        session = Session(Host(name, each.address, each.port), ehlo_name, settings.smtp)
        outcome, answered = "ok", True
        try:
            session.open()
            session.greeting()
        except Stopped as stop:
            outcome = stop.failure.kind.value
            answered = stop.failure.kind not in {FailureKind.TIMEOUT, FailureKind.NO_ROUTE, FailureKind.UNRESOLVED}
        finally:
            session.quit()
        greeted.outcomes[mail_host_target(name, each.address, each.port)] = outcome
        greeted.reached = greeted.reached or answered or session.channel is not None
        if session.replies and (offset := _offset(" ".join(session.replies[0].lines))) is not None:
            greeted.offsets.append(offset)
    return greeted


def _offset(greeting: str) -> timedelta | None:
    """How far a greeting's date stands from our clock; None where it has none (it is free text)."""
    found = _DATE.search(greeting)
    if found is None:
        return None
    try:
        moment = parsedate_to_datetime(found.group())
        return moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None


def _port25(greeted: Greeted, port: int) -> VantageItem:
    """Somebody's mail host accepted or turned down our connection."""
    values = {"port": str(port), "tried": str(len(greeted.outcomes))}
    values["outcomes"] = ", ".join(f"{target}: {outcome}" for target, outcome in greeted.outcomes.items())
    state = "unknown" if not greeted.outcomes else "ok" if greeted.reached else "failed"
    return _item("port25", state, **values)


def _addresses(name: str, ask: Ask) -> tuple[tuple[str, ...], bool]:
    """The addresses of a name, and whether both questions were answered."""
    answers = [_facts(ask(name, rdtype)) for rdtype in ("A", "AAAA")]
    known = [each for each in answers if each and each.rcode in {"NOERROR", "NXDOMAIN"}]
    return tuple(record.data for each in known for record in each.records), len(known) == len(answers)


def _ehlo_name(name: str, ask: Ask) -> VantageItem:
    """The name we give in EHLO leads to an address (RFC 5321 section 4.1.1.1)."""
    addresses, answered = _addresses(name, ask)
    state = "ok" if addresses else "failed" if answered else "unknown"
    return _item("ehlo_name", state, name=name, addresses=", ".join(addresses))


def _ptr(ehlo_name: str, ask: Ask, candidates: Sequence[MailAddress], port: int) -> VantageItem:
    """Our address leads to the EHLO name and back (RFC 1912 section 2.1); behind NAT nobody here can tell."""
    known = [each.address for each in candidates] or [_ANYWHERE[4]]
    source = next(filter(None, (source_address(each, port) for each in known)), None)
    if source is None:
        return _item("ptr", "unknown", why="no_route")
    if not ipaddress.ip_address(source).is_global:
        return _item("ptr", "unknown", why="nat", source=source)
    answer = _facts(ask(reverse_name(source), "PTR"))
    if answer is None or answer.rcode not in {"NOERROR", "NXDOMAIN"}:
        return _item("ptr", "unknown", why="no_answer", source=source)
    names = [record.data for record in answer.records]
    values = {"source": source, "names": ", ".join(names), "ehlo": ehlo_name}
    if ehlo_name not in names:
        return _item("ptr", "failed", why="another_name" if names else "no_ptr", **values)
    back, _ = _addresses(ehlo_name, ask)
    return _item("ptr", "ok", **values) if source in back else _item("ptr", "failed", why="no_way_back", **values)


def _signatures(signed: Observation, ask: Ask) -> list[tuple[datetime, datetime]]:
    """The validity of the RRSIG records in the signed answer (RFC 4034 section 3.1.5)."""
    known = _facts(signed)
    if known and known.rcode == "SERVFAIL":  # perhaps only because the resolver's clock, and ours, is wrong
        known = _facts(ask(signed.target, f"{signed.question} cd"))
    if known is None:
        return []
    try:
        message = dns.message.from_wire(known.wire)
    except dns.exception.DNSException:
        return []
    return [
        (datetime.fromtimestamp(rdata.inception, UTC), datetime.fromtimestamp(rdata.expiration, UTC))
        for rrset in message.answer
        if rrset.rdtype == dns.rdatatype.RRSIG
        for rdata in rrset
    ]


def _clock(greeted: Greeted, signatures: list[tuple[datetime, datetime]]) -> VantageItem:
    """Our clock is right: two greetings or one signature must contradict it before it is called wrong."""
    now = datetime.now(UTC)
    values = {
        "greetings": str(len(greeted.offsets)),
        "signatures": str(len(signatures)),
        "seconds_off": ", ".join(str(round(offset.total_seconds())) for offset in greeted.offsets),
    }
    wrong = [offset for offset in greeted.offsets if abs(offset) > _OFF]
    if len(wrong) >= 2:
        return _item("clock", "failed", why="greetings", **values)
    if any(now < begin - _OFF or now > end + _OFF for begin, end in signatures):
        return _item("clock", "failed", why="signatures", **values)
    seen = len(greeted.offsets) > len(wrong) or signatures
    return _item("clock", "ok" if seen else "unknown", **values)


def _roots(bundle: str, folder: Path) -> VantageItem:
    """The trusted roots can be read; the newest of them tells how old the bundle is."""
    path = _bundle_path(bundle, folder)
    values = {"bundle": bundle}
    if bundle == "mozilla":
        values["version"] = version("certifi")
    try:
        blocks = _PEM.findall(path.read_bytes())
        begun = [crypto.load_certificate(crypto.FILETYPE_PEM, block).get_notBefore() or b"" for block in blocks]
        newest = datetime.strptime(max(begun).decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (OSError, ValueError, crypto.Error) as trouble:
        return _item("roots", "failed", why=type(trouble).__name__, **values)
    return _item("roots", "ok", count=str(len(blocks)), newest=newest.date().isoformat(), **values)


def _bundle_path(bundle: str, folder: Path) -> Path:
    if bundle == "mozilla":
        return Path(certifi.where())
    if bundle == "system":
        paths = ssl.get_default_verify_paths()
        return Path(paths.cafile or paths.openssl_cafile)
    return folder / bundle


def ehlo_name_of(configured: str, own: str) -> str:
    """Give the name to say in EHLO: the configured one, else the machine's own, made fit for the wire."""
    try:
        return to_ascii(configured or own)
    except ValueError:
        return "localhost"
