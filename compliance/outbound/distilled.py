"""What was distilled from logs elsewhere: the file `u02 partners` writes where the logs are, and none need leave."""

from compliance.model.names import is_address, is_domain, is_plain
from compliance.model.supplied import LogInstance, MailLogFacts, earliest, latest
from compliance.outbound.lines import Unread, batches
from compliance.outbound.reader import SuppliedInput, Unreadable
from compliance.strict import dump_json, load_json

_BEGINNING = b'{"kind":"mail_log",'
_LONGEST = 1 << 26


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
            unread=tuple(kind for log in logs for kind in log.file.unread),
            year_assumed=any(log.file.year_assumed for log in logs),
        )
        instances = tuple(instance for log in logs for instance in log.instances)
        if not all(map(_is_plain, instances)):
            raise Unreadable("names in it are no plain names")
        return MailLogFacts("mail_log", about, logs[0].product, instances)


def _is_plain(instance: LogInstance) -> bool:
    names = [relay.name for relay in instance.relays] + [name for each in instance.domains for name in each.hosts]
    return (
        all(is_plain(name) for name in (*names, instance.host) if name)
        and all(is_domain(each.domain) for each in instance.domains if each.domain)
        and all(is_address(relay.address) for relay in instance.relays if relay.address)
    )
