"""The TLS walk against real servers of the machine's own OpenSSL: what is on is found, what is off is proven off."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.model.observation import HelloFacts, Observation, Origin, SmtpFacts
from compliance.probes.net import Deadline, SocketWire, Stopped
from compliance.probes.tls import handshake
from compliance.records.tls_classes import KeyType, SuiteClass
from compliance.records.tls_hello import closing_alert
from compliance.records.tls_profile import TlsProfile
from compliance.records.tls_question import (
    HelloAnswer,
    HelloQuestion,
    Outcome,
    Question,
    answer_of,
    drive_tls,
    hello_answer,
    session_answer,
    shown_by,
)
from compliance.records.tls_strategy import Depth, tls_walk

pytestmark = pytest.mark.programs("openssl")
RSA, ECDSA = KeyType.RSA, KeyType.ECDSA
SOUND = "ECDHE+AESGCM:ECDHE+CHACHA20"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    kinds = {"rsa": ("rsa:2048",), "ec": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}
    for name, kind in kinds.items():
        _openssl(folder, "req", "-x509", "-newkey", *kind, "-nodes", "-subj", f"/CN={name}.example",
                 "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "9")  # fmt: skip
    _openssl(folder, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", "dh2048.pem")
    (folder / "dh1024.pem").write_text(_OAKLEY)
    (folder / "status").write_bytes(b"0\x03\x0a\x01\x06")  # an OCSPResponse that says unauthorized
    return folder


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


#: The second Oakley group (RFC 2409 section 6.2).
_OAKLEY = """-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
"""


@contextmanager
def serving(keys: Path, *words: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", *words]
    server = subprocess.Popen(
        command, cwd=keys, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(port, server)
        yield port
    finally:
        server.kill()
        server.communicate()


def _await(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(100):
        assert server.poll() is None, "s_server did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("s_server does not listen")


class Driver:
    """Puts questions to a port, and keeps the observations a run would have kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.kept: dict[str, Observation] = {}

    def session(self, question: str = "session") -> Observation:
        until = Deadline.after(10)
        line = socket.create_connection(("127.0.0.1", self.port), 5)
        wire = SocketWire(line)
        try:
            inside, tls = handshake(wire, "mx.example", until, None)
            inside.close(until)
            facts, failure = SmtpFacts("smtp", "mx.example", "127.0.0.1", self.port, (), tls, 1), None
        except Stopped as stop:
            wire.close(until)
            facts, failure = None, stop.failure
        return self._keep(replace(_EMPTY, question=question, facts=facts, failure=failure))

    def __call__(self, question: Question) -> HelloAnswer:
        if not isinstance(question, HelloQuestion):
            return session_answer(self.session(question.question))
        sent = question.build()
        received, ended = self._put(sent, lambda so_far: _is_whole(question, so_far))
        facts = HelloFacts("hello", "mx.example", "127.0.0.1", self.port, question.label, (), sent, received, ended, 1)
        return answer_of(question, self._keep(replace(_EMPTY, question=question.question, facts=facts)))

    def _put(self, sent: bytes, is_whole: Callable[[bytes], bool]) -> tuple[bytes, str]:
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), 5) as line:
            line.settimeout(5)
            line.sendall(sent)
            try:
                while not is_whole(received):
                    piece = line.recv(65536)
                    if not piece:
                        return received, "closed"
                    received += piece
                line.sendall(closing_alert())
            except TimeoutError:
                return received, "timeout"
            except OSError:
                return received, "answered" if is_whole(received) else "reset"
        return received, "answered"

    def _keep(self, seen: Observation) -> Observation:
        assert seen.question not in self.kept
        self.kept[seen.question] = seen
        return seen


_EMPTY = Observation("", "", "", "", "", 0.0, "", "", Origin.WIRE, None, None)


def _is_whole(question: HelloQuestion, received: bytes) -> bool:
    answer = hello_answer(question, received, "answered")
    return answer.outcome in {Outcome.ACCEPTED, Outcome.REFUSED}


def walked(keys: Path, *words: str, depth: Depth = Depth.LIGHT) -> tuple[TlsProfile, int]:
    """Walk live, then from what was kept: both must say the same."""
    with serving(keys, *words) as port:
        driver = Driver(port)
        shown = shown_by(driver.session())
        live = drive_tls(tls_walk(shown, depth), driver)
    again = drive_tls(tls_walk(shown, depth), lambda question: answer_of(question, driver.kept.get(question.question)))
    assert again == live
    return live, len(driver.kept)


def versions(found: TlsProfile) -> set[str]:
    assert all(item.proven for item in found.versions.values()), found.versions
    return {version for version, item in found.versions.items() if item.value}


