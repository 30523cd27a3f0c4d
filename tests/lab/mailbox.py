"""A mailbox at another provider: a Postfix that takes mail for one domain and keeps it, one file a message."""

import os
import subprocess
from pathlib import Path

from tests.lab.postfix import PostfixInstance

ADDRESS, DOMAIN = "127.41.1.31", "mottak.example"
_NOBODY = 65534


class Mailbox(PostfixInstance):
    """Notes the TLS of each message in its Received field, as most receivers do."""

    def __init__(self, folder: Path) -> None:
        self._box = folder / "box"
        key, chain = folder / "mailbox.key", folder / "mailbox.pem"
        settings = {
            "smtpd_tls_chain_files": f"{key}, {chain}",
            "smtpd_tls_received_header": "yes",
            "mydestination": "",
            "virtual_mailbox_domains": DOMAIN,
            "virtual_mailbox_base": str(self._box),
            "virtual_mailbox_maps": "static:kasse/",
            "virtual_uid_maps": f"static:{_NOBODY}",
            "virtual_gid_maps": f"static:{_NOBODY}",
        }
        super().__init__("mailbox", folder / "mailbox", ADDRESS, f"mx.{DOMAIN}", settings)
        words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=mx.{DOMAIN}", "-days", "2"]
        subprocess.run(["openssl", *words, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
        self._box.mkdir()
        os.chown(self._box, _NOBODY, _NOBODY)

    def messages(self) -> list[bytes]:
        """Give what has come, each as a person would save it."""
        return [path.read_bytes() for path in sorted(self._box.glob("kasse/new/*"))]
