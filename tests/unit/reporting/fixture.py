"""A run folder made by hand: a municipality, its partners, every status, and strangers who mean harm."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from compliance.model.finding import (
    Cause,
    Finding,
    Notice,
    Observed,
    Reperform,
    Status,
    TargetResult,
    WaiverNote,
)
from compliance.model.observation import (
    Failure,
    FailureKind,
    Observation,
    Origin,
    Reply,
    SmtpFacts,
    TlsFacts,
    VantageItem,
)
from compliance.model.requirement import Baseline, Basis, Duty, Remedy, Requirement, Source
from compliance.model.subject import Contact, Kind, Level, RequireTls, Subject
from compliance.model.waiver import Statement, Waiver
from compliance.reporting.words import Texts, shipped_texts
from compliance.settings import Organisation, Population, Settings
from compliance.store import run as run_file
from compliance.store.files import write_json, write_lines
from compliance.store.inputs import Inputs
from compliance.store.inputs import write as write_inputs

NOW = datetime(2026, 11, 23, 13, 2, tzinfo=UTC)
FORMULA = "=cmd|'/c calc'!A0"
SCRIPT = "<script>alert(1)</script>"
_REJECTED = "554 no \x1b]0;owned\x07 thanks"
NASTY = f"{FORMULA} {SCRIPT} \x00\x1b[31m \u202eelpmaxe \xff\xfe {'A' * 5000}"


def same(text: str) -> dict[str, str]:
    """One text for all languages."""
    return {"nb": text, "nn": text, "en": text}


def _all(nb: str, nn: str, en: str) -> dict[str, str]:
    return {"nb": nb, "nn": nn, "en": en}


_TITLES = {
    "U02-1a-1": ("Utgående e-post bruker STARTTLS", "1a", Basis.NSM, Duty.MUST),
    "U02-1b-1": ("Alle e-posttjenere tilbyr STARTTLS", "1b", Basis.NSM, Duty.MUST),
    "U02-1b-2": ("Sertifikatet kommer fra en tiltrodd utsteder", "1b", Basis.NSM, Duty.MUST),
    "U02-1b-3": ("Sertifikatet gjelder tjenerens navn", "1b", Basis.DERIVED, Duty.MUST),
    "U02-1b-4": ("Sertifikatet er gyldig nå", "1b", Basis.DERIVED, Duty.MUST),
    "U02-TLS-1": ("Bare TLS 1.2 og nyere", "transport", Basis.DERIVED, Duty.MUST),
    "U02-TLS-4": ("TLS 1.3 er i bruk", "transport", Basis.DERIVED, Duty.SHOULD),
    "U02-1c-1": ("Parten kan ta imot med kryptering vi krever", "1c", Basis.NSM, Duty.MUST),
    "U02-1c-2": ("Vi krever kryptering til parten", "1c", Basis.NSM, Duty.MUST),
    "U02-1c-3": ("Vi krever kryptering fra parten", "1c", Basis.NSM, Duty.MUST),
    "U02-2-1": ("Domenet har én gyldig SPF-oppføring", "2", Basis.NSM, Duty.MUST),
    "U02-2-3": ("SPF avviser andre avsendere", "2", Basis.DERIVED, Duty.MUST),
    "U02-3-1": ("Domenet kunngjør en DKIM-nøkkel", "3", Basis.NSM, Duty.MUST),
    "U02-4-1": ("Domenet har én gyldig DMARC-oppføring", "4", Basis.NSM, Duty.MUST),
    "U02-4-2": ("DMARC stopper falsk avsender", "4", Basis.DERIVED, Duty.SHOULD),
    "MX-1": ("Alle MX-navn fører til en adresse", "mx", Basis.OTHER, Duty.MUST),
    "DIGDIR-DNSSEC-1": ("Domenet er signert med DNSSEC", "dns", Basis.OTHER, Duty.SHOULD),
    "U02-INT-1": ("E-post er sikret internt", "organisation", Basis.NSM, Duty.MUST),
}


def baseline() -> Baseline:
    """A small baseline with titles, consequences and remedies."""
    requirements = tuple(
        Requirement(
            id=key,
            measure=measure,
            basis=basis,
            levels={Kind.OWN_DOMAIN: duty},
            sources=("U-02", "RFC3207 4.1"),
            title=same(title),
            rationale=same("Kryptering hindrer at andre leser e-posten underveis."),
            consequence=same("Avsendere som krever gyldig sertifikat, leverer ikke hit."),
            remedy=Remedy(
                operator=same(
                    "Postfix på Debian: forny med `certbot renew` og last inn på nytt med `systemctl reload postfix`."
                ),
                plain=same("Be den som drifter tjeneren, om å rette dette. Det tar vanligvis under en time."),
            ),
            assessment="manual" if key == "U02-INT-1" else "automatic",
            threshold="RFC9325" if basis is Basis.DERIVED else "",
        )
        for key, (title, measure, basis, duty) in _TITLES.items()
    )
    sources = (
        Source("U-02", same("Grunnleggende tiltak for sikring av e-post"), "NSM", "P", same("Fire tiltak.")),
        Source("GP-2.8", same("Grunnprinsipper for IKT-sikkerhet 2.1"), "NSM", "S", same("Verifiser avsendere.")),
        Source("NSM-KRYPTO", same("Kryptografiske anbefalinger"), "NSM", "X", same("TLS 1.2 eller nyere.")),
    )
    return Baseline("u02", "1.0", same("NSM U-02"), True, requirements, sources, {"mx.microsoft": "Microsoft"})


def texts() -> Texts:
    """The shipped labels with a few reasons and notices of our own."""
    sentences = {
        "expired": "Sertifikatet utløp {not_after:date}, {days:days} før målingen.",
        "starttls_not_offered": "Tjeneren tilbyr ikke STARTTLS.",
        "policy_none": "DMARC-oppføringen er {record:code}, og ber mottakere slippe alt gjennom.",
        "all_met": "Slik det bør være.",
        "no_log": "Ingen logg fra perioden er lagt ved.",
        "turned_away": "Tjeneren avviste oss: {line:code}.",
        "old_versions": "Tjeneren godtar også {versions:codes}.",
        "null_mx": "Domenet tar ikke imot e-post.",
        "defect": "Kontrollen stanset med en feil.",
        "manual": "Må vurderes av et menneske.",
        "self_signed": "Sertifikatet er utstedt av tjeneren selv ({issuer:code}).",
        "greets": "Tjeneren hilser med {greeting:code}.",
    }
    reasons = {key: {"sentence": same(text)} for key, text in sentences.items()}
    notices = {"expires_soon": same("Sertifikatet utløper {not_after:date}, om {days:days}.")}
    return Texts(shipped_texts().interface, reasons, notices, {"port25_ok": same("Port 25: åpen.")})


def subjects() -> tuple[Subject, ...]:
    """Four own domains, two hosts, five partners."""
    own = Kind.OWN_DOMAIN
    contact = Contact(FORMULA, "Driftsvakt", "+47 22 00 00 00", "vakt@departement.example", date(2026, 10, 1))
    return (
        Subject("kommunen.example", "kommunen.example", (own,), managed_by="own"),
        Subject("skole.example", "skole.example", (own,), managed_by="own"),
        Subject("xn--blbr-roah.example", "xn--blbr-roah.example", (own,), managed_by="own"),
        Subject("gammel.example", "gammel.example", (Kind.PARKED_DOMAIN,), managed_by="own"),
        Subject("mx2.kommunen.example", "mx2.kommunen.example", (Kind.INBOUND_HOST,), managed_by="own"),
        Subject("rele.kommunen.example", "192.0.2.30", (Kind.OUTBOUND_HOST,), managed_by="own"),
        Subject("departement.example", "departement.example", (Kind.PARTNER,),
                require_tls=RequireTls(Level.VERIFY, Level.ENCRYPT), contact=contact),
        Subject("fylke.example", "fylke.example", (Kind.PARTNER,),
                require_tls=RequireTls(Level.ENCRYPT, Level.ENCRYPT)),
        Subject("sykehus.example", "sykehus.example", (Kind.PARTNER,)),
        Subject("direktorat.example", "direktorat.example", (Kind.PARTNER,)),
        Subject("ond.example", "ond.example", (Kind.PARTNER,)),
    )  # fmt: skip


@cache
def certificate(name: str, days: int, issuer: str = "Eksempel CA R3") -> bytes:
    """A leaf that ends so many days after the run."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(signer).public_key(key.public_key())
    made = made.serial_number(1000 + days).not_valid_before(NOW + timedelta(days=days - 90))
    made = made.not_valid_after(NOW + timedelta(days=days))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@dataclass
