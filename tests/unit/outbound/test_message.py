"""Messages as a mailbox saves them: what is kept of one, what never is, and what no message is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.model.supplied import MessageFacts
from compliance.outbound import message
from compliance.outbound.reader import Unreadable
from compliance.outbound.readers import reader_for
from compliance.records.dkim_verify import DkimState, Signed, verify
from compliance.records.dns_walk import drive
from tests.unit.outbound.build import supplied
from tests.unit.records.answers import answering
from tests.unit.records.test_dkim_signature import RSA, signed_message

HOP = (
    b"Received: from rele.b.example (rele.b.example [192.0.2.10])\r\n"
    b"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
    b"\tby mx.part.example (Postfix) with ESMTPS id 4F2A11\r\n"
    b"\tfor <kari@part.example>; Mon,  2 Nov 2026 08:00:00 +0100\r\n"
)
REST = b"Date: Mon, 2 Nov 2026 08:00:00 +0100\r\nMessage-ID: <hemmelig@b.example>\r\n"
MAIL = HOP + REST + signed_message()


def kept(folder: Path, content: bytes, since: datetime = datetime(2026, 8, 1, tzinfo=UTC)) -> MessageFacts:
    path = folder / "prove.eml"
    path.write_bytes(content)
    file = supplied(path, "messages", since=since)
    reader = reader_for(file)
    assert reader is not None
    facts = reader.read(file)
    assert isinstance(facts, MessageFacts)
    return facts


def outcome(facts: MessageFacts, key: str = RSA) -> DkimState:
    (mark,) = facts.signatures
    signed = Signed(
        mark.domain, mark.selector, mark.algorithm, mark.identity_domain, mark.value, mark.header_hash,
        mark.body_hash_right, mark.covers_all, mark.expires, 1_700_000_000.0,
    )  # fmt: skip
    return drive(verify(signed), answering({"s1._domainkey.b.example": (key,)})).state


def test_hops_and_signatures_are_kept(tmp_path: Path) -> None:
    facts = kept(tmp_path, MAIL)
    (hop,) = facts.hops

    assert (facts.from_domain, facts.file.first, facts.relayed_by_list) == ("b.example", "2026-11-02T07:00:00Z", False)
    assert (hop.from_address, hop.by, hop.version) == ("192.0.2.10", "mx.part.example", "TLSv1.3")
    assert outcome(facts) is DkimState.PASS


@pytest.mark.parametrize("form", ["crlf", "lf", "bom"])
def test_a_message_saved_in_another_form_is_the_same(tmp_path: Path, form: str) -> None:
    content = {"crlf": MAIL, "lf": MAIL.replace(b"\r\n", b"\n"), "bom": b"\xef\xbb\xbf" + MAIL}[form]

    assert outcome(kept(tmp_path, content)) is DkimState.PASS


@pytest.mark.parametrize(
    ("old", "new"), [(b"Hi  there", b"Hi, you"), (b"two  words", b"two  lies"), (b"<a@b.example>", b"<x@b.example>")]
)
def test_a_changed_message_does_not_verify(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert old in MAIL
    assert outcome(kept(tmp_path, MAIL.replace(old, new))) is DkimState.FAIL


def test_nothing_of_a_person_is_kept(tmp_path: Path) -> None:
    told = str(kept(tmp_path, MAIL.replace(b"a@b.example", b"ola@b.example")))

    for word in ("ola", "kari", "hemmelig", "4F2A11", "words", "there", "c@d"):
        assert word not in told


def test_what_is_older_than_the_period_does_not_count(tmp_path: Path) -> None:
    facts = kept(tmp_path, MAIL, since=datetime(2026, 11, 3, tzinfo=UTC))

    assert (facts.hops, facts.signatures, facts.file.first) == ((), (), "")
    assert facts.file.older == facts.file.lines


@pytest.mark.parametrize("field", [b"List-Id: <a.b.example>", b"Resent-From: x@y.example"])
def test_a_list_in_between_is_told(tmp_path: Path, field: bytes) -> None:
    assert kept(tmp_path, field + b"\r\n" + MAIL).relayed_by_list


HOSTILE = {
    "ten thousand hops": HOP + REST + b"Received: by x.part.example with SMTP; 2 Nov 2026 08:00:00 +0100\r\n" * 10_000,
    "a hop of half a megabyte": b"Received: from " + b"(" * 500_000 + b"\r\n" + REST + b"Subject: x\r\n",
    "a field folded a hundred thousand times": HOP + REST + b"X: y\r\n" + b" z\r\n" * 200_000,
    "a body of one line": MAIL + b"x" * (8 << 20),
    "a body of empty lines": MAIL + b"\r\n" * (1 << 20),
    "a hundred signatures": signed_message().split(b"\r\n")[0].join((b"", b"\r\n")) * 100 + MAIL,
    "no body at all": (HOP + REST + b"Subject: x").rstrip(),
    "MIME that is broken": HOP + REST + b'Content-Type: multipart/mixed; boundary="\x00\r\n\r\n--\x00\r\n',
    "octets of no alphabet": HOP + REST + b"Subject: \xff\x00\x1b[31m\r\nFrom: \xe6@\xf8\r\n\r\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_costs_what_its_size_does(tmp_path: Path, content: bytes) -> None:
    facts = kept(tmp_path, b"Subject: x\r\nFrom: a@b.example\r\n" + content)

    assert len(facts.hops) <= message.MOST_HOPS
    assert len(facts.signatures) <= 8
    assert len(str(facts)) < 40_000


def test_more_than_a_header_or_a_message_may_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="header"):
        kept(tmp_path, MAIL.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * message.MOST_HEADER + b"\r\n\r\n", 1))
    with pytest.raises(Unreadable, match="message"):
        kept(tmp_path, MAIL + b"x" * message.MOST_MESSAGE)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"Nov  2 08:00:00 rele postfix/smtp[1]: x", b"Subject: x\n\nx"]
)
def test_what_is_no_message_is_not_recognised(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.eml"
    path.write_bytes(content)

    assert reader_for(supplied(path, "messages")) is None
