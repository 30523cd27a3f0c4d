"""Counterparties by volume: whom mail is exchanged with, added up over all logs, the largest first."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from compliance.model.supplied import Counterparty, DomainFlow, MailLogFacts, merged

MOST_HOSTS = 3


def counterparties(
    logs: Iterable[MailLogFacts],
    suppliers: Mapping[str, str],
    without: Collection[str] = (),
    grouped: Callable[[str], str] = str,
) -> tuple[Counterparty, ...]:
    """Give every domain mail was exchanged with, apart from `without`; `grouped` gives the name it is counted under."""
    found: dict[str, list[DomainFlow]] = defaultdict(list)
    for facts in logs:
        for instance in facts.instances:
            for each in instance.domains:
                if each.domain and each.domain not in without and (name := grouped(each.domain)) not in without:
                    found[name].append(each)
    made = [_one(name, flows, suppliers) for name, flows in found.items()]
    return tuple(sorted(made, key=lambda party: (-party.messages, party.domain)))


def _one(domain: str, flows: Iterable[DomainFlow], suppliers: Mapping[str, str]) -> Counterparty:
    flows = list(flows)
    names: Counter[str] = Counter()
    for each in flows:
        if each.direction == "to":  # where its mail is received; it may send from anywhere
            names.update(dict.fromkeys(each.hosts, each.flow.messages))
    hosts = tuple(name for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0])))[:MOST_HOSTS]
    return Counterparty(
        domain,
        next((supplier for host in hosts if (supplier := supplier_of(host, suppliers))), ""),
        hosts,
        merged(each.flow for each in flows if each.direction == "to"),
        merged(each.flow for each in flows if each.direction == "from"),
    )


def supplier_of(host: str, suppliers: Mapping[str, str]) -> str:
    """Give who runs a mail host, as far as the end of its name tells; `` if it does not."""
    ends = (supplier for end, supplier in suppliers.items() if host == end or host.endswith(f".{end}"))
    return next(ends, "")


def entries(parties: Iterable[Counterparty], head: str) -> str:
    """Give inventory entries to paste into hosts.yaml: names that are plain domains, and how much is exchanged."""
    lines = [f"# {line}".rstrip() for line in head.split("\n")]
    for party in parties:
        lines += ["", f"{party.domain}:", "  groups: [partner]", f"  data: {{volume: {party.messages}}}"]
    return "\n".join(lines) + "\n"
