"""The servers of all cases, made but not started, with what DNS is to say of their keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.cases import BEHIND, CASES, POLICY_HOST, SENDER, Case
from tests.lab.cases.postfix import CLOSED
from tests.lab.exim import Exim
from tests.lab.front.daemon import Front, policy_host, proxy, s_server
from tests.lab.opensmtpd import OpenSmtpd
from tests.lab.pki import Files, Leaf, Pki
from tests.lab.postfix import PostfixInstance
from tests.lab.servers import Server
from tests.lab.submission import submission_servers


@dataclass(frozen=True)
class Built:
    """Mail servers by name of case or place, the front of all others, and each case's TLSA RDATAs."""

    mail: Mapping[str, Server]
    front: Front
    tlsa: Mapping[str, Sequence[str]]


def build(folder: Path, pki: Pki) -> Built:
    """Make the servers of every case, of the submission hosts and of the policies."""
    mail: dict[str, Server] = {}
    tlsa: dict[str, Sequence[str]] = {}
    (folder / "front").mkdir()
    logins = folder / "front" / "logins"
    plan: list[dict[str, Any]] = [{"kind": "logins", "path": str(logins)}]
    plan.append(policy_host(POLICY_HOST, _sites(pki)))
    proxied = [case for case in CASES.values() if case.daemon == "proxy"]
    shared = pki.leaf(Leaf.SOUND, "mx.behind.example", "behind", [case.host for case in proxied])
    mail["behind"] = _postfix("behind", folder, BEHIND, "mx.behind.example", [shared], CLOSED, pki)
    for case in CASES.values():
        if not case.server:
            continue
        if case.daemon == "proxy":
            plan.append(proxy(case))
            tlsa[case.name] = (shared.tlsa,)
            continue
        files = [pki.leaf(kind, case.host, tag) for kind, tag in _kinds(case)]
        staple = pki.staple(files[0].chain, case.staple) if case.staple else None
        tlsa[case.name] = tuple(each.tlsa for each in files)
        where = (case.name, folder / case.name, case.address, case.host)
        if case.daemon == "s_server":
            plan.append(s_server(case, files, staple, pki.roots))
        elif case.daemon == "exim":
            mail[case.name] = Exim(*where, files, case.settings, staple)
        elif case.daemon in {"opensmtpd", "packaged_opensmtpd"}:
            packaged = case.daemon != "opensmtpd"
            mail[case.name] = OpenSmtpd(*where, files[0], case.settings, packaged=packaged)
        else:
            mail[case.name] = _postfix(case.name, folder, case.address, case.host, files, case.settings, pki)
    return Built({**mail, **submission_servers(folder, pki, logins)}, Front(folder / "front", plan), tlsa)


def _kinds(case: Case) -> Iterable[tuple[Leaf, str]]:
    if case.leaf:
        yield case.leaf, case.name
    if case.second:
        yield case.second, f"{case.name}-second"


def _postfix(
    name: str, folder: Path, address: str, host: str, files: Sequence[Files], own: Mapping[str, str], pki: Pki
) -> PostfixInstance:
    settings = dict(own)
    if files:
        chains = ", ".join(f"{each.key}, {each.chain}" for each in files)
        settings = {"smtpd_tls_chain_files": chains, **settings}
    if "smtpd_tls_req_ccert" in settings or "smtpd_tls_ask_ccert" in settings:
        settings["smtpd_tls_CAfile"] = str(pki.roots)
    return PostfixInstance(name, folder / name, address, host, settings)


def _sites(pki: Pki) -> dict[str, dict[str, Any]]:
    """What the policy host serves under each name."""
    sites = {}
    for case in CASES.values():
        if case.sts is None:
            continue
        name = f"mta-sts.{case.domain}"
        files = pki.leaf(case.sts.leaf, name, name)
        answer = {key: getattr(case.sts, key) for key in ("status", "media_type", "location", "body")}
        sites[name] = {"chain": str(files.chain), "key": str(files.key), **answer}
    return sites


def sender(folder: Path) -> PostfixInstance:
    """The organisation's outbound Postfix: TLS where it is offered, and a log that says so."""
    routes = " ".join(f"{{ {case.domain}=smtp:[{case.address}] }}" for case in CASES.values() if case.server)
    settings = {
        "mynetworks": "127.0.0.0/8",
        "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        "smtpd_tls_security_level": "none",
        "smtp_tls_security_level": "may",
        "smtp_tls_loglevel": "1",
        "smtp_tls_CAfile": str(folder / "pki/roots.pem"),
        "smtp_bind_address": SENDER,
        "transport_maps": f"inline:{{ {routes} }}",
        "smtp_host_lookup": "native",
        "mydestination": "",
    }
    return PostfixInstance("sender", folder / "sender", SENDER, "sender.sound.example", settings)