def test_a_sound_server_takes_five_connections(keys: Path) -> None:
    found, connections = walked(keys, "-cert", "ec.pem", "-key", "ec.key", "-cipher", SOUND, "-min_protocol", "TLSv1.2")
    assert connections == 5
    assert versions(found) == {"TLSv1.2", "TLSv1.3"}
    assert not found.weak_suites
    assert all(item.proven for item in found.weak.values())
    assert (found.without_forward_secrecy.value, found.without_forward_secrecy.proven) == ((), True)
    assert (found.dhe_group.value, found.dhe_group.proven) == (None, True)
    assert (found.anonymous.value, found.anonymous.proven) == ((), True)
    assert (found.compression.value, found.renegotiation.value) == (False, True)
    assert (bool(found.certificates[ECDSA].value), found.certificates[RSA].proven) == (True, True)
    assert (found.staples[ECDSA].value, found.staples[ECDSA].proven) == (b"", True)


def test_a_server_that_knows_old_versions_and_no_suite_for_them_takes_six(keys: Path) -> None:
    found, connections = walked(keys, "-cert", "ec.pem", "-key", "ec.key", "-cipher", SOUND)
    assert connections == 6  # its handshake_failure may be for naming nobody, so it is asked by name
    assert versions(found) == {"TLSv1.2", "TLSv1.3"}
    assert found.versions["TLSv1"].questions == ("hello ssl3_tls11_sni",)


def test_only_tls_12(keys: Path) -> None:
    found, connections = walked(keys, "-cert", "rsa.pem", "-key", "rsa.key", "-tls1_2", "-cipher", SOUND)
    assert (connections, versions(found)) == (5, {"TLSv1.2"})


def test_only_tls_13(keys: Path) -> None:
    found, connections = walked(keys, "-cert", "rsa.pem", "-key", "rsa.key", "-tls1_3")
    assert (connections, versions(found)) == (6, {"TLSv1.3"})
    assert (found.compression.value, found.compression.proven) == (None, True)


def test_an_old_server_is_seen_through(keys: Path) -> None:
    found, connections = walked(keys, "-cert", "rsa.pem", "-key", "rsa.key", "-cipher", "ALL:@SECLEVEL=0")
    assert versions(found) == {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
    assert found.anonymous.value
    assert found.without_forward_secrecy.value
    assert found.dhe_group.value is not None
    assert connections <= 12


def test_anonymous_suites_preferred_by_the_server_hide_nothing(keys: Path) -> None:
    found, connections = walked(
        keys, "-cert", "rsa.pem", "-key", "rsa.key", "-tls1_2", "-serverpref",
        "-cipher", f"ADH-AES128-SHA:{SOUND}:AES128-SHA:@SECLEVEL=0",
    )  # fmt: skip
    assert found.anonymous.value
    assert found.without_forward_secrecy.value == ("TLS_RSA_WITH_AES_128_CBC_SHA",)
    assert connections == 7


def test_null_suites_are_found_by_name(keys: Path) -> None:
    found, connections = walked(keys, "-cert", "rsa.pem", "-key", "rsa.key", "-tls1_2", "-cipher", f"{SOUND}:NULL-SHA256:@SECLEVEL=0")  # fmt: skip # noqa: E501
    assert found.weak[SuiteClass.NULL].value == ("TLS_RSA_WITH_NULL_SHA256",)
    assert connections == 6


def test_both_certificates_are_shown(keys: Path) -> None:
    found, connections = walked(
        keys, "-cert", "rsa.pem", "-key", "rsa.key", "-dcert", "ec.pem", "-dkey", "ec.key", "-cipher", SOUND,
        "-status_file", "status", "-min_protocol", "TLSv1.2",
    )  # fmt: skip
    assert connections == 6
    assert found.certificates[RSA].value != found.certificates[ECDSA].value
    assert all(found.certificates[key].value and found.certificates[key].proven for key in (RSA, ECDSA))
    assert found.staples[RSA].value == (keys / "status").read_bytes()


@pytest.mark.parametrize(("file", "bits", "group"), [("dh1024.pem", 1024, "modp1024"), ("dh2048.pem", 2048, "ffdhe2048")])  # fmt: skip # noqa: E501
def test_the_dhe_group_is_measured(keys: Path, file: str, bits: int, group: str) -> None:
    found, connections = walked(
        keys, "-cert", "rsa.pem", "-key", "rsa.key", "-tls1_2", "-cipher", f"{SOUND}:DHE+AESGCM:@SECLEVEL=0",
        "-dhparam", file,
    )  # fmt: skip
    assert found.dhe_group.value is not None
    assert (found.dhe_group.value.bits, found.dhe_group.value.group) == (bits, group)
    assert connections == 5


def test_a_full_walk_names_all_a_server_has(keys: Path) -> None:
    found, _ = walked(
        keys, "-cert", "rsa.pem", "-key", "rsa.key", "-cipher", "ECDHE+AESGCM:AES128-SHA:AES256-SHA", depth=Depth.FULL
    )
    assert {suite for version, suite in found.suites if version == "TLSv1.2"} == {
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
    }
