"""Another certificate, or none, for who asks for no name: noted beside the name that matches."""

from dataclasses import replace

import pytest

from compliance.checks.trust import Roots
from compliance.model.observation import Failure, Observation, TlsFacts
from tests.unit.authorities import NOW, leaf
from tests.unit.checks.build import AT, MX, context, failure, good, heard, host_view, judged, noticed, told

_DAYS = (AT - NOW).days
NAMED = leaf(None, names=(MX,), since=_DAYS - 30, until=_DAYS + 300).der
OTHER = leaf(None, names=("other.example",), since=_DAYS - 30, until=_DAYS + 300).der


def unnamed(chain: bytes | None, stopped: Failure | None = None) -> Observation:
    inside = TlsFacts("TLSv1.3", "x", (chain,), "", False, False, 0.1) if chain else None
    return replace(heard(inside=inside, stopped=stopped), probe="unnamed", question="unnamed")


@pytest.mark.parametrize(
    ("presented", "seen", "expected", "notices"),
    [
        (NAMED, None, "pass name_matches", []),
        (NAMED, unnamed(NAMED), "pass name_matches", []),
        (NAMED, unnamed(OTHER), "pass name_matches", ["unnamed_certificate"]),
        (NAMED, unnamed(b"no certificate"), "pass name_matches", ["unnamed_certificate"]),
        (NAMED, unnamed(None, failure("handshake", "tls", "alert")), "pass name_matches", ["unnamed_refused"]),
        (NAMED, unnamed(None, failure("closed", "tls")), "pass name_matches", []),
        (NAMED, unnamed(None, failure("limited", "greeting")), "pass name_matches", []),
        (OTHER, unnamed(NAMED), "fail name_mismatch", []),
    ],
)
def test_what_is_shown_without_a_name(
    presented: bytes, seen: Observation | None, expected: str, notices: list[str]
) -> None:
    run = context([good(chain=(presented,)), *([seen] if seen else [])], roots=Roots(b""))
    verdict = judged(run, "U02-1b-3", host_view(run))
    assert (told(verdict), noticed(verdict)) == (expected, notices)
    if notices:
        assert "unnamed" in {run.evidence.by_id[key].question for key in verdict.evidence}


def test_a_pool_that_shows_either_by_name_is_no_other_certificate() -> None:
    sessions = [good(chain=(NAMED,)), good(chain=(OTHER,), again=True)]
    run = context([*sessions, unnamed(OTHER)])
    assert noticed(judged(run, "U02-1b-3", host_view(run))) == []
