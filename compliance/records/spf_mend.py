"""SPF records to publish: what stands there with its fault mended, and nothing that is not plain or does not parse."""

import re
from collections.abc import Iterable, Mapping, Sequence

from compliance.records.spf import SpfFault, SpfRecord, parse
from compliance.records.spf_reach import Ranges

NOBODY = "v=spf1 -all"
_PLAIN = re.compile(r"[A-Za-z0-9.:/_%{}=+~?-]+")
_WIDE4, _WIDE6 = 1 << 24, 20  # as the baseline has it for U02-2-3
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


def is_sound(text: str) -> bool:
    """Tell whether a record lets in no more of the world than one that passes: none is proposed that does."""
    record = parse(text)
    ranges = Ranges()
    for term in record.reached:
        ranges.meet(term, counts=term.qualifier in "+?", everybody=term.mechanism == "all")
    found = ranges.reach(complete=True)
    return found.ipv4_count < _WIDE4 and (found.ipv6_shortest is None or found.ipv6_shortest >= _WIDE6)


def assembled(addresses: Iterable[str], includes: Iterable[str]) -> str:
    """Write a first record for known senders; `~all`, since there may be others."""
    senders = [*map(_address, addresses), *(f"include:{name}" for name in includes)]
    return written([*senders, "~all"]) if senders else ""


def mended(record: SpfRecord, instead: Mapping[str, Sequence[str]], senders: Iterable[str] = ()) -> str:
    """Replace terms by others, put missing senders first, and see to the ending; `` where that changes nothing.

    What stands first is met before anything that may refuse it or fail. Where a redirect decides, it is left to.
    """
    before = record.text.split(" ")[1:]
    words = [new for word in before for new in instead.get(word, (word,))]
    text = written([*map(_address, senders), *words])
    if not text:
        return ""
    after = parse(text)
    if not after.redirect and (after.all is None or after.all.qualifier in "+?"):
        text = _with_ending(after)
    return "" if text == written(before) else text


def _with_ending(record: SpfRecord) -> str:
    kept = [term.text for term in record.reached if term.mechanism != "all"]  # what stood behind it let nobody in
    beside = [each.text for each in record.modifiers if each.name != "redirect"]
    return written([*kept, "~all", *beside])


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
