"""Received fields as servers write them, and what they must not be taken for."""

import pytest

from compliance.model.messages import ReceivedHop
from compliance.records.received import parse

AES = "TLS_AES_256_GCM_SHA384"
WHEN = "2026-11-02T07:00:00Z"


def hop(
    name: str = "ut.etaten.example",
    verified: str = "rele.etaten.example",
    address: str = "192.0.2.10",
    by: str = "mx.part.example",
    protocol: str = "ESMTPS",
    version: str = "TLSv1.3",
    suite: str = AES,
    when: str = WHEN,
) -> ReceivedHop:
    return ReceivedHop(name, verified, address, by, protocol, version, suite, when)


POSTFIX = """from ut.etaten.example (rele.etaten.example [192.0.2.10])
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)
\t(Client CN "rele", Issuer "ca" (verified OK))
\tby mx.part.example (Postfix) with ESMTPS id 4F2A11
\tfor <kari@part.example>; Mon,  2 Nov 2026 08:00:00 +0100 (CET)
"""
GOOGLE = """from ut.etaten.example (rele.etaten.example. [192.0.2.10])
        by mx.google.com with ESMTPS id a640c23a62f3a-xx.12.2026.11.02
        for <kari@part.example>
        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        Sun, 01 Nov 2026 23:00:00 -0800 (PST)
"""
EXCHANGE = """from ut.etaten.example (192.0.2.10) by
 DB5EUR03FT033.mail.protection.outlook.com (10.152.20.76) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.4713.17 via Frontend Transport; Mon, 2 Nov 2026 07:00:00 +0000
"""
EXIM = """from rele.etaten.example ([192.0.2.10] helo=ut.etaten.example)
\tby mx.part.example with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384
\t(Exim 4.96)
\t(envelope-from <ola@etaten.example>)
\tid 1rGx2W-0001
\tfor kari@part.example;
\tMon, 02 Nov 2026 08:00:00 +0100
"""
AT_EXCHANGE = "db5eur03ft033.mail.protection.outlook.com"
FORMS = [
    ("Postfix with its note", POSTFIX, hop()),
    ("Postfix without a note, as by default", "from ut.etaten.example (rele.etaten.example [192.0.2.10]) by mx.part.example (Postfix) with ESMTPS id 1; 2 Nov 2026 07:00:00 +0000", hop(version="", suite="")),  # noqa: E501
    ("Postfix in clear", "from ut.etaten.example (unknown [192.0.2.10]) by mx.part.example (Postfix) with ESMTP id 1; 2 Nov 2026 07:00:00 GMT", hop(verified="", protocol="ESMTP", version="", suite="")),  # noqa: E501
    ("Postfix and IPv6", "from a.example (unknown [IPv6:2001:DB8::1]) by mx.part.example (Postfix) with ESMTP id 1; x", hop("a.example", "", "2001:db8::1", protocol="ESMTP", version="", suite="", when="")),  # noqa: E501
    ("Google", GOOGLE, hop(by="mx.google.com")),
    ("Google within", "by 2002:a05:6402:1e8c:b0:4f1:ab12:3c4d with SMTP id f12csp; Sun, 1 Nov 2026 23:00:00 -0800 (PST)", hop("", "", "", "2002:a05:6402:1e8c:b0:4f1:ab12:3c4d", "SMTP", "", "")),  # noqa: E501
    ("Exchange", EXCHANGE, hop(verified="", by=AT_EXCHANGE, version="TLSv1.2", suite="TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")),  # noqa: E501
    ("Exchange in clear", EXCHANGE.replace(" (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)", ""), hop(verified="", by=AT_EXCHANGE, protocol="ESMTP", version="", suite="")),  # noqa: E501
    ("Exchange to a mailbox", f"from ut.etaten.example (192.0.2.10) by {AT_EXCHANGE} with HTTPS; Mon, 2 Nov 2026 07:00:00 +0000", hop(verified="", by=AT_EXCHANGE, protocol="", version="", suite="")),  # noqa: E501
    ("Exim", EXIM, hop()),
    ("Exim that found no name", EXIM.replace("rele.etaten.example ([192.0.2.10] helo=ut.etaten.example)", "[192.0.2.10] (helo=ut.etaten.example)"), hop(verified="")),  # noqa: E501
    ("an older Exim", EXIM.replace("  (TLS1.3) tls TLS_AES_256_GCM_SHA384", " (TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256)"), hop(version="TLSv1.2", suite="ECDHE-RSA-AES256-GCM-SHA384")),  # noqa: E501
    ("a name the server doubts", "from ut.etaten.example (rele.etaten.example [192.0.2.10] (may be forged)) by mx.part.example with ESMTP id 1; x", hop(verified="", protocol="ESMTP", version="", suite="", when="")),  # noqa: E501
    ("a client of no plain name is not the same as none", "from $(id) (more) by mx.part.example with ESMTPS id 1; x", hop("", "", "", "", version="", suite="", when="")),  # noqa: E501
    ("TLS in the client's own words", "from x (using TLSv1.3 with cipher A (1/1 bits)) by mx.part.example with ESMTP id 1; x", hop("x", "", "", protocol="ESMTP", version="", suite="", when="")),  # noqa: E501
    ("a server in a comment", "from x (rele.etaten.example [192.0.2.10]) (by evil.example with ESMTPS) by mx.part.example with SMTP id 1; x", hop("x", protocol="SMTP", version="", suite="", when="")),  # noqa: E501
    ("a comment that never ends", "from x (rele.etaten.example [192.0.2.10] by mx.part.example with ESMTPS id 1; x", hop("x", "", "", "", "", "", "", "")),  # noqa: E501
    ("a date that is none", POSTFIX.replace("2 Nov 2026", "31 Feb 2026"), hop(when="")),
    ("nothing", "", hop("", "", "", "", "", "", "", "")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_field_is_read(text: str, expected: ReceivedHop) -> None:
    assert parse(f" {text}".replace("\n", "\r\n").encode()) == expected


@pytest.mark.parametrize(
    ("protocol", "version", "encrypted"),
    [("ESMTPS", "", True), ("ESMTPSA", "", True), ("ESMTP", "TLSv1.2", True), ("ESMTP", "", False), ("SMTP", "", False), ("ESMTPA", "", False), ("", "", None)],  # noqa: E501
)  # fmt: skip
def test_the_protocol_tells_of_tls(protocol: str, version: str, encrypted: bool | None) -> None:
    assert hop(protocol=protocol, version=version).encrypted is encrypted
