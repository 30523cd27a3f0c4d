"""Mail of our own, handed to a host of our own: to the canary alone, and no password where it might be overheard."""

import base64
import ssl
from pathlib import Path

import pytest

from compliance.probes.smtp import Host
from compliance.probes.submit import Handed, Login, Marked, NotOurs, hand_over
from compliance.settings import SmtpSettings
from tests.unit.probes.servers import Peer, Script, ScriptedServer

DOMAINS = frozenset({"sound.canary.example", "untrusted.canary.example"})
TEXT = b"From: <postmaster@etaten.example>\r\n\r\n.a dot\r\nend"


def marked(recipient: str = "ab12@sound.canary.example", sender: str = "postmaster@etaten.example") -> Marked:
    return Marked(sender, recipient, TEXT)


def taking(
    context: ssl.SSLContext | None = None,
    refusals: dict[bytes, bytes] | None = None,
    letters: list[bytes] | None = None,
) -> Script:
    """A host that takes everything but what `refusals` names by verb; it offers STARTTLS where it has a context."""

    def script(peer: Peer) -> None:
        inside = False
        peer.say(b"220 rele.example ESMTP")
        while verb := peer.hear().partition(b" ")[0].upper():
            if refusals and verb in refusals:
                peer.say(refusals[verb])
            elif verb == b"EHLO":
                peer.say(b"250-rele.example", b"250 STARTTLS" if context and not inside else b"250 AUTH PLAIN")
            elif verb == b"STARTTLS" and context:
                peer.say(b"220 ready")
                peer.tls(context)
                inside = True
            elif verb == b"AUTH":
                peer.say(b"235 in")
            elif verb == b"DATA":
                peer.say(b"354 go on")
                lines = []
                while (line := peer.hear()) != b".":
                    lines.append(line)
                if letters is not None:
                    letters.append(b"\n".join(lines))
                peer.say(b"250 taken")
            elif verb == b"QUIT":
                peer.say(b"221 bye")
                return
            else:
                peer.say(b"250 ok")

    return script


def handed(
    script: Script, smtp: SmtpSettings, *messages: Marked, login: Login | None = None, name: str = "rele.example"
) -> tuple[tuple[Handed, ...], ScriptedServer]:
    with ScriptedServer(script) as server:
        host = Host(name, "127.0.0.1", server.port)
        return hand_over(host, "probe.example", smtp, messages or (marked(),), DOMAINS, login), server


def test_a_message_is_handed_over_whole(smtp: SmtpSettings) -> None:
    letters: list[bytes] = []
    done, server = handed(taking(letters=letters), smtp, marked(), marked("cd34@untrusted.canary.example"))

    assert done == (Handed("ab12@sound.canary.example"), Handed("cd34@untrusted.canary.example"))
    assert letters == [b"From: <postmaster@etaten.example>\n\n..a dot\nend"] * 2
    assert server.heard[:2] == [b"EHLO probe.example", b"MAIL FROM:<postmaster@etaten.example>"]
    assert server.heard[-1] == b"QUIT"


@pytest.mark.parametrize(
    "message",
    [
        marked("ab12@elsewhere.example"),
        marked("ab12@canary.example"),
        marked("ab12"),
        marked("ab12@sound.canary.example.evil.example"),
        marked("ab12@evil.example@sound.canary.example"),
        marked("ab12>\r\nRCPT TO:<x@evil.example@sound.canary.example"),
        marked("a b@sound.canary.example"),
        marked("@sound.canary.example"),
        marked(sender="postmaster@etaten.example>\r\nDATA"),
        marked(sender="post master@etaten.example"),
        marked(sender="postmaster"),
    ],
)
def test_nobody_else_can_be_addressed(smtp: SmtpSettings, message: Marked) -> None:
    """One wrong recipient among many: nothing is sent to anybody, and nobody is connected to."""
    with ScriptedServer(taking()) as server, pytest.raises(NotOurs):
        hand_over(Host("rele.example", "127.0.0.1", server.port), "probe.example", smtp, (marked(), message), DOMAINS)

    assert server.connections == 0


@pytest.mark.parametrize(
    ("refusals", "words"),
    [
        ({b"MAIL": b"550 5.7.1 not you"}, "mail: 550 5.7.1 not you"),
        ({b"RCPT": b"554 5.7.1 Relay access denied"}, "rcpt: 554 5.7.1 Relay access denied"),
        ({b"DATA": b"451 4.3.0 later"}, "data: 451 4.3.0 later"),
        ({b"EHLO": b"554 5.7.1 go away"}, "ehlo: rejected 554 5.7.1 go away"),
    ],
)
def test_a_refusal_is_told_with_its_step(smtp: SmtpSettings, refusals: dict[bytes, bytes], words: str) -> None:
    done, _ = handed(taking(refusals=refusals), smtp)

    assert done == (Handed("ab12@sound.canary.example", words),)


def test_a_host_that_hangs_up_has_not_taken_the_rest(smtp: SmtpSettings) -> None:
    def script(peer: Peer) -> None:
        peer.say(b"220 rele.example")
        peer.hear()
        peer.say(b"250 rele.example")
        peer.hear()
        peer.say(b"250 ok")

    done, _ = handed(script, smtp, marked(), marked("cd34@untrusted.canary.example"))

    assert [each.refusal.partition(" ")[0] for each in done] == ["rcpt:", "rcpt:"]


def test_nobody_there_is_told(smtp: SmtpSettings) -> None:
    with ScriptedServer(taking()) as server:
        port = server.port
    done = hand_over(Host("rele.example", "127.0.0.1", port), "probe.example", smtp, (marked(),), DOMAINS)

    assert done == (Handed("ab12@sound.canary.example", "connect: refused"),)


def test_a_password_goes_out_inside_tls_to_a_host_that_is_known(
    context: ssl.SSLContext, smtp: SmtpSettings, trusted: tuple[ssl.SSLContext, bytes]
) -> None:
    known, roots = trusted
    done, server = handed(taking(known), smtp, login=Login("u", "secret", roots))
    secret = base64.b64encode(b"\0u\0secret")

    assert done == (Handed("ab12@sound.canary.example"),)
    assert b"AUTH PLAIN " + secret in server.heard


def test_a_password_goes_to_nobody_else(
    context: ssl.SSLContext, smtp: SmtpSettings, trusted: tuple[ssl.SSLContext, bytes]
) -> None:
    known, roots = trusted
    login = Login("u", "secret", roots)
    cases = [
        (taking(), "rele.example", "no TLS"),
        (taking(context), "rele.example", "not trusted"),
        (taking(known), "other.example", "not trusted"),
    ]
    for script, name, words in cases:
        done, server = handed(script, smtp, login=login, name=name)
        assert words in done[0].refusal
        assert not [line for line in server.heard if line.startswith((b"AUTH", b"MAIL"))]
    assert "secret" not in repr(login)


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[ssl.SSLContext, bytes]:
    """A host called rele.example whose certificate leads to a root, and the root."""
    from compliance.demo.pki import Pki

    pki = Pki(tmp_path / "pki")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pki.file("sound", "rele.example"))
    return made, pki.roots.read_bytes()
