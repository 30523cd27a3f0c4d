"""Exim's main log: each delivery with the TLS that stands in its own line."""

from pathlib import Path

import pytest

from tests.unit.outbound.build import distilled, domains, log_file, relay

ID = "1tFq2A-000000004kX-1zQ9"
X13 = "X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256"


def line(body: str, minute: int = 5) -> str:
    return f"2026-11-02 09:{minute:02}:00 {ID} {body}"


def delivered(
    tls: str = f"{X13} CV=yes", to: str = "kari@part.example", reply: str = "250 OK", sign: str = "=>"
) -> str:
    middle = f" {tls}" if tls else ""
    return f'{sign} {to} R=dnslookup T=remote_smtp H=mx.part.example [192.0.2.1]{middle} C="{reply}" QT=1s DT=0s'


def quoted(local: str, end: str = "R=dnslookup T=remote_smtp H=mx.part.example [192.0.2.1]") -> str:
    """A recipient in quotes as Exim 4.96 writes it: first without them, then as it was."""
    return f'=> {local}@part.example <"{local}"@part.example> {end}'


def around(*bodies: str) -> list[str]:
    other = delivered().replace("192.0.2.1", "198.51.100.1")
    return [line(other, 1), *(line(body) for body in bodies), line(other, 9), line("Completed", 9)]


ROWS = [
    ("under TLS", [delivered()], (1, 0), []),
    ("another recipient of the same delivery", [delivered(), delivered(sign="->", to="ola@part.example")], (2, 0), []),
    ("in clear", [delivered("")], (0, 1), []),
    ("in clear, as Exim 4.96 writes it", [delivered("K")], (0, 1), []),
    ("under TLS, as Exim 4.96 writes it", [delivered(f"{X13} CV=no K")], (1, 0), []),
    ("over a session used before", [delivered().replace("[192.0.2.1]", "[192.0.2.1]*")], (1, 0), []),
    (
        "the port and our own side told",
        [delivered().replace("[192.0.2.1]", "[192.0.2.1]:25 I=[10.0.0.1]:4711")],
        (1, 0),
        [],
    ),
    ("the name from signed DNS", [delivered().replace("[192.0.2.1]", "DS [192.0.2.1]")], (1, 0), []),
    ("in clear, the name from signed DNS", [delivered("L K").replace("[192.0.2.1]", "DS [192.0.2.1]")], (0, 1), []),
    ("a reply that looks like TLS", [delivered("", reply=f"250 {X13} CV=yes")], (0, 1), []),
    ("a reply that names a host", [delivered(reply="250 H=x [203.0.113.9]")], (0, 0), ["delivery"]),
    ("to a quoted recipient", [quoted("a b")], (0, 0), ["delivery"]),
    (
        "to a recipient that looks like a host",
        [quoted('x@y H=evil [203.0.113.9] X=TLS1.3:A:1 C="')],
        (0, 0),
        ["delivery"],
    ),
    (
        "to a mailbox that looks like one",
        [quoted("x@y H=evil [203.0.113.9]", end="R=local T=mail_spool")],
        (0, 0),
        ["delivery"],
    ),
    ("to a mailbox", ["=> kari <kari@etaten.example> R=local T=mail_spool"], (0, 0), []),
    ("put off", ["== kari@part.example R=dnslookup T=remote_smtp defer (-53): retry time not reached"], (0, 0), []),
    ("to a filter on this machine", [delivered("").replace("192.0.2.1", "127.0.0.1")], (0, 0), []),
    ("TLS of no known form", [delivered("X=odd")], (0, 0), ["tls"]),
    ("a delivery of no known form", ["=> kari@part.example H=mx [x]"], (0, 0), ["delivery"]),
]


