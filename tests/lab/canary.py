"""The canary's lab: Postfix senders of four policies, opendkim that signs, signed zones between, the canary as far end.

A world of its own beside tests/lab/world.py: its own addresses, its own name servers on port 53, since a Postfix that
checks DANE asks the resolver of its (chroot's) resolv.conf.
"""

import fcntl
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.reversename
import dns.zone
from ruamel.yaml import YAML

from tests.lab import cases, mailbox
from tests.lab.debs import LAB, ROOT, libraries
from tests.lab.keeper import Keeper
from tests.lab.nameservers import Nsd, Unbound
from tests.lab.postfix import SendingPostfix
from tests.lab.servers import Server, read_greeting
from tests.lab.zones import _delegation, _make_key, _sign

RESOLVER, NAME_SERVER, SIGNER = "127.41.1.1", "127.41.1.2", "127.41.1.3"
SIGNER_PORT = 8891
BASE, SENT_FROM, SELECTOR = "kanari.example", "etaten.example", "s1"
PERSONAS = ("sound", "no-starttls", "untrusted", "broken-tlsa")
CANARY = {name: f"127.41.1.{21 + place}" for place, name in enumerate(PERSONAS)}
#: Postfix's policy for what it sends, by the label of the outbound host in the inventory.
POLICIES: Mapping[str, Mapping[str, str]] = {
    "may": {"smtp_tls_security_level": "may"},
    "encrypt": {"smtp_tls_security_level": "encrypt"},
    "verify": {"smtp_tls_security_level": "verify"},
    "dane": {"smtp_tls_security_level": "dane"},
    "none": {"smtp_tls_security_level": "none", "smtpd_milters": ""},  # in clear to everybody, and unsigned
}
SENDERS = {label: f"127.41.1.{11 + place}" for place, label in enumerate(POLICIES)}
RETRY = 2  # seconds between a sender's attempts
REVERSE = "127.in-addr.arpa."
OPENDKIM = ROOT / "usr/sbin/opendkim"

_OPENDKIM = """\
Syslog no
Mode s
Domain {domain}
Selector {selector}
KeyFile {key}
RequireSafeKeys no
Socket inet:{port}@{address}
InternalHosts {folder}/internal
Canonicalization relaxed/simple
OversignHeaders From
"""


class Opendkim(Server):
    """The milter that signs what the senders take in."""

    address, port = SIGNER, SIGNER_PORT

    def __init__(self, folder: Path, key: Path) -> None:
        (folder / "internal").write_text("127.0.0.0/8\n")
        text = _OPENDKIM.format(
            domain=SENT_FROM, selector=SELECTOR, key=key, port=self.port, address=self.address, folder=folder
        )
        (folder / "opendkim.conf").write_text(text)
        places = ":".join((*libraries().values(), str(ROOT / "usr/lib")))
        command = (OPENDKIM, "-f", "-x", folder / "opendkim.conf")
        super().__init__("opendkim", command, folder / "opendkim.log", {"LD_LIBRARY_PATH": places})

    def answers(self) -> bool:
        """It takes connections."""
        try:
            with socket.create_connection((self.address, self.port), 1):
                return True
        except OSError:
            return False


class Resolving(Unbound):
    """The resolver of this world, on the port every program asks."""

    address, port = RESOLVER, 53

    def __init__(self, folder: Path, origins: tuple[str, ...], anchor: str) -> None:
        super().__init__(folder, origins, anchor)
        file = folder / "unbound.conf"
        there, here = f"{cases.NAME_SERVER}@{cases.NAME_SERVER_PORT}", f"{NAME_SERVER}@53"
        assert there in file.read_text()
        file.write_text(file.read_text().replace(there, here))


class Serving(Nsd):
    """The authoritative server of this world."""

    address, port = NAME_SERVER, 53


class Serve(Server):
    """`u02 canary serve`, as a person starts it."""

    address, port = CANARY["sound"], 25

    def __init__(self, folder: Path) -> None:
        command = (sys.executable, "-m", "compliance", "canary", "serve", folder / "bird", "-i", folder / "inventory")
        super().__init__("canary", command, folder / "serve.log")

    def answers(self) -> bool:
        """It greets."""
        return read_greeting(self.address, self.port, within=2.0)[:3] == b"220"


@dataclass(frozen=True)
class CanaryWorld:
    """The running world. `folder` holds `bird` (the canary's own) and `inventory`."""

    folder: Path
    senders: Mapping[str, SendingPostfix]
    signer: Opendkim

    @property
    def inventory(self) -> Path:
        """The inventory folder, in which the journal lands."""
        return self.folder / "inventory"

    def u02(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the program."""
        return u02(self.folder, *words)


def u02(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, in English."""
    command = [sys.executable, "-m", "compliance", *words, "--lang", "en"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=240)


@contextmanager
def running() -> Iterator[CanaryWorld]:
    """Start everything but the canary, and stop each server by its process id on the way out."""
    with ExitStack() as stack:
        stack.enter_context(_alone())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="u02-canary-")))
        folder.chmod(0o755)
        addresses = [word for name in PERSONAS for word in ("--address", CANARY[name])]
        done = u02(folder, "canary", "dns", "bird", "--base", BASE, *addresses)
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stdout.splitlines() if not line.startswith(";")]
        keeper = stack.enter_context(Keeper())
        starting = stack.enter_context(_starting(stack, keeper))
        dkim = _dkim_key(folder)
        origins, files, anchor = _zones(_fresh(folder / "dns"), lines, dkim[1])
        signer = Opendkim(_fresh(folder / "signer"), dkim[0])
        senders = {label: _sender(folder, label) for label in POLICIES}
        write_inventory(folder / "inventory")
        starting(Serving(folder / "dns", files), Resolving(folder / "dns", origins, anchor), signer, *senders.values())
        yield CanaryWorld(folder, senders, signer)


