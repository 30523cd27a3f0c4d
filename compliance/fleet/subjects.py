"""From the hosts of any Nornir inventory to subjects: what each kind must and may say of itself."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from unicodedata import normalize

from nornir.core.inventory import Host, Inventory

from compliance.fleet.field import Field, Path, closest, nearest, raise_all
from compliance.model.subject import DOMAIN_KINDS, HOST_KINDS, Contact, Kind, Level, RequireTls, Subject
from compliance.strict import Fault, Located, plain

COMMON_KEYS = ("name", "managed_by")
KIND_KEYS: Mapping[Kind, tuple[str, ...]] = {
    Kind.OWN_DOMAIN: ("dkim_selectors",),
    Kind.PARKED_DOMAIN: (),
    Kind.PARTNER: ("require_tls", "contact", "language", "volume"),
    Kind.INBOUND_HOST: ("receives_for", "dummy", "probe"),
    Kind.OUTBOUND_HOST: ("sends_for", "helo", "service", "probe"),
    Kind.SUBMISSION_HOST: ("ports", "probe"),
}
REQUIRED_KEYS = {Kind.INBOUND_HOST: "receives_for", Kind.OUTBOUND_HOST: "sends_for"}
SERVICES = ("exchange_online", "google_workspace", "other")
LANGUAGES = ("nb", "nn", "en")
KNOWN_KEYS = tuple(dict.fromkeys((*COMMON_KEYS, *(key for keys in KIND_KEYS.values() for key in keys))))

Place = Callable[[str], tuple[Located, Path]]
"""Tells where a data key of a host stands (its own, a group's, the defaults'), or ENTRY or HOSTNAME."""

ENTRY = ""
HOSTNAME = ".hostname"


def subjects_of(inventory: Inventory) -> tuple[Subject, ...]:
    """Give the subjects of any Nornir inventory, in its order; raises Faulty with every fault.

    Without files of ours to point into, a fault's file is the entry's name and its line 0.
    """
    faults: list[Fault] = []
    subjects = [subject_of(host, _at_entry(host), faults, foreign=True) for host in inventory.hosts.values()]
    faults += relations(subjects, lambda subject: _at_entry(inventory.hosts[subject.label]))
    raise_all([replace(fault, line=0) for fault in faults])
    return tuple(subjects)


def subject_of(host: Host, place: Place, faults: list[Fault], *, foreign: bool = False) -> Subject:
    """Read one host as a subject. A foreign inventory's hosts may carry further data that is none of ours."""
    names = [group.name for group in host.extended_groups()]
    kinds = tuple(kind for kind in KIND_KEYS if kind.value in names)
    entry = Field(*place(ENTRY), host.name, faults)
    data = {str(key): Field(*place(str(key)), plain(value), faults) for key, value in host.extended_data().items()}
    _check_kinds(entry, kinds)
    meant = _meant(data, host.data, kinds, foreign=foreign)
    _check_required(entry, kinds, meant)
    service = meant["service"].one_of(SERVICES) if "service" in meant else ""
    return Subject(
        label=normalize("NFC", host.name),
        hostname=_hostname(host, Field(*place(HOSTNAME), host.hostname, faults), kinds, service),
        kinds=kinds,
        groups=tuple(name for name in names if name not in set(KIND_KEYS)),
        service=service,
        **_read(meant),
    )


def relations(
    subjects: Iterable[Subject], place: Callable[[Subject], Place], doubtful: Collection[str] = ()
) -> list[Fault]:
    """Find what entries say of each other that cannot be: mail for a domain that is not ours, one thing twice.

    `doubtful` names entries that could not be read: nothing is said of them twice.
    """
    faults: list[Fault] = []
    subjects = tuple(subjects)
    own = {*doubtful, *(subject.hostname for subject in subjects if Kind.OWN_DOMAIN in subject.kinds)}
    seen: dict[tuple[str, Kind | str], Subject] = {}
    for subject in subjects:
        for key in ("receives_for", "sends_for"):
            source, path = place(subject)(key)
            for number, domain in enumerate(getattr(subject, key)):
                if domain and domain not in own:
                    Field(source, (*path, number), domain, faults).note("not_own_domain", key=key)
        keys = ["domain" if kind in DOMAIN_KINDS else kind for kind in subject.kinds]
        for what in dict.fromkeys(keys):
            first = seen.setdefault((subject.hostname, what), subject)
            if first is not subject and subject.hostname:
                Field(*place(subject)(ENTRY), subject.hostname, faults).note("doubled_subject", expected=first.label)
    return faults


def nowhere(key: str) -> tuple[Located, Path]:
    """Give no place: for a host that was checked before."""
    return Located({}, ""), (key,)


def _at_entry(host: Host) -> Place:
    return lambda key: (Located({}, host.name), (key,) if key else (host.name,))


def _check_kinds(entry: Field, kinds: tuple[Kind, ...]) -> None:
    if not kinds:
        entry.note("no_kind", expected=", ".join(KIND_KEYS))
    domains = [kind for kind in kinds if kind in DOMAIN_KINDS]
    if len(domains) > 1:
        entry.note("kinds_exclude", value=", ".join(domains))
    elif domains and len(kinds) > 1:
        entry.note("mixed_kinds", value=", ".join(kinds))


def _meant(
    data: Mapping[str, Field], own: Mapping[str, Any], kinds: tuple[Kind, ...], *, foreign: bool
) -> dict[str, Field]:
    """Give the data that this kind takes. Its own keys must all be meant for it; inherited ones need not be."""
    allowed = {*COMMON_KEYS, *(key for kind in kinds for key in KIND_KEYS[kind])}
    for key, field in data.items():
        if key in KNOWN_KEYS:
            if key in own and kinds and key not in allowed:
                field.note("key_not_for_kind", value=", ".join(kinds), expected=", ".join(takers(key)))
        elif key in own:
            meant = nearest(key, sorted(allowed))
            if not foreign or closest(
                key, allowed
            ):  # what another source carries is its own affair, but not a slip of ours
                field.note("unknown_key", expected=meant)
    return {key: field for key, field in data.items() if key in allowed}


def takers(key: str) -> tuple[Kind, ...]:
    """Give the kinds that take a data key."""
    return tuple(kind for kind, keys in KIND_KEYS.items() if key in keys)


def _check_required(entry: Field, kinds: tuple[Kind, ...], meant: Mapping[str, Field]) -> None:
    for kind, key in REQUIRED_KEYS.items():
        if kind in kinds and key not in meant:
            entry.note("missing_key", key=key)
    if "service" in meant:
        if not set(kinds) <= {Kind.OUTBOUND_HOST}:
            meant["service"].note("service_is_no_host", value=", ".join(kinds))
        if "helo" in meant:
            meant["helo"].note("service_has_no_helo")


def _hostname(host: Host, field: Field, kinds: tuple[Kind, ...], service: str) -> str:
    if service:
        if field.value is not None:
            field.note("service_has_no_hostname")
        return ""
    named = field if field.value is not None else replace(field, value=host.name)
    if set(kinds) & HOST_KINDS:
        return named.host()
    return named.domain() if kinds else ""


def _read(data: Mapping[str, Field]) -> dict[str, Any]:
    """Read the data keys, each by its own reader; absent ones keep the dataclass's default."""
    return {key: _READERS[key](field) for key, field in data.items() if key in _READERS}


def _domains(field: Field) -> tuple[str, ...]:
    items = field.items()
    if not items and isinstance(field.value, (list, tuple)):
        field.note("empty_value")
    return tuple(item.domain() for item in items)


def _require_tls(field: Field) -> RequireTls:
    levels = [str(level) for level in Level]
    if not isinstance(field.value, dict):
        word = Level(field.one_of(levels) or Level.NONE)
        return RequireTls(word, word)
    parts = field.parts(("to", "from", "match"))
    if not parts:
        field.note("empty_value")
    ways = [Level(parts[way].one_of(levels) or Level.NONE) if way in parts else Level.NONE for way in ("to", "from")]
    match = tuple(item.domain() for item in parts["match"].items()) if "match" in parts else ()
    return RequireTls(ways[0], ways[1], match)


def _contact(field: Field) -> Contact | None:
    contact = field.shaped(Contact)
    if contact is not None and contact.email:
        field.part("email").email()
    return contact


def _dummy(field: Field) -> str:
    parts = field.parts(("reason",))
    if "reason" not in parts:
        field.note("missing_key", key="reason")
        return ""
    return parts["reason"].text()


_READERS: Mapping[str, Callable[[Field], Any]] = {
    "name": Field.text,
    "managed_by": Field.text,
    "probe": lambda field: field.one_of(("ordinary", "never")) or "ordinary",
    "dkim_selectors": lambda field: tuple(item.label() for item in field.items()),
    "receives_for": _domains,
    "sends_for": _domains,
    "dummy": _dummy,
    "helo": Field.domain,
    "ports": lambda field: tuple(item.number(1, 65535) for item in field.items()),
    "require_tls": _require_tls,
    "contact": _contact,
    "language": lambda field: field.one_of(LANGUAGES),
    "volume": lambda field: field.number(0, 10**12),
}
