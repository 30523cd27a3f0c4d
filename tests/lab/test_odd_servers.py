"""The lab's odd servers have the oddity their name says, seen by OpenSSL's and Python's own clients."""

import smtplib
import socket
import ssl
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa

from tests.conftest import cannot_run
from tests.lab.cases import CASES, POLICY_HOST
from tests.lab.client import any_context, starttls
from tests.lab.debs import BIN
from tests.lab.opensmtpd import packaged_speaks_tls
from tests.lab.private import left_out
from tests.lab.submission import PLACES
from tests.lab.world import World

NOBODY = ssl.SSLError, smtplib.SMTPException, OSError


def s_client(name: str, *options: str) -> str:
    """What `openssl s_client` says of a case's host."""
    place = f"{CASES[name].address}:25"
    words = [BIN / "openssl", "s_client", "-connect", place, "-starttls", "smtp", "-servername", CASES[name].host]
    done = subprocess.run(
        [*words, *options], input="QUIT\r\n", capture_output=True, text=True, timeout=20, check=False, errors="replace"
    )
    return done.stdout + done.stderr


def leaf_for(name: str, ciphers: str) -> x509.Certificate:
    """The certificate shown to a client of TLS 1.2 with these suites."""
    context = any_context(ssl.TLSVersion.TLSv1_2, f"{ciphers}:@SECLEVEL=0")
    leaf = starttls(CASES[name].address, CASES[name].host, context).leaf
    assert leaf is not None
    return leaf


def talk(address: str, port: int, *lines: str) -> list[bytes]:
    """Say lines in clear, one after the other; what came back to each, the greeting first."""
    with socket.create_connection((address, port), timeout=10) as connection:
        heard = [connection.recv(4096)]
        for line in lines:
            connection.sendall(line.encode() + b"\r\n")
            heard.append(connection.recv(4096))
    return heard


@pytest.mark.parametrize("daemon", ["exim", "opensmtpd", "packaged_opensmtpd"])
def test_a_server_with_accounts_of_its_own_can_be_started_here(daemon: str) -> None:
    if reason := left_out(daemon):
        cannot_run(reason)
    assert daemon in {case.daemon for case in CASES.values()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("staple-good", "Cert Status: good"),
        ("staple-revoked", "Cert Status: revoked"),
        ("staple-unknown", "Cert Status: unknown"),
        ("staple-revoked-13", "Cert Status: revoked"),
        ("exim-good", "Cert Status: good"),
        ("sound", "OCSP response: no response sent"),
    ],
)
def test_what_is_stapled_is_what_the_name_says(world: World, name: str, words: str) -> None:
    assert words in s_client(name, "-status")


def test_an_outdated_staple_is_one(world: World) -> None:
    said = s_client("staple-outdated", "-status")
    until = next(line.partition(": ")[2] for line in said.splitlines() if "Next Update" in line)
    assert datetime.strptime(until.strip(), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC) < datetime.now(UTC)


def test_a_name_that_is_not_its_own_is_refused_by_alert(world: World) -> None:
    other, own = CASES["other-sni-alone"], CASES["own-sni-alone"]
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        starttls(other.address, other.host, any_context())
    assert starttls(other.address, "else.example", any_context()).ehlo_inside == 250
    assert starttls(own.address, own.host, any_context()).ehlo_inside == 250


def test_a_short_group_is_1024_bits(world: World) -> None:
    assert "Server Temp Key: DH, 1024 bits" in s_client("dhe-1024", "-cipher", "ALL:@SECLEVEL=0")


@pytest.mark.parametrize("name", ["tls13-only", "tls13-both-keys", "staple-revoked-13", "second-expired-13"])
def test_a_host_of_tls13_alone_refuses_the_older(world: World, name: str) -> None:
    case = CASES[name]
    assert starttls(case.address, case.host, any_context(ssl.TLSVersion.TLSv1_3)).ehlo_inside == 250
    with pytest.raises(NOBODY):
        starttls(case.address, case.host, any_context(ssl.TLSVersion.TLSv1_2))


@pytest.mark.parametrize(("name", "late"), [("exim-both-keys", False), ("second-expired", True)])
def test_a_host_with_two_certificates_shows_each_to_those_who_ask(world: World, name: str, late: bool) -> None:
    rsa, ecdsa = leaf_for(name, "aRSA"), leaf_for(name, "aECDSA")
    assert rsa != ecdsa
    assert rsa.not_valid_after_utc > datetime.now(UTC)
    assert (ecdsa.not_valid_after_utc < datetime.now(UTC)) is late


def test_a_dsa_certificate_is_one(world: World) -> None:
    assert isinstance(leaf_for("dsa", "aDSS").public_key(), dsa.DSAPublicKey)


