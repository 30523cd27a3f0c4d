"""NSD that serves the lab's zones, and Unbound that validates them from the lab's own root."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.lab.cases import NAME_SERVER, NAME_SERVER_PORT, RESOLVER, RESOLVER_PORT
from tests.lab.debs import ROOT, libraries
from tests.lab.servers import Server

_NSD = """\
server:
  ip-address: {address}@{port}
  do-ip6: no
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  {database}
  hide-version: yes
remote-control:
  control-enable: no
"""

_UNBOUND = """\
server:
  interface: {address}@{port}
  outgoing-interface: {address}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  num-threads: 1
  module-config: "validator iterator"
  trust-anchor-file: "{folder}/root.ds"
  do-not-query-localhost: no
  local-zone: "127.in-addr.arpa." nodefault
  harden-referral-path: no
remote-control:
  control-enable: no
"""


class Nsd(Server):
    """An authoritative server of every lab zone."""

    address, port = NAME_SERVER, NAME_SERVER_PORT
    known = "."  # a zone of its own

    def __init__(self, folder: Path, zones: Mapping[str, Path]) -> None:
        binary = ROOT / "usr/sbin/nsd"
        # NSD before 4.7 keeps a database unless told not to; later ones know no such word.
        told = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False, env=libraries())
        version = re.search(r"NSD version (\d+)\.(\d+)", told.stderr + told.stdout)
        assert version is not None, f"nsd does not tell its version: {told.stderr}"
        old = (int(version[1]), int(version[2])) < (4, 7)
        text = _NSD.format(address=self.address, port=self.port, folder=folder, database='database: ""' if old else "")
        for origin, file in zones.items():
            text += f'zone:\n  name: "{origin}"\n  zonefile: "{file}"\n'
        (folder / "nsd.conf").write_text(text)
        super().__init__("nsd", (binary, "-d", "-c", folder / "nsd.conf"), folder / "nsd.log", libraries())

    def answers(self) -> bool:
        """It gives the SOA of a zone it has."""
        return _asks_well(self.known, self.address, self.port)


class Unbound(Server):
    """A validating resolver that knows no root but the lab's."""

    address, port = RESOLVER, RESOLVER_PORT
    also: tuple[int, ...] = ()  # further ports; a mail server asks at 53 alone
    name_server = f"{NAME_SERVER}@{NAME_SERVER_PORT}"

    def __init__(self, folder: Path, origins: tuple[str, ...], anchor: str, local: tuple[str, ...] = ()) -> None:
        """Ask `name_server` for each of the `origins`; `local` zones are asked for too, which Unbound else answers."""
        (folder / "root.ds").write_text(anchor + "\n")
        text = _UNBOUND.format(address=self.address, port=self.port, folder=folder)
        for origin in origins:  # a stub for each: delegations carry no port
            text += f'stub-zone:\n  name: "{origin}"\n  stub-addr: {self.name_server}\n'
        text += "".join(f"server:\n  interface: {self.address}@{port}\n" for port in self.also)
        if local:
            text += "server:\n" + "".join(f'  local-zone: "{zone}" nodefault\n' for zone in local)
        (folder / "unbound.conf").write_text(text)
        command = (ROOT / "usr/sbin/unbound", "-d", "-p", "-c", folder / "unbound.conf")
        super().__init__("unbound", command, folder / "unbound.log", libraries())

    def answers(self) -> bool:
        """It resolves the lab's own top."""
        return _asks_well("example.", self.address, self.port)


def _asks_well(name: str, address: str, port: int) -> bool:
    try:
        answer = dns.query.udp(dns.message.make_query(name, "SOA"), address, port=port, timeout=0.5)
    except (dns.exception.DNSException, OSError):
        return False
    return bool(answer.answer)
