"""NSEC3 with opt-out instead of NSEC (RFC 5155): unsigned delegations are left out of the chain."""

import base64
from collections.abc import Callable

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.NSEC3
import dns.rdtypes.ANY.NSEC3PARAM
import dns.rrset
import dns.zone
from dns.rdtypes.util import Bitmap

_SHA1, _OPT_OUT = 1, 1
_TTL = 60
Sign = Callable[[dns.rrset.RRset, dns.name.Name], dns.rdata.Rdata]


def opt_out(zone: dns.zone.Zone, sign: Sign) -> None:
    """Put the NSEC3 chain of a signed zone in place of its NSEC records; no salt, no extra iterations (RFC 9276)."""
    origin = zone.origin
    assert origin is not None
    for name in list(zone.keys()):
        zone.delete_rdataset(name, dns.rdatatype.NSEC)
        zone.delete_rdataset(name, dns.rdatatype.RRSIG, dns.rdatatype.NSEC)
    param = dns.rdtypes.ANY.NSEC3PARAM.NSEC3PARAM(dns.rdataclass.IN, dns.rdatatype.NSEC3PARAM, _SHA1, 0, 0, b"")
    _add(zone, origin, dns.rrset.from_rdata(origin, 0, param), sign)
    chain = sorted((_hashed(name), types) for name, types in _covered(zone, origin).items())
    for number, (label, types) in enumerate(chain):
        following = chain[(number + 1) % len(chain)][0]
        data = dns.rdtypes.ANY.NSEC3.NSEC3(
            dns.rdataclass.IN,
            dns.rdatatype.NSEC3,
            _SHA1,
            _OPT_OUT,
            0,
            b"",
            _raw(following),
            Bitmap.from_rdtypes(sorted(types)).windows,
        )
        owner = dns.name.from_text(label.lower(), origin)
        _add(zone, origin, dns.rrset.from_rdata(owner, _TTL, data), sign)


def _covered(zone: dns.zone.Zone, origin: dns.name.Name) -> dict[dns.name.Name, list[dns.rdatatype.RdataType]]:
    """The names of the chain with their types: all but unsigned delegations and what lies below a cut."""
    cuts = {name for name in zone if name != origin and zone.get_rdataset(name, dns.rdatatype.NS)}
    found: dict[dns.name.Name, list[dns.rdatatype.RdataType]] = {}
    for name, node in zone.nodes.items():
        below = any(name != cut and name.is_subdomain(cut) for cut in cuts)
        if below or (name in cuts and not zone.get_rdataset(name, dns.rdatatype.DS)):
            continue
        found[name] = list({rdataset.rdtype for rdataset in node})
        above = name
        while above != origin:  # empty non-terminals have their place too (RFC 5155 section 7.1)
            above = above.parent()
            found.setdefault(above, [])
    return found


def _add(zone: dns.zone.Zone, origin: dns.name.Name, rrset: dns.rrset.RRset, sign: Sign) -> None:
    zone.replace_rdataset(rrset.name, rrset.to_rdataset())
    signature = dns.rdataset.from_rdata(rrset.ttl, sign(rrset, origin))
    zone.find_rdataset(rrset.name, dns.rdatatype.RRSIG, rrset.rdtype, create=True).update(signature)


def _hashed(name: dns.name.Name) -> str:
    return dns.dnssec.nsec3_hash(name, None, 0, "SHA1")


def _raw(label: str) -> bytes:
    return base64.b32hexdecode(label.upper())
