"""An OpenSMTPD of its own for each case: own accounts, spool and run folder, own 127.x address."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.lab.debs import NEWER, ROOT, libraries
from tests.lab.pki import Files
from tests.lab.private import accounts, command, command_below
from tests.lab.servers import Server, read_greeting

_PACKAGED = ROOT / "usr/sbin/smtpd"
_ACCOUNTS = ("opensmtpd", "opensmtpq")


@cache
def packaged_speaks_tls() -> bool:
    """Whether the OpenSMTPD of this release can serve TLS: before 7 it cannot make a signature with OpenSSL 3."""
    if not _PACKAGED.exists():
        return False
    told = subprocess.run([_PACKAGED, "-h"], capture_output=True, text=True, check=False, env=libraries())
    version = re.search(r"OpenSMTPD (\d+)\.", told.stderr + told.stdout)
    assert version is not None, f"smtpd does not tell its version: {told.stderr}"
    return int(version[1]) >= 7


class OpenSmtpd(Server):
    """One OpenSMTPD, the newer one below a root of its own. `settings`: more words of its `listen` line."""

    def __init__(
        self,
        name: str,
        folder: Path,
        address: str,
        host: str,
        files: Files,
        settings: Mapping[str, str],
        *,
        packaged: bool = False,
    ) -> None:
        self.address, self.port, self.host, self.folder = address, 25, host, folder
        self._files, self._settings = files, settings
        self._top = folder if packaged else folder / "root"  # what it sees as /, or what is bound over places of it
        self._top.mkdir(parents=True)
        words = self._packaged() if packaged else self._newer()
        super().__init__(f"opensmtpd {name}", words, folder / "log")

    def _packaged(self) -> Sequence[str | Path]:
        bound, _ = accounts(self._top, *_ACCOUNTS)
        bound |= {"/var/lib": self._top / "var/lib", "/var/spool": self._top / "var/spool", "/run": self._top / "run"}
        self._seen = self._top
        return command(_PACKAGED, "-d", "-f", self._top / "smtpd.conf", bound=bound)

    def _newer(self) -> Sequence[str | Path]:
        for part in ("usr", "dev", "etc/ssl/certs"):
            (self._top / part).mkdir(parents=True)
        for name, to in {"lib": "usr/lib", "lib64": "usr/lib64", "bin": "usr/bin"}.items():
            (self._top / name).symlink_to(to)
        accounts(self._top / "etc", *_ACCOUNTS)
        shutil.copy(self._files.chain, self._top / "etc/ssl/certs/ca-certificates.crt")
        self._seen = Path("/")
        bound = {"/usr": NEWER / "usr", "/dev": Path("/dev")}
        return command_below(self._top, "/usr/sbin/smtpd", "-d", "-f", "/smtpd.conf", bound=bound)

    def start(self) -> None:
        """Write everything, then start it in the foreground."""
        for part, mode in (("var/lib/opensmtpd/empty", 0o755), ("var/spool/smtpd", 0o711), ("run", 0o755)):
            (self._top / part).mkdir(parents=True)
            (self._top / part).chmod(mode)
        if not (self._top / "var/run").exists():
            (self._top / "var/run").symlink_to("/run")
        for source, name in ((self._files.chain, "chain.pem"), (self._files.key, "host.key")):
            (self._top / name).write_bytes(source.read_bytes())
            (self._top / name).chmod(0o600)
        more = " ".join(f"{key} {value}" for key, value in self._settings.items())
        lines = [
            f'pki {self.host} cert "{self._seen / "chain.pem"}"',
            f'pki {self.host} key "{self._seen / "host.key"}"',
            f"listen on {self.address} tls pki {self.host} hostname {self.host} {more}",
            "match from any for any reject",
        ]
        (self._top / "smtpd.conf").write_text("\n".join(lines) + "\n")
        (self._top / "smtpd.conf").chmod(0o600)
        super().start()

    def answers(self) -> bool:
        """It greets."""
        return read_greeting(self.address, self.port, within=8.0)[:3] == b"220"
