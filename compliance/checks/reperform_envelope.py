"""How to see by hand whether a host of ours takes a partner's mail in clear."""

import shlex

from compliance.checks.reperform_client import PATIENCE
from compliance.checks.reperform_dns import NOTHING
from compliance.checks.views import HostView
from compliance.model.finding import Reperform, Status, Verdict
from compliance.model.names import is_domain
from compliance.model.observation import SmtpFacts
from compliance.records.envelope import step

_NEEDS = ("swaks", "timeout")
_SHOWN = 80


def by_envelope(view: HostView, verdict: Verdict) -> Reperform:
    """A sender and a recipient in clear, as far as RCPT: swaks says QUIT there, and sends no message."""
    sender = view.subject.hostname
    held = (view.context.evidence.by_id[key] for key in verdict.evidence)
    replies = [reply for seen in held if isinstance(seen.facts, SmtpFacts) for reply in seen.facts.replies]
    named = next((reply for reply in replies if reply.step == step("rcpt", sender)), None)
    said = named.sent if named else ""
    recipient = said.rpartition("@")[2].rstrip(">")
    if not is_domain(recipient) or not is_domain(sender):
        return NOTHING
    words = ["swaks", "--server", view.address, "--port", str(view.port), "--quit-after", "RCPT"]
    words += ["--from", f"postmaster@{sender}", "--to", f"postmaster@{recipient}"]
    refused = str(verdict.values.get("words", ""))[:3] if verdict.status is Status.PASS else ""
    taken = (reply.lines[0] for reply in replies if reply.step == step("rcpt", sender) and reply.code // 10 == 25)
    accepted = next(taken, "") if verdict.reason == "plain_accepted" else ""  # what is said in clear stands first
    expect = f"<** {refused}" if refused else f"<-  {accepted}"[:_SHOWN] if accepted else ""
    return Reperform(f"timeout {PATIENCE} {shlex.join(words)}", expect, _NEEDS)
