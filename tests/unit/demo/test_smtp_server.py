"""Personas that no host of the world has: probes' tests start them by name."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator

import pytest

from compliance.demo.personas import PERSONAS
from compliance.demo.pki import Pki
from compliance.demo.smtp_server import MailHost, SmtpServers
from compliance.demo.tls_context import server_context

NAME = "mx.alene.example"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@contextlib.contextmanager
def alone(pki: Pki, persona: str) -> Iterator[smtplib.SMTP]:
    chosen = PERSONAS[persona]
    context = server_context(chosen.tls, [pki.file("rsa", NAME)], pki.roots)
    servers = SmtpServers([MailHost(NAME, "127.25.3.1", chosen, context)])
    servers.start()
    client = smtplib.SMTP(timeout=5, local_hostname="probe.kommunen.example")
    try:
        client.connect("127.25.3.1", servers.port)
        client._host = NAME
        yield client
    finally:
        client.close()
        servers.stop()


def anything(ciphers: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(ciphers)
    return context


@pytest.mark.parametrize(
    ("persona", "line"),
    [
        ("free_text", b"HELP no STARTTLS here"),
        ("odd_spelling", b"  starttls "),
        ("masked", b"XXXXXXXA"),
        ("sound", b"STARTTLS"),
    ],
)
def test_ehlo_ends_in_the_line_of_the_persona(pki: Pki, persona: str, line: bytes) -> None:
    with alone(pki, persona) as client:
        assert client.docmd("EHLO probe.kommunen.example")[1].splitlines()[-1] in {line, line.strip()}


def test_a_host_of_before_esmtp_knows_helo_alone(pki: Pki) -> None:
    with alone(pki, "no_ehlo") as client:
        assert client.ehlo()[0] == 502
        assert client.helo()[0] == 250


def test_starttls_is_offered_and_then_not_there(pki: Pki) -> None:
    with alone(pki, "starttls_454") as client, pytest.raises(smtplib.SMTPResponseException) as answer:
        client.starttls()
    assert answer.value.smtp_code == 454


def test_a_host_hangs_up_without_a_word(pki: Pki) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected), alone(pki, "hanging_up"):
        pass


def test_a_host_of_old_versions_alone_refuses_tls_1_2(pki: Pki) -> None:
    with alone(pki, "only_older") as client, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        client.starttls(context=anything("ALL:@SECLEVEL=0"))


def test_a_suite_without_encryption_is_taken(pki: Pki) -> None:
    with alone(pki, "no_encryption") as client:
        context = anything("eNULL:@SECLEVEL=0")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        client.starttls(context=context)
        assert "NULL" in client.sock.cipher()[0]


def test_a_server_that_never_started_can_be_stopped(pki: Pki) -> None:
    context = server_context(PERSONAS["sound"].tls, [pki.file("sound", NAME)], pki.roots)
    SmtpServers([MailHost(NAME, "127.25.3.1", PERSONAS["sound"], context)]).stop()