class Folder:
    """Collects observations and findings while they are told."""

    observations: list[Observation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def session(self, name: str, address: str, *, banner: str = "ESMTP Postfix", days: int | None = 60,
                failure: Failure | None = None, issuer: str = "Eksempel CA R3") -> tuple[str, str]:  # fmt: skip
        """Put down one SMTP session; gives its target and observation id."""
        key, target = f"o-{len(self.observations) + 1:06}", f"{name}[{address}]:25"
        tls = None
        if days is not None and failure is None:
            chain = (certificate(name, days, issuer),) if name.isascii() and name[0].isalpha() else (b"\x30\x00",)
            tls = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", chain, name, False, False, 0.1)
        lines = (f"250-{name}", "250 STARTTLS") if tls else (f"250 {name}",)
        replies = (
            Reply("greeting", "", 220, (f"220 {banner}",), 0.1),
            Reply("ehlo", "EHLO probe.kommunen.example", 250, lines, 0.1),
            Reply("starttls", "STARTTLS", 220, ("220 go",), 0.1),
            Reply("quit", "QUIT", 221, ("221 bye",), 0.1),
        )
        facts = None if failure else SmtpFacts("smtp", name, address, 25, replies, tls, 1)
        self.observations.append(
            Observation(key, "smtp", target, "session", NOW.isoformat().replace("+00:00", "Z"), 1.0, "probe",
                        "u02 0.1.0", Origin.WIRE, facts, failure)
        )  # fmt: skip
        return target, key

    def find(self, subject: str, kind: Kind, requirement: str, status: Status, reason: str = "all_met", *,
             cause: Cause | None = None, at: tuple[tuple[str, str], ...] = (), responsible: str = "own",
             supplier: str = "", notices: tuple[Notice, ...] = (), waiver: WaiverNote | None = None,
             **values: object) -> None:  # fmt: skip
        """Put down one finding, the same on every target."""
        _, _, basis, duty = _TITLES[requirement]
        again = Reperform(
            f"openssl s_client -starttls smtp -connect {subject}:25 -servername {subject}",
            "notAfter=Nov  3",
            ("openssl",),
        )
        targets = tuple(
            TargetResult(target, status, cause, reason, values, notices, (seen,), again) for target, seen in at
        )  # type: ignore[arg-type]
        moment = NOW.isoformat().replace("+00:00", "Z")
        self.findings.append(
            Finding(
                subject, kind, requirement, duty, basis, status, cause, reason, values, {status.value: len(targets)},
                responsible, supplier, Origin.WIRE, Observed(moment, moment), notices, targets, waiver,
                waiver is None,
            )  # type: ignore[arg-type]
        )  # fmt: skip


def _own(told: Folder) -> None:
    mx1 = told.session("mx1.kommunen.example", "192.0.2.10")
    mx2 = told.session("mx2.kommunen.example", "192.0.2.20", days=-20, banner=NASTY)
    skole = told.session("skole-example.mail.protection.outlook.com", "192.0.2.40", days=21)
    silent = told.session("mx.xn--blbr-roah.example", "2001:db8::25", days=None,
                          failure=Failure(FailureKind.REJECTED, "greeting", _REJECTED))  # fmt: skip
    domain = Kind.OWN_DOMAIN
    gone = {"not_after": "2026-11-03T13:02:00Z", "days": 20}
    soon = Notice("expires_soon", {"not_after": "2026-12-14T13:02:00Z", "days": 21})
    waiver = WaiverNote("Byttes ut i januar.", "IT-drift", "Sikkerhetsleder", "2026/1234", "2027-01-31", False, True)
    for key in ("U02-1b-1", "U02-1b-2", "U02-1b-3", "U02-TLS-4", "MX-1"):
        told.find("kommunen.example", domain, key, Status.PASS, at=(mx1, mx2))
        told.find("skole.example", domain, key, Status.PASS, at=(skole,))
        told.find("xn--blbr-roah.example", domain, key, Status.NOT_TESTED, "turned_away", cause=Cause.THEIRS,
                  at=(silent,), line=_REJECTED)  # fmt: skip
    told.find("kommunen.example", domain, "U02-1b-4", Status.FAIL, "expired", at=(mx2,), **gone)
    told.find("mx2.kommunen.example", Kind.INBOUND_HOST, "U02-1b-4", Status.FAIL, "expired", at=(mx2,), **gone)
    told.find("skole.example", domain, "U02-1b-4", Status.PASS, at=(skole,), notices=(soon,))
    told.find("skole.example", domain, "U02-TLS-1", Status.FAIL, "old_versions", at=(skole,), responsible="supplier",
              supplier="Microsoft", versions=["TLSv1", "TLSv1.1"])  # fmt: skip
    told.find("kommunen.example", domain, "U02-TLS-1", Status.FAIL, "old_versions", at=(mx1,), waiver=waiver,
              versions=["TLSv1"])  # fmt: skip
    for name in ("kommunen.example", "skole.example", "xn--blbr-roah.example", "gammel.example"):
        kind = Kind.PARKED_DOMAIN if name == "gammel.example" else domain
        for key in ("U02-2-1", "U02-2-3", "U02-4-1"):
            told.find(name, kind, key, Status.PASS)
        told.find(name, kind, "U02-4-2", Status.PASS if name == "gammel.example" else Status.FAIL,
                  "all_met" if name == "gammel.example" else "policy_none", record="v=DMARC1; p=none")  # fmt: skip
        if kind is domain:
            told.find(name, kind, "U02-3-1", Status.PASS if name != "skole.example" else Status.ERROR, "defect")
    told.find("gammel.example", Kind.PARKED_DOMAIN, "MX-1", Status.PASS, "null_mx")
    told.find("gammel.example", Kind.PARKED_DOMAIN, "U02-1b-1", Status.NOT_APPLICABLE, "null_mx")
    told.find(
        "rele.kommunen.example", Kind.OUTBOUND_HOST, "U02-1a-1", Status.NOT_TESTED, "no_log", cause=Cause.NO_EVIDENCE
    )
    told.find("Eksempel kommune", Kind.ORGANISATION, "U02-INT-1", Status.NOT_TESTED, "manual", cause=Cause.MANUAL)
    told.find("kommunen.example", domain, "DIGDIR-DNSSEC-1", Status.NOT_TESTED, "unknown_reason", cause=Cause.OURS)
    told.find("skole.example", domain, "DIGDIR-DNSSEC-1", Status.NOT_APPLICABLE, "needs U02-1b-1")


def _partners(told: Folder) -> None:
    good = told.session("mx.departement.example", "198.51.100.1")
    clear = told.session("mx.fylke.example", "198.51.100.2", days=None)
    signed = told.session("mx.sykehus.example", "198.51.100.3", issuer="mx.sykehus.example")
    evil = told.session(f"{FORMULA}{SCRIPT}", "198.51.100.66", banner=NASTY)
    who = Kind.PARTNER
    for name, at in (("departement.example", good), ("sykehus.example", signed)):
        told.find(name, who, "U02-1b-1", Status.PASS, at=(at,), responsible="partner")
    told.find("fylke.example", who, "U02-1b-1", Status.FAIL, "starttls_not_offered", at=(clear,), responsible="partner")
    told.find("fylke.example", who, "U02-1c-1", Status.FAIL, "starttls_not_offered", at=(clear,), responsible="partner")
    told.find("sykehus.example", who, "U02-1b-2", Status.FAIL, "self_signed", at=(signed,), responsible="partner",
              issuer="mx.sykehus.example")  # fmt: skip
    told.find("direktorat.example", who, "U02-1b-1", Status.NOT_TESTED, "turned_away", cause=Cause.THEIRS,
              responsible="partner", line="421 busy")  # fmt: skip
    told.find("ond.example", who, "MX-1", Status.FAIL, "greets", at=(evil,), responsible="partner", greeting=NASTY)
    told.find("departement.example", who, "U02-1c-2", Status.FAIL, "starttls_not_offered")
    told.find("departement.example", who, "U02-1c-3", Status.NOT_TESTED, "no_log", cause=Cause.NO_EVIDENCE)
    told.find("fylke.example", who, "U02-1c-2", Status.PASS)


def write_run(folder: Path) -> Path:
    """Write the whole run folder."""
    folder.mkdir(parents=True, exist_ok=True)
    told = Folder()
    _own(told)
    _partners(told)
    waivers = (
        Waiver("U02-TLS-1", "Byttes ut i januar.", "IT-drift", "Sikkerhetsleder", date(2027, 1, 31), "kommunen.example",
               reference="2026/1234", where="waivers.yaml:1"),
        Waiver("U02-4-2", "Venter på leverandør.", "IT-drift", "Sikkerhetsleder", date(2026, 9, 30), "skole.example"),
        Waiver("U02-2-1", f"{FORMULA} {SCRIPT}", "IT-drift", "Sikkerhetsleder", date(2027, 9, 30), "borte.example"),
    )  # fmt: skip
    statements = (
        Statement("U02-INT-1", "pass", "All intern e-post går over TLS", "Sikkerhetsleder", date(2026, 10, 1)),
    )
    write_inputs(folder, Inputs(subjects(), waivers, statements, baseline(), b"", b"", b""))
    write_lines(folder / "observations.jsonl", told.observations)
    write_lines(folder / "findings.jsonl", told.findings)
    write_json(folder / "summary.json", json.loads("{}"))
    run_file.write(folder, _run(told))
    return folder


def _run(told: Folder) -> run_file.Run:
    organisation = Organisation("Eksempel kommune", "999 999 999", "Unntatt offentlighet")
    population = Population("domenelisten fra Norid", date(2026, 11, 1), "IT-drift")
    sessions = [seen for seen in told.observations if seen.probe == "smtp"]
    ledger = tuple(
        run_file.Ledger(f"[{seen.target.partition('[')[2]}", (seen.target.partition("[")[0],), 4, number < 4)
        for number, seen in enumerate(sessions)
    )
    return run_file.Run(
        schema=1, tool=run_file.Tool("u02", "0.1.0"), organisation=organisation, population=population,
        run_id="20261123T130200Z", scope="full", only=(), label="4. kvartal 2026",
        baseline=run_file.BaselineNote("u02", "1.0", "ab" * 32), settings=Settings(organisation, population),
        languages=("nb", "nn", "en"), vantage_name="probe.kommunen.example",
        vantage=(
            VantageItem("port25", "ok", True, {}), VantageItem("ipv6", "failed", False, {}),
            VantageItem("dnssec", "ok", False, {"resolver": "127.0.0.1"}),
            VantageItem("strange", "unknown", False, {"x": "y"}),
        ),
        started="2026-11-23T13:02:00.000Z", finished="2026-11-23T13:09:31.000Z", state="complete",
        counts=run_file.Counts(len(subjects()), len(told.observations), len(told.findings), {}),
        connections=run_file.Connections(4 * len(ledger), ledger), evidence={"observations.jsonl": "cd" * 32},
        previous=run_file.Previous("20260824T090000Z", "ef" * 32),
    )  # fmt: skip


def closed_port(folder: Path) -> Path:
    """The same run from behind a closed port 25: nothing inbound could be tested."""
    write_run(folder)
    run = run_file.read(folder)
    items = tuple(replace(item, state="failed") if item.item == "port25" else item for item in run.vantage)
    run_file.write(folder, replace(run, vantage=items))
    return folder
