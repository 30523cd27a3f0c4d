"""The process of all fronts, as a server of the lab, and its plan."""

import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.lab.cases import BEHIND, Case
from tests.lab.debs import REPO, ROOT, libraries
from tests.lab.pki import Files
from tests.lab.servers import Server

#: The 1024-bit group of RFC 2409 section 6.2.
_GROUP_2 = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF"
)


class Front(Server):
    """Serves a plan: every entry is a place with its kind, see tests/lab/front/__main__.py."""

    def __init__(self, folder: Path, plan: Sequence[dict[str, Any]]) -> None:
        listening = [place for place in plan if "address" in place]
        self.address, self.port = listening[0]["address"], listening[0]["port"]
        file = folder / "plan.json"
        file.write_text(json.dumps(list(plan)))
        command = (sys.executable, "-m", "tests.lab.front", file)
        super().__init__("front", command, folder / "log", {"PYTHONPATH": str(REPO)})

    def answers(self) -> bool:
        """Every place is served."""
        return self.log.exists() and "all places are served" in self.log.read_text(errors="replace")


def s_server(case: Case, files: Sequence[Files], staple: Path | None, roots: Path) -> dict[str, Any]:
    """Plan the front of an s_server with a case's options; what has no value there and needs one gets it here."""
    folder = files[0].chain.parent
    (folder / "empty.cnf").touch()  # the distribution's lower bound of TLS versions is not the lab's
    known = {"-servername": case.host, "-dhparam": str(_short_group(folder))}
    words = ["-accept", "127.0.0.1:0", "-naccept", "1"]
    for letter, each in zip(("", "d"), files, strict=False):
        words += [f"-{letter}cert", str(each.chain), f"-{letter}key", str(each.key)]
        words += [f"-{letter}cert_chain", str(each.issuers)]
    if "-servername" in case.settings:  # its second certificate comes with no chain but what it finds itself
        words += ["-cert2", str(files[0].chain), "-key2", str(files[0].key), "-CAfile", str(files[0].issuers)]
    words += ["-CAfile", str(roots)] if "-Verify" in case.settings else []
    words += ["-status_file", str(staple)] if staple else []
    for option, value in case.settings.items():
        shown = value or known.get(option, "")
        words += [option, shown] if shown else [option]
    environment = {**libraries(), "OPENSSL_CONF": str(folder / "empty.cnf")}
    command = ["env", *(f"{key}={value}" for key, value in environment.items())]
    command += [str(ROOT / "usr/bin/openssl"), "s_server", *words]
    return {"kind": "s_server", "address": case.address, "port": 25, "host": case.host, "command": command}


def proxy(case: Case) -> dict[str, Any]:
    """Plan the proxy of a case, in front of the Postfix they share."""
    where = {"address": case.address, "port": 25, "behind": [BEHIND, 25]}
    return {"kind": "proxy", "dialect": case.settings["dialect"], **where}


def policy_host(address: str, sites: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Plan the host of all policies."""
    return {"kind": "policies", "address": address, "port": 443, "sites": sites}


def _short_group(folder: Path) -> Path:
    file = folder / "dh1024.pem"
    prime = bytes.fromhex(_GROUP_2)
    numbers = b"\x02\x81\x81\x00" + prime + b"\x02\x01\x02"  # DER: two INTEGERs, the prime and the generator 2
    der = b"\x30\x81" + bytes([len(numbers)]) + numbers
    file.write_text(f"-----BEGIN DH PARAMETERS-----\n{base64.encodebytes(der).decode()}-----END DH PARAMETERS-----\n")
    return file
