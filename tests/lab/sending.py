"""Hosts that send mail where DNS says: an Exim and a Postfix, each started for the test that wants it."""

import shutil
import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compliance.model.finding import Finding
from compliance.pipeline.judge import judge
from compliance.pipeline.resume import supplement
from tests.lab.canary import u02
from tests.lab.exim import Exim
from tests.lab.keeper import Keeper
from tests.lab.pki import Leaf
from tests.lab.postfix import SendingPostfix
from tests.lab.servers import NotStarted, Server
from tests.lab.world import World

ADDRESS, DOMAIN = "127.41.0.9", "sound.example"
HOST = f"relay.{DOMAIN}"  # one host of the inventory: now an Exim, now a Postfix
#: The level asked toward each partner. The first three can carry it.
ASKED = {
    "defaults": "encrypt",
    "also-from": "verify",
    "dane-only": "dane",
    "no-starttls": "encrypt",
    "wrong-name": "verify",
    "dane-mismatch": "dane",
}
WITHIN = 20.0

_EXIM = """\
begin routers
away:
  driver = dnslookup
  transport = remote_smtp
  self = send
begin transports
remote_smtp:
  driver = smtp
  allow_localhost
  interface = {address}
  tls_verify_certificates = {roots}
  hosts_avoid_tls = ${{if exists{{{plain}}}{{*}}{{}}}}
  tls_require_ciphers = ${{if exists{{{old}}}{{NORMAL:-VERS-ALL:+VERS-TLS1.1}}{{NORMAL}}}}
"""
_OURS = "accept hosts = 127.0.0.0/8"


@contextmanager
def serving(server: Server) -> Iterator[None]:
    """Keep a server running for a while."""
    with Keeper() as keeper:
        server.start()
        keeper.watch(server.pid)
        try:
            server.wait()
            yield
        finally:
            server.stop()


class SendingExim(Exim):
    """An Exim that relays for the lab. `selectors` say what its main log tells besides."""

    def __init__(self, world: World, name: str, selectors: str) -> None:
        self.plain = world.folder / name / "plain"  # while this is there, it sends in clear
        self.old = world.folder / name / "old"  # while this is there, it knows no TLS of today
        settings = {
            "log_selector": selectors,
            "acl_smtp_mail": _OURS,
            "acl_smtp_rcpt": _OURS,
            "deliver_drop_privilege": "true",  # all it delivers to is other hosts
            "dns_dnssec_ok": "1",
        }
        files = [world.pki.leaf(Leaf.SOUND, HOST, name)]
        blocks = _EXIM.format(address=ADDRESS, roots=world.roots, plain=self.plain, old=self.old)
        place = world.folder / name
        super().__init__(name, place, ADDRESS, HOST, files, settings, blocks=blocks, resolver=world.unbound.address)

    @property
    def main_log(self) -> Path:
        """What it wrote."""
        return self.folder / "logs/main"


def sending_postfix(world: World, name: str, **settings: str) -> SendingPostfix:
    """Make a Postfix that sends with the lab's root as its only one."""
    given = {"smtp_tls_CAfile": str(world.roots), "smtp_tls_security_level": "may", **settings}
    place, resolver = world.folder / name, world.unbound.address
    return SendingPostfix(name, place, ADDRESS, HOST, given, resolver)


def submit(server: Server, *recipients: str, sender: str = DOMAIN, source: str = "", tls: bool = False) -> None:
    """Hand a message for each domain's postmaster to a sending host; from `source`, it comes from another host."""
    where = (source, 0) if source else None
    with smtplib.SMTP(server.address, 25, local_hostname=sender, timeout=10, source_address=where) as session:
        if tls:
            session.starttls()
        for recipient in recipients:
            session.sendmail(f"postmaster@{sender}", [f"postmaster@{recipient}"], "Subject: lab\r\n\r\nlab\r\n")


def until(log: Path, server: Server, *wanted: str, times: int = 1) -> str:
    """Wait until a log holds all of this, so many times; gives it."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        text = log.read_text() if log.exists() else ""
        if all(text.count(each) >= times for each in wanted):
            return text
        time.sleep(0.05)
    raise NotStarted(f"{wanted}: {server.last_words()}")


def measure(world: World, place: Path) -> Path:
    """Run an inventory of the host and those it sends to; gives the run."""
    asked = {
        world.cases[name].domain: {"groups": ["partner"], "data": {"require_tls": {"to": level}}}
        for name, level in ASKED.items()
    }
    data = {"sends_for": [DOMAIN], "helo": HOST, "managed_by": "own"}
    ours = {HOST: {"hostname": ADDRESS, "groups": ["outbound_host"], "data": data}}
    world.inventory_folder(place, only=("sound", "strong", "unsigned", *ASKED), hosts=asked | ours)
    done = u02(place, "run", "-i", "inventory", "-o", "reports", "--run-id", "a", "--quiet")
    assert done.returncode in {0, 1, 3}, done.stdout + done.stderr
    return place / "reports/a"


def judged_with(run: Path, evidence: Path) -> tuple[Finding, ...]:
    """Judge a run as `--resume` does with what was supplied since; the run itself stays as it is."""
    copy = run.parent / evidence.name
    shutil.copytree(run, copy)
    review = supplement(copy, evidence, lambda _seen: None)
    assert review is not None
    return judge(review)
