"""Each mail host shows its intended fault to ordinary clients, and no other."""

import contextlib
import hashlib
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.demo.world import World


def hello(world: World, name: str, timeout: float = 5) -> smtplib.SMTP:
    """Connect; refuses what a greeting other than 220 means."""
    client = smtplib.SMTP(timeout=timeout, local_hostname="probe.kommunen.example")
    code, text = client.connect(world.servers[name].address, world.smtp_port)
    if code != 220:
        client.close()
        raise smtplib.SMTPConnectError(code, text)
    client._host = world.servers[name].certificate_name or name  # the name starttls() asks for
    return client


def verifying(world: World) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the same on every Python, where default contexts grow stricter
    context.load_verify_locations(world.pki.roots)
    context.hostname_checks_common_name = False
    return context


def curious(ciphers: str = "ALL:@SECLEVEL=0", newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(ciphers)
    context.maximum_version = newest
    return context


def trouble(world: World, name: str) -> str:
    """Give what a verifying client says of a host, `` when all is well."""
    with contextlib.closing(hello(world, name)) as client:
        try:
            client.starttls(context=verifying(world))
            client.ehlo()
            client.quit()
        except ssl.SSLCertVerificationError as fault:
            return fault.verify_message
        except (ssl.SSLError, smtplib.SMTPException, OSError) as fault:
            return f"{type(fault).__name__}: {fault}"
    return ""


@contextlib.contextmanager
def encrypted(world: World, name: str, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with contextlib.closing(hello(world, name)) as client:
        client.starttls(context=context)
        yield client.sock


ROWS = [
    ("mx1.kommunen.example", ""),
    ("mx2.kommunen.example", ""),
    ("mx1.skole.example", ""),
    ("mx2.skole.example", "certificate has expired"),
    ("mx1.havn.example", ""),
    ("mx.departement.example", ""),
    ("mx.direktorat.example", "STARTTLS extension not supported"),
    ("mx.fylke.example", "self-signed certificate"),
    ("mx.sykehus.example", "Hostname mismatch"),
    ("mx.universitet.example", "unable to get local issuer certificate"),
    ("mx.tilsyn.example", ""),
    ("mx1.fiendtlig.example", ""),
    ("mx.maske.example", "STARTTLS extension not supported"),
    ("mx.ecdsa.example", ""),
    ("mx.svak.example", "key too weak"),
    ("mx.klient.example", ""),
    ("mx.anonym.example", ""),
    ("mx.treg.example", ""),
    ("implisitt.example", ""),
    ("vert.leverandor.example", ""),
    ("mx.ukjent.example", "unable to get local issuer certificate"),
    ("mx.felles.example", "Hostname mismatch"),
    ("mx.snart.example", "certificate is not yet valid"),
    ("mx.forfalsket.example", ""),
]


@pytest.mark.parametrize(("name", "said"), ROWS)
def test_a_verifying_client_meets_the_intended_fault(world: World, name: str, said: str) -> None:
    found = trouble(world, name)
    assert said in found if said else found == ""


@pytest.mark.parametrize(("name", "code"), [("mx2.havn.example", 421), ("mx.etat.example", 554)])
def test_a_host_that_will_not_talk_says_so(world: World, name: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPConnectError) as refusal:
        hello(world, name)
    assert refusal.value.smtp_code == code


@pytest.mark.parametrize("name", ["mx.glemt.example", "mx.stengt.example", "rele.kommunen.example"])
def test_where_nobody_is_at_home_the_connection_is_refused(world: World, name: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        hello(world, name)


def test_a_tarpit_never_answers(world: World) -> None:
    with socket.create_connection((world.servers["mx.stille.example"].address, world.smtp_port), 1) as line:
        line.settimeout(0.5)
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_a_slow_host_greets_after_three_seconds(world: World) -> None:
    began = time.monotonic()
    hello(world, "mx.treg.example").close()
    assert 2.9 < time.monotonic() - began < 4.5


def test_a_false_start_says_220_and_then_nothing(world: World) -> None:
    with contextlib.closing(hello(world, "mx.luring.example", timeout=0.5)) as client, pytest.raises(TimeoutError):
        client.starttls(context=curious())


def old_hello(world: World, name: str, version: str) -> str:
    address = f"{world.servers[name].address}:{world.smtp_port}"
    command = ["openssl", "s_client", "-starttls", "smtp", "-connect", address, version, "-cipher", "ALL:@SECLEVEL=0"]
    return subprocess.run(command, check=False, input=b"QUIT\r\n", capture_output=True, timeout=20).stdout.decode(
        "latin-1"
    )


@pytest.mark.parametrize(("flag", "shown"), [("-tls1", "TLSv1"), ("-tls1_1", "TLSv1.1"), ("-tls1_2", "TLSv1.2")])
def test_old_versions_are_taken_where_they_are_meant_to_be(world: World, flag: str, shown: str) -> None:
    assert f"Protocol  : {shown}\n" in old_hello(world, "mx.tilsyn.example", flag)
    sound = old_hello(world, "mx.departement.example", flag)
    assert ("Cipher is (NONE)" not in sound) == (flag == "-tls1_2")


@pytest.mark.parametrize(
    ("name", "ciphers", "version", "suite"),
    [
        ("mx1.kommunen.example", "ALL", "TLSv1.3", "TLS_"),
        ("mx.tolv.example", "ALL", "TLSv1.2", "AES256-GCM-SHA384"),
        ("mx.anonym.example", "aNULL:@SECLEVEL=0", "TLSv1.2", "A"),
        ("mx.gruppe.example", "DHE+AESGCM:@SECLEVEL=0", "TLSv1.2", "DHE-RSA-"),
        ("mx.ecdsa.example", "aRSA", "TLSv1.2", "ECDHE-RSA-"),
    ],
)
def test_a_host_picks_the_version_and_suite_of_its_persona(
    world: World, name: str, ciphers: str, version: str, suite: str
) -> None:
    newest = ssl.TLSVersion.TLSv1_3 if ciphers == "ALL" else ssl.TLSVersion.TLSv1_2
    with encrypted(world, name, curious(ciphers, newest)) as line:
        assert line.version() == version
        assert line.cipher()[0].startswith(suite)


def test_a_sound_host_takes_no_anonymous_suite(world: World) -> None:
    with (
        pytest.raises(ssl.SSLError),
        encrypted(world, "mx1.kommunen.example", curious("aNULL:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2)),
    ):
        pass


def test_rsa_and_ecdsa_are_two_certificates_on_one_host(world: World) -> None:
    with encrypted(world, "mx.ecdsa.example", curious("aRSA", ssl.TLSVersion.TLSv1_2)) as line:
        shown = x509.load_der_x509_certificate(line.getpeercert(binary_form=True))
    assert shown == world.pki.certificate("rsa_expired", "mx.ecdsa.example")


def test_without_sni_another_certificate_is_shown(world: World) -> None:
    with contextlib.closing(hello(world, "implisitt.example")) as client:
        client._host = ""  # no name is asked for
        client.docmd("STARTTLS")
        with curious().wrap_socket(client.sock) as line:
            shown = x509.load_der_x509_certificate(line.getpeercert(binary_form=True))
    assert shown == world.pki.certificate("self_signed", "implisitt.example")


def test_tlsa_in_the_zone_is_that_of_the_certificate_shown(world: World) -> None:
    with encrypted(world, "mx1.kommunen.example", verifying(world)) as line:
        shown = x509.load_der_x509_certificate(line.getpeercert(binary_form=True))
    key = shown.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert hashlib.sha256(key).hexdigest() == world.pki.tlsa("sound", "mx1.kommunen.example")
    assert world.pki.tlsa("expired", "mx1.havn.example") != world.pki.tlsa("sound", "mx1.havn.example")


def test_a_client_certificate_is_asked_for_and_not_demanded(world: World) -> None:
    shown = old_hello(world, "mx.klient.example", "-tls1_2")
    assert "Client Certificate Types" in shown
    assert "Client Certificate Types" not in old_hello(world, "mx.departement.example", "-tls1_2")


def test_what_is_injected_behind_starttls_is_kept_only_where_meant(world: World) -> None:
    said = {}
    for name in ("mx1.havn.example", "mx1.kommunen.example"):
        with contextlib.closing(hello(world, name)) as client:
            client.ehlo()
            client.sock.sendall(b"STARTTLS\r\nNOOP\r\n")
            client.getreply()
            with curious().wrap_socket(client.sock) as line:
                line.settimeout(0.5)
                try:
                    said[name] = line.recv(100)
                except TimeoutError:
                    said[name] = b""
    assert said == {"mx1.havn.example": b"250 Ok\r\n", "mx1.kommunen.example": b""}


def test_mail_from_a_partner_that_demands_tls_is_refused_in_clear(world: World) -> None:
    with contextlib.closing(hello(world, "mx1.kommunen.example")) as client:
        client.ehlo()
        client.mail("postmaster@departement.example")
        assert client.rcpt("postmaster@kommunen.example")[1].startswith(b"4.7.4")
        client.rset()
        client.starttls(context=verifying(world))
        client.ehlo()
        client.mail("postmaster@departement.example")
        assert client.rcpt("postmaster@kommunen.example")[0] == 250


def test_a_hostile_host_says_hostile_things(world: World) -> None:
    with socket.create_connection((world.servers["mx1.fiendtlig.example"].address, world.smtp_port), 3) as line:
        line.sendall(b"EHLO probe.kommunen.example\r\n")
        said = b""
        while b"250 STARTTLS\r\n" not in said:
            said += line.recv(4096)
    for evil in (b"=cmd|'/c calc'!A0", b"<script>", b"\x1b[31m", b"\x00", b"\xff\xfe", b"X" * 2000):
        assert evil in said


def test_a_flood_is_ten_million_bytes(world: World) -> None:
    with socket.create_connection((world.servers["mx2.fiendtlig.example"].address, world.smtp_port), 3) as line:
        line.sendall(b"EHLO probe.kommunen.example\r\nQUIT\r\n")
        total = 0
        while piece := line.recv(1 << 20):
            total += len(piece)
    assert total > 10_000_000
