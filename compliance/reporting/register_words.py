"""Sentences of the register and of what would stop: the same in page and workbook."""

from compliance.model.finding import Status
from compliance.model.subject import Level
from compliance.reporting.formatter import Said
from compliance.reporting.view.fate import Fate
from compliance.reporting.view.register import RegisterRow
from compliance.reporting.view.what_if import Traffic, WhatIf
from compliance.reporting.words import Words

_ALL = 4


def register_verdict(words: Words, row: RegisterRow) -> list[str]:
    """Give by rule which proofs make the verdict: those not met, those untested, or that all are met."""
    if row.not_met or row.untested:
        named = (("register_not_met", row.not_met), ("register_untested", row.untested))
        return [words.t(key, names=_proofs(words, found)) for key, found in named if found]
    if not row.met:
        return [words.t("register_none_asked")]
    if row.met == _ALL:
        return [words.t("register_all_four")]
    return [words.t("register_all_asked_one") if row.met == 1 else words.t("register_all_asked", n=row.met)]


def _proofs(words: Words, names: tuple[str, ...]) -> list[Said]:
    labels = [words.t(f"register_{name}") for name in names]
    return [Said(label[:1].lower() + label[1:]) for label in labels]


def traffic_lines(words: Words, found: WhatIf) -> list[str]:
    """Give how much went unencrypted, how few recipients have most of it, and what the logs do not tell."""
    sent, (top, share) = found.sent, found.top
    values = {"clear": sent.clear, "sent": sent.messages}
    lines = []
    if sent.clear and top:
        lines.append(words.plural("what_if_clear", top, share=share, **values))
    elif sent.clear:
        lines.append(words.t("what_if_clear_unnamed", **values))
    elif sent.encrypted:
        lines.append(words.t("what_if_clear_none", known=sent.encrypted, sent=sent.messages))
    if sent.unknown:
        lines.append(words.t("what_if_not_told", unknown=sent.unknown))
    return lines


def call_lines(words: Words, row: Traffic) -> list[str]:
    """Give what is known of a domain that mail went to in clear: what it offers now, and whether there is a contact."""
    fate = row.fates[Level.ENCRYPT] if Level.ENCRYPT in row.by_run else Fate.UNKNOWN
    contact = "other" if row.subject is None else "known" if row.subject.contact else "missing"
    return [words.t(f"what_if_call_{fate}"), words.t(f"what_if_contact_{contact}")]


def traffic_name(words: Words, row: Traffic) -> str:
    """Give the domain; that there is none where the logs name nobody."""
    return words.f(row.name) if row.domain else words.t("what_if_unnamed")


def fate_said(words: Words, row: Traffic, level: Level) -> str:
    """Give what becomes of mail to a domain at a level, and whether this run or the log alone tells."""
    fate = row.fates[level]
    said = words.t(f"what_if_fate_{fate}")
    if fate is Fate.UNKNOWN or not row.to.messages:
        return said if row.to.messages else ""
    source = words.t("what_if_source_run" if level in row.by_run else "what_if_source_log")
    return words.t("what_if_said", fate=Said(said), source=Said(source))


def proof_said(words: Words, row: RegisterRow, number: int) -> str:
    """Give the sentence of one proof; `` where this run did not ask."""
    proof = row.proofs[number]
    if proof is None:
        return ""
    group = proof.worst
    if group.status is Status.NOT_TESTED:
        return words.below(group.status, words.reason(group.reason, group.values, group.cause))
    return words.reason(group.reason, group.values)
