"""DMARC records: what a policy says, defaults filled in (RFC 9989 sections 4.7 and 4.8)."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from compliance.records.tag_list import BLANKS, TagList, read_tags

_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_NEAR = re.compile(r"[ \t]*v[ \t]*=[ \t]*DMARC", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]+")
_SIZE = re.compile(r"!([0-9]{1,9}[kmgt]?)(?=[ \t]*(?:,|\Z))", re.IGNORECASE)
_MAILBOX = re.compile(r"(?P<local>[^@\s]+)@(?P<domain>[^@\s]+)")

POLICIES = frozenset({"none", "quarantine", "reject"})
_ALLOWED = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "psd": frozenset("ynu"),
    "t": frozenset("yn"),
    "adkim": frozenset("rs"),
    "aspf": frozenset("rs"),
}
_REMOVED = ("pct", "rf", "ri")  # known to RFC 7489, gone in RFC 9989 appendix C
_ONCE = frozenset({"v", "p", "sp", "np", "t", "psd"})  # receivers do not agree which of two would count
_NAMED_FLAWS = frozenset({"repeated", "character"})
_KNOWN = frozenset({"v", "rua", "ruf", "fo", *_ALLOWED, *_REMOVED})


class DmarcFault(ValueError):  # noqa: N818 - a fault of the input, as everywhere in this house
    """A text that is no DMARC record; `why`: not_dmarc, repeated, no_policy, bad_policy."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class ReportUri:
    """Where reports go. `address` and `domain` (lower case) are those of a mailto, `` of other schemes."""

    text: str
    scheme: str
    address: str
    domain: str


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A record as RFC 9989 reads it: `sp`, `np` None where absent; `p` is none when only `rua` saves the record."""

    text: str
    p: str
    sp: str | None
    np: str | None
    psd: str  # y | n | u
    testing: bool  # t=y
    adkim: str  # r | s
    aspf: str
    fo: str
    rua: tuple[ReportUri, ...]
    ruf: tuple[ReportUri, ...]
    p_assumed: bool  # p is missing, or p, sp or np is no policy: then all three are none
    removed: tuple[tuple[str, str], ...]  # tags of RFC 7489 that are gone, with their values
    unknown: tuple[tuple[str, str], ...]
    bad: tuple[str, ...]  # parts passed over, and values replaced by their default, as written
    sized: tuple[str, ...] = ()  # the size limits of RFC 7489 behind `!` in report addresses, without it

    @property
    def pct(self) -> int | None:
        """The share of RFC 7489 receivers' policy, None where absent or no number from 0 to 100."""
        value = dict(self.removed).get("pct", "")
        return int(value) if re.fullmatch(r"0*(?:100|[0-9]{1,2})", value) and len(value) < 9 else None

    def mentions(self, tag: str) -> bool:
        """Tell whether a tag stands in the record, sound or not."""
        return read_tags(self.text).get(tag) is not None

    def policy(self, tag: str) -> str:
        """Give the policy in effect for `p`, `sp` (subdomains) or `np` (names that do not exist), after `t=y`.

        `np` falls back on `sp`, `sp` on `p` (section 4.7); testing lowers each by one step.
        """
        subdomains = self.sp or self.p
        asked = {"p": self.p, "sp": subdomains, "np": self.np or subdomains}[tag]
        return {"reject": "quarantine", "quarantine": "none"}.get(asked, asked) if self.testing else asked


def is_dmarc(text: str) -> bool:
    """Tell whether a TXT record is a DMARC record: `v=DMARC1` first, in capitals (section 4.8)."""
    return _VERSION.match(text) is not None


def is_near(text: str) -> bool:
    """Tell whether a TXT record seems meant as one, though no receiver takes it for one."""
    return not is_dmarc(text) and _NEAR.match(text) is not None


