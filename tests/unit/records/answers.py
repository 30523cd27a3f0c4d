"""Scripted DNS answers for walks, by (name, type): texts, an rcode, or None for no answer at all."""

from collections.abc import Callable, Mapping

from compliance.model.observation import DnsFacts, DnsRecord, Failure, FailureKind, Observation, Origin
from compliance.records.dns_walk import DnsQuestion

Zone = Mapping[str, tuple[str, ...] | str | None]


def answering(zone: Zone, asked: list[str] | None = None) -> Callable[[DnsQuestion], Observation]:
    """Answer: a tuple is NOERROR with these records, a text is an rcode; what is not listed is NXDOMAIN.

    A key is a name for its TXT, `A name` for its addresses and so on.
    """

    def answer(question: DnsQuestion) -> Observation:
        key = question.name if question.rdtype == "TXT" else f"{question.rdtype} {question.name}"
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
    is_text = question.rdtype in {"TXT", "SPF"}
    records = tuple(
        DnsRecord(name, question.rdtype, 60, "" if is_text else text, (text[:255], text[255:]) if is_text else ())
        for text in found
    )
    facts = DnsFacts("dns", name, question.rdtype, rcode, False, False, False, records, (), "", False, b"")
    return Observation(identity, "dns", name, question.rdtype, "", 0.0, "", "", Origin.WIRE, facts, None)
