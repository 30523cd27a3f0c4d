"""What each hostile host does, and what the run must make of it."""

import random
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compliance.records.tls_classes import KeyType
from compliance.records.tls_client_hello import TLS12
from tests.golden.hostile.dialogue import (
    Act,
    Kit,
    drip,
    ehlo,
    ends,
    ends_inside,
    greet,
    greeting,
    inside,
    leave,
    mute,
    reset,
    sound,
    starttls,
    until_starttls,
    without_end,
)
from tests.golden.hostile.flights import (
    EMPTY_DATA,
    HELLO_REQUEST,
    KEY_UPDATE,
    TICKET,
    WARNING,
    WARNING_INSIDE,
    answers,
    behind,
    but_for_hellos,
    drips,
    floods,
    goes_on,
    hello_with,
    in_crumbs,
    inside_by_hand,
    retries,
    says_farewell,
    sends,
    shows,
    speaks,
    tickets,
)
from tests.golden.hostile.hello import server_hello
from tests.golden.hostile.tls12 import HANDSHAKE, SUITE, fragments
from tests.unit.probes.servers import Peer
from tests.unit.records.tls_servers import BY_NAME, Server, record

SOUND: Mapping[str, str] = {
    "U02-1b-1": "pass starttls_works",
    "U02-1b-2": "pass issuer_trusted",
    "U02-1b-3": "pass name_matches",
    "U02-1b-4": "pass in_date",
    "U02-1b-5": "pass strong_enough",
    "U02-TLS-1": "pass only_new_tls",
    "U02-TLS-2": "pass no_weak_suites",
}


@dataclass(frozen=True)
class Row:
    """A host: what it does; how the first session with it ended; what is said of it, beside or instead of SOUND.

    Where STARTTLS does not come to work, what stands behind it has no verdict of its own.
    """

    name: str
    act: Act
    stopped: str = ""
    starttls: str = "pass starttls_works"
    beyond: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    overtaken: str = ""  # how it may have ended instead


BROKEN, GONE, SILENT = (f"not_tested theirs {why}" for why in ("broken_dialogue", "closed_on_us", "no_reply"))
NO_TLS, NO_HANDSHAKE = "fail no_tls_behind_220", "fail handshake_failed"
ODD = "not_tested theirs silent_inside_tls"
GARBAGE = random.Random(3207).randbytes(3000)
ONLY_OLD_UNPROVEN = {
    "U02-TLS-1": "not_tested theirs old_tls_unproven",
    "U02-TLS-2": "not_tested theirs weak_suites_unproven",
}

