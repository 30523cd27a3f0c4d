"""What U02-1b-2..5 say of each chain of the table, and that OpenSSL says the same but where a row tells why not."""

import re
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from compliance.checks.trust import Roots
from compliance.model.finding import Verdict
from compliance.records.tls_classes import KeyType
from tests.unit.checks.build import AT, context, good, host_view, judged, noticed, told, walked
from tests.unit.checks.chains import ROOT, ROWS, Paper, Row
from tests.unit.records.tls_servers import Server

CHECKS = {"trust": "U02-1b-2", "name": "U02-1b-3", "dates": "U02-1b-4", "strength": "U02-1b-5"}
SEEN = AT + timedelta(seconds=1)
#: X509_V_ERR_* by the check of ours they belong to; all others are of trust. Dates are the leaf's own alone.
_DATES, _NAME, _STRENGTH = {9, 10}, {62}, {66, 67, 68}
_ERROR = re.compile(r"error (\d+) at (\d+) depth")


def verdicts(row: Row) -> dict[str, Verdict]:
    chain = [paper.der for paper in row.chain()]
    pem = b"".join(root.pem for root in row.roots or (ROOT,))
    roots = Roots(b"", pem) if row.private else Roots(pem)
    session = good(chain=chain, name=row.host)
    chains = {KeyType.ECDSA: tuple(chain), KeyType.RSA: tuple(paper.der for paper in row.also())} if row.also else {}
    server = Server(keys=(KeyType.ECDSA, KeyType.RSA), chains=chains)
    run = context(walked(server, session) if row.also else (session,), roots=roots)
    view = host_view(run, name=row.host)
    return {check: judged(run, requirement, view) for check, requirement in CHECKS.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_a_chain_of_the_table_is_judged(row: Row) -> None:
    found = verdicts(row)
    assert {check: told(verdict) for check, verdict in found.items()} == {
        "trust": row.trust,
        "name": row.name,
        "dates": row.dates,
        "strength": row.strength,
    }
    notices = {notice for verdict in found.values() for notice in noticed(verdict)}
    assert notices == set(row.notices)


@pytest.mark.programs("openssl")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_openssl_says_the_same(row: Row, tmp_path: Path) -> None:
    ours = {check: verdict.status == "fail" for check, verdict in verdicts(row).items()}
    chains = [row.chain(), *([row.also()] if row.also else [])]
    theirs = dict.fromkeys(CHECKS, False)
    for chain in chains:
        for check, faulty in _openssl(tmp_path, row, chain).items():
            theirs[check] = theirs[check] or faulty
    assert {check for check in CHECKS if ours[check] != theirs[check]} == set(row.differs)


def _openssl(folder: Path, row: Row, chain: Sequence[Paper]) -> dict[str, bool]:
    """Which of the four OpenSSL faults; the leaf's name, dates and key are asked apart, so that no fault hides one."""
    (folder / "leaf").write_bytes(chain[0].pem)
    (folder / "chain").write_bytes(b"".join(paper.pem for paper in chain[1:]))
    (folder / "roots").write_bytes(b"".join(root.pem for root in row.roots or (ROOT,)))
    company = ("-untrusted", str(folder / "chain")) if len(chain) > 1 else ()
    path = _verify(folder, "roots", *company, "-purpose", "sslserver")
    alone = _verify(folder, "leaf", "-partial_chain", "-verify_hostname", row.host, "-auth_level", "2")
    strong = _verify(folder, "roots", *company, "-auth_level", "2")
    trust = {code for code, depth in path if not (code in _DATES and depth == 0)} - _STRENGTH
    return {
        "trust": bool(trust),
        "name": bool(_NAME & {code for code, _ in alone}),
        "dates": bool(_DATES & {code for code, _ in alone}),
        "strength": bool(_STRENGTH & {code for code, _ in (*alone, *strong)}),
    }


def _verify(folder: Path, roots: str, *words: str) -> set[tuple[int, int]]:
    """Every fault `openssl verify` names, and how far up the chain."""
    command = ["openssl", "verify", "-no-CApath", "-no-CAstore", "-attime", str(int(SEEN.timestamp()))]
    command += ["-CAfile", str(folder / roots), *words, str(folder / "leaf")]
    done = subprocess.run(command, capture_output=True, check=False, timeout=20, text=True)
    found = {(int(code), int(depth)) for code, depth in _ERROR.findall(done.stdout + done.stderr)}
    assert bool(found) == (done.returncode != 0), done.stderr
    return found


def test_the_table_has_each_case_once() -> None:
    assert len({row.case for row in ROWS}) == len(ROWS) > 80
