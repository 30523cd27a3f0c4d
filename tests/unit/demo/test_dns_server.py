"""The demo resolver answers as a validating resolver would."""

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from compliance.demo.world import World


def ask(
    world: World, name: str, rdtype: str, *, flags: int = 0, tcp: bool = False, timeout: float = 3
) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, payload=1232)
    query.flags |= flags
    put = dns.query.tcp if tcp else dns.query.udp
    return put(query, world.dns_address, port=world.dns_port, timeout=timeout)


ROWS = [
    ("kommunen.example", "MX", "NOERROR", 1, True),
    ("_25._tcp.mx1.kommunen.example", "TLSA", "NOERROR", 1, True),
    ("kommunen.example", "AAAA", "NOERROR", 0, True),
    ("borte.example", "MX", "NXDOMAIN", 0, True),
    ("_tcp.mx1.kommunen.example", "TXT", "NOERROR", 0, True),  # an empty non-terminal is no NXDOMAIN
    ("skole.example", "TXT", "NOERROR", 1, False),
    ("x.y.vei.example", "TXT", "NOERROR", 1, False),  # a wildcard
    ("any._domainkey.gammel.example", "TXT", "NOERROR", 1, True),
    ("selector1._domainkey.post.kommunen.example", "TXT", "NOERROR", 2, False),  # the alias leads to an unsigned zone
    ("mx.leid.example", "A", "NOERROR", 2, False),
    ("mx.forfalsket.example", "A", "SERVFAIL", 0, False),
    ("_25._tcp.mx.universitet.example", "TLSA", "SERVFAIL", 0, False),
    ("mx.universitet.example", "A", "NOERROR", 1, True),
    ("10.1.25.127.in-addr.arpa", "PTR", "NOERROR", 1, False),
    ("nsm.no", "A", "REFUSED", 0, False),
]


@pytest.mark.parametrize(("name", "rdtype", "rcode", "answers", "secure"), ROWS)
@pytest.mark.parametrize("tcp", [False, True])
def test_an_answer_says_rcode_records_and_ad(
    world: World, name: str, rdtype: str, rcode: str, answers: int, secure: bool, tcp: bool
) -> None:
    reply = ask(world, name, rdtype, flags=dns.flags.AD, tcp=tcp)
    assert (dns.rcode.to_text(reply.rcode()), len(reply.answer), bool(reply.flags & dns.flags.AD)) == (
        rcode,
        answers,
        secure,
    )
    assert reply.flags & dns.flags.RA


def test_ad_is_given_only_to_those_who_ask(world: World) -> None:
    assert not ask(world, "kommunen.example", "MX").flags & dns.flags.AD
    query = dns.message.make_query("kommunen.example", "MX", want_dnssec=True)
    assert dns.query.udp(query, world.dns_address, port=world.dns_port, timeout=3).flags & dns.flags.AD


def test_a_bogus_zone_answers_when_checking_is_disabled(world: World) -> None:
    reply = ask(world, "forfalsket.example", "MX", flags=dns.flags.CD | dns.flags.AD)
    assert reply.rcode() == dns.rcode.NOERROR
    assert reply.answer
    assert not reply.flags & dns.flags.AD


def test_a_broken_zone_does_not(world: World) -> None:
    assert ask(world, "_25._tcp.mx.universitet.example", "TLSA", flags=dns.flags.CD).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("tcp", [False, True])
def test_a_silent_zone_costs_the_timeout(world: World, tcp: bool) -> None:
    with pytest.raises(dns.exception.Timeout):
        ask(world, "stum.example", "MX", timeout=0.3, tcp=tcp)


def test_a_large_answer_is_truncated_over_udp_and_whole_over_tcp(world: World) -> None:
    assert ask(world, "stor.example", "TXT").flags & dns.flags.TC
    assert len(ask(world, "stor.example", "TXT", tcp=True).answer[0][0].strings) == 8


def test_an_mx_may_be_named_like_a_command(world: World) -> None:
    reply = ask(world, "fiendtlig.example", "MX")
    assert sorted(str(record.exchange) for record in reply.answer[0]) == [
        "\\$\\(id\\).example.",
        "mx1.fiendtlig.example.",
        "mx2.fiendtlig.example.",
    ]


def test_a_dkim_key_is_split_into_strings_that_fit(world: World) -> None:
    record = ask(world, "s1._domainkey.kommunen.example", "TXT", tcp=True).answer[0][0]
    assert all(len(part) <= 255 for part in record.strings)
    assert b"".join(record.strings).endswith(world.pki.dkim("rsa2048").encode())
