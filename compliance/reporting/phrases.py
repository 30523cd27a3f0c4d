"""Sentences put together from data: the same in page, workbook and terminal."""

import re
from collections.abc import Callable

from markupsafe import Markup

from compliance.model.finding import Values
from compliance.model.observation import Origin, VantageItem
from compliance.model.requirement import Basis
from compliance.model.requirement import Source as Document
from compliance.model.subject import Level, Subject
from compliance.model.supplied import SuppliedFile
from compliance.reporting.formatter import Said
from compliance.reporting.view.actions import Action
from compliance.reporting.view.hosts import Certificate
from compliance.reporting.view.numbers import Tally
from compliance.reporting.view.report import Report, in_fours
from compliance.reporting.view.source import Source
from compliance.reporting.words import Words

_RFC = re.compile(r"\bRFC(?=\d)(\d+)")
_SENT = {
    "TLS": "sent_hello",
    "HTTPS": "sent_policy",
    "injection": "sent_injection",
    "unnamed": "sent_unnamed",
}
#: What a source's note tells where less than the issuer's final text was read.
_NOTED = ("draft", "part")
_KINDS = ("own_domain", "parked_domain", "inbound_host", "outbound_host", "submission_host", "partner")


def report_title(words: Words, source: Source) -> str:
    """Give the report's title; U-02's own baselines by the short name everybody uses."""
    baseline = source.baseline
    known = words.t("short_u02") if baseline.id.startswith("u02") else words.text(baseline.title)
    return words.t("report_title", baseline=Said(known))


def act(words: Words, action: Action, link: Callable[[str], str] = str) -> str:
    """Give what to do, short and with the places named; `link` may make links of them."""
    return words.action(action.reason, action.requirement, link(places(words, action)))


def actor(words: Words, action: Action) -> str:
    """Give who must do it: ourselves, or which supplier or partner."""
    who = words.t(f"who_{action.responsible}")
    party = action.party if action.party not in action.places else ""  # named in what is to be done
    named = party or (action.supplier if action.responsible == "supplier" else "")
    return words.t("who_named", who=Said(who), name=named) if named not in {"", "own"} else who


def places(words: Words, action: Action) -> str:
    """Give where something is to be done: three names at most, and how many more."""
    names = words.f(list(action.places[:3]), "list")
    rest = len(action.places) - 3
    return names if rest <= 0 else words.t("names_and_more", names=list(action.places[:3]), n=rest)


def basis(words: Words, source: Source, key: str, form: str = "") -> str:
    """Give where a requirement comes from: NSM's text, our reading of it and whose threshold, or another issuer.

    `form` is that of a matrix (`_short`), of a row (`_row`), or the whole sentence.
    """
    requirement = source.requirements.get(key)
    if requirement is None:
        return ""
    measure = requirement.measure if requirement.measure[:1].isdigit() else ""
    named = [_graded(words, source, name) for name in requirement.sources]
    if requirement.basis is Basis.NSM:
        return words.t("basis_nsm", measure=measure) if measure else words.t("basis_nsm_other", sources=named)
    if requirement.basis is Basis.OTHER:
        return words.t("basis_other", sources=named)
    reading = words.t(f"basis_derived{form}", measure=measure or "1")
    if not requirement.threshold:
        return reading + words.t(f"basis_own{form}")
    return reading + words.t(f"basis_threshold{form}", threshold=_graded(words, source, requirement.threshold))


def _spaced(source: str) -> str:
    """Give a source's key as it is written: RFC9325 as RFC 9325."""
    return _RFC.sub(r"RFC \1", source)


def _graded(words: Words, source: Source, name: str) -> str:
    """Give a source by its key and clause; beside it how it was read, where that was not the issuer's own text."""
    known = next((item for item in source.baseline.sources if item.key == name.partition(" ")[0]), None)
    grade = grade_key(words, known) if known else "P"
    return _spaced(name) if grade == "P" else f"{_spaced(name)} ({words.t(f'grade_{grade}')})"


def grade_key(words: Words, source: Document) -> str:
    """Give how a source was read: P, S or X; of P also `draft` and `part`, as its note has it."""
    note = str(words.text(source.note)).lower()
    if source.evidence != "P":
        return source.evidence
    return next((grade for grade in _NOTED if str(words.t(f"noted_{grade}")) in note), "P")


def left(words: Words, certificate: Certificate) -> str:
    """Give how long a certificate still had when it was seen."""
    days = certificate.days_left or 0
    return words.t("cert_gone", days=-days) if certificate.expired else words.t("cert_left", days=days)


def demand(words: Words, subject: Subject) -> str:
    """Give the level of encryption asked of a partner, to and from."""
    asked = subject.require_tls
    if asked is None or {asked.to, asked.from_} == {Level.NONE}:
        return words.t("demand_none")
    if asked.to is asked.from_:
        return words.t(f"demand_{asked.to}")
    return words.t("demand_both", to=words.t(f"demand_{asked.to}"), from_=words.t(f"demand_{asked.from_}"))


