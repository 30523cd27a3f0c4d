"""DKIM signatures: the example of RFC 8463, keys and messages that were tampered with, and fields that are none."""

import base64
import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from compliance.records.dkim_signature import BodyHash, SignatureFault, parse, read_fields, signed_header
from compliance.records.dkim_verify import DkimResult, DkimState, held, verify
from compliance.records.dns_walk import drive
from tests.unit.records.answers import answering
from tests.unit.records.test_dkim import tiny

#: RFC 8463 appendix A.3, signed with both algorithms; A.2 has the keys.
RFC8463 = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
NOW = 1_700_000_000.0
KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
RSA = f"v=DKIM1; k=rsa; p={PUBLIC}"
MESSAGE = b"From: <a@b.example>\r\nTo: c@d.example\r\nSubject:  two  words \r\n\r\nHi  there \r\n\r\nline\r\n\r\n\r\n"


def verified(message: bytes, key: str | None, owner: str, at: float = NOW) -> DkimResult:
    head, _, body = message.partition(b"\r\n\r\n")
    fields = tuple(read_fields(head + b"\r\n"))
    place = next(place for place, (name, _) in enumerate(fields) if name.lower() == b"dkim-signature")
    signature = parse(fields[place][1])
    hashed = BodyHash(signature)
    for start in range(0, len(body), 5):
        hashed.feed(body[start : start + 5])
    digest = hashed.digest()
    signed = held(signature, signed_header(fields, signature, place), digest, covers_all=hashed.covers_all, at=at)
    return drive(verify(signed), answering({owner: (key,)} if key else {}))


def signed_message(canon: str = "relaxed/relaxed", more: str = "", message: bytes = MESSAGE) -> bytes:
    """Sign a message with KEY as a signer would: by the reading side's own forms, the signature by `cryptography`."""
    value = f" v=1; a=rsa-sha256; c={canon}; d=b.example; s=s1; h=from:subject:subject; {more}"
    empty = value.encode() + b"bh=; b=\r\n"
    shape = parse(empty.replace(b"bh=;", b"bh=QQ==;").replace(b"b=\r", b"b=QQ==\r"))
    head, _, body = message.partition(b"\r\n\r\n")
    hashed = BodyHash(shape)
    hashed.feed(body)
    value += f"bh={base64.b64encode(hashed.digest()).decode()}; b="
    fields = ((b"DKIM-Signature", value.encode() + b"\r\n"), *read_fields(head + b"\r\n"))
    made = KEY.sign(signed_header(fields, shape, 0), padding.PKCS1v15(), hashes.SHA256())
    return b"DKIM-Signature:" + value.encode() + base64.b64encode(made) + b"\r\n" + message


def test_the_example_of_rfc_8463_verifies() -> None:
    found = verified(RFC8463, ED25519, "brisbane._domainkey.football.example.com")

    assert found == DkimResult(DkimState.PASS, "", False, 256)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"We lost", b"We won!", "body_hash"),
        (b"Is dinner", b"Is lunch!", "signature"),
        (b"Joe SixPack", b"Joe Sixpack", "signature"),
        (b"Date: Fri", b"Date:  Fri", ""),  # relaxed: a run of blanks is one
        (b"yet?\r\n", b"yet?  \r\n", ""),
        (b"Joe.\r\n", b"Joe.\r\n\r\n\r\n", ""),
        (b"\r\n\r\nHi.", b"\r\nX-Added: 1\r\n\r\nHi.", ""),  # not signed
        (b"\r\n\r\nHi.", b"\r\nSubject: more\r\n\r\nHi.", "signature"),  # named twice, so none may be added
    ],
)
def test_what_was_signed_cannot_be_changed(old: bytes, new: bytes, why: str) -> None:
    assert old in RFC8463
    found = verified(RFC8463.replace(old, new), ED25519, "brisbane._domainkey.football.example.com")

    assert (found.state is DkimState.PASS, found.why) == (not why, why)


@pytest.mark.parametrize("canon", ["simple/simple", "relaxed/simple", "simple/relaxed", "relaxed"])
@pytest.mark.parametrize("message", [MESSAGE, b"From: a@b.example\r\n\r\n", b"From: a@b.example\r\n\r\nx\r\n"])
def test_every_form_verifies(canon: str, message: bytes) -> None:
    assert verified(signed_message(canon, message=message), RSA, "s1._domainkey.b.example").state is DkimState.PASS


