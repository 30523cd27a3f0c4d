"""A TLS server's context with a certificate of its own, and settings that keep every fault short."""

import ssl
from pathlib import Path

import pytest

from compliance.settings import SmtpSettings
from tests.unit.probes.servers import certificate


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def context(pem: tuple[Path, Path]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pem)
    return made


@pytest.fixture
def smtp() -> SmtpSettings:
    return SmtpSettings(session_timeout=3.0, greeting_timeout=1.0, connect_timeout=1.0, hello_timeout=0.5)