@pytest.mark.parametrize(("name", "words"), [("exim", "IS supported"), ("exim-no-rfc5746", "IS NOT supported")])
def test_renegotiation_is_announced_as_the_name_says(world: World, name: str, words: str) -> None:
    assert f"Secure Renegotiation {words}" in s_client(name, "-tls1_2", "-legacy_server_connect")


@pytest.mark.parametrize(("name", "taken"), [("exim", False), ("exim-defaults", True), ("exim-old", True)])
def test_gnutls_takes_old_versions_by_itself(world: World, name: str, taken: bool) -> None:
    assert ("New, TLSv1.0" in s_client(name, "-tls1", "-cipher", "ALL:@SECLEVEL=0")) is taken


def test_an_exim_that_has_no_staple_to_give_has_no_tls(world: World) -> None:
    assert talk(CASES["exim-revoked"].address, 25, "EHLO tests.example", "STARTTLS")[2].startswith(b"454")


def test_s_server_asks_for_a_certificate_and_serves_nobody_without(world: World) -> None:
    case = CASES["wants-certificate"]
    with pytest.raises(NOBODY):
        starttls(case.address, case.host, any_context())


def test_one_exim_says_another_thing_inside_tls(world: World) -> None:
    case = CASES["exim-two-faces"]
    with smtplib.SMTP(case.address, 25, local_hostname="tests.example", timeout=10) as session:
        session.ehlo()
        outside = set(session.esmtp_features)
        session.starttls(context=any_context())
        session.ehlo()
        inside = set(session.esmtp_features)
    assert outside - inside >= {"chunking", "starttls"}
    assert inside - outside >= {"dsn"}


def test_an_opensmtpd_before_7_signs_nothing_with_openssl_3(world: World) -> None:
    case = CASES["opensmtpd-packaged"]
    if packaged_speaks_tls():
        assert starttls(case.address, case.host, any_context()).ehlo_inside == 250
        return
    with pytest.raises(ssl.SSLError, match=r"(?i)internal.error"):
        starttls(case.address, case.host, any_context())


def test_a_newer_opensmtpd_knows_no_old_version_whatever_it_is_told(world: World) -> None:
    assert "New, TLSv1.2" in s_client("opensmtpd-old", "-tls1_2")
    assert "New, (NONE)" in s_client("opensmtpd-old", "-tls1", "-cipher", "ALL:@SECLEVEL=0")


@pytest.mark.parametrize("name", ["masked", "masked-too"])
def test_a_masked_starttls_is_hidden_and_unknown(world: World, name: str) -> None:
    _, offer, answer = talk(CASES[name].address, 25, "EHLO tests.example", "STARTTLS")
    assert b"250-XXXXXXXA\r\n" in offer
    assert b"STARTTLS" not in offer
    assert answer.startswith(b"500")


def test_starttls_comes_with_the_second_ehlo(world: World) -> None:
    _, first, second = talk(CASES["second-ehlo"].address, 25, *["EHLO tests.example"] * 2)
    assert b"STARTTLS" not in first
    assert b"250-STARTTLS\r\n" in second


def test_a_keyword_in_lower_case_is_in_lower_case(world: World) -> None:
    assert b"250-starttls\r\n" in talk(CASES["lower-case"].address, 25, "EHLO tests.example")[1]


def test_behind_220_stands_what_the_name_says(world: World) -> None:
    said = ("EHLO tests.example", "STARTTLS")
    assert talk(CASES["bytes-behind"].address, 25, *said)[2].count(b"\r\n") == 2
    assert b"not TLS at all" in talk(CASES["garbage"].address, 25, *said, "\x16\x03\x01")[3]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_submission_host_offers_logins_where_it_should(world: World, place) -> None:
    assert (b"AUTH" in talk(place.address, 587, "EHLO tests.example")[1]) is place.in_clear
    with smtplib.SMTP(place.address, 587, local_hostname="tests.example", timeout=10) as session:
        session.starttls(context=any_context())
        session.ehlo()
        assert "PLAIN" in session.esmtp_features["auth"]
    if place.tls_at_once:
        with smtplib.SMTP_SSL(place.address, 465, timeout=10, context=any_context()) as session:
            assert session.ehlo()[0] == 250
    else:
        assert talk(place.address, 465)[0].startswith(b"220")


@pytest.mark.parametrize(("name", "status"), [("sts", b"200"), ("sts-redirect", b"301"), ("sts-html", b"200")])
def test_a_policy_is_served_under_its_own_name(world: World, name: str, status: bytes) -> None:
    case = CASES[name]
    host = f"mta-sts.{case.domain}"
    context = any_context(roots=world.roots)
    with (
        socket.create_connection((POLICY_HOST, 443), timeout=10) as line,
        context.wrap_socket(line, server_hostname=host) as inside,
    ):
        inside.sendall(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: inside.recv(4096), b""))
    assert answer.split()[1] == status
    assert case.sts is not None
    assert answer.endswith(case.sts.body.encode())
