"""TLS servers as pure functions, from what a hello offers to the bytes of an answer: one peculiarity each."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from compliance.records.tls_answer import VERSIONS
from compliance.records.tls_classes import KeyType, SuiteClass, classes, key_type
from compliance.records.tls_client_hello import SSL2, TLS13
from compliance.records.tls_profile import TlsProfile
from compliance.records.tls_question import (
    HelloAnswer,
    HelloQuestion,
    Outcome,
    Question,
    SessionQuestion,
    Shown,
    drive_tls,
    hello_answer,
)
from compliance.records.tls_strategy import Depth, tls_walk
from compliance.records.tls_suites import NAMES

NUMBERS = {name: number for number, name in VERSIONS.items()}
BY_NAME = {name.removeprefix("TLS_"): number for number, name in NAMES.items()}
SOUND = tuple(
    BY_NAME[f"ECDHE_{key}_WITH_{cipher}"]
    for key in ("ECDSA", "RSA")
    for cipher in ("AES_256_GCM_SHA384", "AES_128_GCM_SHA256", "CHACHA20_POLY1305_SHA256")
)
FATAL = b"\x15\x03\x01\x00\x02\x02"
CHAINS = {key: (f"leaf {key}".encode(), b"issuer") for key in KeyType}
OCSP = b"0\x03\x0a\x01\x00"


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(content)) + content


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


@dataclass(frozen=True)
class Server:
    """A server; `suites` in the order it prefers them. `hangs` answers nothing to hellos for which it is true."""

    versions: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")
    suites: tuple[int, ...] = SOUND
    keys: tuple[KeyType, ...] = (KeyType.ECDSA,)
    old_suites: tuple[int, ...] | None = None  # at TLS 1.1 and older, where they differ
    prime: int = 2**2047 + 1
    compresses: bool = False
    renegotiates: bool = True
    staples: bool = False
    ssl2: bytes = FATAL + b"\x46"
    hangs: Callable[[HelloQuestion], bool] = lambda question: False
    alert: Callable[[HelloQuestion], int] = lambda question: 40
    alert_to_old: int = 70  # where no version is taken that was offered
    asks_certificate: bool = False
    answers_before_end: int = 1000
    burst: range = range(0)  # connections, counted from one, that are closed on us after the 220
    wants_name: bool = False  # at TLS 1.1 and older there is a certificate for those alone who ask by name
    instead: bytes = b""
    undone: bool = False  # RSA key exchange is chosen, and cannot be carried out
    modern: bool = True  # the ordinary session works
    chains: Mapping[KeyType, tuple[bytes, ...]] = field(default_factory=lambda: CHAINS)

    def __call__(self, question: HelloQuestion) -> bytes:
        offer = question.offer
        if offer.version == SSL2:
            return self.ssl2
        if self.hangs(question):
            return b""
        if self.instead:
            return self.instead
        top = offer.version if offer.version != TLS13 else TLS13
        can = [v for v in self.versions if (NUMBERS[v] == TLS13) == (top == TLS13) and NUMBERS[v] <= top]
        if not can:
            return FATAL + bytes([self.alert_to_old])
        version = max(can, key=NUMBERS.__getitem__)
        mine = self.suites if version in {"TLSv1.2", "TLSv1.3"} or self.old_suites is None else self.old_suites
        mine = (0x1302,) if version == "TLSv1.3" else mine
        if self.wants_name and version not in {"TLSv1.2", "TLSv1.3"} and not offer.sni:
            return FATAL + b"\x28"
        usable = [s for s in mine if s in offer.sent_suites and (key_type(s) is None or key_type(s) in self.keys)]
        if not usable:
            return FATAL + bytes([self.alert(question)])
        return self.flight(version, usable[0], question)

    def flight(self, version: str, suite: int, question: HelloQuestion) -> bytes:
        compression = int(self.compresses and question.offer.compression)
        extensions = (b"\xff\x01\x00\x01\x00" if self.renegotiates else b"") + b"\x00\x17\x00\x00"
        number = NUMBERS[version]
        if number == TLS13:
            extensions, number = b"\x00\x2b\x00\x02\x03\x04", 0x0303
        sent = message(
            2,
            number.to_bytes(2) + bytes(32) + b"\x00" + struct.pack("!HB", suite, compression)
            + len(extensions).to_bytes(2) + extensions,
        )  # fmt: skip
        if version == "TLSv1.3":
            return record(22, sent) + record(20, b"\x01") + record(23, bytes(100))
        key = key_type(suite)
        if key:
            listed = b"".join(len(each).to_bytes(3) + each for each in self.chains[key])
            sent += message(11, len(listed).to_bytes(3) + listed)
            if self.staples and question.offer.stapling and not question.offer.small:
                sent += message(22, b"\x01" + len(OCSP).to_bytes(3) + OCSP)
        found = classes(suite)
        if found & {SuiteClass.ECDHE_RSA, SuiteClass.ECDHE_ECDSA} or "ECDH_anon" in NAMES[suite]:
            sent += message(12, b"\x03\x00\x17\x01\x04")
        elif SuiteClass.DHE in found or SuiteClass.ANONYMOUS in found:
            prime = self.prime.to_bytes((self.prime.bit_length() + 7) // 8)
            sent += message(12, len(prime).to_bytes(2) + prime + b"\x00\x01\x02\x00\x01\x04")
        if self.asks_certificate and key:
            sent += message(13, b"\x01\x01\x00\x00")
        return record(22, sent + message(14, b""))

    def shown(self) -> Shown:
        """What an ordinary session with a current library shows: no 3DES, RC4, export; no anonymous."""
        if not self.modern:
            return Shown(sni="mx.example")
        weak = {SuiteClass.TRIPLE_DES, SuiteClass.RC4, SuiteClass.EXPORT, SuiteClass.DES, SuiteClass.ANONYMOUS}
        version = max((v for v in self.versions if v != "SSLv3"), key=NUMBERS.__getitem__)
        mine = self.suites if version == "TLSv1.2" or self.old_suites is None else self.old_suites
        usable = [s for s in mine if not classes(s) & weak and key_type(s) in self.keys]
        if version == "TLSv1.3":
            return Shown(version, "TLS_AES_256_GCM_SHA384", self.chains[self.keys[0]], self.keys[0], "mx.example")
        key = key_type(usable[0])
        assert key is not None
        return Shown(version, NAMES[usable[0]], self.chains[key], key, "mx.example")


@dataclass
class Asking:
    """Answers a walk from a server and counts connections, the ordinary session included."""

    server: Server
    connections: int = 1
    names: list[str] = field(default_factory=lambda: ["session"])
    budget: int = 1000
    limit: int = 200

    def __call__(self, question: Question) -> HelloAnswer:
        self.connections += 1
        assert self.connections < self.limit
        assert question.question not in self.names
        self.names.append(question.question)
        if self.connections > self.budget:
            return HelloAnswer(Outcome.NOT_OBTAINED)
        gone = self.connections > self.server.answers_before_end or self.connections in self.server.burst
        if isinstance(question, SessionQuestion) and question.static and self.server.undone and not gone:
            return HelloAnswer(Outcome.REFUSED, words="tlsv1 alert decrypt error")
        if isinstance(question, SessionQuestion):
            works = self.server.modern and not gone and question.keys in {None, *self.server.keys}
            key = question.keys or self.server.keys[0]
            shown = replace(self.server.shown(), chain=CHAINS[key], key=key) if works else Shown()
            return HelloAnswer(Outcome.ACCEPTED if works else Outcome.REFUSED, shown=shown)
        received = b"" if gone else self.server(question)
        return hello_answer(question, received, "answered" if received else "reset")


def profile(server: Server, depth: Depth = Depth.LIGHT, budget: int = 1000) -> tuple[TlsProfile, Asking]:
    """Walk through a server; the second walk over the same answers puts the same questions."""
    asking = Asking(server, budget=budget)
    return drive_tls(tls_walk(server.shown(), depth), asking), asking
