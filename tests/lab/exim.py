"""An Exim of its own for each case: own configuration and spool, own 127.x address."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.debs import ROOT
from tests.lab.pki import Files
from tests.lab.private import accounts, command, give
from tests.lab.servers import Server, read_greeting

_PROGRAM = ROOT / "usr/sbin/exim4"
_USER = "Debian-exim"

#: Nobody's mail is taken, and a MAIL would stand in the log.
_BASE = {
    "exim_path": str(_PROGRAM),
    "disable_ipv6": "true",
    "host_lookup": "",
    "tls_advertise_hosts": "*",
    "keep_environment": "LD_LIBRARY_PATH",
    "acl_smtp_mail": "deny",
    "daemon_smtp_ports": "25",
    "log_selector": "+smtp_protocol_error",
}


class Exim(Server):
    """One Exim. `settings` are the case's own lines and go before the lab's; `blocks` stand behind them as they are.

    `resolver` is the name server it asks; without one it asks the machine's, and the lab's receivers ask nothing.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        address: str,
        host: str,
        files: Sequence[Files],
        settings: Mapping[str, str],
        staple: Path | None = None,
        blocks: str = "",
        resolver: str = "",
    ) -> None:
        self.address, self.port, self.host, self.folder = address, 25, host, folder
        self._blocks, self._files = blocks, files
        self._settings = {
            **_BASE,
            "primary_hostname": host,
            "local_interfaces": address,
            "spool_directory": str(folder / "spool"),
            "log_file_path": str(folder / "logs/%s"),
            "pid_file_path": str(folder / "spool/pid"),
            "tls_certificate": " : ".join(str(each.chain) for each in files),
            "tls_privatekey": " : ".join(str(folder / each.key.name) for each in files),
            **({"tls_ocsp_file": str(staple)} if staple else {}),
            **settings,
        }
        folder.mkdir(parents=True)
        bound, ids = accounts(folder, _USER)
        self._owner = ids[_USER]
        if resolver:
            bound["/etc/resolv.conf"] = folder / "resolv.conf"
            bound["/etc/resolv.conf"].write_text(f"nameserver {resolver}\noptions trust-ad edns0 timeout:2\n")
        words = command(_PROGRAM, "-bdf", "-C", folder / "exim.conf", bound=bound)
        super().__init__(f"exim {name}", words, folder / "log")

    def start(self) -> None:
        """Write everything, then start the daemon in the foreground."""
        for part in ("spool", "logs"):
            give(self.folder / part, self._owner)
        for each in self._files:
            key = self.folder / each.key.name
            key.write_bytes(each.key.read_bytes())
            key.chmod(0o400)
            os.chown(key, self._owner, self._owner)
        lines = [f"{key} = {value}" for key, value in self._settings.items()]
        text = "\n".join([*lines, "begin acl", "deny:", "  deny", self._blocks, ""])
        (self.folder / "exim.conf").write_text(text)
        super().start()

    def answers(self) -> bool:
        """It greets."""
        return read_greeting(self.address, self.port, within=8.0)[:3] == b"220"

    def last_words(self) -> str:
        """What it said while it started, and its own log."""
        logs = [*sorted((self.folder / "logs").glob("*")), self.log]
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in logs if log.exists())
