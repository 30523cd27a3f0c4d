"""Received fields of Postfix, Exim, Exchange and Google, with their notes of TLS (RFC 5321 section 4.4, RFC 3848).

All of it is somebody's word: what a field says is worth what the server that wrote it is worth. Sizes are bounded, and
each byte is looked at a fixed number of times.
"""

import ipaddress
import re
from datetime import UTC, datetime, timedelta

from compliance.model.messages import ReceivedHop
from compliance.model.names import is_address, is_plain, unmapped

LONGEST = 2000  # octets of a field that are read; what servers write has some 500
_BLANKS = re.compile(rb"[ \t\r\n]+")
_PARTS = re.compile(r"[()]")
_FROM = re.compile(r"from (\S{1,255})(?= |$)")
_BY = re.compile(r"(?:^| )by (\S{1,255})(?= |$)")
_WITH = re.compile(r" with (\S{1,40})(?= |$)")
_PEER = re.compile(
    r"(?:(\S{1,255}) )?\[([0-9A-Fa-f.:IPv]{2,60})\](?::\d{1,5})?(?: (helo=\S{1,255}|\(may be forged\)))?"
)
_BARE = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_POSTFIX = re.compile(r"using (TLSv1(?:\.[0-3])?|SSLv3) with cipher ([\w+.-]{1,80}) \(")
_VERSION = re.compile(r"version=TLS1(?:_([0-3]))?,? cipher=([\w+.-]{1,80})(?: |$)")
_EXIM = re.compile(r"TLSv?(1(?:\.[0-3])?)(?::([\w+.-]{1,120}):\d{1,4})?")
_EXIM_SUITE = re.compile(r" tls ([\w+.-]{1,80})(?= |$)")
_PROTOCOLS = frozenset(
    {"SMTP", "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA", "LMTP", "LMTPA", "LMTPS", "LMTPSA"}
    | {"UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA", "UTF8LMTP", "UTF8LMTPA", "UTF8LMTPS", "UTF8LMTPSA"}
)
_VERSIONS = {"": "TLSv1", "0": "TLSv1", "1": "TLSv1.1", "2": "TLSv1.2", "3": "TLSv1.3"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:[A-Za-z]{3}, ?)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))?(?:\.\d{1,9})?"
    r" (?:([+-])(\d\d)(\d\d)|(?:GMT|UTC?|Z))"
)


def parse(value: bytes) -> ReceivedHop:
    """Read one field's value; what it does not say, or says in another form, is ``. Never raises."""
    text = _BLANKS.sub(b" ", value[:LONGEST]).decode("latin-1").strip()
    words, _, date = text.rpartition(";")
    bare, comments = _apart(words)
    start = _FROM.match(bare)
    by = _BY.search(bare, start.end() if start else 0)
    exchange = " with Microsoft SMTP Server" in bare
    peer = comments.pop(0)[1] if start and comments and comments[0][0] <= start.end() + 1 else ""
    notes = [note for _, note in comments]
    version, suite = _tls(notes, bare[by.end() :] if by else "")
    protocol = _WITH.search(bare, by.end()) if by else None
    spoken = protocol[1].upper() if protocol else ""
    if exchange:
        spoken = "ESMTPS" if version else "ESMTP"
    exim = any(note.startswith("Exim ") for note in notes)
    name, address, verified = _client(start[1] if start else "", peer, exim=exim)
    told = name or address or bare[:3].lower() == "by "  # a client of no readable name is not the same as none
    return ReceivedHop(
        from_name=name,
        verified_name=verified,
        from_address=address,
        by=_plain(by[1]) if by and told else "",
        protocol=spoken if spoken in _PROTOCOLS else "",
        version=version,
        suite=suite,
        time=_moment(date.strip()),
    )


def _apart(words: str) -> tuple[str, list[tuple[int, str]]]:
    """Give the words without comments, and each comment with its place among them (RFC 5322 section 3.2.2)."""
    bare: list[str] = []
    comments: list[tuple[int, str]] = []
    depth = at = length = 0
    for found in _PARTS.finditer(words):
        if found[0] == "(":
            if depth == 0:
                piece = words[at : found.start()]
                piece = piece.lstrip() if not length or bare[-1].endswith(" ") else piece
                bare.append(piece)
                length += len(piece)
                at = found.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                comments.append((length, words[at : found.start()]))
                at = found.end()
    if depth == 0:
        piece = words[at:]
        bare.append(piece.lstrip() if not length or bare[-1].endswith(" ") else piece)
    return "".join(bare).strip(), comments


def _client(name: str, peer: str, *, exim: bool) -> tuple[str, str, str]:
    """Give what the client called itself, its address, and its name as the server found it."""
    if name.startswith("[") and name.endswith("]"):  # Exim: a client whose name it did not find
        said = peer.removeprefix("helo=").partition(" ")[0] if peer.startswith("helo=") else ""
        return _plain(said), _address(name[1:-1]), ""
    found = _PEER.fullmatch(peer)
    if found is None:  # Exchange gives the address alone; the name is the client's own
        return _plain(name), _address(peer) if _BARE.fullmatch(peer) else "", ""
    known, address, more = found.groups()
    if exim and not known:  # the name is the one found, and what the client called itself stands behind `helo=`
        said = (more or "").removeprefix("helo=")
        return _plain(said or name), _address(address), _plain(name)
    forged = more == "(may be forged)" or known in {None, "unknown"}
    return _plain(name), _address(address), "" if forged else _plain(known)


def _tls(notes: list[str], behind: str) -> tuple[str, str]:
    for note in notes:
        if found := _POSTFIX.match(note):
            return found[1], found[2]
        if found := _VERSION.match(note):
            return _VERSIONS[found[1] or ""], found[2]
        if found := _EXIM.fullmatch(note):
            suite = found[2] or (named[1] if (named := _EXIM_SUITE.search(behind)) else "")
            return _VERSIONS[found[1][2:]], suite
    return "", ""


def _plain(name: str) -> str:
    name = name.rstrip(".").lower()
    return name if is_plain(name) else ""


def _address(text: str) -> str:
    text = text.removeprefix("IPv6:")
    return str(unmapped(str(ipaddress.ip_address(text)))) if is_address(text) else ""


def _moment(date: str) -> str:
    """Give a date (RFC 5322 section 3.3) as UTC, RFC 3339, to the second; `` where it is none."""
    found = _DATE.match(date)
    if found is None or found[2].lower() not in _MONTHS:
        return ""
    day, _, year, hour, minute, second, sign, hours, minutes = found.groups()
    month = _MONTHS.index(found[2].lower()) + 1
    try:
        local = datetime(int(year), month, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
        ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        moment = local + ahead if sign == "-" else local - ahead
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year > 1990 else ""
