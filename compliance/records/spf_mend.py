"""SPF records to publish: what stands there with its fault mended, and nothing that is not plain or does not parse."""

import re
from collections.abc import Collection, Iterable

from compliance.records.spf import SpfFault, SpfRecord, parse

NOBODY = "v=spf1 -all"
_PLAIN = re.compile(r"[A-Za-z0-9.:/_%{}=+~?-]+")
_LONGEST = 2000  # characters: a longer one is for nobody to copy
_SLIPS = {"ipv4": "ip4", "ipv6": "ip6", "ip": "ip4", "includes": "include"}
_SLIP = re.compile(r"([-+?~]?)(ipv4|ipv6|ip|includes)[:=](.+)", re.IGNORECASE)
_BARE4 = re.compile(r"([-+?~]?)([0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?)")


def written(terms: Iterable[str]) -> str:
    """Write a record of these terms, each once; `` where one of them is not plain or the whole does not parse."""
    kept = list(dict.fromkeys(terms))
    text = " ".join(["v=spf1", *kept])
    if len(text) > _LONGEST or not all(map(_PLAIN.fullmatch, kept)):
        return ""
    try:
        parse(text)
    except SpfFault:
        return ""
    return text


def assembled(addresses: Iterable[str], includes: Iterable[str]) -> str:
    """Write a first record for known senders; `~all`, since there may be others."""
    senders = [*map(_address, addresses), *(f"include:{name}" for name in includes)]
    return written([*senders, "~all"]) if senders else ""


def with_sender(record: SpfRecord, address: str) -> str:
    """Put a sender first, before anything that may refuse it or fail."""
    return written([_address(address), *_words(record.text)])


def with_ending(record: SpfRecord, ending: str = "~all") -> str:
    """Let a record end in a refusal; `` where a redirect decides, which is mended where it leads."""
    if record.redirect:
        return ""
    kept = [term.text for term in record.reached if term.mechanism != "all"]  # what stood behind it let nobody in
    beside = [each.text for each in record.modifiers if each.name != "redirect"]
    return written([*kept, ending, *beside])


def without(record: SpfRecord, terms: Collection[str]) -> str:
    """Leave out some terms; a record that then has no ending is given one."""
    kept = [word for word in _words(record.text) if word not in terms]
    lost_end = record.all is None and (record.redirect is None or record.redirect.text in terms)
    return written([*kept, "~all"] if lost_end else kept)


def exchanged(record: SpfRecord, instead: dict[str, list[str]]) -> str:
    """Replace terms by others, one by several or none."""
    return written(new for word in _words(record.text) for new in instead.get(word, [word]))


def merged(texts: Iterable[str]) -> str:
    """Make one record of several: all their senders, and the milder of their endings."""
    found = []
    for text in texts:
        try:
            found.append(parse(text))
        except SpfFault:
            return ""
    if any(record.redirect for record in found):
        return ""  # beside the senders of another record a redirect decides nothing
    kept = [term.text for record in found for term in record.reached if term.mechanism != "all"]
    beside = [each.text for record in found for each in record.modifiers]
    endings = {record.all.qualifier for record in found if record.all}
    return written([*kept, "-all" if endings == {"-"} else "~all", *beside])


def unslipped(text: str) -> str:
    """Mend the slips that mean one thing only: `ipv4:`, `ip:`, a bare address, commas between terms."""
    return written(_mended(word) for word in re.sub(r"[,;\s]+", " ", text).split(" ")[1:] if word)


def _mended(word: str) -> str:
    if found := _SLIP.fullmatch(word):
        return f"{found[1]}{_SLIPS[found[2].lower()]}:{found[3]}"
    if found := _BARE4.fullmatch(word):
        return f"{found[1]}ip4:{found[2]}"
    return word


def _address(address: str) -> str:
    return f"{'ip6' if ':' in address else 'ip4'}:{address}"


def _words(text: str) -> list[str]:
    return text.split(" ")[1:] if " " in text else []
