"""Mail hosts as they answered, and the certificates they showed: each address and each certificate once."""

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from compliance.model.finding import Status
from compliance.model.observation import Observation, SmtpFacts
from compliance.reporting.view.results import Result, target_host
from compliance.reporting.view.source import Source

_BAD = {Status.FAIL: 0, Status.ERROR: 1, Status.NOT_TESTED: 2, Status.PASS: 3, Status.NOT_APPLICABLE: 4}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A leaf as read; texts are the stranger's own.

    `days_left` are whole days between the observation and the end, below zero or `expired` where that had passed;
    None = unreadable.
    """

    fingerprint: str
    subject: str
    names: tuple[str, ...]
    issuer: str
    not_before: str
    not_after: str
    days_left: int | None
    key: str
    signature: str
    hosts: tuple[str, ...]
    own: bool
    seen: str
    evidence: tuple[str, ...]
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """One address of ours as it answered under one name."""

    target: str
    domains: tuple[str, ...]
    status: Status
    observation: Observation
    greeting: str
    starttls: bool | None
    version: str
    suite: str
    certificate: Certificate | None

    @property
    def failure(self) -> str:
        """The key of what stopped the session; `` if nothing did."""
        return f"failure_{self.observation.failure.kind.value}" if self.observation.failure else ""


def sessions(source: Source) -> dict[str, list[Observation]]:
    """Give the ordinary SMTP sessions by target, in the order they were held."""
    found: dict[str, list[Observation]] = {}
    for seen in source.observations.values():
        if seen.probe == "smtp":
            found.setdefault(seen.target, []).append(seen)
    return found


def own_hosts(source: Source, results: tuple[Result, ...]) -> tuple[Host, ...]:
    """Give the addresses the own verdict rests on: worst first, then by name."""
    served: dict[str, set[str]] = {}
    worst: dict[str, Status] = {}
    for result in results:
        if not result.own:
            continue
        for place in result.finding.targets:
            served.setdefault(place.target, set()).add(result.subject)
            known = worst.get(place.target, place.status)
            worst[place.target] = min(known, place.status, key=_BAD.__getitem__)
    found = []
    for target, held in sessions(source).items():
        if target in served:
            found.append(_host(target, held, tuple(sorted(served[target])), worst[target]))
    return tuple(sorted(found, key=lambda host: (_BAD[host.status], host.target)))


def _host(target: str, held: list[Observation], domains: tuple[str, ...], status: Status) -> Host:
    best = next((seen for seen in held if _tls(seen)), held[-1])
    facts = best.facts if isinstance(best.facts, SmtpFacts) else None
    greeting = facts.reply("greeting") if facts else None
    hello = facts.reply("ehlo") if facts else None
    offered = any(line[4:].strip().upper().startswith("STARTTLS") for line in hello.lines) if hello else None
    tls = facts.tls if facts else None
    certificate = _certificate(tls.chain[0], best, (target_host(target),), own=True) if tls and tls.chain else None
    return Host(
        target, domains, status, best, greeting.lines[0] if greeting and greeting.lines else "",
        offered, tls.version if tls else "", tls.suite if tls else "", certificate,
    )  # fmt: skip


def _tls(seen: Observation) -> bool:
    return isinstance(seen.facts, SmtpFacts) and seen.facts.tls is not None and bool(seen.facts.tls.chain)


def certificates(source: Source, own_targets: frozenset[str]) -> tuple[Certificate, ...]:
    """Give every leaf that was shown, once: our own first, then those with the fewest days left."""
    shown: dict[bytes, list[Observation]] = {}
    for held in sessions(source).values():
        for seen in held:
            if isinstance(seen.facts, SmtpFacts) and seen.facts.tls and seen.facts.tls.chain:
                shown.setdefault(seen.facts.tls.chain[0], []).append(seen)
    found = []
    for der, all_seen in shown.items():
        names = tuple(dict.fromkeys(target_host(item.target) for item in all_seen))
        own = any(item.target in own_targets for item in all_seen)
        found.append(_certificate(der, all_seen[0], names, own=own, evidence=tuple(item.id for item in all_seen)))
    return tuple(sorted(found, key=lambda item: (not item.own, item.days_left or 0, item.fingerprint)))


def _certificate(
    der: bytes, seen: Observation, hosts: tuple[str, ...], *, own: bool, evidence: tuple[str, ...] = ()
) -> Certificate:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    fingerprint = digest.finalize().hex()
    evidence = evidence or (seen.id,)
    try:
        with warnings.catch_warnings():  # odd certificates are what we are here to show
            warnings.simplefilter("ignore")
            leaf = x509.load_der_x509_certificate(der)
            start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
            at = datetime.fromisoformat(seen.started).astimezone(UTC)
            gone = at > end
            # Whole days both ways, as the judge counts them: timedelta rounds what is below zero away from it.
            days = -(at - end).days if gone else (end - at).days
            return Certificate(
                fingerprint, _common_name(leaf.subject), _dns_names(leaf), _issuer(leaf.issuer), start.isoformat(),
                end.isoformat(), days, _key(leaf), _signature(leaf), hosts, own, seen.started, evidence, gone,
            )  # fmt: skip
    except (ValueError, TypeError, x509.UnsupportedGeneralNameType, x509.DuplicateExtension):
        return Certificate(fingerprint, "", (), "", "", "", None, "", "", hosts, own, seen.started, evidence)


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _issuer(name: x509.Name) -> str:
    parts = [name.get_attributes_for_oid(oid) for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)]
    return ", ".join(dict.fromkeys(str(part[0].value) for part in parts if part)) or name.rfc4514_string()


def _dns_names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def _key(leaf: x509.Certificate) -> str:
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return {ed25519.Ed25519PublicKey: "Ed25519", ed448.Ed448PublicKey: "Ed448"}.get(type(key), type(key).__name__)


def _signature(leaf: x509.Certificate) -> str:
    known = getattr(leaf.signature_algorithm_oid, "_name", "")
    return str(known or leaf.signature_algorithm_oid.dotted_string)
