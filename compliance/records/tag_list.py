"""Tag lists `a=b; c=d`, the form DKIM and DMARC records share (RFC 6376 section 3.2, RFC 9989 section 4.8)."""

import re
from dataclasses import dataclass

BLANKS = " \t\r\n"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: its name and value as written, blanks around them gone; `position` is the name's index."""

    name: str
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """A part that is no tag; `why`: empty_tag, no_equals, tag_name, character, repeated."""

    position: int
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class TagList:
    """The tags in order, each name once (the first counts), and what was no tag."""

    tags: tuple[Tag, ...]
    flaws: tuple[Flaw, ...]

    def get(self, name: str) -> str | None:
        """Give a tag's value, None where it is absent."""
        return next((tag.value for tag in self.tags if tag.name == name), None)


def read_tags(text: str) -> TagList:
    """Read a tag list; nothing is raised: DKIM refuses a list with flaws, DMARC passes over them."""
    tags: dict[str, Tag] = {}
    flaws: list[Flaw] = []
    start = 0
    parts = text.split(";")
    for number, part in enumerate(parts):
        position = start + len(part) - len(part.lstrip(BLANKS))
        start += len(part) + 1
        if not part.strip(BLANKS) and number == len(parts) - 1 and number > 0:
            continue  # the list may end in a semicolon
        name, equals, value = part.partition("=")
        tag = Tag(name.strip(BLANKS), value.strip(BLANKS), position)
        if why := _flaw(part, equals, tag, tags):
            flaws.append(Flaw(position, why, part.strip(BLANKS)))
        else:
            tags[tag.name] = tag
    return TagList(tuple(tags.values()), tuple(flaws))


def _flaw(part: str, equals: str, tag: Tag, seen: dict[str, Tag]) -> str:
    if not part.strip(BLANKS):
        return "empty_tag"
    if not equals:
        return "no_equals"
    if not _NAME.fullmatch(tag.name):
        return "tag_name"
    if not _VALUE.fullmatch(tag.value):
        return "character"
    return "repeated" if tag.name in seen else ""