IN_SMTP = (
    Row("tarpit", mute, "timeout greeting", SILENT),
    Row("drip-greeting", drip(b"220 "), "timeout greeting", SILENT),
    Row("drip-ehlo", drip(b"250-"), "timeout ehlo", SILENT),
    Row("endless-ehlo", without_end(b"250-MORE\r\n"), "protocol ehlo", BROKEN),
    Row("endless-line", without_end(b"X" * 4096), "protocol ehlo", BROKEN),
    Row("ten-megabytes", ehlo(b"250-" + b"X" * 10_000_000), "protocol ehlo", BROKEN),
    Row("ten-thousand-lines", ehlo(b"250-MORE\r\n" * 10_000, b"250 STARTTLS\r\n"), "protocol ehlo", BROKEN),
    Row("two-codes", ehlo(b"250-mx\r\n251 STARTTLS\r\n"), "protocol ehlo", BROKEN),
    Row("letters-in-ehlo", ehlo(b"250-mx\r\nabc STARTTLS\r\n"), "protocol ehlo", BROKEN),
    Row("code-999", greeting(b"999 mx.example\r\n"), "protocol greeting", BROKEN),
    Row("code-letters", greeting(b"OK. mx.example\r\n"), "protocol greeting", BROKEN),
    Row("code-of-nul", greeting(b"\0\0\0 mx.example\r\n"), "protocol greeting", BROKEN),
    Row("web-server", greeting(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "protocol greeting", BROKEN),
    Row("greets-twice", greeting(b"220 a\r\n220 b\r\n"), "protocol ehlo", BROKEN),
    Row("busy", greeting(b"421 4.3.2 busy\r\n"), "limited greeting", "not_tested theirs limited_us"),
    Row("rejects", greeting(b"554 5.7.1 no\r\n"), "rejected greeting", "not_tested theirs rejected_us"),
    Row("busy-at-ehlo", ehlo(b"450 4.7.0 later\r\n"), "limited ehlo", "not_tested theirs limited_us"),
    Row("rejects-at-ehlo", ehlo(b"550 5.7.1 no\r\n"), "rejected ehlo", "not_tested theirs rejected_us"),
    Row("knows-no-ehlo", ehlo(b"502 5.5.1 what\r\n"), "", "fail ehlo_unknown"),
    Row("no-tls-today", starttls(b"454 4.7.0 no TLS\r\n"), "limited starttls", "fail starttls_unavailable"),
    Row("no-tls-ever", starttls(b"501 5.5.4 no\r\n"), "rejected starttls", "not_tested theirs starttls_refused"),
    Row("goes-twice-at-once", starttls(b"220 go\r\n220 go\r\n"), "protocol starttls", notices=("bytes_behind_220",)),
)


def bare_line_feeds(peer: Peer, kit: Kit) -> None:
    peer.line.sendall(b"220 mx\n")
    peer.hear()
    peer.line.sendall(b"250-mx\n250 STARTTLS\n")
    peer.hear()
    peer.line.sendall(b"220 go\n")
    inside(peer, kit)


def nul_in_every_line(peer: Peer, kit: Kit) -> None:
    peer.say(b"220 mx\0")
    peer.hear()
    peer.say(b"250-m\0x", b"250-\0\0", b"250 STARTTLS")
    peer.hear()
    peer.say(b"220 \0")
    inside(peer, kit)


def later_at_first(peer: Peer, kit: Kit) -> None:
    if next(kit.came) == 1:
        greeting(b"450 4.7.0 greylisted\r\n")(peer, kit)
    sound(peer, kit)


def only(most: int) -> Act:
    """So many connections, and 421 from then on."""

    def act(peer: Peer, kit: Kit) -> None:
        if next(kit.came) > most:
            greeting(b"421 4.7.0 too many connections from you\r\n")(peer, kit)
        sound(peer, kit)

    return act


def pauses_behind_greeting(peer: Peer, kit: Kit) -> None:
    greet(peer)
    peer.stop.wait(1)
    sound(peer, kit, greeted=True)


def goes_twice(peer: Peer, kit: Kit) -> None:
    until_starttls(peer)
    peer.say(b"220 go")
    peer.line.recv(1, socket.MSG_PEEK)  # the hello is there: the first 220 was taken
    peer.say(b"220 go")
    leave(peer)


ODD_YET_SOUND = (
    Row("bare-lf", bare_line_feeds),
    Row("nul", nul_in_every_line),
    Row("later-at-first", later_at_first, "limited greeting"),
    Row("one-a-run", only(1), beyond=ONLY_OLD_UNPROVEN, notices=("key_unsettled",)),
    Row("three-a-run", only(3), beyond=ONLY_OLD_UNPROVEN),
    Row("pauses", pauses_behind_greeting),
    Row("goes-twice", goes_twice, "protocol tls", NO_TLS),
)

#: A reset may overtake what was said before it, and even the end of connecting.
_OVERTAKEN = {"rst-at-connect": "closed connect", "rst-at-greeting": "closed connect"}

ENDS = (
    *(
        Row(f"{how}-at-{step}", ends(step, end), stopped, verdict, overtaken=_OVERTAKEN.get(f"{how}-at-{step}", ""))
        for how, end in (("fin", leave), ("rst", reset))
        for step, stopped, verdict in (
            ("connect", "closed greeting", GONE),
            ("greeting", "closed ehlo", GONE),
            ("ehlo", "closed ehlo", GONE),
            ("starttls", "closed starttls", GONE),
            ("hello", "closed tls", NO_TLS),
            ("handshake", "handshake tls", NO_HANDSHAKE),
        )
    ),
    Row("fin-inside", ends_inside(leave), "closed ehlo_tls", ODD),
    Row("rst-inside", ends_inside(reset), "closed ehlo_tls", ODD),
    Row("fin-at-quit", ends_inside(leave, 1)),
    Row("rst-at-quit", ends_inside(reset, 1)),
)


def long_chain(count: int) -> Act:
    return shows(lambda kit: (kit.chain[0], *kit.chain[1:] * count))


def unreadable(kit: Kit) -> Sequence[bytes]:
    return (b"\x30\x82\x01\x00" + GARBAGE[:256], *kit.chain[1:])


HUGE = HANDSHAKE.to_bytes(1) + b"\x03\x03" + struct.pack("!H", 2**14 + 2049) + bytes(2**14 + 2049)
OVERSIZED = fragments(HANDSHAKE, server_hello(SUITE) + b"\x0b\xff\xff\xff" + bytes(60_000))

IN_TLS = (
    Row("garbage", answers(lambda hello, kit: GARBAGE), "protocol tls", NO_TLS),
    Row("smtp-for-tls", answers(lambda hello, kit: b"500 what is this\r\n" * 9), "protocol tls", NO_TLS),
    Row("fatal-alert", answers(lambda hello, kit: b"\x15\x03\x03\x00\x02\x02\x28"), "handshake tls", NO_HANDSHAKE),
    Row("alert-flood", floods(WARNING), "handshake tls", NO_HANDSHAKE),
    Row("empty-records", floods(record(HANDSHAKE, b"")), "handshake tls", NO_HANDSHAKE),
    Row("huge-record", answers(lambda hello, kit: HUGE), "handshake tls", NO_HANDSHAKE),
    Row("oversized-message", answers(lambda hello, kit: OVERSIZED), "handshake tls", NO_HANDSHAKE),
    Row(
        "endless-handshake", floods(record(HANDSHAKE, b"\x0b\x00\xff\xff"), hello_with()), "handshake tls", NO_HANDSHAKE
    ),
    Row("drip-flight", behind(drips), "timeout tls", SILENT),
    Row("mute-behind-220", behind(mute), "timeout tls", NO_TLS),
    Row("crumbs", behind(in_crumbs)),
    Row("version-not-offered", answers(hello_with(version=0x0305)), "handshake tls", NO_HANDSHAKE),
    Row("sslv3-not-offered", answers(hello_with(version=0x0300)), "handshake tls", NO_HANDSHAKE),
    Row("suite-not-offered", answers(hello_with(suite=0x0A0A)), "handshake tls", NO_HANDSHAKE),
    Row("compression-not-offered", answers(hello_with(compression=64)), "handshake tls", NO_HANDSHAKE),
    Row("unreadable-certificate", answers(hello_with(unreadable)), "handshake tls", NO_HANDSHAKE),
    Row("no-certificate", answers(hello_with(lambda kit: ())), "handshake tls", NO_HANDSHAKE),
    Row("retries", behind(retries), "handshake tls", NO_HANDSHAKE),
    Row("chain-of-60", long_chain(60), notices=("superfluous_certificates",)),
    Row("names-2000", shows(lambda kit: kit.crowded(2000))),
    Row("names-20000", shows(lambda kit: kit.crowded(20_000)), "handshake tls", NO_HANDSHAKE),
    Row("chain-of-2000", long_chain(2000), "handshake tls", NO_HANDSHAKE),
)

INSIDE = (
    Row("farewell-at-once", behind(says_farewell), "closed ehlo_tls", ODD),
    Row("hello-requests", inside_by_hand(sends(*HELLO_REQUEST)), "timeout ehlo_tls", ODD),
    Row("a-hello-request", inside_by_hand(goes_on(HELLO_REQUEST))),
    Row("fifty-tickets", behind(tickets)),
    Row("tickets-by-hand", inside_by_hand(sends(*TICKET)), "handshake ehlo_tls", ODD),
    Row("empty-data", inside_by_hand(sends(*EMPTY_DATA)), "handshake ehlo_tls", ODD),
    Row("warnings-inside", inside_by_hand(sends(*WARNING_INSIDE)), "handshake ehlo_tls", ODD),
    Row("key-updates", inside_by_hand(sends(*KEY_UPDATE)), "handshake ehlo_tls", ODD),
)


def ssl2_hello() -> bytes:
    body = b"\x04\x00\x01" + struct.pack("!HHHH", 2, 0, 3, 0) + b"\x01\x00\x80"
    return struct.pack("!H", 0x8000 | len(body)) + body


def old(*versions: str, suites: Sequence[str] = (), ssl2: bytes = b"\x15\x03\x01\x00\x02\x02\x46") -> Act:
    """Sound but for these versions of old, with these suites; what is neither is turned down."""
    numbers = tuple(BY_NAME[each] for each in suites)

    def act(peer: Peer, kit: Kit) -> None:
        chains = {KeyType.RSA: kit.chain}
        speaks(Server(versions, numbers, keys=(KeyType.RSA,), ssl2=ssl2, chains=chains))(peer, kit)

    return act


EXPORT = ("RSA_EXPORT_WITH_RC4_40_MD5", "RSA_EXPORT_WITH_DES40_CBC_SHA")
ACCEPTS = "fail old_tls_accepted"
WEAK = "fail weak_suites_accepted"


TO_HELLOS = (
    Row("old-hellos-reset", but_for_hellos(reset, below=TLS12)),
    Row("old-hellos-closed", but_for_hellos(leave, below=TLS12)),
    Row("hellos-reset", but_for_hellos(reset)),
    Row("hellos-closed", but_for_hellos(leave)),
    Row("hellos-garbled", but_for_hellos(lambda peer: peer.line.sendall(GARBAGE)), beyond=ONLY_OLD_UNPROVEN),
    Row("hellos-flooded", but_for_hellos(lambda peer: peer.line.sendall(WARNING * 10_000)), beyond=ONLY_OLD_UNPROVEN),
    Row("speaks-ssl2", old(ssl2=ssl2_hello()), beyond={"U02-TLS-1": ACCEPTS}),
    Row("speaks-ssl3", old("SSLv3", suites=["RSA_WITH_AES_128_CBC_SHA"]), beyond={"U02-TLS-1": ACCEPTS}),
    Row("speaks-export", old("SSLv3", "TLSv1", suites=EXPORT), beyond={"U02-TLS-1": ACCEPTS, "U02-TLS-2": WEAK}),
    Row("speaks-rc4-at-12", old("TLSv1.2", suites=["RSA_WITH_RC4_128_MD5"]), beyond={"U02-TLS-2": WEAK}),
)
#: What the verdicts on old TLS name: versions of U02-TLS-1, suites of U02-TLS-2.
NAMED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "speaks-ssl2": {"U02-TLS-1": ["SSLv2"]},
    "speaks-ssl3": {"U02-TLS-1": ["SSLv3"]},
    "speaks-export": {"U02-TLS-1": ["SSLv3", "TLSv1"], "U02-TLS-2": ["TLS_RSA_EXPORT_WITH_RC4_40_MD5"]},
    "speaks-rc4-at-12": {"U02-TLS-2": ["TLS_RSA_WITH_RC4_128_MD5"]},
}

ROWS = (*IN_SMTP, *ODD_YET_SOUND, *ENDS, *IN_TLS, *INSIDE, *TO_HELLOS)
