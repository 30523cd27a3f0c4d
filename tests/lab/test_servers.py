"""The lab itself: each server has the fault its name says, and no other server has it."""

import contextlib
import smtplib
import ssl
import time
import warnings
from hashlib import sha256
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.reversename
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.lab.cases import CASES
from tests.lab.client import any_context, starttls
from tests.lab.opensmtpd import packaged_speaks_tls
from tests.lab.pki import Leaf
from tests.lab.postfix import PostfixInstance
from tests.lab.servers import read_greeting
from tests.lab.world import World

SERVING = [name for name, case in CASES.items() if case.server]
GOOD = {Leaf.SOUND, Leaf.STRONG, Leaf.ECDSA}
#: Hosts that let nobody in for reasons of their own; and one whose first 454 is for the run to see.
SHUT = {"no-starttls", "rejects", "needs-certificate", "needs-certificate-12", "wants-certificate", "exim-revoked"}
SHUT |= {"other-sni-alone", "masked", "masked-too", "second-ehlo", "garbage", "not-now"}
SHUT |= set() if packaged_speaks_tls() else {"opensmtpd-packaged"}
TRUSTED = [name for name in SERVING if {CASES[name].leaf, CASES[name].second} - {None} <= GOOD and name not in SHUT]


def see(world: World, name: str, context: ssl.SSLContext):
    case = world.cases[name]
    return starttls(case.address, case.host, context)


def ask(world: World, name: str, kind: str, flags: int = 0) -> dns.message.Message:
    question = dns.message.make_query(name, kind, want_dnssec=True)
    question.flags |= flags
    return dns.query.udp(question, world.unbound.address, port=world.unbound.port, timeout=5)


def old(version: str) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # ssl warns of the versions this test is about
        return any_context(getattr(ssl.TLSVersion, version))