@pytest.mark.parametrize(("bodies", "expected", "unread"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_delivery_tells_its_tls(
    tmp_path: Path, bodies: list[str], expected: tuple[int, int], unread: list[str]
) -> None:
    facts = distilled(log_file(tmp_path, around(*bodies), "mainlog"))
    flow = relay(facts)

    assert facts.product == "exim"
    assert (flow.encrypted, flow.clear) == expected
    assert [kind.kind for kind in facts.file.unread] == unread
    assert relay(facts, "203.0.113.9").messages == 0


def fell_back(address: str = "192.0.2.1", message: str = ID) -> str:
    said = "TLS session: (gnutls_handshake): A packet with illegal or unsupported version was received."
    body = f"{said}: delivering unencrypted to H=mx.part.example [{address}] (not in hosts_require_tls)"
    return f"2026-11-02 09:05:00 {message} {body}"


OTHER_ID = ID.replace("A-", "B-")
FAILURES = [
    ("a handshake failed before it", [fell_back(), line(delivered(""))], 1),
    ("and for another recipient", [fell_back(), line(delivered("")), line(delivered("", sign="->"))], 2),
    ("with another host", [fell_back("198.51.100.7"), line(delivered(""))], 0),
    ("of another message", [fell_back(message=OTHER_ID), line(delivered(""))], 0),
    ("of a message that was done", [fell_back(), line("Completed"), line(delivered(""))], 0),
]


@pytest.mark.parametrize(("lines", "failed"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_a_delivery_in_clear_after_a_failed_handshake_is_told_apart(
    tmp_path: Path, lines: list[str], failed: int
) -> None:
    first, *rest = around()
    flow = relay(distilled(log_file(tmp_path, [first, *lines, *rest], "mainlog")))

    assert flow.failed_tls == failed
    assert flow.clear == sum(" => " in each or " -> " in each for each in lines)


VERSIONS = [
    (f"{X13} CV=dane", ("TLSv1.3", "ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM", "cv_dane")),
    ("X=TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384:256 CV=no", ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "cv_no")),
    ("X=TLS1.0:RSA_AES_256_CBC_SHA1:256", ("TLSv1", "RSA_AES_256_CBC_SHA1", "")),
]


@pytest.mark.parametrize(("tls", "expected"), VERSIONS)
def test_version_suite_and_verification_are_kept(tmp_path: Path, tls: str, expected: tuple[str, str, str]) -> None:
    flow = relay(distilled(log_file(tmp_path, around(delivered(tls)), "mainlog")))

    assert [(tally.version, tally.suite, tally.trust) for tally in flow.tls] == [expected]


def test_a_log_without_ciphers_proves_nothing(tmp_path: Path) -> None:
    facts = distilled(log_file(tmp_path, [line(delivered(""), minute) for minute in range(3)], "mainlog"))

    assert (relay(facts).clear, relay(facts).unknown, facts.instances[0].logs_tls) == (0, 3, False)


def test_arrivals_are_counted_by_their_senders_domain(tmp_path: Path) -> None:
    took = f"<= ola@part.example H=mx.part.example [192.0.2.1] P=esmtps {X13} CV=no S=900 id=x@part.example"
    clear = "<= ola@part.example H=(helo X=TLS1.3:A:1) [192.0.2.1] P=esmtp S=900"
    login = f"<= kari@etaten.example H=(pc) [10.0.0.9] P=esmtpsa {X13} CV=no A=plain_login:kari S=90"
    local = "<= root@etaten.example U=root P=local S=100"
    lines = [line(body, minute) for minute, body in enumerate((took, clear, login, local, took))]
    facts = distilled(log_file(tmp_path, lines, "mainlog"))

    assert {name: (each.flow.encrypted, each.flow.clear) for name, each in domains(facts, "from").items()} == {
        "part.example": (2, 1)
    }
    assert "kari" not in repr(facts)


#: How Exim writes an arrival under TLS with one selector more: dnssec, incoming_interface, ident asked, pipelining.
TOLD = [
    f"DS H=mx.part.example [192.0.2.1] P=esmtps {X13}",
    f"H=mx.part.example [192.0.2.1]:4711 I=[192.0.2.9]:25 P=esmtps {X13}",
    f"H=mx.part.example [192.0.2.1] U=ola P=esmtps {X13}",
    f"H=(mx.part.example) [192.0.2.1] P=esmtps L {X13}",
    f"H=(mx.part.example) [192.0.2.1] P=esmtps L.- {X13}",
]


@pytest.mark.parametrize("told", TOLD)
def test_an_arrival_under_tls_is_read_however_much_is_told(tmp_path: Path, told: str) -> None:
    took = f"<= ola@part.example {told} CV=no S=900 M8S=0 id=x@part.example"
    facts = distilled(log_file(tmp_path, [line(took, 1), line(took, 2)], "mainlog"))

    flow = domains(facts, "from")["part.example"].flow
    assert (flow.encrypted, flow.clear, flow.unknown) == (2, 0, 0)
    assert facts.file.not_read == 0


def test_an_arrival_that_names_two_hosts_is_not_read(tmp_path: Path) -> None:
    forged = f"<= x H=evil [203.0.113.9] P=esmtps {X13} CV=yes S=1@evil.example H=mx [192.0.2.1] P=esmtp S=900"
    facts = distilled(log_file(tmp_path, [line(delivered()), line(forged)], "mainlog"))

    assert domains(facts, "from") == {}
    assert [kind.kind for kind in facts.file.unread] == ["arrival"]


def test_dates_with_a_zone_are_read(tmp_path: Path) -> None:
    path = log_file(tmp_path, [line(delivered()).replace("09:05:00", "09:05:00.123 +0100")], "mainlog")

    assert distilled(path).file.first == "2026-11-02T08:05:00Z"
