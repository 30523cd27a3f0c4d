"""Handshakes with a real TLS server, and raw hellos put to it."""

import ssl
from pathlib import Path

import pytest

from compliance.model.observation import FailureKind, HelloFacts, SmtpFacts, TlsFacts
from compliance.probes.hello import put_hello
from compliance.probes.smtp import Host, hold_session
from compliance.probes.tls import ClientCertificateFault, ClientIdentity, load_identity
from compliance.records.tls_classes import SUITES_OLD, KeyType
from compliance.records.tls_client_hello import SSL2, TLS11, HelloOffer
from compliance.records.tls_hello import read_answer
from compliance.records.tls_question import HelloQuestion
from compliance.settings import ClientCertificate, SmtpSettings
from tests.unit.probes.servers import Peer, Script, ScriptedServer, certificate
from tests.unit.probes.test_smtp import EHLO, closes_at_starttls, greet, inside, says, silent_in_handshake

PASSWORD = "hemmelig"


def context(pem: tuple[Path, Path], version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pem)
    made.set_ciphers(ciphers)
    made.minimum_version = made.maximum_version = version
    return made


@pytest.fixture
def identity(tmp_path: Path) -> ClientIdentity:
    certificate(tmp_path, "klient", PASSWORD.encode())
    loaded = load_identity(ClientCertificate("klient.pem", "klient.key", "KEY"), tmp_path, {"KEY": PASSWORD})
    assert loaded is not None
    return loaded


def session(
    script: Script,
    smtp: SmtpSettings,
    identity: ClientIdentity | None = None,
    name: str = "mx.example",
    *,
    everything: bool = False,
) -> tuple[SmtpFacts, TlsFacts]:
    with ScriptedServer(script) as server:
        to = Host(name, "127.0.0.1", server.port)
        facts, _ = hold_session(to, "probe.example", smtp, identity, everything=everything)
    assert facts is not None
    assert facts.tls is not None
    return facts, facts.tls


