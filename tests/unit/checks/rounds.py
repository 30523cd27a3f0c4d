"""Rounds of the canary made by hand: what one sending host did at each persona, second by second."""

import contextlib
import ssl
from datetime import timedelta

from compliance.model.canary import (
    CanaryMessage,
    CanaryRound,
    CanarySession,
    CanaryTls,
    DkimSeen,
    PersonaNote,
    Stage,
    Submission,
)
from compliance.model.observation import Observation, Origin
from compliance.model.supplied import CanaryFacts, SuppliedFile
from compliance.records.tls_client_hello import TLS10, TLS12, HelloOffer, build_hello
from tests.unit.checks.build import AT, _seen

HOST, SOURCE = "rele.etaten.example", "192.0.2.9"
FROM = "etaten.example"
PERSONAS = tuple(
    PersonaNote(name, f"198.51.100.{number}", starttls, certificate, tlsa, "newer", "none")
    for number, (name, starttls, certificate, tlsa) in enumerate(
        (
            ("sound", True, "sound", "right"),
            ("no-starttls", False, "none", "none"),
            ("untrusted", True, "untrusted", "none"),
            ("broken-tlsa", True, "sound", "broken"),
        )
    )
)
GOOD = DkimSeen(FROM, "s1", "rsa-sha256", "pass")


def hello(*suites: int, version: int = TLS12) -> bytes:
    return build_hello(HelloOffer(version, suites or (0xC02F, 0xC030), "mx.sound.canary.example"), bytes(64))


OLD_HELLO = hello(0xC013, 0x002F, version=TLS10)
TLS = CanaryTls("TLSv1.3", "TLS_AES_256_GCM_SHA384", hello())
FAILED = CanaryTls("", "", hello(), failure="tlsv1 alert unknown ca")


def moment(second: float) -> str:
    """So many seconds into the round."""
    return (AT - timedelta(days=1) + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def met(
    persona: str,
    second: float,
    *,
    tls: CanaryTls | None = TLS,
    brings: bool = True,
    stage: Stage = Stage.TLS,
    host: str = HOST,
    source: str = SOURCE,
    name: str = "",
    ehlo: str = "ut.etaten.example",
    sender: str = FROM,
    signatures: tuple[DkimSeen, ...] = (GOOD,),
) -> CanarySession:
    """A session that brought one message, or that ended at `stage` without one."""
    note = next(each for each in PERSONAS if each.name == persona)
    encrypted = tls is not None and bool(tls.version)
    message = CanaryMessage(host, persona, moment(second + 0.5), encrypted, sender, sender, 99, signatures)
    return CanarySession(
        persona, note.address, source, name, moment(second), 1.0, ehlo, note.starttls,
        Stage.MESSAGE if brings else stage, "quit", tls, (message,) if brings else (),
    )  # fmt: skip


def tried(persona: str, *seconds: float, **more: object) -> tuple[CanarySession, ...]:
    """Attempts that ended before MAIL FROM."""
    return tuple(met(persona, second, brings=False, **more) for second in seconds)  # type: ignore[arg-type]


def round_of(
    *sessions: CanarySession,
    hosts: tuple[str, ...] = (HOST,),
    handed: tuple[str, ...] = tuple(note.name for note in PERSONAS),
    window: float = 600,
    ended: float = 3600,
    refusal: str = "",
) -> Observation:
    """One journal as an observation: messages handed over at second 0, waited for `window` seconds."""
    submissions = tuple(
        Submission(host, persona, moment(0), moment(window), refusal) for host in hosts for persona in handed
    )
    made = CanaryRound(
        "20260930T120000Z", "canary.example", moment(-5), moment(ended), PERSONAS, hosts, submissions, sessions, 0, 0
    )
    file = SuppliedFile("canary", "", "canary.jsonl", "0" * 64, 1, moment(0), moment(ended), 9)
    return _seen(
        "canary_journal",
        "canary.jsonl",
        f"canary {len(sessions)}{ended}",
        CanaryFacts("canary", file, made),
        origin=Origin.SUPPLIED,
    )


def of_openssl() -> bytes:
    """The hello of this machine's OpenSSL as an opportunistic Postfix offers it: anonymous suites too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("aNULL:ALL:@SECLEVEL=0")
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(inward, outward).do_handshake()
    return outward.read()
