"""A name server with bad manners: it hands each question to NSD, and spoils what its zone says it spoils.

What a zone may say in `odd`, each with `all`, a type (`TXT`) or a beginning of the name (`_dmarc`) it holds for:
`drop` no answer at all, `servfail` and `refused` that rcode, `truncate` TC over UDP and TCP broken off, `formerr` the
rcode FORMERR to questions with EDNS (RFC 6891 section 7), `unsigned` the answer without its RRSIGs.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

_PATIENCE = 5.0
_RCODES = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED, "formerr": dns.rcode.FORMERR}


class Relay:
    """Listens at `address` port 53, UDP and TCP, from start() to stop()."""

    def __init__(self, address: str, behind: str, odd: Mapping[str, Mapping[str, str]]) -> None:
        self._behind = behind
        self._odd = {dns.name.from_text(origin): manners for origin, manners in odd.items()}
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._udp.bind((address, 53))
        self._tcp.bind((address, 53))
        self._tcp.listen()
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in (self._datagrams, self._streams)]

    def start(self) -> None:
        """Begin to answer."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Close the sockets and wait for the threads."""
        for listening in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._udp.close()
        self._tcp.close()

    def _datagrams(self) -> None:
        while True:
            try:
                wire, client = self._udp.recvfrom(65535)
                if not client or not wire:
                    return  # shut down
                if (answer := self._answer(wire, tcp=False)) is not None:
                    self._udp.sendto(answer, client)
            except dns.exception.DNSException:
                continue
            except OSError:
                return

    def _streams(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError, dns.exception.DNSException, struct.error):
                connection.settimeout(_PATIENCE)
                with connection.makefile("rb") as stream:
                    size = struct.unpack("!H", stream.read(2))[0]
                    if (answer := self._answer(stream.read(size), tcp=True)) is not None:
                        connection.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, wire: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        manners = self._manners(query)
        if "drop" in manners or ("truncate" in manners and tcp):
            return None
        for manner, rcode in _RCODES.items():
            if manner in manners and (manner != "formerr" or query.edns >= 0):
                return _bare(query, rcode).to_wire()
        if "truncate" in manners:
            cut = _bare(query, dns.rcode.NOERROR)
            cut.flags |= dns.flags.TC
            return cut.to_wire()
        ask = dns.query.tcp if tcp else dns.query.udp
        answer = ask(query, self._behind, timeout=_PATIENCE)
        if "unsigned" in manners:
            for section in (answer.answer, answer.authority):
                section[:] = [rrset for rrset in section if rrset.rdtype != dns.rdatatype.RRSIG]
        return answer.to_wire()

    def _manners(self, query: dns.message.Message) -> set[str]:
        """What is done wrong for this question."""
        name, rdtype = query.question[0].name, dns.rdatatype.to_text(query.question[0].rdtype)
        zone = next((zone for zone in self._odd if name.is_subdomain(zone)), None)
        if zone is None:
            return set()
        first = name.labels[0].decode("ascii", "replace") if name != zone else ""
        return {
            manner
            for manner, scope in self._odd[zone].items()
            if scope in {"all", rdtype} or (scope.startswith("_") and first.startswith(scope))
        }


def _bare(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    """An answer that holds the question alone; without EDNS, as servers that know none send it."""
    answer = dns.message.Message(id=query.id)
    answer.flags = dns.flags.QR | dns.flags.AA
    answer.question = list(query.question)
    answer.set_rcode(rcode)
    return answer