VERSIONS = [
    ("1.2", ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ("1.2 CBC", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),  # noqa: E501
    ("1.3", ssl.TLSVersion.TLSv1_3, "ALL", "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ("no encryption", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_NULL_SHA"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "ciphers", "said", "suite"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS]
)
def test_suites_have_their_iana_names(
    version: ssl.TLSVersion, ciphers: str, said: str, suite: str, pem: tuple[Path, Path], smtp: SmtpSettings
) -> None:
    _, tls = session(inside(context(pem, version, ciphers)), smtp, everything="NULL" in ciphers)
    assert (tls.version, tls.suite) == (said, suite)
    assert tls.chain == (ssl.PEM_cert_to_DER_cert(pem[0].read_text()),)
    assert (tls.client_certificate_asked, tls.client_certificate_sent) == (False, False)


def test_no_encryption_is_not_offered_at_first(pem: tuple[Path, Path], smtp: SmtpSettings) -> None:
    bare = context(pem, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")
    with ScriptedServer(inside(bare)) as server:
        facts, failure = hold_session(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
    assert facts is not None
    assert facts.tls is None
    assert failure is not None
    assert failure.kind is FailureKind.HANDSHAKE


def _says_hello_and_goes(peer: Peer) -> None:
    closes_at_starttls(peer)
    peer.say(b"220 go")
    peer.line.recv(100_000)
    peer.line.sendall(bytes.fromhex("160303003a0200003603030000"))


def test_a_server_that_leaves_in_the_handshake_has_begun_it(smtp: SmtpSettings) -> None:
    with ScriptedServer(_says_hello_and_goes) as server:
        _, failure = hold_session(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.HANDSHAKE, "tls")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_10_is_spoken_where_nothing_newer_is(pem: tuple[Path, Path], smtp: SmtpSettings) -> None:
    _, tls = session(inside(context(pem, ssl.TLSVersion.TLSv1)), smtp)
    assert tls.version == "TLSv1"


def test_an_address_is_not_asked_for_by_sni(pem: tuple[Path, Path], smtp: SmtpSettings) -> None:
    _, tls = session(inside(context(pem, ssl.TLSVersion.TLSv1_3)), smtp, name="127.0.0.1")
    assert tls.sni == ""


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("have", [False, True])
def test_a_client_certificate_is_sent_where_asked(
    version: ssl.TLSVersion, have: bool, pem: tuple[Path, Path], smtp: SmtpSettings, identity: ClientIdentity, tmp_path: Path  # noqa: E501
) -> None:  # fmt: skip
    made = context(pem, version)
    made.verify_mode = ssl.CERT_OPTIONAL
    made.load_verify_locations(tmp_path / "klient.pem")
    facts, tls = session(inside(made), smtp, identity if have else None)
    assert (tls.client_certificate_asked, tls.client_certificate_sent) == (True, have)
    assert facts.reply("ehlo_tls") is not None


def test_a_demand_under_tls_13_comes_after_the_chain_was_seen(
    pem: tuple[Path, Path], smtp: SmtpSettings, identity: ClientIdentity, tmp_path: Path
) -> None:
    made = context(pem, ssl.TLSVersion.TLSv1_3)
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(tmp_path / "klient.pem")
    with ScriptedServer(inside(made)) as server:
        facts, failure = hold_session(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp)
    assert facts is not None
    assert facts.tls is not None
    assert facts.tls.client_certificate_asked
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.HANDSHAKE, "ehlo_tls")
    assert "certificate required" in failure.detail


FAULTS = [
    ("no such file", ClientCertificate("ingen.pem", "klient.key", "KEY"), {"KEY": PASSWORD}),
    ("password not set", ClientCertificate("klient.pem", "klient.key", "KEY"), {}),
    ("wrong password", ClientCertificate("klient.pem", "klient.key", "KEY"), {"KEY": "feil"}),
    ("password wanted", ClientCertificate("klient.pem", "klient.key"), {}),
    ("another key", ClientCertificate("klient.pem", "annen.key"), {}),
]


@pytest.mark.parametrize(("settings", "environ"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_client_certificate_that_cannot_be_used_is_told(
    settings: ClientCertificate, environ: dict[str, str], tmp_path: Path
) -> None:
    certificate(tmp_path, "klient", PASSWORD.encode())
    certificate(tmp_path, "annen")
    with pytest.raises(ClientCertificateFault):
        load_identity(settings, tmp_path, environ)


OLD = HelloQuestion("ssl3_tls11", HelloOffer(TLS11, SUITES_OLD))
NO_TLS = HelloQuestion("ssl2", HelloOffer(SSL2))


def hello(script: Script, smtp: SmtpSettings, question: HelloQuestion) -> HelloFacts:
    with ScriptedServer(script) as server:
        facts, failure = put_hello(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp, question)
    assert failure is None
    assert facts is not None
    assert facts.offer == question.label
    return facts


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("question", [OLD, OLD.smaller()])
def test_an_old_hello_is_accepted_through_server_hello_done(
    question: HelloQuestion, pem: tuple[Path, Path], smtp: SmtpSettings
) -> None:
    made = context(pem, ssl.TLSVersion.TLSv1_1)
    facts = hello(inside(made), smtp, question)
    assert facts.ended == "answered"
    assert read_answer(question.label, facts.received).accepted == "TLSv1.1"
    assert [reply.step for reply in facts.replies] == ["greeting", "ehlo", "starttls"]


def test_an_old_hello_is_refused_with_an_alert(pem: tuple[Path, Path], smtp: SmtpSettings) -> None:
    facts = hello(inside(context(pem, ssl.TLSVersion.TLSv1_2)), smtp, OLD)
    assert facts.ended == "answered"
    assert read_answer(OLD.label, facts.received).refused


@pytest.mark.parametrize(("keys", "made"), [(KeyType.ECDSA, True), (KeyType.RSA, False), (KeyType.DSA, None)])
def test_a_session_for_one_type_of_key_meets_that_type_or_none(
    keys: KeyType, made: bool | None, pem: tuple[Path, Path], smtp: SmtpSettings
) -> None:
    """The server's key is EC; DSA cannot be asked for at all, which is our own doing."""
    with ScriptedServer(inside(context(pem, ssl.TLSVersion.TLSv1_3, "ALL"))) as server:
        to = Host("mx.example", "127.0.0.1", server.port)
        if made is None:
            with pytest.raises(ValueError, match="signature algorithms"):
                hold_session(to, "probe.example", smtp, keys=keys)
            return
        facts, failure = hold_session(to, "probe.example", smtp, keys=keys)
    assert facts is not None
    assert (facts.tls is not None) is made
    assert (failure is None) is made


def closes(peer: Peer) -> None:
    closes_at_starttls(peer)
    peer.say(b"220 go")
    peer.line.recv(100_000)


ENDS = [
    ("silence", silent_in_handshake, "timeout", b""),
    ("closed", closes, "closed", b""),
    ("text", says(b"500 what?\r\n"), "answered", b"500 what?\r\n"),
    ("SSLv2 refused", says(b"\x80\x03\x00\x00\x01"), "answered", b"\x80\x03\x00\x00\x01"),
]


@pytest.mark.parametrize(("script", "ended", "received"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_how_a_hello_ended_is_recorded(script: Script, ended: str, received: bytes, smtp: SmtpSettings) -> None:
    facts = hello(script, smtp, NO_TLS)
    assert (facts.ended, facts.received) == (ended, received)


def test_a_hello_that_could_not_be_sent_has_no_facts(smtp: SmtpSettings) -> None:
    def busy(peer: Peer) -> None:
        greet(peer)
        peer.hear()
        peer.say(*EHLO)
        peer.hear()
        peer.say(b"454 later")

    with ScriptedServer(busy) as server:
        facts, failure = put_hello(Host("mx.example", "127.0.0.1", server.port), "probe.example", smtp, NO_TLS)
    assert facts is None
    assert failure is not None
    assert (failure.kind, failure.stage) == (FailureKind.LIMITED, "starttls")