@contextmanager
def _starting(stack: ExitStack, keeper: Keeper) -> Iterator[Callable[..., None]]:
    def start(*servers: Server) -> None:
        for server in servers:
            server.start()
            keeper.watch(server.pid)
            stack.callback(_stop, server, keeper)
        for server in servers:
            server.wait()

    yield start


def _stop(server: Server, keeper: Keeper) -> None:
    pid = server.pid
    server.stop()
    keeper.forget(pid)


def _sender(folder: Path, label: str) -> SendingPostfix:
    settings = {
        "smtpd_milters": f"inet:{SIGNER}:{SIGNER_PORT}",
        "smtp_tls_CAfile": str(folder / "bird/ca.pem"),
        "minimal_backoff_time": f"{RETRY}s",
        "maximal_backoff_time": f"{RETRY}s",
        "queue_run_delay": f"{RETRY}s",
        **POLICIES[label],
    }
    return SendingPostfix(label, folder / label, SENDERS[label], f"{label}.{SENT_FROM}", settings, RESOLVER)


def _zones(folder: Path, canary: list[str], dkim: str) -> tuple[tuple[str, ...], Mapping[str, Path], str]:
    """Write the root, `example.` and the reverse zone, all signed; gives origins, files and the trust anchor."""
    names = {f"{label}.{SENT_FROM}": address for label, address in SENDERS.items()}
    text = " ".join(f'"{dkim[at : at + 250]}"' for at in range(0, len(dkim), 250))
    example = [
        *canary,
        f"ns.example. 300 IN A {NAME_SERVER}",
        f"{SENT_FROM}. 300 IN MX 10 may.{SENT_FROM}.",
        f'{SENT_FROM}. 300 IN TXT "v=spf1 ip4:127.41.1.0/24 -all"',
        f'_dmarc.{SENT_FROM}. 300 IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{SENT_FROM}"',
        f"{SELECTOR}._domainkey.{SENT_FROM}. 300 IN TXT {text}",
        *(f"{name}. 300 IN A {address}" for name, address in names.items()),
        f"{mailbox.DOMAIN}. 300 IN MX 10 mx.{mailbox.DOMAIN}.",
        f"mx.{mailbox.DOMAIN}. 300 IN A {mailbox.ADDRESS}",
    ]
    reverse = [f"{dns.reversename.from_address(address)} 300 IN PTR {name}." for name, address in names.items()]
    keys = {origin: _make_key() for origin in ("example.", REVERSE, ".")}
    root = [_delegation(origin, keys[origin].ds(origin)) for origin in ("example.", REVERSE)]
    root.append(f"ns.example. A {NAME_SERVER}")
    files = {}
    for number, (origin, lines) in enumerate((("example.", example), (REVERSE, reverse), (".", root))):
        head = ["@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60", "@ NS ns.example."]
        zone = dns.zone.from_text(
            f"$TTL 300\n$ORIGIN {origin}\n" + "\n".join((*head, *lines)) + "\n", origin, relativize=False
        )
        _sign(zone, keys[origin])
        files[origin] = folder / f"zone{number}"
        zone.to_file(str(files[origin]), relativize=False)
    return tuple(files), files, f". IN DS {keys['.'].ds('.').to_text()}"


def _dkim_key(folder: Path) -> tuple[Path, str]:
    """Make the signer's key with openssl; gives its file and the key record."""
    key = folder / "dkim.key"
    for words in (["genrsa", "-traditional", "-out", str(key), "2048"], ["rsa", "-in", str(key), "-pubout"]):
        public = subprocess.run(["openssl", *words], check=True, capture_output=True)
    text = "".join(line for line in public.stdout.decode().splitlines() if not line.startswith("-"))
    return key, f"v=DKIM1; k=rsa; p={text}"


def write_inventory(folder: Path, selectors: Sequence[str] = (SELECTOR,)) -> None:
    """Write the inventory of the senders, with the selectors that are listed for their domain."""
    folder.mkdir()
    hosts = {
        SENT_FROM: {"groups": ["own_domain"], "data": {"dkim_selectors": list(selectors)} if selectors else {}},
        **{
            label: {
                "hostname": address,
                "groups": ["outbound_host"],
                "data": {"sends_for": [SENT_FROM], "helo": f"{label}.{SENT_FROM}", "managed_by": "own"},
            }
            for label, address in SENDERS.items()
        },
    }
    user_defined = {
        "organisation": {"name": "Labetaten"},
        "ehlo": f"may.{SENT_FROM}",
        "resolver": {"nameservers": [RESOLVER], "port": 53, "trust_ad": True},
        "self_test": {"signed": SENT_FROM, "broken": "broken.example"},
    }
    for name, data in (("hosts.yaml", hosts), ("config.yaml", {"user_defined": user_defined})):
        with (folder / name).open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(data, file)


@contextmanager
def _alone() -> Iterator[None]:
    """Let a second test run wait: the addresses are the same for both, and none is the other lab's."""
    with (LAB / "lock-canary").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder
