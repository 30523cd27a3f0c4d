"""Supplied messages made by hand: one hop out, hops of the receiver's house above it, and a signature that holds."""

import hashlib
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.model.messages import KeptSignature, ReceivedHop
from compliance.model.observation import Observation, Origin
from compliance.model.supplied import MessageFacts, SuppliedFile
from tests.unit.checks.build import DOMAIN, _seen, dns
from tests.unit.checks.logs import day

HOST, SOURCE, THERE = "rele.etaten.example", "192.0.2.10", "mx.part.example"
KEY = Ed25519PrivateKey.generate()
_RAW = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hop(
    when: int = -10,
    *,
    name: str = HOST,
    verified: str = HOST,
    address: str = SOURCE,
    by: str = THERE,
    protocol: str = "ESMTPS",
    version: str = "TLSv1.3",
    suite: str = "TLS_AES_256_GCM_SHA384",
) -> ReceivedHop:
    return ReceivedHop(name, verified, address, by, protocol, version, suite, day(when))


def in_clear(when: int = -10, by: str = THERE) -> ReceivedHop:
    return hop(when, by=by, protocol="ESMTP", version="", suite="")


def signature(domain: str = DOMAIN, selector: str = "s1", *, body: bool = True, words: bytes = b"") -> KeptSignature:
    """Sign with KEY; `words` are those that were in the header when it came, if they are others than were signed."""
    made = hashlib.sha256(b"header").digest()
    now = hashlib.sha256(words or b"header").digest()
    return KeptSignature(domain, selector, "ed25519-sha256", domain, KEY.sign(made), now, body, True, None)


def published(selector: str = "s1", domain: str = DOMAIN, more: str = "") -> Observation:
    import base64

    key = base64.b64encode(_RAW).decode()
    return dns(f"{selector}._domainkey.{domain}", "TXT", f"v=DKIM1; k=ed25519; {more}p={key}")


_NUMBER = iter(range(10_000))


def mail(
    *hops: ReceivedHop,
    from_domain: str = DOMAIN,
    signatures: tuple[KeptSignature, ...] = (),
    by_list: bool = False,
) -> Observation:
    kept = hops or (hop(),)
    file = SuppliedFile("messages", "", "prove.eml", "0" * 64, 1, kept[0].time, kept[0].time, 20)
    facts = MessageFacts("message", file, from_domain, by_list, kept, 0, signatures)
    return _seen("message", "prove.eml", f"messages {next(_NUMBER)}", facts, origin=Origin.SUPPLIED)


def unreadable(mark: KeptSignature) -> KeptSignature:
    return replace(mark, domain="", selector="", fault="missing_tag")
