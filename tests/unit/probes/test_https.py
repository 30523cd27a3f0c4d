"""The policy file over HTTPS (RFC 8461 section 3.3, RFC 9112): what is kept, and what hostile servers cost."""

import ssl
import time
from collections.abc import Callable

import pytest

from compliance.model.observation import Failure, PolicyFacts
from compliance.probes.https import fetch
from compliance.records.mta_sts import MAX_POLICY
from tests.unit.probes.servers import Peer, Script, ScriptedServer

HOST = "mta-sts.etaten.example"
SECONDS = 1.5
BOUND = SECONDS + 3.0  # the leave-taking, and a slow machine
POLICY = b"version: STSv1\r\nmode: none\r\nmax_age: 0\r\n"
TEXT = b"Content-Type: text/plain\r\n"


def sized(body: bytes, *, status: bytes = b"200 OK", more: bytes = TEXT) -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


def chunked(*chunks: bytes, tail: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x;x=y\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\n" + TEXT + b"Transfer-Encoding: Chunked\r\n\r\n" + body + tail


def serving(context: ssl.SSLContext, *pieces: bytes, pause: float = 0.0) -> Script:
    def script(peer: Peer) -> None:
        peer.tls(context)
        while peer.hear():
            pass
        for piece in pieces:
            peer.line.sendall(piece)
            if pause:
                time.sleep(pause)
        if isinstance(peer.line, ssl.SSLSocket):
            peer.line.unwrap()

    return script


def asked(script: Script, *more: str) -> tuple[PolicyFacts | None, Failure | None, ScriptedServer]:
    with ScriptedServer(script) as server:
        begun = time.monotonic()
        facts, failure = fetch(HOST, (*more, "127.0.0.1"), port=server.port, seconds=SECONDS, connect_seconds=1.0)
        assert time.monotonic() - begun < BOUND
    return facts, failure, server


WHOLE = {
    "content-length": sized(POLICY),
    "HTTP/1.0, to the end": b"HTTP/1.0 200\r\n" + TEXT + b"\r\n" + POLICY,
    "bare LF": sized(POLICY).replace(b"\r\n\r\n", b"\n\n", 1),
    "chunked": chunked(POLICY[:7], POLICY[7:]),
    "a trailer": chunked(POLICY, tail=b"0\r\nx: y\r\n\r\n"),
    "interim answers": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized(POLICY),
    "the same length twice": sized(POLICY, more=TEXT + b"content-length: %d\r\n" % len(POLICY)),
    "identity": sized(POLICY, more=TEXT + b"Content-Encoding: identity\r\n"),
}


@pytest.mark.parametrize("answer", WHOLE.values(), ids=list(WHOLE))
def test_a_whole_answer_is_kept(context: ssl.SSLContext, answer: bytes) -> None:
    facts, failure, server = asked(serving(context, answer))
    assert failure is None
    assert facts is not None
    assert (facts.status, facts.media_type, facts.body) == (200, "text/plain", POLICY.decode("latin-1"))
    assert (facts.name, facts.address, facts.tls.sni, len(facts.tls.chain)) == (HOST, "127.0.0.1", HOST, 1)
    assert server.heard[0] == b"GET /.well-known/mta-sts.txt HTTP/1.1"
    assert f"Host: {HOST}:{server.port}".encode() in server.heard
    assert b"Accept-Encoding: identity" in server.heard
    assert not server.reset


def test_what_is_no_200_is_kept_without_its_body(context: ssl.SSLContext) -> None:
    moved = sized(b"x", status=b"301 Moved", more=b"Location: https://elsewhere.example/\r\n")
    facts, failure, server = asked(serving(context, moved))
    assert failure is None
    assert facts is not None
    assert (facts.status, facts.location, facts.body) == (301, "https://elsewhere.example/", "")
    assert server.connections == 1  # not followed


def test_every_byte_of_a_body_survives(context: ssl.SSLContext) -> None:
    body = bytes(range(256))
    facts, _, _ = asked(serving(context, sized(body, more=b"Content-Type: application/x\r\n")))
    assert facts is not None
    assert facts.body.encode("latin-1") == body
    assert facts.media_type == "application/x"


HOSTILE = {
    "HTTP/0.9": (POLICY, "protocol status line"),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", "protocol status line"),
    "a status that is no number": (b"HTTP/1.1 2xx OK\r\n\r\n", "protocol status line"),
    "NUL in a header": (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\0\r\n\r\n" + POLICY, "protocol header"),
    "a header without a colon": (b"HTTP/1.1 200 OK\r\njunk\r\n\r\n", "protocol header"),
    "a folded header": (b"HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n", "protocol header"),
    "blanks before the colon": (b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n", "protocol header"),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 101 + b"\r\n", "protocol headers too long"),
    "large headers": (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 7000 + b"\r\n" + b"x: " + b"y" * 7000 + b"\r\n"
                      + b"x: " + b"y" * 7000 + b"\r\n" + b"x: " + b"y" * 7000 + b"\r\n"
                      + b"x: " + b"y" * 7000 + b"\r\n\r\n", "protocol headers too long"),
    "an endless line": (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000, "protocol line too long"),
    "interim answers without end": (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "protocol interim answers"),
    "two lengths": (sized(POLICY, more=b"Content-Length: 1\r\n"), "protocol content length"),
    "a length below zero": (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "protocol content length"),
    "a huge length": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "protocol body too long"),
    "a body over the cap": (sized(b"x" * (MAX_POLICY + 1)), "protocol body too long"),
    "a body over the cap, to the end": (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_POLICY + 1), "protocol body too long"),
    "chunks over the cap": (chunked(*[b"x" * 8192] * 9), "protocol body too long"),
    "a chunk beyond all size": (chunked(tail=b"ffffffffff\r\n"), "protocol chunk"),
    "a chunk that is no number": (chunked(tail=b"-1\r\n"), "protocol chunk"),
    "chunks of framing": (chunked(*[b"x"] * 4000), "protocol chunk"),
    "a chunk longer than it says": (chunked(tail=b"1\r\nxy\r\n0\r\n\r\n"), "protocol chunk"),
    "gzip": (sized(b"\x1f\x8b\x08", more=TEXT + b"Content-Encoding: gzip\r\n"), "protocol content coding"),
    "gzip in transfer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "protocol transfer coding"),
    "cut short": (sized(POLICY)[:-1], "closed body cut short"),
    "cut in the headers": (b"HTTP/1.1 200 OK\r\nx: y\r\n", "closed answer cut short"),
    "nothing": (b"", "closed answer cut short"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_answer_is_a_failure_beside_the_certificate(
    context: ssl.SSLContext, answer: bytes, expected: str
) -> None:
    facts, failure, _ = asked(serving(context, answer))
    assert failure is not None
    assert failure.stage == "http"
    assert f"{failure.kind} {failure.detail}" == expected
    assert facts is not None
    assert (facts.status, facts.body, len(facts.tls.chain)) == (0, "", 1)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_a_slow_answer_costs_the_deadline(context: ssl.SSLContext, start: bytes) -> None:
    facts, failure, _ = asked(serving(context, start, *[b"x"] * 40, pause=0.1))
    assert facts is not None
    assert failure is not None
    assert f"{failure.kind} {failure.stage}" == "timeout http"


def mute(peer: Peer) -> None:
    peer.wait()


def plain(peer: Peer) -> None:
    peer.say(b"HTTP/1.1 400 Bad Request", b"")
    peer.hear()


@pytest.mark.parametrize(("script", "expected"), [(mute, "timeout tls"), (plain, "protocol tls")])
def test_without_tls_there_are_no_facts(script: Callable[[Peer], None], expected: str) -> None:
    facts, failure, _ = asked(script)
    assert facts is None
    assert failure is not None
    assert f"{failure.kind} {failure.stage}" == expected


def test_the_next_address_is_asked_where_one_gives_nothing(context: ssl.SSLContext) -> None:
    facts, failure, _ = asked(serving(context, sized(POLICY)), "127.0.0.2", "0.0.0.0")
    assert failure is None
    assert facts is not None
    assert facts.address == "127.0.0.1"


def test_the_failure_that_tells_most_is_kept() -> None:
    _, failure = fetch(HOST, ("0.0.0.0", "127.0.0.3", "0.0.0.0"), port=1, seconds=SECONDS)
    assert failure is not None
    assert failure.kind == "refused"
    assert fetch(HOST, (), seconds=SECONDS) == (None, Failure("unresolved", "connect", "no address"))  # type: ignore[arg-type]