def parse(text: str) -> DmarcRecord:
    """Read one record; raises DmarcFault. Unknown tags and bad values are passed over and listed (section 4.7)."""
    if not is_dmarc(text):
        raise DmarcFault("not_dmarc")
    tags = read_tags(text)
    if _is_repeated(tags):
        raise DmarcFault("repeated")  # RFC 6376 section 3.2: such a tag list as a whole is no valid one
    bad = [flaw.text for flaw in tags.flaws]
    values: dict[str, str] = {}
    for tag in tags.tags:
        value = tag.value.lower()
        if tag.name not in _ALLOWED:
            continue
        if value in _ALLOWED[tag.name]:
            values[tag.name] = value
        else:
            bad.append(f"{tag.name}={tag.value}")
    rua, ruf = (_uris(tags, name, bad) for name in ("rua", "ruf"))
    written = {*(tag.name for tag in tags.tags), *_doubtful(tags)}
    unsound = {"p", "sp", "np"} & written - values.keys()
    assumed = bool(unsound) or "p" not in values
    if assumed and not any(uri.domain for uri in rua):
        raise DmarcFault("bad_policy" if unsound else "no_policy")
    if assumed:  # section 4.10.1: a policy nobody can read makes the whole record one of `p=none`
        values |= dict.fromkeys(("p", "sp", "np"), "none")
    return DmarcRecord(
        text=text,
        p=values["p"],
        sp=values.get("sp"),
        np=values.get("np"),
        psd=values.get("psd", "u"),
        testing=values.get("t") == "y",
        adkim=values.get("adkim", "r"),
        aspf=values.get("aspf", "r"),
        fo=_failure_options(tags, bad),
        rua=rua,
        ruf=ruf,
        p_assumed=assumed,
        removed=tuple((tag.name, tag.value) for tag in tags.tags if tag.name in _REMOVED),
        unknown=tuple((tag.name, tag.value) for tag in tags.tags if tag.name not in _KNOWN and tag.name != "V"),
        bad=tuple(bad),
        sized=tuple(limit for name in ("rua", "ruf") for limit in _SIZE.findall(tags.get(name) or "")),
    )


def report_uris(text: str) -> tuple[ReportUri, ...]:
    """Give the URIs of `rua` in a record, also in one that only consents to another's reports and has no policy."""
    return _uris(read_tags(text), "rua", [])


def _is_repeated(tags: TagList) -> bool:
    """Whether a tag that decides stands twice; the second may be no sound tag, and the version is `v` or `V`."""
    names = ["v" if name == "V" else name for name in (*(tag.name for tag in tags.tags), *_doubtful(tags))]
    return any(names.count(name) > 1 for name in _ONCE)


def _doubtful(tags: TagList) -> list[str]:
    """The names of tags whose values nobody can read, or that stand again."""
    return [flaw.text.partition("=")[0].strip(BLANKS) for flaw in tags.flaws if flaw.why in _NAMED_FLAWS]


def _failure_options(tags: TagList, bad: list[str]) -> str:
    value = tags.get("fo")
    if value is None:
        return "0"
    parts = [part.strip(BLANKS).lower() for part in value.split(":")]
    if set(parts) <= set("01ds"):
        return ":".join(parts)
    bad.append(f"fo={value}")
    return "0"


def _uris(tags: TagList, name: str, bad: list[str]) -> tuple[ReportUri, ...]:
    """The URIs of rua or ruf; a comma, `!` or `;` inside one is percent-encoded, `!size` is RFC 7489's and dropped."""
    found = []
    value = tags.get(name)
    for part in value.split(",") if value is not None else ():
        text = part.strip(BLANKS).partition("!")[0]
        if not _URI.fullmatch(text):
            bad.append(f"{name}={part.strip(BLANKS)}")
            continue
        scheme, _, rest = text.partition(":")
        mailbox = _MAILBOX.fullmatch(unquote(rest.partition("?")[0])) if scheme.lower() == "mailto" else None
        if mailbox:
            domain = mailbox["domain"].lower().removesuffix(".")
            found.append(ReportUri(text, "mailto", mailbox.group(), domain))
        elif scheme.lower() == "mailto":
            bad.append(f"{name}={part.strip(BLANKS)}")
        else:
            found.append(ReportUri(text, scheme.lower(), "", ""))
    return tuple(found)
