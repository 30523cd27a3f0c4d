"""A Postfix of its own for each case: own configuration, queue and data folder, own 127.x address, port 25."""

import grp
import os
import pwd
import re
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.debs import ROOT
from tests.lab.servers import Server, read_greeting

LIBRARIES = ROOT / "usr/lib/postfix"
# Two accounts every Debian has. Postfix refuses its owner's group and the mail-drop group to be one.
OWNER, DROP_GROUP = "list", "games"

_MASTER = """\
{address}:25 inet  n   -       n       -       -       smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""

_BASE = {
    "compatibility_level": "3.6",
    "inet_protocols": "ipv4",
    "inet_interfaces": "127.0.0.1",  # must stand on an interface; where we listen, master.cf says
    "mynetworks": "127.255.255.254/32",  # the tests are strangers to every instance
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "local_transport": "discard:",
    "default_transport": "error:the lab delivers nowhere",
    "relay_transport": "error:the lab delivers nowhere",
    # The lab's hosts ask no name server of this machine.
    "smtpd_peername_lookup": "no",
    "smtp_dns_support_level": "disabled",
    "smtpd_relay_restrictions": "reject_unauth_destination",
    "smtputf8_enable": "yes",
    "biff": "no",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_loglevel": "1",
    "smtpd_tls_session_cache_database": "",
}

#: A host that takes mail of the tests and sends it where MX says, in TLS of which its log tells.
_SENDING = {
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "smtpd_tls_security_level": "none",
    "smtp_tls_loglevel": "1",
    "smtp_host_lookup": "dns",
    "smtp_dns_support_level": "dnssec",
    "default_transport": "smtp",
    "mydestination": "",
    "smtp_connection_cache_on_demand": "no",
}

# owner and mode of the queue folders, as Postfix's own post-install lays them out
_QUEUE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace")


class PostfixInstance(Server):
    """One Postfix. `settings` are the case's own lines of main.cf and go before the lab's; `more`, of master.cf."""

    def __init__(
        self, name: str, folder: Path, address: str, host: str, settings: Mapping[str, str], more: str = ""
    ) -> None:
        self.address, self.host, self.port = address, host, 25
        self.folder, self.queue, self.data = folder, folder / "queue", folder / "data"
        self._more = more
        self.settings = {**_BASE, **self._places(), **settings}
        log = folder / "log"
        environment = {"LD_LIBRARY_PATH": str(LIBRARIES), "OPENSSL_CONF": str(folder / "openssl.cnf")}
        command = (LIBRARIES / "sbin/master", "-c", folder, "-d")
        super().__init__(f"postfix {name}", command, log, environment)

    def _places(self) -> dict[str, str]:
        return {
            "myhostname": self.host,
            "mydestination": self.host.partition(".")[2],
            "queue_directory": str(self.queue),
            "data_directory": str(self.data),
            "daemon_directory": str(LIBRARIES / "sbin"),
            "command_directory": str(ROOT / "usr/sbin"),
            "shlib_directory": str(LIBRARIES),
            "meta_directory": str(self.folder),
            "mail_owner": OWNER,
            "setgid_group": DROP_GROUP,
            "maillog_file": str(self.folder / "log"),
            "maillog_file_prefixes": str(self.folder),
            # Postfix's own list and the two words of ours: each daemon clears all others
            "import_environment": "MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE POSTLOG_HOSTNAME TZ LANG=C "
            "LD_LIBRARY_PATH OPENSSL_CONF",
        }

    def prepare(self) -> None:
        """Write the configuration and lay out the queue."""
        self.folder.mkdir(parents=True)
        lines = [f"{key} = {value}" for key, value in self.settings.items()]
        (self.folder / "main.cf").write_text("\n".join(lines) + "\n")
        (self.folder / "master.cf").write_text(_MASTER.format(address=self.address) + self._more)
        (self.folder / "dynamicmaps.cf").touch()
        (self.folder / "openssl.cnf").touch()  # empty: the distribution's lower bound of TLS versions is not the lab's
        for file in ("main.cf", "master.cf"):  # Postfix does not read a file written in this second
            os.utime(self.folder / file, (time.time() - 60,) * 2)
        owner, drop = pwd.getpwnam(OWNER).pw_uid, grp.getgrnam(DROP_GROUP).gr_gid
        self.queue.mkdir()
        for part in _QUEUE:
            _own(self.queue / part, owner, 0, 0o700)
        _own(self.queue / "private", owner, 0, 0o700)
        _own(self.queue / "public", owner, drop, 0o710)
        _own(self.queue / "maildrop", owner, drop, 0o730)
        _own(self.queue / "pid", 0, 0, 0o755)
        _own(self.data, owner, 0, 0o700)

    def start(self) -> None:
        """Write everything, then start the master in the foreground."""
        self.prepare()
        super().start()

    def answers(self) -> bool:
        """It greets, with a welcome or (a case of its own) a rejection."""
        return read_greeting(self.address, self.port, within=8.0)[:3] in (b"220", b"554")


class SendingPostfix(PostfixInstance):
    """A sender that asks a resolver of the lab: its delivery agent lives in a chroot with a resolv.conf of its own."""

    def __init__(
        self, name: str, folder: Path, address: str, host: str, settings: Mapping[str, str], resolver: str
    ) -> None:
        self._resolver = resolver
        super().__init__(name, folder, address, host, {**_SENDING, "smtp_bind_address": address, **settings})

    def prepare(self) -> None:
        """Write the configuration, with the delivery agent in the queue folder as its root."""
        super().prepare()
        master = self.folder / "master.cf"
        text, count = re.subn(r"^(smtp +unix +- +- +)n", r"\g<1>y", master.read_text(), flags=re.MULTILINE)
        assert count == 1
        master.write_text(text)
        os.utime(master, (time.time() - 60,) * 2)
        (self.queue / "etc").mkdir()
        (self.queue / "etc/resolv.conf").write_text(f"nameserver {self._resolver}\noptions trust-ad edns0 timeout:2\n")


def _own(folder: Path, user: int, group: int, mode: int) -> None:
    folder.mkdir()
    os.chown(folder, user, group)
    folder.chmod(mode)
