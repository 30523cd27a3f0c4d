"""Domains with an MTA-STS policy. Their mail goes to hosts of other cases, so that the policy alone differs."""

from typing import Any

from tests.lab.cases.case import Case, Sts, partner
from tests.lab.pki import Leaf

_TXT = "v=STSv1; id=1"


def policy(mx: str, mode: str = "enforce") -> str:
    """Write a policy file (RFC 8461 section 3.2)."""
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 1209600\r\n"


_TRUE = policy("mx.sound.example")
_FALSE = policy("*.elsewhere.example")


def _with(name: str, body: str = _TRUE, host: str = "mx.sound.example", **more: Any) -> Case:
    return partner(name, server=False, mx=f"10 {host}.", sts=Sts(body, **more))


POLICIES = (
    _with("sts", _TRUE),
    _with("sts-wildcard", policy("*.sound.example")),
    _with("sts-mismatch", _FALSE),
    _with("sts-testing", policy("*.elsewhere.example", "testing")),
    _with("sts-redirect", status=301, location="https://mta-sts.sts.example/.well-known/mta-sts.txt"),
    _with("sts-html", media_type="text/html"),
    _with("sts-two-records", txt=(_TXT, "v=STSv1; id=2")),
    _with("sts-self-signed", leaf=Leaf.SELF_SIGNED),
    _with("sts-wrong-name", leaf=Leaf.WRONG_NAME),
    # The policy is true, and the host's TLSA is not: a sender that knows both does not deliver.
    _with("sts-no-dane", policy("mx.dane-mismatch.example"), "mx.dane-mismatch.example"),
    # What RFC 8461 asks of the mail host's certificate, DANE does not lessen.
    _with("sts-dane-only", policy("mx.dane-only.example"), "mx.dane-only.example"),
    _with("sts-no-starttls", policy("mx.no-starttls.example"), "mx.no-starttls.example"),
)