def vantage_item(words: Words, item: VantageItem) -> str:
    """Give a line of the self-test; its values as they are where no text knows the item."""
    known = words.selftest(f"{item.item}_{item.state}", item.values)
    if known is not None:
        return known
    values = [f"{name}={value}" for name, value in item.values.items()]
    return words.t("vantage_line", item=item.item, state=words.t(f"state_{item.state}"), values=values)


def must_line(words: Words, tally: Tally) -> str:
    """Give the share of basic requirements met, of those tested, the untested beside it."""
    if tally.share is None:
        said = [words.t("must_none", unknown=tally.unknown)]
    else:
        values = {"met": tally.met, "tested": tally.tested, "share": tally.share, "unknown": tally.unknown}
        said = [words.t("must_share", **values)]
    if tally.dane:
        said.append(words.t("must_dane", n=tally.dane))
    if tally.stated:
        said.append(words.t("must_stated", n=tally.stated))
    return Markup(" ").join(said) if words.html else " ".join(said)


def partner_line(words: Words, tally: Tally) -> str:
    """Give the partners' own share, never mixed with ours."""
    if tally.share is None:
        return words.t("partner_none", unknown=tally.unknown)
    return words.t("partner_share", met=tally.met, tested=tally.tested, share=tally.share, unknown=tally.unknown)


def again_in(words: Words, needs: tuple[str, ...]) -> str:
    """Give where a command is to be run, and which programs it needs."""
    return words.t("again_needs", needs=list(needs)) if needs else words.t("again_in")


def review(words: Words, report: Report) -> str:
    """Give which run's evidence is judged again here, and by what else; `` where this is a run of its own."""
    found = report.source.review
    if found is None:
        return ""
    return words.t("review_of", run_id=found.run_id, fingerprint=in_fours(found.manifest)[:19])


def review_short(words: Words, report: Report) -> str:
    """Give the same in a foot."""
    found = report.source.review
    return words.t("review_short", run_id=found.run_id) if found else ""


def selftest_lines(words: Words, report: Report) -> list[str]:
    """Give the self-test line by line; the roots of a review are not those of the run, and are told by the review."""
    items = report.source.run.vantage
    if report.source.review:
        items = tuple(item for item in items if item.item != "roots")
    return [vantage_item(words, item) for item in items]


def scope(words: Words, report: Report) -> list[str]:
    """Give what the report covers and what it does not, a sentence each."""
    run = report.source.run
    counts = [words.t(f"kind_{kind}", n=report.kinds[kind]) for kind in _KINDS if report.kinds.get(kind)]
    lines = [words.t("scope_subjects", kinds=", ".join(counts))]
    if run.scope != "full":
        lines.append(words.t("scope_subset", only=list(run.only)))
    if run.state != "complete":
        lines.append(words.t("scope_partial"))
    if run.population:
        lines.append(words.t("scope_population", source=run.population.source, by=run.population.by or "–"))
        if run.population.date:
            lines.append(words.t("scope_population_date", date=run.population.date))
    else:
        lines.append(words.t("scope_population_unknown"))
    lines.append(words.t("scope_measured", n=report.origins.get("wire", 0)))
    supplied, declared = report.origins.get("supplied", 0), len(report.source.statements)
    lines.append(words.t("scope_supplied" if supplied else "scope_supplied_none", n=supplied))
    lines.append(words.t("scope_declared" if declared else "scope_declared_none", n=declared))
    lines.append(words.t("scope_moment"))
    lines.append(words.t("scope_content"))
    return lines


def supplied_lines(words: Words, report: Report) -> list[str]:
    """Give each file the organisation supplied: what read it, the time it is of, and what of it could not be read."""
    lines = []
    for seen in report.source.observations.values():
        if seen.origin is not Origin.SUPPLIED:
            continue
        file = getattr(seen.facts, "file", None)
        digest = seen.question.rpartition(" ")[2]
        if not isinstance(file, SuppliedFile):
            lines.append(words.t("supplied_unused", name=seen.target, sha256=digest))
            continue
        told = {"name": seen.target, "reader": seen.probe, "sha256": digest, "lines": file.lines, "older": file.older}
        lines.append(words.t("supplied_file", first=file.first[:10], last=file.last[:10], unread=file.not_read, **told))
        lines += [
            words.t("supplied_unread", name=seen.target, n=kind.count, kind=kind.kind, example=kind.example)
            for kind in file.unread
        ]
        if seen.failure:
            lines.append(words.t("supplied_broken", name=seen.target, why=seen.failure.detail))
    return lines


def sent_lines(words: Words, report: Report) -> list[str]:
    """Give what was sent to whom, and with how many connections."""
    lines = []
    for row in report.sent:
        key = "sent_ours" if row.ours else "sent_others"
        verbs = [words.t(_SENT[verb]) if verb in _SENT else verb for verb in row.verbs]
        lines.append(words.t(key, addresses=row.addresses, connections=row.connections, verbs=verbs))
    return lines or [words.t("sent_nothing")]


def to_publish(words: Words, values: Values) -> tuple[str, str] | None:
    """Give a record to publish, ready to copy, and what is said of it; None where a verdict brings none."""
    record = str(values.get("publish", ""))
    said = words.t("publish_record", at=values.get("publish_at", ""))
    return (said, words.f(record, "command")) if record else None
