"""TLS hellos, in bytes: what a current library can no longer say, built and read without I/O.

Accepted = a ServerHello of that version through ServerHelloDone (RFC 5246 section 7.3); for SSLv2 its SERVER-HELLO
with a cipher in it; for TLS 1.3 its ServerHello. Refused = a fatal alert (RFC 5246 section 7.2). Anything else proves
neither. Every byte read here is a stranger's: nothing but HelloFault is raised.
"""

from enum import StrEnum

from compliance.records.tls_answer import Answer, KeyExchange, ServerHello, read_tls
from compliance.records.tls_classes import SUITES_OLD
from compliance.records.tls_client_hello import SSL2, TLS11, HelloOffer, build_hello, salt_of
from compliance.records.tls_ssl2 import Ssl2ServerHello, read_ssl2
from compliance.records.tls_wire import ALERT, MAX_FRAGMENT, MAX_RECEIVED, Alert, HelloFault, closing_alert

__all__ = [
    "MAX_RECEIVED",
    "Alert",
    "Answer",
    "HelloFault",
    "HelloOffer",
    "KeyExchange",
    "Offer",
    "ServerHello",
    "Ssl2ServerHello",
    "build",
    "build_hello",
    "closing_alert",
    "read_answer",
    "salt_of",
]


class Offer(StrEnum):
    """The hellos of old versions, by name."""

    SSL3_TLS11 = "ssl3_tls11"
    SSL2 = "ssl2"


_SMALLER = (0x002F, 0x0035, 0x000A, 0x0005, 0x0004, 0x0033, 0x0039, 0xC013, 0xC014, 0xC009, 0xC00A)


def build(offer: str, *, smaller: bool = False, random: bytes | None = None) -> bytes:
    """Give the bytes of an old hello; `smaller` drops most suites and groups, for peers that choke on the first.

    `random` (64 bytes) is for tests that want the same bytes again.
    """
    if Offer(offer) is Offer.SSL2:
        return build_hello(HelloOffer(SSL2), random)
    suites = _SMALLER if smaller else SUITES_OLD
    return build_hello(HelloOffer(TLS11, suites, compression=False, small=smaller), random)


def read_answer(offer: str, received: bytes) -> Answer:
    """Read what came back to a hello, as far as it goes; raises HelloFault where it is no TLS, or no SSLv2.

    A cut-off answer is no fault: it gives what was whole. A peer may answer an SSLv2 hello in TLS records; `offer` is
    the hello's name, of which only `ssl2` is read in another way than the rest.
    """
    if len(received) > MAX_RECEIVED + MAX_FRAGMENT:
        raise HelloFault("too long")
    if offer == Offer.SSL2 and received and (received[0] & 0x80 or received[0] < ALERT - 1):
        ssl2, alert = read_ssl2(received)
        return Answer(ssl2=ssl2, alert=alert)
    return read_tls(received)
