"""How to see DNS answers by hand: one `dig`, and what it prints of the answer that the verdict rests on."""

import shlex

from compliance.checks.context import Context
from compliance.checks.views import DomainView, HostView, MxView, SelectorView, SenderView
from compliance.model.finding import Reperform, Verdict
from compliance.model.names import is_plain, reverse_name
from compliance.model.observation import DnsFacts, DnsRecord, FailureKind, Observation
from compliance.records.dns_walk import DnsQuestion, facts

NOTHING = Reperform(None, "", ())
UNSAFE = Reperform(None, "unsafe_name", ())
_DIG = ("dig",)
_DNS_PORT = 53
_SHOWN = 80
_OWNER = "_25._tcp."
_SPF = "v=spf1"


def by_dig(context: Context, verdict: Verdict, name: str, rdtype: str) -> Reperform:
    """Ask one question; where the verdict is that another question has no answer, that one."""
    if verdict.reason.startswith("dns_") and verdict.values.get("rdtype"):
        name, rdtype = str(verdict.values["name"]), str(verdict.values["rdtype"]).partition(" ")[0]
    if not is_plain(name):
        return UNSAFE
    answer = context.evidence.answer(DnsQuestion(name, rdtype))
    whole = ["+nosplit"] if rdtype == "TLSA" else []  # else dig cuts the digest in two
    words = ["dig", *_server(context, verdict, answer), "+dnssec", *whole, name, rdtype]
    return Reperform(shlex.join(words), _expected(answer, str(verdict.values.get("record", ""))), _DIG)


def by_selector(view: DomainView | SelectorView, verdict: Verdict) -> Reperform:
    """Ask for the key record that decides: the selector judged, the first good one, or the one that is at fault."""
    if isinstance(view, SelectorView):
        return by_dig(view.context, verdict, view.target, "TXT")
    good = verdict.values.get("selectors")
    named = str(verdict.values.get("name", ""))
    selector = good[0] if isinstance(good, list) and good else next(iter(view.subject.dkim_selectors), "")
    if not named and not selector:
        return NOTHING
    return by_dig(view.context, verdict, named or f"{selector}._domainkey.{view.subject.hostname}", "TXT")


def by_mx(view: MxView, verdict: Verdict) -> Reperform:
    """Ask for the MX, or for the address where that decides."""
    context, domain, name = view.context, view.subject.hostname, view.host.name
    if verdict.reason == "parked_has_address":
        return by_dig(context, verdict, domain, "A")
    if verdict.reason in {"mx_no_address", "mx_no_such_name", "mx_leads_nowhere", "mx_is_alias"}:
        asked = by_dig(context, verdict, name, "A")
        target = verdict.values.get("leads_to")
        return Reperform(asked.command, f"{target}.", _DIG) if target and asked.command else asked
    asked = by_dig(context, verdict, domain, "MX")
    if asked.command and not verdict.reason.startswith("dns_") and (line := _mx_line(view)):
        return Reperform(asked.command, line, _DIG)
    return asked


def _mx_line(view: MxView) -> str:
    """The record of this MX name, as dig has it."""
    seen = facts(view.context.evidence.answer(DnsQuestion(view.subject.hostname, "MX")))
    wanted = f"{view.host.name}.".lower()
    return next((each.data for each in seen.records if each.data.lower().endswith(f" {wanted}")), "") if seen else ""


def by_reverse(view: SenderView, verdict: Verdict) -> Reperform:
    """Ask for the name of an address, or whither the name leads where the two disagree."""
    rdtype = "AAAA" if ":" in view.address else "A"
    forward = {"ptr_disagrees": "name", "helo_disagrees": "helo"}.get(verdict.reason)
    if forward and is_plain(name := str(verdict.values.get(forward, ""))):
        return by_dig(view.context, verdict, name, rdtype)
    if verdict.reason.startswith("dns_"):
        return by_dig(view.context, verdict, view.address, rdtype)
    answer = view.context.evidence.answer(DnsQuestion(reverse_name(view.address), "PTR"))
    words = ["dig", *_server(view.context, verdict, answer), "+dnssec", "-x", view.address]
    return Reperform(shlex.join(words), _expected(answer, ""), _DIG)


def by_tlsa(view: HostView, verdict: Verdict) -> Reperform:
    """Ask for the TLSA records of a host."""
    named = str(verdict.values.get("name", ""))
    owner = named if named.startswith(_OWNER) else f"{_OWNER}{view.name}"
    return by_dig(view.context, verdict, owner, "TLSA")


def _server(context: Context, verdict: Verdict, answer: Observation) -> list[str]:
    """Name the resolver only where the ordinary one cannot know the answer (another port, a lab on loopback)."""
    asked = [answer, *(context.evidence.by_id[key] for key in verdict.evidence if key in context.evidence.by_id)]
    seen = next((found for found in map(facts, asked) if found and found.server), None)
    if seen:
        address, _, port = seen.server.partition("#")
        return _named(address, int(port or _DNS_PORT))
    return _named(context.nameserver, context.nameserver_port) if context.nameserver else []


def _named(address: str, port: int) -> list[str]:
    if port != _DNS_PORT:
        return [f"@{address}", "-p", str(port)]
    lab = address.startswith("127.") and address != "127.0.0.1"
    return [f"@{address}"] if lab else []


def _expected(answer: Observation, record: str) -> str:
    """What dig prints: the record that decides, else the only one or the only one on SPF, else the status or count."""
    seen = facts(answer)
    if seen is None:
        silent = answer.failure is not None and answer.failure.kind is FailureKind.TIMEOUT
        return "no servers could be reached" if silent else ""
    if seen.rcode != "NOERROR":
        return f"status: {seen.rcode}"
    if record:
        meant = next((each for each in seen.records if "".join(each.strings) == record), None)
        return _spelled(meant) if meant else ""
    if len(seen.records) == 1 or (seen.records and seen.rdtype != "TXT"):
        return _spelled(seen.records[0])[:_SHOWN]
    policies = [each for each in seen.records if "".join(each.strings).lower().startswith(_SPF)]
    if len(policies) == 1:
        return _spelled(policies[0])
    return f"ANSWER: {_answers(seen)}"


def _answers(seen: DnsFacts) -> int:
    """The records of the answer section, signatures and aliases included, as the header counts them."""
    return int.from_bytes(seen.wire[6:8], "big") if len(seen.wire) >= 12 else len(seen.records)


def _spelled(record: DnsRecord) -> str:
    """A record as dig prints it: strings in quotes, `"` and `\\` behind a backslash, odd octets as three digits."""
    if record.rdtype == "TLSA":
        return record.data.upper()
    return " ".join(f'"{"".join(map(_octet, each))}"' for each in record.strings) if record.strings else record.data


def _octet(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\{ord(character):03}"
