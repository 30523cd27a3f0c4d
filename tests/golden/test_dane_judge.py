"""Whether TLSA records vouch for a presented chain (RFC 7672 section 3), compared with OpenSSL's own DANE."""

import hashlib
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from compliance.checks.dane import Trouble, mismatch
from compliance.checks.presented import Presented
from compliance.records import tlsa
from compliance.records.der import subject_public_key_info
from tests.unit.authorities import NOW, Made, Wanted, leaf, make

pytestmark = pytest.mark.programs("openssl")

NAME = "mx.example.com"
ROOT = make(Wanted("Anchor"))
MIDDLE = make(Wanted("Middle", ROOT))
RSA_ROOT = make(Wanted("RSA anchor", key=rsa.generate_private_key(65537, 2048)))
OTHER = make(Wanted("Other"))
OLD = make(Wanted("Old", ROOT, until=-1))
LEAF, FOREIGN, EXPIRED = leaf(MIDDLE), leaf(OTHER), leaf(MIDDLE, until=-1)
ELSEWHERE = leaf(MIDDLE, names=("else.example.com",))
BY_RSA = leaf(RSA_ROOT)
RSA_LEAF = leaf(MIDDLE, key=rsa.generate_private_key(65537, 2048))
SELF = leaf(None)


def record(usage: int, selector: int, matching: int, made: Made) -> str:
    content = made.der if selector == 0 else subject_public_key_info(made.der)
    digest: dict[int, Callable[[], bytes]] = {
        0: lambda: content,
        1: hashlib.sha256(content).digest,
        2: hashlib.sha512(content).digest,
    }
    return f"{usage} {selector} {matching} {digest.get(matching, digest[0])().hex()}"


@dataclass(frozen=True)
class Row:
    """Records, a presented chain, and what keeps the one from vouching for the other; `differs`: why OpenSSL may."""

    case: str
    records: Sequence[str]
    chain: Sequence[Made]
    trouble: Trouble | None = None
    differs: str = ""


