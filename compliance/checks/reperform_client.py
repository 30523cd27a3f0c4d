"""The client of openssl that a printed command uses, and what it shows of a host that came to no TLS."""

import shlex

from compliance.checks.views import HostView
from compliance.model.finding import Reperform, Status, Verdict
from compliance.model.names import is_address
from compliance.model.observation import FailureKind, SmtpFacts
from compliance.records.certificate import Certificate, CertificateFault, read

OPENSSL = ("openssl", "timeout")
#: Seconds for one command: longer than this program waits for a greeting, so that a slow host is heard out.
PATIENCE = 40
NO_CIPHER = "Cipher is (NONE)"
_ENDED = '; echo "exit $?"'
_NO_STARTTLS = "Didn't find STARTTLS in server response"


def s_client(view: HostView, *options: str, at_once: bool = False) -> str:
    """Write an openssl client that takes what this program takes: weak groups and keys are seen, not refused."""
    where = f"[{view.address}]" if ":" in view.address else view.address
    name = ["-servername", view.name] if not is_address(view.name) else []
    begin = [] if at_once else ["-starttls", "smtp"]
    words = ["openssl", "s_client", *begin, "-connect", f"{where}:{view.port}", *name]
    version = view.session.tls.version if view.session and view.session.tls else ""
    if view.chosen and view.session is None and (leaf := leaf_of(view)):  # a chain that only a hello brought forth
        words += ["-tls1_2", "-cipher", f"{'aRSA' if leaf.key_type == 'rsa' else 'aECDSA'}:@SECLEVEL=0"]
    elif version not in {"", "TLSv1.3"} and "-cipher" not in options:
        words += ["-cipher", "DEFAULT:@SECLEVEL=0", "-legacy_server_connect"]
        words += {"TLSv1": ["-tls1"], "TLSv1.1": ["-tls1_1"]}.get(version, [])
    return f"timeout {PATIENCE} {shlex.join([*words, *options])} </dev/null"


def without_tls(view: HostView) -> Reperform:
    """Where no handshake was completed every way is the same: show how far the dialogue came."""
    last = view.sessions[-1]
    trouble = last.failure
    replies = last.facts.replies if isinstance(last.facts, SmtpFacts) else ()
    ended = replies[-1] if replies else None
    if refusal := next((reply for reply in reversed(replies) if reply.code >= 400), None):
        # -debug shows the dialogue before TLS, sixteen octets a line
        return Reperform(s_client(view, "-debug"), f"{refusal.code}", OPENSSL)
    if trouble and trouble.kind is FailureKind.TIMEOUT:
        return Reperform(s_client(view) + _ENDED, "exit 124", OPENSSL)
    if trouble and trouble.kind is FailureKind.REFUSED:
        return Reperform(s_client(view), "connect:errno=", OPENSSL)
    if trouble and trouble.kind is FailureKind.HANDSHAKE and not trouble.detail.startswith("client certificate"):
        return Reperform(s_client(view), NO_CIPHER, OPENSSL)
    if trouble is None and ended and ended.step == "ehlo":
        return Reperform(s_client(view), _NO_STARTTLS, OPENSSL)
    return Reperform(s_client(view), _NO_STARTTLS if _hides_starttls(last.facts) else "", OPENSSL)


def _hides_starttls(facts: object) -> bool:
    ehlo = facts.reply("ehlo") if isinstance(facts, SmtpFacts) else None
    return ehlo is not None and ehlo.code == 250 and not any("STARTTLS" in line.upper() for line in ehlo.lines)


def by_starttls(view: HostView, verdict: Verdict) -> Reperform:
    """The handshake behind STARTTLS, and the line that names its version."""
    version = view.session.tls.version if view.session and view.session.tls else ""
    expect = protocol_line(version) if verdict.status is Status.PASS else ""
    return Reperform(s_client(view), expect, OPENSSL)


def protocol_line(version: str) -> str:
    """The line that names the version: of 1.3 no session is shown, and 1.0 and 1.1 are both called 1.0 elsewhere."""
    return f"Protocol  : {version}" if version in {"TLSv1", "TLSv1.1"} else f"New, {version}, Cipher is"


def leaf_of(view: HostView) -> Certificate | None:
    """Give the leaf that was presented, None where it cannot be read."""
    try:
        return read(view.chain[0]) if view.chain else None
    except CertificateFault:
        return None
