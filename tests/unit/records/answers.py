"""Scripted DNS answers for walks, by (name, type): texts, an rcode, or None for no answer at all."""

from collections.abc import Callable, Mapping

from compliance.model.observation import DnsFacts, DnsRecord, Failure, FailureKind, Observation, Origin
from compliance.records.dns_walk import DnsQuestion

Zone = Mapping[str, tuple[str, ...] | str | None]


def answering(zone: Zone, asked: list[str] | None = None) -> Callable[[DnsQuestion], Observation]:
    """Answer: a tuple is NOERROR with these records, a text is an rcode; unlisted is NXDOMAIN, A stands at `A name`."""

    def answer(question: DnsQuestion) -> Observation:
        assert question.rdtype in {"TXT", "A"}
        key = question.name if question.rdtype == "TXT" else f"A {question.name}"
        if asked is not None:
            asked.append(key)
        return observation(question, zone.get(key, "NXDOMAIN"))

    return answer


def observation(question: DnsQuestion, content: tuple[str, ...] | str | None) -> Observation:
    name = question.name
    identity = f"o-{name}"
    if content is None:
        failure = Failure(FailureKind.TIMEOUT, "query")
        return Observation(identity, "dns", name, question.rdtype, "", 0.0, "", "", Origin.WIRE, None, failure)
    rcode, found = (content, ()) if isinstance(content, str) else ("NOERROR", content)
    records = tuple(DnsRecord(name, "TXT", 60, "", (text[:255], text[255:])) for text in found)
    facts = DnsFacts("dns", name, question.rdtype, rcode, False, False, False, records, (), "", False, b"")
    return Observation(identity, "dns", name, question.rdtype, "", 0.0, "", "", Origin.WIRE, facts, None)
