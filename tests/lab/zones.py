"""The lab's name space: a private signed root, `example.` below it, one child without DS and one with a wrong one.

Nothing outside exists here: the root says so with a signature, so no question ever leaves the machine.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.reversename
import dns.zone
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from dns.dnssectypes import Algorithm, DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from tests.lab.cases import CASES, NAME_SERVER, POLICY_HOST, SENDER, Case
from tests.lab.submission import PLACES

UNSIGNED, BOGUS = "unsigned.example.", "bogus.example."
REVERSE = "127.in-addr.arpa."
#: Parents after children: a parent carries its child's DS.
ORIGINS = (UNSIGNED, BOGUS, "example.", REVERSE, ".")


@dataclass(frozen=True)
class _Key:
    private: ec.EllipticCurvePrivateKey
    public: DNSKEY

    def ds(self, origin: str) -> DS:
        return dns.dnssec.make_ds(dns.name.from_text(origin), self.public, DSDigest.SHA256)


def write_zones(folder: Path, tlsa: Mapping[str, Sequence[str]]) -> tuple[Mapping[str, Path], str]:
    """Write all zones; gives the file of each origin and the trust anchor. `tlsa`: a case's name to its TLSA RDATAs."""
    keys = {origin: _make_key() for origin in ORIGINS}
    strangers = _make_key()
    delegated = {
        "example.": [_delegation(UNSIGNED), _delegation(BOGUS, strangers.ds(BOGUS))],
        ".": [
            _delegation("example.", keys["example."].ds("example.")),
            _delegation(REVERSE, keys[REVERSE].ds(REVERSE)),
            f"ns.example. A {NAME_SERVER}",
        ],
    }
    dkim = _dkim()
    files = {}
    for number, origin in enumerate(ORIGINS):
        lines = ["@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60", "@ NS ns.example."]
        lines += delegated.get(origin, [])
        lines += _reverse() if origin == REVERSE else _records(origin, tlsa, dkim)
        zone = dns.zone.from_text(f"$TTL 300\n$ORIGIN {origin}\n" + "\n".join(lines) + "\n", origin, relativize=False)
        if origin != UNSIGNED:
            _sign(zone, keys[origin])
        files[origin] = folder / f"zone{number}"
        zone.to_file(str(files[origin]), relativize=False)
    return files, f". IN DS {keys['.'].ds('.').to_text()}"


def _records(origin: str, tlsa: Mapping[str, Sequence[str]], dkim: str) -> Iterator[str]:
    if origin == ".":
        return
    if origin == "example.":
        yield f"ns.example. A {NAME_SERVER}"
        yield f"sender.sound.example. A {SENDER}"
        yield from (f"{place.host}. A {place.address}" for place in PLACES)
    for case in CASES.values():
        fqdn = f"{case.domain}."
        home = fqdn if fqdn in (UNSIGNED, BOGUS) else "example."
        if home == origin:
            yield from _mail_domain(case, tlsa.get(case.name, ()), dkim)


def _mail_domain(case: Case, tlsa: Sequence[str], dkim: str) -> Iterator[str]:
    domain = f"{case.domain}."
    silent = case.mx == "0 ."
    yield f"{domain} MX {case.mx or f'10 {case.host}.'}"
    yield f'{domain} TXT "{"v=spf1 -all" if silent else f"v=spf1 mx ip4:{SENDER} -all"}"'
    yield f'_dmarc.{domain} TXT "v=DMARC1; p=reject{"" if silent else f"; rua=mailto:dmarc@{case.domain}"}"'
    if silent:
        return
    yield f"s1._domainkey.{domain} TXT {dkim}"
    yield f'_smtp._tls.{domain} TXT "v=TLSRPTv1; rua=mailto:tlsrpt@{case.domain}"'
    if not case.mx:
        yield f"{case.host}. A {case.address}"
    if case.name == "unsafe-name":
        yield f"{case.mx.partition(' ')[2]} A {case.address}"
    if case.tlsa == "wrong":
        yield f"_25._tcp.{case.host}. TLSA 3 1 1 {'ab' * 32}"
    elif case.tlsa == "own":
        yield from (f"_25._tcp.{case.host}. TLSA {each}" for each in dict.fromkeys(tlsa))
    if case.sts:
        yield from (f'_mta-sts.{domain} TXT "{each}"' for each in case.sts.txt)
        yield f"mta-sts.{domain} A {POLICY_HOST}"


def _reverse() -> Iterator[str]:
    for case in CASES.values():
        if case.server:
            yield f"{dns.reversename.from_address(case.address)} PTR {case.host}."
    yield f"{dns.reversename.from_address(SENDER)} PTR sender.sound.example."


def _delegation(origin: str, ds: DS | None = None) -> str:
    return f"{origin} NS ns.example." + (f"\n{origin} DS {ds.to_text()}" if ds else "")


def _dkim() -> str:
    public = rsa.generate_private_key(65537, 2048).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))


def _make_key() -> _Key:
    private = ec.generate_private_key(ec.SECP256R1())
    return _Key(private, dns.dnssec.make_dnskey(private.public_key(), Algorithm.ECDSAP256SHA256, flags=0x0101))


def _sign(zone: dns.zone.Zone, key: _Key) -> None:
    now = datetime.now(UTC)
    with zone.writer() as changes:
        dns.dnssec.sign_zone(
            zone,
            changes,
            [(key.private, key.public)],
            dnskey_ttl=300,
            inception=now - timedelta(days=1),
            expiration=now + timedelta(days=7),
        )