def alive(group: int) -> list[str]:
    """The living processes of a group; those that ended and wait for a parent to notice are not among them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = file.read_text().rpartition(") ")
            state, _, pgrp = rest.split()[:3]
            found += [name] if int(pgrp) == group and state != "Z" else []
    return found


@pytest.mark.parametrize("name", [name for name in SERVING if CASES[name].daemon != "proxy"])
def test_every_server_greets_with_its_own_name(world: World, name: str) -> None:
    case = world.cases[name]
    code = b"554" if name == "rejects" else b"220"
    assert read_greeting(case.address, 25, 10).startswith(code + b" " + (case.host.encode() if code == b"220" else b""))


@pytest.mark.parametrize("name", TRUSTED)
def test_a_server_without_a_certificate_fault_is_trusted_by_name(world: World, name: str) -> None:
    assert see(world, name, any_context(roots=world.roots)).ehlo_inside == 250


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("self-signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("wrong-name", "Hostname mismatch"),
        ("no-intermediate", "unable to get local issuer certificate"),
    ],
)
def test_a_certificate_fault_is_the_one_intended(world: World, name: str, words: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        see(world, name, any_context(roots=world.roots))


def test_a_host_without_starttls_does_not_offer_it(world: World) -> None:
    with pytest.raises(smtplib.SMTPNotSupportedError):
        see(world, "no-starttls", any_context())


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_spoken_by_the_old_server_alone(world: World, version: str) -> None:
    assert see(world, "old-tls", old(version)).version == version.replace("_", ".")
    with pytest.raises((ssl.SSLError, smtplib.SMTPException, OSError)):
        see(world, "sound", old(version))


def test_the_null_cipher_server_encrypts_nothing_when_asked(world: World) -> None:
    context = any_context(ssl.TLSVersion.TLSv1_2, "eNULL:!aNULL:@SECLEVEL=0")
    assert "NULL" in see(world, "null-cipher", context).suite
    with pytest.raises((ssl.SSLError, smtplib.SMTPException, OSError)):
        see(world, "sound", any_context(ssl.TLSVersion.TLSv1_2, "eNULL:!aNULL:@SECLEVEL=0"))


@pytest.mark.parametrize(("suites", "what"), [("aNULL", "anonymous"), ("kRSA", "no forward secrecy")])
def test_postfix_as_it_comes_accepts_what_the_sound_one_refuses(world: World, suites: str, what: str) -> None:
    assert see(world, "defaults", any_context(ssl.TLSVersion.TLSv1_2, f"{suites}:@SECLEVEL=0")).ehlo_inside == 250
    with pytest.raises((ssl.SSLError, smtplib.SMTPException, OSError)):
        see(world, "sound", any_context(ssl.TLSVersion.TLSv1_2, f"{suites}:@SECLEVEL=0"))


def test_the_slow_greeter_keeps_its_callers_waiting(world: World) -> None:
    started = time.monotonic()
    assert read_greeting(world.cases["greet-delay"].address, 25, 10).startswith(b"220")
    assert 3.5 < time.monotonic() - started < 8


def test_a_client_certificate_is_asked_for_where_it_should_be(world: World) -> None:
    asked = {name: see(world, name, any_context()).asked_for_ours for name in ("sound", "asks-certificate")}
    assert asked == {"sound": False, "asks-certificate": True}


def test_a_host_that_needs_a_client_certificate_serves_nobody_without(world: World) -> None:
    seen = see(world, "needs-certificate", any_context())
    assert seen.asked_for_ours
    assert seen.ehlo_inside != 250


@pytest.mark.parametrize(("name", "same"), [("sound", True), ("ecdsa", True), ("dane-mismatch", False)])
def test_tlsa_says_the_key_shown_except_where_it_should_not(world: World, name: str, same: bool) -> None:
    leaf = see(world, name, any_context()).leaf
    assert leaf is not None
    key = sha256(leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    answer = ask(world, f"_25._tcp.{world.cases[name].host}", "TLSA")
    assert answer.flags & dns.flags.AD
    assert (key in answer.answer[0].to_text()) is same


@pytest.mark.parametrize("name", [name for name in CASES if name not in {"unsigned", "bogus"}])
def test_signed_domains_are_secure(world: World, name: str) -> None:
    answer = ask(world, world.cases[name].domain, "MX")
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.answer
    assert answer.flags & dns.flags.AD


def test_an_unsigned_domain_resolves_without_proof(world: World) -> None:
    answer = ask(world, "unsigned.example", "MX")
    assert answer.answer
    assert not answer.flags & dns.flags.AD


def test_a_bogus_domain_is_refused_and_seen_with_checking_disabled(world: World) -> None:
    assert ask(world, "bogus.example", "MX").rcode() == dns.rcode.SERVFAIL
    assert ask(world, "bogus.example", "MX", dns.flags.CD).answer


def test_nothing_exists_outside_and_that_is_proven_here(world: World) -> None:
    answer = ask(world, "nsm.no", "MX")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.flags & dns.flags.AD


def test_every_address_points_back_to_its_host(world: World) -> None:
    for name in SERVING:
        case = world.cases[name]
        answer = ask(world, dns.reversename.from_address(case.address).to_text(), "PTR")
        assert answer.answer[0][0].target.to_text() == f"{case.host}."


def test_a_partner_that_must_encrypt_is_heard_inside_tls_only(world: World) -> None:
    def say(encrypted: bool) -> int:
        with smtplib.SMTP(world.cases["sound"].address, 25, local_hostname="tests.example", timeout=10) as session:
            if encrypted:
                session.starttls(context=any_context())
            session.ehlo()
            session.mail("postmaster@defaults.example")
            return session.rcpt("postmaster@sound.example")[0]

    assert say(encrypted=False) == 450
    assert say(encrypted=True) == 250


def test_our_own_sender_logs_which_deliveries_were_encrypted(world: World) -> None:
    before = len(world.sender.log.read_text())  # other tests deliver too
    text = world.deliver(["sound", "self-signed", "no-starttls"]).read_text()[before:]
    encrypted = [line for line in text.splitlines() if "TLS connection established" in line]
    for name in ("sound", "self-signed"):
        assert any(f"[{world.cases[name].address}]" in line for line in encrypted)
    assert not any(f"[{world.cases['no-starttls'].address}]" in line for line in encrypted)
    assert text.count("status=sent") == 3


def test_a_stopped_server_leaves_no_process_behind(world: World) -> None:
    server = PostfixInstance("short", world.folder / "short", "127.41.0.200", "mx.short.example", {})
    server.start()
    server.wait()
    group = server.pid
    server.stop()
    assert not read_greeting(server.address, 25, 1)
    time.sleep(0.5)  # the children were signalled with their master and end after it
    assert alive(group) == []


def test_the_inventory_is_one_the_program_accepts(world: World, tmp_path) -> None:
    from compliance.settings import Settings
    from compliance.strict import read_yaml, shape

    folder = world.inventory_folder(tmp_path, only=["sound", "expired"])
    config = read_yaml(folder / "config.yaml")
    settings = shape(Settings, config, ("user_defined",), config.data["user_defined"])
    assert settings.resolver.port == world.unbound.port
    assert (folder / settings.trust.bundle).read_bytes() == world.roots.read_bytes()
    assert set(read_yaml(folder / "hosts.yaml").data) == {"sound.example", "expired.example"}
