"""The zone lab itself: what is signed validates, what is broken does not, and the relay has the manners it is given.

Asked with dnspython alone: the lab must not be wrong in the same way as the program it tests.
"""

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.zones.world import RESOLVER, World
from tests.zones.zonefile import NSD, RELAY


def ask(name: str, kind: str, flags: int = 0, server: str = RESOLVER, edns: bool = True) -> dns.message.Message:
    question = dns.message.make_query(name, kind, use_edns=0 if edns else False, want_dnssec=edns)
    question.flags |= flags
    return dns.query.udp(question, server, timeout=5)


def rcode(answer: dns.message.Message) -> str:
    return dns.rcode.to_text(answer.rcode())


@pytest.mark.parametrize(
    "name", ["mx-sound", "dnssec-parents-zone", "dnssec-opt-out", "signert.dnssec-opt-out", "etat.dnssec-dname"]
)
def test_a_signed_zone_validates(zones: World, name: str) -> None:
    answer = ask(f"{name}.example", "MX")

    assert answer.answer
    assert answer.flags & dns.flags.AD


@pytest.mark.parametrize(
    "name", ["dnssec-insecure", "dnssec-unsupported", "avdeling.dnssec-opt-out", "dnssec-alias-to-insecure"]
)
def test_an_insecure_zone_answers_without_ad(zones: World, name: str) -> None:
    answer = ask(f"{name}.example", "MX")

    assert answer.answer
    assert not answer.flags & dns.flags.AD


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dnssec-expired", "MX"),
        ("dnssec-wrong-ds", "MX"),
        ("dnssec-stripped", "MX"),
        ("dnssec-mx-unsigned", "MX"),
        ("dnssec-txt-unsigned", "TXT"),
    ],
)
def test_a_broken_zone_answers_only_with_checking_disabled(zones: World, name: str, kind: str) -> None:
    assert rcode(ask(f"{name}.example", kind)) == "SERVFAIL"
    assert ask(f"{name}.example", kind, dns.flags.CD).answer


def test_opt_out_is_said_in_nsec3(zones: World) -> None:
    authority = ask("avdeling.dnssec-opt-out.example", "DS", server=NSD).authority
    proofs = [rdata for rrset in authority if rrset.rdtype == dns.rdatatype.NSEC3 for rdata in rrset]

    assert proofs
    assert all(proof.flags & 1 for proof in proofs)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("trouble-servfail", "MX", "SERVFAIL"),
        ("trouble-refused", "MX", "REFUSED"),
        ("trouble-old-server", "MX", "FORMERR"),
        ("trouble-txt", "TXT", "SERVFAIL"),
        ("trouble-txt", "MX", "NOERROR"),
        ("_dmarc.trouble-dmarc", "TXT", "SERVFAIL"),
        ("trouble-dmarc", "TXT", "NOERROR"),
    ],
)
def test_a_name_server_has_the_manners_of_its_zone(zones: World, name: str, kind: str, expected: str) -> None:
    assert rcode(ask(f"{name}.example", kind, server=RELAY)) == expected


def test_an_old_server_answers_without_edns(zones: World) -> None:
    assert ask("trouble-old-server.example", "MX", server=RELAY, edns=False).answer


def test_a_cut_answer_cannot_be_had_over_tcp(zones: World) -> None:
    assert ask("trouble-no-tcp.example", "TXT", server=RELAY).flags & dns.flags.TC
    with pytest.raises(EOFError):
        dns.query.tcp(dns.message.make_query("trouble-no-tcp.example", "TXT"), RELAY, timeout=5)


def test_a_large_answer_is_cut_over_udp(zones: World) -> None:
    question = dns.message.make_query("spf-over-tcp.example", "TXT", use_edns=0, payload=1232)

    assert dns.query.udp(question, NSD, timeout=5).flags & dns.flags.TC
    assert dns.query.tcp(question, NSD, timeout=5).answer


def test_nothing_outside_the_lab_exists(zones: World) -> None:
    answer = ask("outside.test-of-the-lab", "MX")

    assert rcode(answer) == "NXDOMAIN"
    assert answer.flags & dns.flags.AD
