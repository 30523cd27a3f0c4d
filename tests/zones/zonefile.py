"""The lab's zones: a signed root, `example.` below it, and a zone of its own where a case needs one.

Real delegations, followed by Unbound itself: port 53, NS and DS in the parent, NSEC3 with opt-out where asked.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.reversename
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import Algorithm, DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.zones.nsec3 import opt_out
from tests.zones.table import FOLDER, Case, Zone, load, shared

#: NSD twice: one that served a zone and its parent would answer for both, and the relay would never be asked.
NSD, RELAY, BEHIND_RELAY = "127.43.0.2", "127.43.0.3", "127.43.0.4"
_SERVERS = {"ns.example.": NSD, "odd.example.": RELAY, "lame.example.": BEHIND_RELAY}
ROOT, TOP, REVERSE4, REVERSE6 = ".", "example.", "127.in-addr.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa."
_FIRST_HOST = IPv4Address("127.43.1.1")
_STRING = 250  # octets of a character-string
_UNSIGNED = frozenset({"insecure", "unsupported", "lame"})
#: GOST R 34.10-2001: no validator knows it any more, so its DS leaves the zone insecure (RFC 4035 section 5.2).
_UNSUPPORTED_DS = f"1 12 2 {'ab' * 32}"


@dataclass(frozen=True)
class _Signed:
    private: ec.EllipticCurvePrivateKey
    public: DNSKEY

    @classmethod
    def new(cls) -> "_Signed":
        private = ec.generate_private_key(ec.SECP256R1())
        return cls(private, dns.dnssec.make_dnskey(private.public_key(), Algorithm.ECDSAP256SHA256, flags=0x0101))

    def ds(self, origin: str) -> str:
        return dns.dnssec.make_ds(dns.name.from_text(origin), self.public, DSDigest.SHA256).to_text()


def host_address(cases: Mapping[str, Case], name: str) -> str:
    """The address of a case's mail host: nobody listens there."""
    return str(_FIRST_HOST + list(cases).index(name))


@dataclass(frozen=True)
class Written:
    """The file of each origin, for NSD and for the one behind the relay, and the trust anchor."""

    plain: dict[str, Path]
    odd: dict[str, Path]
    anchor: str


def write_zones(folder: Path, cases: Mapping[str, Case]) -> Written:
    """Write all zones."""
    zones = {origin: Zone(origin) for origin in (ROOT, TOP, REVERSE4, REVERSE6)}
    zones |= {case.zone.origin: case.zone for case in cases.values() if case.zone}
    keys = {origin: _Signed.new() for origin in zones}
    lines: dict[str, list[str]] = {origin: [f"@ SOA ns.{TOP} hostmaster.{TOP} 1 3600 600 86400 60"] for origin in zones}
    for origin, zone in zones.items():
        server = "lame" if zone.state == "lame" else "odd" if zone.odd else "ns"
        lines[origin].append(f"@ NS {server}.{TOP}")
        if origin != ROOT:
            parent = _home(origin.partition(".")[2] or ROOT, zones)
            lines[parent] += [f"{origin} NS {server}.{TOP}", *_ds(origin, zone, keys[origin])]
    for origin in (ROOT, TOP):
        lines[origin] += [f"{server} A {address}" for server, address in _SERVERS.items()]
    texts = [line for name, case in cases.items() for line in _published(case, host_address(cases, name))]
    for line in (*shared(), *texts):
        owner, _, rest = line.partition(" ")
        assert owner.endswith("."), f"not absolute: {line}"
        lines[_home(owner, zones)].append(f"{owner} {_filled(rest)}")
    written = Written({}, {}, f". IN DS {keys[ROOT].ds(ROOT)}")
    for number, (origin, zone) in enumerate(zones.items()):
        if zone.state != "lame":
            file = folder / f"zone{number}"
            _built(origin, zone, lines[origin], keys[origin]).to_file(str(file), relativize=False)
            (written.odd if zone.odd else written.plain)[origin] = file
    return written


def _ds(origin: str, zone: Zone, key: _Signed) -> list[str]:
    if zone.state == "unsupported":
        return [f"{origin} DS {_UNSUPPORTED_DS}"]
    if zone.state in _UNSIGNED:
        return []
    return [f"{origin} DS {(_Signed.new() if zone.state == 'wrong_ds' else key).ds(origin)}"]


def _home(owner: str, zones: Container[str]) -> str:
    """The zone a name is in: the closest above it, or of its own name."""
    while owner not in zones:
        owner = owner.partition(".")[2] or ROOT
    return owner


def _published(case: Case, address: str) -> Iterable[str]:
    """The zone lines of a case, owners absolute."""
    where = {"mx": "", "spf": "", "dmarc": "_dmarc.", "dkim": "s1._domainkey.", "tlsrpt": "_smtp._tls."}
    for part, owner in where.items():
        for text in case.records[part]:
            data = text.replace("<D>", case.domain)
            yield f"{owner}{case.domain}. " + (f"MX {data}" if part == "mx" else f"TXT {txt(data)}")
    if "hostname" in case.data:
        yield from _sender(case, str(case.data["hostname"]))
    host = ["mx A <A>"] if "10 mx.<D>." in case.records["mx"] else []
    for line in (*host, *case.more):
        owner, _, rest = line.partition(" ")
        absolute = owner if owner.endswith(".") else "<D>." if owner == "@" else f"{owner}.<D>."
        yield f"{absolute} {rest}".replace("<D>", case.domain).replace("<A>", address).replace("<N>", case.name)


def _sender(case: Case, address: str) -> Iterable[str]:
    """The name of a host that sends, and what its address leads back to."""
    yield f"{case.name}.good.{TOP} {'AAAA' if ':' in address else 'A'} {address}"
    for name in case.records["ptr"]:
        yield f"{dns.reversename.from_address(address)} PTR {name}".replace("<N>", case.name)


def txt(text: str) -> str:
    """TXT RDATA of a text, in as many character-strings as it takes; quotes and backslashes are the text's own."""
    parts = [text[at : at + _STRING] for at in range(0, len(text), _STRING)] or [""]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)


def _filled(text: str) -> str:
    """Put the keys in: `<rsa2048>` and the like; in a TXT, a string may end anywhere in one."""
    for name, key in load(FOLDER / "keys.yaml").items():
        text = text.replace(f"<{name}>", '" "'.join(key[at : at + 100] for at in range(0, len(key), 100)))
    return text


def _built(origin: str, zone: Zone, lines: list[str], key: _Signed) -> dns.zone.Zone:
    text = f"$TTL 300\n$ORIGIN {origin}\n" + "\n".join(lines) + "\n"
    built = dns.zone.from_text(text, origin, relativize=False)
    if zone.state in _UNSIGNED:
        return built
    now = datetime.now(UTC)
    since, until = now - timedelta(days=1), now + timedelta(days=7)
    if zone.state == "expired":
        since, until = now - timedelta(days=30), now - timedelta(days=3)
    with built.writer() as changes:
        dns.dnssec.sign_zone(
            built, changes, [(key.private, key.public)], dnskey_ttl=300, inception=since, expiration=until
        )
    if zone.state == "opt_out":
        opt_out(built, lambda rrset, name: dns.dnssec.sign(rrset, key.private, name, key.public, since, until))
    for rdtype in zone.without:
        built.delete_rdataset(built.origin, dns.rdatatype.RRSIG, dns.rdatatype.from_text(rdtype))
    return built
