"""All hostile hosts at once, each at an address of its own, with a resolver and the inventory that leads to them."""

import shutil
import string
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from compliance.demo.listener import listen_on
from compliance.demo.personas import PERSONAS
from compliance.demo.pki import Pki
from compliance.demo.tls_context import server_context
from tests.golden.hostile.dialogue import Act, Kit, sound
from tests.golden.hostile.policies import PolicyRow
from tests.golden.hostile.rows import Row
from tests.unit.probes.servers import DnsServer, Script, ScriptedServer

_FIRST_HOST, _FIRST_POLICY = IPv4Address("127.43.1.1"), IPv4Address("127.43.2.1")
SESSION, GREETING = 4.0, 2.5
_CONFIG = string.Template(f"""\
inventory: {{plugin: u02, options: {{folder: .}}}}
runner: {{plugin: threaded, options: {{num_workers: 64}}}}
user_defined:
  organisation: {{name: Etaten}}
  languages: [nb]
  ehlo: probe.sound.example
  resolver: {{nameservers: ["127.0.0.1"], port: $dns, trust_ad: true, timeout: 3}}
  self_test: {{signed: sound.example, broken: broken.example}}
  trust: {{bundle: roots.pem}}
  smtp: {{port: $smtp, session_timeout: {SESSION}, greeting_timeout: {GREETING}, connect_timeout: 2}}
  mta_sts: {{port: $https}}
""")


@contextmanager
def running(folder: Path, rows: Sequence[Row], policies: Sequence[PolicyRow]) -> Iterator[Path]:
    """Start everything; gives the inventory's folder."""
    pki = Pki(folder / "pki")
    acts: dict[str, Act] = {f"mx.{row.name}.example": row.act for row in rows} | {"mx.sound.example": sound}
    hosts = _placed([*acts], _FIRST_HOST)
    served = _placed([f"mta-sts.{row.name}.example" for row in policies], _FIRST_POLICY)
    table: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for name, address in {**hosts, **served}.items():
        table[name, "A"] = "NOERROR", [f"{name} A {address}"]
        table[name, "AAAA"] = "NOERROR", []
    for name in hosts:
        domain = name.partition(".")[2]
        table[domain, "MX"] = "NOERROR", [f"{domain} MX 10 {name}."]
    for row in policies:
        domain = f"{row.name}.example"
        table[domain, "MX"] = "NOERROR", [f"{domain} MX 10 mx.sound.example."]
        table[f"_mta-sts.{domain}", "TXT"] = "NOERROR", [f'_mta-sts.{domain} TXT "v=STSv1; id=1"']
    with ExitStack() as stack:
        smtp = _serve(stack, pki, hosts, acts)
        https = _serve(stack, pki, served, {f"mta-sts.{row.name}.example": row.act for row in policies})
        dns = stack.enter_context(DnsServer(table))
        inventory = folder / "inventory"
        inventory.mkdir()
        shutil.copyfile(pki.roots, inventory / "roots.pem")
        config = _CONFIG.substitute(dns=dns.port, smtp=smtp, https=https)
        (inventory / "config.yaml").write_text(config, encoding="utf-8")
        domains = sorted(name for name, rdtype in table if rdtype == "MX")
        entries = "".join(f"{name}: {{groups: [partner]}}\n" for name in domains)
        (inventory / "hosts.yaml").write_text(entries, encoding="utf-8")
        yield inventory


def _placed(names: Sequence[str], first: IPv4Address) -> dict[str, str]:
    return {name: str(first + number) for number, name in enumerate(names)}


def _serve(stack: ExitStack, pki: Pki, hosts: dict[str, str], acts: dict[str, Act]) -> int:
    port, sockets = listen_on(hosts.values())
    for name, listening in zip(hosts, sockets, strict=True):
        kit = _kit(pki, name)
        stack.enter_context(ScriptedServer(_script(acts[name], kit), listening))
    return port


def _script(act: Act, kit: Kit) -> Script:
    return lambda peer: act(peer, kit)


def _kit(pki: Pki, name: str) -> Kit:
    context = server_context(PERSONAS["sound"].tls, [pki.file("sound", name)], pki.roots)
    chain = tuple(
        each.public_bytes(Encoding.DER) for each in (pki.certificate("rsa", name), pki.intermediate.certificate)
    )
    return Kit(name, context, pki.rsa_key, chain, pki)
