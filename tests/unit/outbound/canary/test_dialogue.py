"""The receiver's side of a session: what it takes, what it turns away, and what it costs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.model.canary import Stage
from compliance.outbound.canary.dialogue import Dialogue, Limits, Then
from compliance.outbound.canary.plan import Place

OURS = "0123456789abcdef0123456789abcdef@sound.canary.example"
OTHERS_TURN = "fedcba9876543210fedcba9876543210@untrusted.canary.example"
RECIPIENTS = {OURS: Place("rele", "sound"), OTHERS_TURN: Place("rele", "untrusted")}
BEGUN = (b"EHLO rele.etaten.example", b"MAIL FROM:<postmaster@etaten.example>")
LETTER = b"From: <postmaster@etaten.example>\r\nSubject: x\r\n\r\nhello\r\n"


def dialogue(*, offers: bool = True, limits: Limits | None = None) -> Dialogue:
    return Dialogue("mx.canary.example", "sound", offers, RECIPIENTS, limits or Limits(), lambda: 1_700_000_000.0)


def say(session: Dialogue, *lines: bytes) -> list[bytes]:
    """Give the last line of the reply to each line said."""
    return [session.receive(line + b"\r\n")[0].splitlines()[-1] for line in lines]


def codes(session: Dialogue, *lines: bytes) -> list[int]:
    return [int(reply[:3]) for reply in say(session, *lines)]


def test_mail_for_a_recipient_of_the_round_is_taken() -> None:
    session = dialogue()

    assert codes(session, *BEGUN, b"RCPT TO:<" + OURS.upper().encode() + b">", b"DATA") == [250, 250, 250, 354]
    assert session.receive(LETTER + b".\r\n") == (b"250 2.0.0 Seen, and thrown away\r\n", Then.READ)
    assert session.receive(b"QUIT\r\n")[1] is Then.CLOSE
    (delivery,) = session.deliveries
    assert (delivery.place, delivery.encrypted, delivery.mail_from) == (Place("rele", "sound"), False, "etaten.example")
    assert (delivery.arrived.from_domain, delivery.arrived.size) == ("etaten.example", len(LETTER))
    assert (session.stage, session.ended, session.strangers) == (Stage.MESSAGE, "quit", 0)


@pytest.mark.parametrize(
    "recipient",
    [
        b"postmaster@sound.canary.example",
        b"postmaster",
        b"",
        b"someone@elsewhere.example",
        OURS.encode() + b"@elsewhere.example",
        b"elsewhere.example!" + OURS.encode(),
        b"x%elsewhere.example@sound.canary.example",
        b"@relay.example:" + OURS.encode(),
        OURS.replace("sound", "untrusted").encode(),
        OURS[1:].encode(),
    ],
)
def test_a_stranger_is_turned_away(recipient: bytes) -> None:
    session = dialogue()

    assert codes(session, *BEGUN, b"RCPT TO:<" + recipient + b">", b"DATA") == [250, 250, 550, 503]
    assert (session.deliveries, session.strangers, session.stage) == ([], 1, Stage.MAIL)


def test_three_strangers_end_the_session() -> None:
    session = dialogue()

    assert codes(session, *BEGUN, *[b"RCPT TO:<a@b.example>"] * 3)[-1] == 421
    assert session.ended == "refused"


def test_a_persona_that_is_not_here_now_asks_to_come_again() -> None:
    session = dialogue()

    assert codes(session, *BEGUN, b"RCPT TO:<" + OTHERS_TURN.encode() + b">", b"DATA") == [250, 250, 451, 503]
    assert session.strangers == 0


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"MAIL FROM:<a@b.example>"], 503),
        ([b"STARTTLS"], 503),
        ([b"EHLO x", b"RCPT TO:<" + OURS.encode() + b">"], 503),
        ([*BEGUN, b"DATA"], 503),
        ([*BEGUN, BEGUN[1]], 503),
        ([*BEGUN, b"RSET", b"RCPT TO:<" + OURS.encode() + b">"], 503),
        ([*BEGUN, b"EHLO x", b"RCPT TO:<" + OURS.encode() + b">"], 503),
        ([b"EHLO"], 501),
        ([b"EHLO x", b"MAIL FROM: a@b.example"], 501),
        ([b"EHLO x", b"MAIL TO:<a@b.example>"], 501),
        ([*BEGUN, b"RCPT FROM:<" + OURS.encode() + b">"], 501),
        ([b"EHLO x", b"MAIL FROM:<a@b.example> SIZE=99999999999"], 552),
        ([b"EHLO x", b"MAIL FROM:<>"], 250),
        ([b"EHLO x", b"AUTH PLAIN AGEAYg=="], 502),
        ([b"EHLO x", b"VRFY postmaster"], 252),
        ([b"EHLO x", b"BDAT 5 LAST"], 502),
        ([b"", b"NOOP"], 250),
        ([b"HELO x", b"noop"], 250),
    ],
)
def test_each_command_has_its_answer(lines: list[bytes], code: int) -> None:
    assert codes(dialogue(), *lines)[-1] == code


def test_starttls_is_offered_where_the_persona_has_it_and_once() -> None:
    sound, plain = dialogue(), dialogue(offers=False)

    assert b"250 STARTTLS\r\n" in sound.receive(b"EHLO x\r\n")[0]
    assert b"STARTTLS" not in plain.receive(b"EHLO x\r\n")[0]
    assert sound.receive(b"STARTTLS\r\n") == (b"220 2.0.0 Ready\r\n", Then.TLS)
    assert plain.receive(b"STARTTLS\r\n")[0].startswith(b"502")
    sound.secured()
    assert b"STARTTLS" not in sound.receive(b"EHLO x\r\n")[0]
    assert (sound.stage, sound.receive(b"STARTTLS\r\n")[0][:3]) == (Stage.TLS, b"502")


def test_what_is_sent_behind_starttls_in_clear_is_dropped() -> None:
    """RFC 3207 section 6: nothing learned before TLS counts, and no command that came in clear is obeyed inside it."""
    session = dialogue()
    session.receive(b"EHLO evil.example\r\nMAIL FROM:<a@b.example>\r\n")
    assert session.receive(b"STARTTLS\r\nEHLO x\r\nMAIL FROM:<b@b.example>\r\n")[1] is Then.TLS
    session.secured()

    assert codes(session, b"RCPT TO:<" + OURS.encode() + b">", b"MAIL FROM:<a@b.example>") == [503, 503]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"])
def test_only_a_dot_between_two_line_ends_ends_a_message(end: bytes) -> None:
    """What other receivers take for an end is none (RFC 5321 section 4.1.1.4)."""
    session = dialogue()
    codes(session, *BEGUN, b"RCPT TO:<" + OURS.encode() + b">", b"DATA")
    reply, _ = session.receive(b"Subject: x\r\n\r\nhello" + end + b"MAIL FROM:<a@b.example>")

    assert (reply, session.deliveries) == (b"", [])


def test_a_doubled_dot_is_one() -> None:
    session = dialogue()
    codes(session, *BEGUN, b"RCPT TO:<" + OURS.encode() + b">", b"DATA")
    session.receive(b"..x\r\n.\r\n")

    assert session.deliveries[0].arrived.size == len(b".x\r\n")


SMALL = Limits(line=80, text_line=100, message=1000, header=300, commands=10, messages=2)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"NOOP " + b"x" * 80], 421),
        ([b"NOOP"] * 11, 421),
        ([*BEGUN, b"RCPT TO:<" + OURS.encode() + b">", b"DATA", b"X-A: y\r\n" * 50], 552),
        ([*BEGUN, b"RCPT TO:<" + OURS.encode() + b">", b"DATA", b"\r\n" + b"text\r\n" * 200], 552),
        ([*BEGUN, b"RCPT TO:<" + OURS.encode() + b">", b"DATA", b"\r\n" + b"x" * 98 + b"\r\n" + b"y" * 101], 500),
    ],
)
def test_what_is_too_long_ends_the_session(lines: list[bytes], code: int) -> None:
    session = dialogue(limits=SMALL)
    for line in lines[:-1]:
        session.receive(line + b"\r\n")
    reply, then = session.receive(lines[-1] + (b"" if code == 500 else b"\r\n"))

    assert (int(reply.splitlines()[-1][:3]), then, session.ended) == (code, Then.CLOSE, "limit")
    assert session.deliveries == []


def test_a_line_without_end_is_not_waited_for() -> None:
    session = dialogue(limits=SMALL)
    replies = [session.receive(b"x" * 10) for _ in range(9)]

    assert [then for _, then in replies] == [Then.READ] * 8 + [Then.CLOSE]


@pytest.mark.parametrize(
    ("name", "kept"), [(b"[127.0.0.1]", "127.0.0.1"), (b"$(id)", ""), (b"a b", ""), (b"R.X", "r.x")]
)
def test_a_name_that_is_none_is_not_kept(name: bytes, kept: str) -> None:
    session = dialogue()
    say(session, b"EHLO " + name)

    assert session.ehlo == kept


@pytest.mark.parametrize(
    ("header", "domain"),
    [
        (b"From: Post <a@etaten.example>", "etaten.example"),
        (b"From: a@Bl\xc3\xa5b\xc3\xa6r.example", "xn--blbr-roah.example"),
        (b'From: "x@y.example" <a@etaten.example>', "etaten.example"),
        (b"From: a@one.example, b@two.example", ""),
        (b"From: a@one.example\r\nFrom: a@two.example", ""),
        (b"From: <a@$(id).example>", ""),
        (b"From: nobody", ""),
        (b"Subject: x", ""),
        (b"From:\r\n Post\r\n <a@etaten.example>", "etaten.example"),
        (b"From: " + b"x" * 3000 + b" <a@etaten.example>", ""),
    ],
)
def test_the_domain_of_from_is_that_of_its_one_address(header: bytes, domain: str) -> None:
    session = dialogue()
    codes(session, *BEGUN, b"RCPT TO:<" + OURS.encode() + b">", b"DATA")
    session.receive(header + b"\r\n\r\nx\r\n.\r\n")

    assert session.deliveries[0].arrived.from_domain == domain


_SIGNATURE = b"DKIM-Signature: v=1; a=rsa-sha256; d=b.example; s=s; h=from; bh=QQ==; b=QQ=="
_WORDS = (b"EHLO x", b"HELO ", b"STARTTLS", b"MAIL FROM:<>", b"RCPT TO:<", b">", b"DATA", b"RSET", b"QUIT", b"BDAT 3")
_ENDS = (b"\r\n", b"\n", b"\r", b".", b"..", b"\x00", b"\xff\xfe", b"From: x@y.example", b"a@b.example")
PIECES = st.sampled_from(
    [*BEGUN, *_WORDS, *_ENDS, _SIGNATURE, b"@sound.canary.example", OURS[:31].encode(), OTHERS_TURN.encode()]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=12), max_size=12))
def test_no_dialogue_breaks_it_or_gets_a_stranger_in(said: list[list[bytes]]) -> None:
    """Whatever is said, it answers within its caps; without a whole recipient of this persona nothing is taken."""
    session = dialogue(limits=SMALL)
    for pieces in said:
        reply, then = session.receive(b"".join(pieces))
        assert all(line[:3].isdigit() for line in reply.splitlines())
        if then is Then.TLS:
            session.secured()
        if then is Then.CLOSE:
            break
    assert session.deliveries == []
    assert session.stage not in {Stage.RCPT, Stage.MESSAGE}
