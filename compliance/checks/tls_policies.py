"""What the settings of a sending host ask of a partner: its policy table, or its connectors (U-02 measure 1c)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compliance.checks.registry import Parameters, failed, not_tested, passed, resting_on
from compliance.checks.views import OutgoingView
from compliance.model.finding import Cause, Verdict
from compliance.model.observation import Observation
from compliance.model.subject import Kind, Level, RequireTls, Subject
from compliance.model.supplied import PolicyEntry, TlsPolicyFacts
from compliance.records.tls_policy import covering

#: Which of a product's words carry a level that is asked. A certificate whose name is not looked at proves no host.
_CARRIES: Mapping[str, Mapping[Level, frozenset[str]]] = {
    "postfix": {
        Level.ENCRYPT: frozenset({"encrypt", "fingerprint", "verify", "secure", "dane-only"}),
        Level.VERIFY: frozenset({"fingerprint", "verify", "secure", "dane-only"}),
        Level.DANE: frozenset({"dane-only"}),
    },
    "exchange_online": {
        Level.ENCRYPT: frozenset({"EncryptionOnly", "CertificateValidation", "DomainValidation"}),
        Level.VERIFY: frozenset({"DomainValidation"}),
        Level.DANE: frozenset(),
    },
}


#: The readers of a table, and of the parameters that say whether one is looked up.
_TABLE, _PARAMETERS = "postfix_policy", "postfix_settings"


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry that decides for the partner, and where it stands."""

    seen: Observation
    entry: PolicyEntry
    product: str


def demanded_in_policy(view: OutgoingView, _want: Parameters) -> Verdict:
    """The settings of the host name the partner at the level asked, or at a higher one."""
    asked = (view.subject.require_tls or RequireTls()).to
    supplied = tuple(_of(view))
    if not supplied:
        return not_tested(Cause.NO_EVIDENCE, "no_settings")
    return resting_on(_decided(view, asked, supplied), [seen.id for seen, _ in supplied])


def _decided(view: OutgoingView, asked: Level, supplied: Sequence[tuple[Observation, TlsPolicyFacts]]) -> Verdict:
    values = {"partner": view.subject.hostname, "level": asked.value}
    elsewhere = {name for _, facts in supplied for name in facts.elsewhere}
    if "relayhost" in elsewhere:  # the table is then asked by the relay's name (postconf(5), smtp_tls_policy_maps)
        return not_tested(Cause.NO_EVIDENCE, "settings_relayed", partner=view.subject.hostname)
    readers = {seen.probe for seen, _ in supplied}
    if {_TABLE, _PARAMETERS} <= readers and "smtp_tls_policy_maps" not in elsewhere:
        return not_tested(Cause.NO_EVIDENCE, "settings_table_unused", partner=view.subject.hostname)
    told = [
        _Told(seen, entry, facts.product)
        for seen, facts in supplied
        for entry in covering(facts.entries, view.subject.hostname)
    ]
    # An entry of its own decides before one that is for everybody, whichever file it stands in.
    own = [each for each in told if each.entry.pattern != "*"] or told
    named = any(each.entry.pattern != "*" for each in own)
    if not named and "smtp_tls_policy_maps" in elsewhere and _TABLE not in readers:
        return not_tested(Cause.NO_EVIDENCE, "settings_without_table", partner=view.subject.hostname)
    enough = [each for each in own if each.entry.level in _CARRIES[each.product][asked]]
    if not named and not enough and (count := sum(map(_not_read, supplied))):
        return not_tested(Cause.NO_EVIDENCE, "settings_partly_read", count=count, **values)
    if not own:
        return failed("settings_lack_partner", **values)
    found = list(dict.fromkeys(each.entry.level or "opportunistic" for each in own))
    if not enough:
        return failed("settings_weaker", found=found, **values)
    if len(enough) < len(own):
        return not_tested(Cause.NO_EVIDENCE, "settings_disagree", found=found, **values)
    return passed("settings_demand", found=found, **values)


def _not_read(supplied: tuple[Observation, TlsPolicyFacts]) -> int:
    """Count the entries that may be the partner's, and could not be read: `[host]:port` among them."""
    return sum(kind.count for kind in supplied[1].file.unread if kind.kind != "not_in_use")


def _of(view: OutgoingView) -> Iterable[tuple[Observation, TlsPolicyFacts]]:
    """Give the settings that are this host's: by the folder they lie in, else where no other host could have them."""
    for seen in view.context.evidence.by_id.values():
        facts = seen.facts
        if isinstance(facts, TlsPolicyFacts) and _is_its(facts, view.sender, view.context.senders):
            yield seen, facts


def _is_its(facts: TlsPolicyFacts, sender: Subject, senders: Iterable[Subject]) -> bool:
    service = facts.product if facts.product != "postfix" else ""
    if sender.service != service or Kind.OUTBOUND_HOST not in sender.kinds:
        return False
    if facts.file.place:
        return facts.file.place.lower() in {sender.label.lower(), sender.hostname.lower(), sender.helo.lower()} - {""}
    alike = [each for each in senders if each.service == service]
    return len(alike) == 1 or bool(service)  # the connectors of a tenant are those of all its mail
