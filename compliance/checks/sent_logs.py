"""How our own hosts send, as supplied mail logs show it (U-02 measure 1a)."""

from collections.abc import Iterable

from compliance.checks.mail_logs import Share, Times, host_of, is_weak, offered, seen_offering
from compliance.checks.registry import Parameters, failed, not_tested, passed, resting_on
from compliance.checks.views import OutgoingView
from compliance.model.finding import Cause, Notice, Verdict
from compliance.model.supplied import RelayFlow, merged

_SHOWN = 5


def starttls_in_logs(view: OutgoingView, want: Parameters) -> Verdict:
    """A mail log shows it where the program logs its TLS sessions."""
    shares = sent_by(view)
    if isinstance(shares, Verdict):
        return shares
    evidence = [share.seen.id for share in shares]
    wrong = [relay for share in shares for relay in share.instance.relays if _in_clear(view, relay, want)]
    if wrong:
        flow = merged(relay.flow for relay in wrong)
        hosts = list(dict.fromkeys(map(host_of, wrong)))[:_SHOWN]
        seen = [each.id for relay in wrong for each in view.context.sessions_at(relay.address, relay.port)]
        told = failed(
            "sent_clear_though_offered",
            count=flow.clear - flow.failed_tls,
            hosts=hosts,
            first=flow.first_clear,
            last=flow.last_clear,
        )
        return resting_on(told, (*evidence, *seen))
    if settled := silent(shares):
        return resting_on(settled, evidence)
    flow = merged(relay.flow for share in shares for relay in share.instance.relays)
    if not flow.encrypted:
        return resting_on(not_tested(Cause.NO_EVIDENCE, "nothing_sent_encrypted", count=flow.messages), evidence)
    if flow.unknown > flow.encrypted + flow.clear:
        told = not_tested(
            Cause.NO_EVIDENCE, "log_mostly_silent", unknown=flow.unknown, known=flow.encrypted + flow.clear
        )
        return resting_on(told, evidence)
    told = passed("sent_encrypted", *_beside(shares), count=flow.encrypted, first=flow.first_tls, last=flow.last_tls)
    return resting_on(told, evidence)


def _in_clear(view: OutgoingView, relay: RelayFlow, want: Parameters) -> bool:
    """Messages to a host that offered STARTTLS, apart from those that followed a handshake it could not complete."""
    flow = relay.flow
    if flow.clear <= flow.failed_tls or not relay.address:
        return False
    probed = seen_offering(view.context.sessions_at(relay.address, relay.port))
    logged = view.context.mail_logs.tls.get((relay.address, relay.port), Times())
    return offered(logged, probed, flow.first_clear, flow.last_clear, int(want["recent_days"]))


def _beside(shares: Iterable[Share]) -> tuple[Notice, ...]:
    """What was not under TLS and is no fault of the sender's, and what the log does not tell."""
    relays = [relay for share in shares for relay in share.instance.relays]
    flow = merged(relay.flow for relay in relays)
    notices = []
    if plain := flow.clear - flow.failed_tls:
        hosts = [host_of(relay) for relay in relays if relay.flow.clear > relay.flow.failed_tls]
        notices.append(Notice("sent_clear_unoffered", {"count": plain, "hosts": _first(hosts)}))
    if flow.failed_tls:
        hosts = [host_of(relay) for relay in relays if relay.flow.failed_tls]
        notices.append(Notice("sent_clear_after_failure", {"count": flow.failed_tls, "hosts": _first(hosts)}))
    if flow.unknown:
        notices.append(Notice("sent_unknown", {"count": flow.unknown}))
    return tuple(notices)


def tls_in_logs(view: OutgoingView, want: Parameters) -> Verdict:
    """A mail log names version and suite of each session."""
    shares = sent_by(view)
    if isinstance(shares, Verdict):
        return shares
    evidence = [share.seen.id for share in shares]
    relays = [relay for share in shares for relay in share.instance.relays]
    wrong = [relay for relay in relays if _weaker(view, relay, want)]
    if wrong:
        seen = [each.id for relay in wrong for each in view.context.sessions_at(relay.address, relay.port)]
        kinds = [f"{tally.version} {tally.suite}" for relay in wrong for tally in relay.flow.tls if is_weak(tally)]
        count = sum(tally.count for relay in wrong for tally in relay.flow.tls if is_weak(tally))
        told = failed("sent_with_weak_tls", count=count, hosts=_first(map(host_of, wrong)), kinds=_first(kinds))
        return resting_on(told, (*evidence, *seen))
    if settled := silent(shares):
        return resting_on(settled, evidence)
    tallies = [tally for relay in relays for tally in relay.flow.tls if tally.version]
    strong = [tally for tally in tallies if not is_weak(tally)]
    if not strong:
        return resting_on(not_tested(Cause.NO_EVIDENCE, "no_strong_tls_seen", count=len(tallies)), evidence)
    notices: tuple[Notice, ...] = ()
    if weak := sum(tally.count for tally in tallies if is_weak(tally)):
        hosts = _first(host_of(relay) for relay in relays if any(map(is_weak, relay.flow.tls)))
        notices = (Notice("sent_weak_to_some", {"count": weak, "hosts": hosts}),)
    versions = sorted({tally.version for tally in strong})
    told = passed("sent_with_strong_tls", *notices, count=sum(tally.count for tally in strong), versions=versions)
    return resting_on(told, evidence)


def _weaker(view: OutgoingView, relay: RelayFlow, want: Parameters) -> bool:
    """Weak TLS with a host that offered strong TLS at the time. What a host was not seen to offer was not turned down.

    Our ordinary session offers TLS 1.2 and 1.3 with authenticated suites alone; so what came of it is strong.
    """
    weak = [tally for tally in relay.flow.tls if is_weak(tally)]
    if not weak or not relay.address:
        return False
    sessions = view.context.sessions_at(relay.address, relay.port)
    probed = seen_offering(seen for seen in sessions if _is_strong(seen.facts))
    logged = view.context.mail_logs.strong.get((relay.address, relay.port), Times())
    return any(offered(logged, probed, tally.first, tally.last, int(want["recent_days"])) for tally in weak)


def _is_strong(facts: object) -> bool:
    tls = getattr(facts, "tls", None)
    return tls is not None and tls.version in {"TLSv1.2", "TLSv1.3"}


def sent_by(view: OutgoingView) -> tuple[Share, ...] | Verdict:
    """Give the parts of logs that show this host sending, or why there are none."""
    logs = view.context.mail_logs
    shares = logs.of(view.sender)
    if not shares:
        if logs.unattributed:
            return not_tested(Cause.NO_EVIDENCE, "log_of_another_host", hosts=_first(logs.unknown_hosts))
        return not_tested(Cause.NO_EVIDENCE, "no_log")
    sending = tuple(share for share in shares if share.messages)
    return sending or not_tested(Cause.NO_EVIDENCE, "log_without_deliveries")


def silent(shares: Iterable[Share]) -> Verdict | None:
    """A program that never logs a TLS session may have had one each time: nothing is known of what it sent."""
    by_program: dict[str, list[Share]] = {}
    for share in shares:
        by_program.setdefault(share.instance.program, []).append(share)
    for program, parts in by_program.items():
        if not any(part.instance.logs_tls for part in parts):
            count = sum(part.messages for part in parts)
            return not_tested(Cause.NO_EVIDENCE, "log_without_tls_lines", program=program, count=count)
    return None


def _first(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))[:_SHOWN]
