"""A stapled OCSP response (RFC 6960) speaks against a certificate where its issuer signed it, in TLS 1.3 too."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from compliance.model.observation import SmtpFacts
from tests.unit.checks.build import AT, context, good, host_view, judged, told
from tests.unit.checks.papers import PUBLIC, ROOT, key, leaf

_LEAF = leaf()[0]
_STATUS = {"revoked": ocsp.OCSPCertStatus.REVOKED, "unknown": ocsp.OCSPCertStatus.UNKNOWN}


_STRANGER = leaf(own_root=True, common="Somebody", kind="rsa2048")[0]


def staple(status: str, by: bytes = ROOT) -> bytes:
    issuer = x509.load_der_x509_certificate(ROOT)
    since = AT - timedelta(days=90 if status == "outdated" else 1)
    answer = ocsp.OCSPResponseBuilder().add_response(
        cert=x509.load_der_x509_certificate(_LEAF),
        issuer=issuer,
        algorithm=hashes.SHA1(),
        cert_status=_STATUS.get(status, ocsp.OCSPCertStatus.GOOD),
        this_update=since,
        next_update=since + timedelta(days=7),
        revocation_time=since if status == "revoked" else None,
        revocation_reason=None,
    )
    named = answer.responder_id(ocsp.OCSPResponderEncoding.HASH, x509.load_der_x509_certificate(by))
    signed = named.sign(key("secp256r1" if by is ROOT else "rsa2048"), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


ROWS = [
    ("none", b"", "pass issuer_trusted"),
    ("good", staple("good"), "pass issuer_trusted"),
    ("revoked", staple("revoked"), "fail revoked"),
    ("unknown to the responder", staple("unknown"), "pass issuer_trusted"),
    ("good, but outdated", staple("outdated"), "pass issuer_trusted"),
    ("revoked, says a stranger", staple("revoked", by=_STRANGER), "pass issuer_trusted"),
    ("no OCSP at all", b"\x30\x03\x0a\x01\x01garbage", "pass issuer_trusted"),
]


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize(("case", "given", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_what_a_session_was_shown_beside_the_certificate_counts(
    version: str, case: str, given: bytes, expected: str
) -> None:
    seen = good(version, chain=(_LEAF, ROOT))
    assert isinstance(seen.facts, SmtpFacts)
    assert seen.facts.tls is not None
    seen = replace(seen, facts=replace(seen.facts, tls=replace(seen.facts.tls, staple=given)))
    run = context([seen], roots=PUBLIC)

    assert told(judged(run, "U02-1b-2", host_view(run))) == expected
