"""What was distilled from logs elsewhere: the file `u02 partners` writes where the logs are, and none need leave."""

import re
from dataclasses import replace
from datetime import datetime

from compliance.model.names import is_address, is_domain, is_plain
from compliance.model.supplied import Flow, LogInstance, MailLogFacts, earliest, latest
from compliance.outbound.lines import Unread, batches
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.outbound.safe import example
from compliance.strict import dump_json, load_json

_BEGINNING = b'{"kind":"mail_log",'
_LONGEST = 1 << 26
_WORD = re.compile(r"[\w+@./-]{0,160}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def distilled(logs: tuple[MailLogFacts, ...]) -> bytes:
    """Give the file: facts of one log a line."""
    return "".join(f"{dump_json(facts)}\n" for facts in logs).encode()


class DistilledLog:
    """Reader of such files. It takes nothing in them for granted but their form: names are tried again."""

    name = "distilled_log"
    folders = frozenset({"logs"})

    def recognises(self, head: bytes) -> bool:
        """Tell whether the file begins as one of ours does."""
        return head.startswith(_BEGINNING)

    def read(self, file: SuppliedInput) -> MailLogFacts:
        """Give all logs of the file as one; raises Unreadable where a line has not the form, or is of another time."""
        logs = []
        for lines in batches(file.blocks(), Unread(), _LONGEST):
            try:
                logs += [load_json(MailLogFacts, line) for line in lines if line]
            except ValueError:
                raise Unreadable("not of the form that u02 partners writes") from None
        if len({facts.product for facts in logs}) != 1:
            raise Unreadable("logs of several products in one file")
        first, last = earliest(log.file.first for log in logs), latest(log.file.last for log in logs)
        if not first or first < file.since.strftime("%Y-%m-%dT%H:%M:%SZ"):
            raise Unreadable("begins before the period; make it again from the logs, for the period alone")
        about = file.about(
            first,
            last,
            sum(log.file.lines for log in logs),
            older=sum(log.file.older for log in logs),
            unread=tuple(
                replace(kind, example=example(kind.example.encode("utf-8", "replace")))
                for log in logs
                for kind in log.file.unread
            ),
            year_assumed=any(log.file.year_assumed for log in logs),
        )
        instances = tuple(instance for log in logs for instance in log.instances)
        if not all(map(_is_plain, instances)):
            raise Unreadable("names in it are no plain names")
        return MailLogFacts("mail_log", about, logs[0].product, instances)


def _is_plain(instance: LogInstance) -> bool:
    names = [relay.name for relay in instance.relays] + [name for each in instance.domains for name in each.hosts]
    flows = [*(relay.flow for relay in instance.relays), *(each.flow for each in instance.domains)]
    return (
        all(is_plain(name) for name in (*names, instance.host) if name)
        and all(is_domain(each.domain) for each in instance.domains if each.domain)
        and all(is_address(relay.address) for relay in instance.relays if relay.address)
        and _WORD.fullmatch(instance.program) is not None
        and all(map(_is_counted, flows))
    )


def _is_counted(flow: Flow) -> bool:
    """Tell whether a flow has what a log gives: numbers that can be counted, times, and words of TLS."""
    counts = (flow.clear, flow.unknown, flow.failed_tls, flow.clear - flow.failed_tls)
    times = [flow.first_tls, flow.last_tls, flow.first_clear, flow.last_clear]
    times += [moment for tally in flow.tls for moment in (tally.first, tally.last)]
    words = [word for tally in flow.tls for word in (tally.version, tally.suite, tally.trust)]
    return (
        all(count >= 0 for count in counts)
        and all(tally.count > 0 for tally in flow.tls)
        and all(map(_is_time, filter(None, times)))
        and all(_WORD.fullmatch(word) for word in words)
    )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _TIME.fullmatch(text) is not None
