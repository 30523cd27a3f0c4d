"""A small resolver on loopback that answers from zone data as a validating resolver would, over UDP and TCP.

A demo resolver: it decides by the zone's word what validates, holds no keys, and sends no RRSIG or NSEC even
where DO asks for them. What a client of a resolver sees is right all the same: AD, CD, SERVFAIL for a bogus zone.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterable

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from compliance.demo.listener import Listener, listen_on
from compliance.demo.zones import Answers, Found, Zone

_CHAIN = 8  # CNAMEs followed
_PATIENCE = 5.0  # seconds a TCP client may take over one question
_WHOLE = 65535
_PLAIN_SIZE = 512  # RFC 1035 section 4.2.1


class DnsServer:
    """Serves `zones` on one address; `port` is set once it is made. REFUSED for every name outside its zones."""

    def __init__(self, address: str, zones: Iterable[Zone]) -> None:
        self.address = address
        self._zones = {zone.origin: zone for zone in zones}
        self.port, sockets = listen_on([address], datagrams=[address])
        self._datagrams = sockets.pop()
        self._listener = Listener(sockets, self._serve_tcp)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve_udp, name="demo-dns", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()
        self._listener.start()

    def stop(self) -> None:
        """Close the sockets and wait for the threads."""
        self._stopping.set()
        with contextlib.suppress(OSError):  # an empty datagram wakes the thread that waits for one
            self._datagrams.sendto(b"", (self.address, self.port))
        if self._thread.ident is not None:  # else it was never started
            self._thread.join(_PATIENCE)
        self._datagrams.close()
        self._listener.stop()

    def _serve_udp(self) -> None:
        while not self._stopping.is_set():
            try:
                wire, client = self._datagrams.recvfrom(65535)
                answer = self.answer(wire)
                if answer is not None:
                    self._datagrams.sendto(_fit(answer), client)
            except (OSError, dns.exception.DNSException):  # a client that left, or bytes that are no message
                continue

    def _serve_tcp(self, connection: socket.socket, _: str, stopping: threading.Event) -> None:
        connection.settimeout(_PATIENCE)
        with connection.makefile("rb") as stream:
            while not stopping.is_set() and len(head := stream.read(2)) == 2:
                answer = self.answer(stream.read(struct.unpack("!H", head)[0]))
                if answer is None:
                    stopping.wait(_PATIENCE)
                    return
                wire = answer.to_wire(max_size=_WHOLE)
                connection.sendall(struct.pack("!H", len(wire)) + wire)

    def answer(self, wire: bytes) -> dns.message.Message | None:
        """Answer one question; None where the zone is silent, or what came was no question."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        zones = self._fill(reply, question.name, question.rdtype)
        if any(zone.answers is Answers.SILENT for zone in zones):
            return None
        checking_off = bool(query.flags & dns.flags.CD)
        reply.flags |= dns.flags.CD if checking_off else 0
        if any(_fails(zone, checking_off) for zone in zones):
            reply.answer.clear()
            reply.authority.clear()
            reply.set_rcode(dns.rcode.SERVFAIL)
        # AD is set for those who ask by AD or DO (RFC 6840 section 5.7), and only if every link of the chain is secure.
        asked = query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO
        if asked and zones and all(zone.answers is Answers.SECURE for zone in zones):
            reply.flags |= dns.flags.AD
        return reply

    def _fill(self, reply: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> list[Zone]:
        """Put the answer in, following CNAMEs; gives the zones it came from."""
        zones: list[Zone] = []
        for _ in range(_CHAIN):
            zone = self._zone_of(name)
            if zone is None:
                reply.set_rcode(dns.rcode.SERVFAIL if zones else dns.rcode.REFUSED)
                return zones
            zones.append(zone)
            found, rrset = zone.look_up(name, rdtype)
            if rrset is None:
                reply.authority.append(zone.soa)
                reply.set_rcode(dns.rcode.NXDOMAIN if found is Found.NXDOMAIN else dns.rcode.NOERROR)
                return zones
            reply.answer.append(rrset)
            if rrset.rdtype == rdtype or rrset.rdtype != dns.rdatatype.CNAME:
                return zones
            name = rrset[0].target
        reply.set_rcode(dns.rcode.SERVFAIL)  # a chain without end
        return zones

    def _zone_of(self, name: dns.name.Name) -> Zone | None:
        while name != dns.name.root:
            if name in self._zones:
                return self._zones[name]
            name = name.parent()
        return None


def _fails(zone: Zone, checking_off: bool) -> bool:
    return zone.answers is Answers.BROKEN or (zone.answers is Answers.BOGUS and not checking_off)


def _fit(answer: dns.message.Message) -> bytes:
    """Give the message for UDP: emptied and marked TC where it does not fit what the client takes (RFC 2181 9)."""
    room = max(_PLAIN_SIZE, answer.request_payload if answer.edns >= 0 else 0)
    wire = answer.to_wire(max_size=_WHOLE)
    if len(wire) <= room:
        return wire
    answer.flags |= dns.flags.TC
    answer.answer.clear()
    answer.authority.clear()
    return answer.to_wire()