SENT, WHOLE = (LEAF, MIDDLE), (LEAF, MIDDLE, ROOT)
FOR_PKIX = "OpenSSL leaves it to the caller to pass over PKIX-TA and PKIX-EE (RFC 7672 section 3.1.3)"
ROWS = (
    Row("3 1 1", [record(3, 1, 1, LEAF)], SENT),
    Row("3 0 1", [record(3, 0, 1, LEAF)], SENT),
    Row("3 1 2", [record(3, 1, 2, LEAF)], SENT),
    Row("3 1 0", [record(3, 1, 0, LEAF)], SENT),
    Row("3 0 0", [record(3, 0, 0, LEAF)], SENT),
    Row("3 1 1, self-signed", [record(3, 1, 1, SELF)], (SELF,)),
    Row("3 1 1, expired", [record(3, 1, 1, EXPIRED)], (EXPIRED, MIDDLE)),
    Row("3 1 1, another name", [record(3, 1, 1, ELSEWHERE)], (ELSEWHERE, MIDDLE)),
    Row("3 1 1 of another", [record(3, 1, 1, FOREIGN)], SENT, Trouble.MISMATCH),
    Row("3 1 1 of the issuer", [record(3, 1, 1, MIDDLE)], SENT, Trouble.MISMATCH),
    Row("3 1 1, old and new", [record(3, 1, 1, FOREIGN), record(3, 1, 1, LEAF)], SENT),
    Row("3 1 1, a digest cut short", [record(3, 1, 1, LEAF)[:-2]], SENT, Trouble.MISMATCH),
    Row("3 1 1 for the RSA key, ECDSA shown", [record(3, 1, 1, RSA_LEAF)], SENT, Trouble.MISMATCH),
    Row("3 1 1 for the RSA key, RSA shown", [record(3, 1, 1, RSA_LEAF)], (RSA_LEAF, MIDDLE)),
    Row("2 0 1", [record(2, 0, 1, ROOT)], WHOLE),
    Row("2 1 1", [record(2, 1, 1, ROOT)], WHOLE),
    Row("2 1 2 of the intermediate", [record(2, 1, 2, MIDDLE)], SENT),
    Row("2 0 1, anchor not sent", [record(2, 0, 1, ROOT)], SENT, Trouble.MISMATCH),
    Row("2 0 0, anchor not sent", [record(2, 0, 0, ROOT)], SENT),
    Row("2 0 0 of the intermediate, not sent", [record(2, 0, 0, MIDDLE)], (LEAF,)),
    Row("2 0 0 of a stranger", [record(2, 0, 0, OTHER)], SENT, Trouble.MISMATCH),
    Row("2 1 0, anchor not sent", [record(2, 1, 0, ROOT)], SENT),
    Row("2 1 0, anchor not sent, leaf straight below", [record(2, 1, 0, OTHER)], (FOREIGN,)),
    Row("2 1 0, an RSA anchor not sent", [record(2, 1, 0, RSA_ROOT)], (BY_RSA,)),
    Row("2 1 0 of a stranger", [record(2, 1, 0, OTHER)], SENT, Trouble.MISMATCH),
    Row("2 1 1, another name", [record(2, 1, 1, MIDDLE)], (ELSEWHERE, MIDDLE), Trouble.TA_NAME),
    Row("2 1 1, expired", [record(2, 1, 1, MIDDLE)], (EXPIRED, MIDDLE), Trouble.TA_DATES),
    Row("2 1 1, sent but not above", [record(2, 1, 1, MIDDLE)], (FOREIGN, MIDDLE), Trouble.TA_CHAIN),
    Row("2 1 1, intermediate expired", [record(2, 1, 1, ROOT)], (leaf(OLD), OLD, ROOT), Trouble.TA_CHAIN),
    Row("2 1 1 of the leaf", [record(2, 1, 1, SELF)], (SELF,), Trouble.MISMATCH),
    Row("2 1 1 beside 3 1 1 of another", [record(2, 1, 1, MIDDLE), record(3, 1, 1, FOREIGN)], SENT),
    Row("3 1 1 cut short beside a sound one", [record(3, 1, 1, LEAF)[:-2], record(3, 1, 1, LEAF)], SENT),
    Row("2 0 0 that is no certificate", ["2 0 0 3003020101"], SENT, Trouble.MISMATCH),
    Row("2 1 0 that is no key", ["2 1 0 3003020101"], SENT, Trouble.MISMATCH),
    Row("1 1 1", [record(1, 1, 1, LEAF)], SENT, Trouble.MISMATCH),
    Row("1 1 1, sender trusts the root", [record(1, 1, 1, LEAF)], WHOLE, Trouble.MISMATCH, FOR_PKIX),
    Row("0 1 1, sender trusts the root", [record(0, 1, 1, MIDDLE)], WHOLE, Trouble.MISMATCH, FOR_PKIX),
    Row("1 1 1 beside 3 1 1", [record(1, 1, 1, FOREIGN), record(3, 1, 1, LEAF)], SENT),
    Row("3 1 9 beside 3 1 1", [record(3, 1, 9, LEAF), record(3, 1, 1, LEAF)], SENT),
    Row("3 2 1 beside 3 1 1 of another", ["3 2 1 00ff", record(3, 1, 1, FOREIGN)], SENT, Trouble.MISMATCH),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_records_vouch_for_a_chain_as_openssl_has_it(row: Row, tmp_path: Path) -> None:
    usable = tuple(found for found in map(tlsa.parse, row.records) if found.usable)
    shown = Presented(tuple(made.der for made in row.chain), NOW.isoformat())
    assert mismatch(usable, shown, (NAME,)) is row.trouble
    trusting = (ROOT,) if row.differs else ()
    assert _openssl_matches(tmp_path, row, trusting) == (row.trouble is None or bool(row.differs))


def _openssl_matches(folder: Path, row: Row, trusted: Sequence[Made]) -> bool:
    """Whether `openssl s_client` takes the chain by the records alone, or by what it trusts where that is `trusted`."""
    (folder / "roots").write_bytes(b"".join(made.pem for made in trusted or (leaf(None),)))
    words = [word for each in row.records for word in ("-dane_tlsa_rrdata", each)]
    with _serving(folder, row.chain) as port:
        command = ["openssl", "s_client", "-brief", "-connect", f"127.0.0.1:{port}", "-servername", NAME]
        command += ["-no-CApath", "-no-CAstore", "-CAfile", str(folder / "roots")]
        command += ["-dane_tlsa_domain", NAME, "-dane_ee_no_namechecks", *words]
        done = subprocess.run(command, input="Q\n", capture_output=True, text=True, check=False, timeout=30)
    none_usable = "Failed to import any TLSA records" in done.stderr
    assert none_usable or "CONNECTION ESTABLISHED" in done.stderr, done.stderr
    matched = re.search(r"^DANE TLSA ", done.stderr, re.MULTILINE) is not None
    return matched and "Verification: OK" in done.stderr


@contextmanager
def _serving(folder: Path, chain: Sequence[Made]) -> Iterator[int]:
    key: Any = chain[0].key
    (folder / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "leaf").write_bytes(chain[0].pem)
    (folder / "chain").write_bytes(b"".join(made.pem for made in chain[1:]))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-cert", "leaf", "-key", "key"]
    command += ["-cert_chain", "chain"] if len(chain) > 1 else []
    server = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            assert server.poll() is None, "s_server did not start"
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        server.kill()
        server.communicate()