@pytest.mark.parametrize(
    ("canon", "body", "wanted"),
    [
        ("simple/simple", b"", b"\r\n"),
        ("relaxed/relaxed", b"", b""),
        ("simple/simple", b"\r\n\r\n", b"\r\n"),
        ("relaxed/relaxed", b" \t\r\n\r\n", b""),
        ("simple/simple", b"a \r\n\r\n b\r\n\r\n", b"a \r\n\r\n b\r\n"),
        ("relaxed/relaxed", b"a \t \r\n\r\n \t b\t c\r\n\r\n", b"a\r\n\r\n b c\r\n"),
    ],
)
def test_a_body_is_hashed_in_its_form(canon: str, body: bytes, wanted: bytes) -> None:
    """RFC 6376 sections 3.4.3 to 3.4.5."""
    signature = parse(f"v=1; a=rsa-sha256; c={canon}; d=b.example; s=s1; h=from; bh=QQ==; b=QQ==".encode())
    hashed = BodyHash(signature)
    hashed.feed(body)

    assert hashed.digest() == hashlib.sha256(wanted).digest()


@pytest.mark.parametrize(
    ("message", "key", "at", "state", "why"),
    [
        (signed_message(), None, NOW, DkimState.PERMERROR, "no_key"),
        (signed_message(), "v=DKIM1; p=", NOW, DkimState.PERMERROR, "revoked"),
        (signed_message(), "v=DKIM1; p=!!!", NOW, DkimState.PERMERROR, "key"),
        (signed_message(), ED25519, NOW, DkimState.PERMERROR, "key_type"),
        (signed_message(), f"{RSA}; h=sha1", NOW, DkimState.PERMERROR, "key_hash"),
        (signed_message(more="x=1600000000; "), RSA, NOW, DkimState.PERMERROR, "expired"),
        (signed_message(more="i=@sub.b.example; "), f"{RSA}; t=s", NOW, DkimState.PERMERROR, "strict"),
        (signed_message(more="i=@sub.b.example; "), RSA, NOW, DkimState.PASS, ""),
        (signed_message(more="l=4; "), RSA, NOW, DkimState.FAIL, "partly_signed"),
        (signed_message(more="l=2000; "), RSA, NOW, DkimState.PASS, ""),
        (signed_message().replace(b"rsa-sha256", b"rsa-sha1"), RSA, NOW, DkimState.PERMERROR, "sha1"),
    ],
)
def test_a_key_or_time_that_will_not_do(message: bytes, key: str | None, at: float, state: DkimState, why: str) -> None:
    found = verified(message, key, "s1._domainkey.b.example", at)

    assert (found.state, found.why) == (state, why)


def test_no_answer_is_nobodys_fault() -> None:
    signed = held(parse(GOOD.encode()), b"", b"", covers_all=True, at=NOW)
    found = drive(verify(signed), answering({"s1._domainkey.b.example": None}))

    assert found == DkimResult(DkimState.TEMPERROR, "no_answer")


def test_a_key_in_testing_is_told() -> None:
    assert verified(signed_message(), f"{RSA}; t=y", "s1._domainkey.b.example").testing


def test_a_short_key_is_no_key() -> None:
    short = rsa.generate_private_key(65537, 1024).public_key()
    text = base64.b64encode(short.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    found = {
        key: verified(signed_message(), f"p={key}", "s1._domainkey.b.example").why
        for key in (text, tiny(512), base64.b64encode(base64.b64decode(text)[:-30]).decode())
    }

    assert list(found.values()) == ["signature", "short_key", "key"]


GOOD = "v=1; a=rsa-sha256; d=b.example; s=s1; h=from; bh=QQ==; b=QQ=="


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace("v=1", "v=2"), "version"),
        (GOOD.replace(" h=from;", ""), "missing_tag"),
        (GOOD.replace("rsa-sha256", "rsa-md5"), "algorithm"),
        (GOOD.replace("h=from", "h=to"), "from_not_signed"),
        (GOOD.replace("d=b.example", "d=$(id).example"), "name"),
        (GOOD.replace("d=b.example", "d=example"), "name"),
        (GOOD.replace("s=s1", "s=a/../b"), "name"),
        (GOOD + "; i=@other.example", "identity"),
        (GOOD + "; c=nofws", "canonicalization"),
        (GOOD + "; l=-1", "number"),
        (GOOD + "; b=QQ==", "repeated"),
        (GOOD.replace("bh=QQ==", "bh=Q"), "base64"),
        ("nonsense", "no_equals"),
    ],
)
def test_a_field_that_is_no_signature_says_why(text: str, why: str) -> None:
    with pytest.raises(SignatureFault) as caught:
        parse(text.encode())

    assert caught.value.why == why


@given(st.binary(max_size=400), st.integers(0, 600), st.integers(0, 255))
def test_nothing_but_a_signature_fault_is_raised(noise: bytes, place: int, value: int) -> None:
    changed = bytearray(RFC8463)
    changed[place % len(changed)] = value
    for content in (noise, bytes(changed), noise + bytes(changed)):
        for _, field in read_fields(content):
            with contextlib.suppress(SignatureFault):
                parse(field)
