"""The catalogue: every requirement is there for ever, complete in three languages, and rests on known sources."""

import re
from collections.abc import Iterator
from string import Formatter

import pytest

from compliance.baseline.catalogue import catalogue
from compliance.model.requirement import Basis, Duty, Requirement, Source, Text
from compliance.model.subject import Kind

LANGUAGES = ["nb", "nn", "en"]
MEASURES = {"1a", "1b", "1c", "2", "3", "4", "transport", "mx", "dns", "dane", "sts", "organisation"}

#: Ids are for ever: waivers, statements and old runs name them. A line may be added, never taken away.
IDS = [
    "U02-1a-1", "U02-1a-2",
    "U02-1b-1", "U02-1b-2", "U02-1b-3", "U02-1b-4", "U02-1b-5",
    "U02-TLS-1", "U02-TLS-2", "U02-TLS-3", "U02-TLS-4", "U02-TLS-5", "U02-TLS-6", "U02-TLS-7",
    "U02-1c-1", "U02-1c-2", "U02-1c-3", "U02-1c-4",
    "U02-INT-1", "U02-MAL-1", "GP-281-1",
    "U02-2-1", "U02-2-2", "U02-2-3", "U02-2-4",
    "U02-3-1", "U02-3-2", "U02-3-3", "U02-3-4",
    "U02-4-1", "U02-4-2", "U02-4-3",
    "MX-1", "PTR-1", "SUBMIT-1",
    "DIGDIR-DNSSEC-1", "DIGDIR-DNSSEC-2", "DIGDIR-DANE-1", "DIGDIR-DANE-2", "DIGDIR-TLSRPT-1",
    "STS-1", "STS-2",
]  # fmt: skip

REQUIREMENTS = tuple(catalogue().requirements.values())
SOURCES = tuple(catalogue().sources.values())
by_id = pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.id)


def texts_of(requirement: Requirement) -> dict[str, Text]:
    return {
        "title": requirement.title,
        "rationale": requirement.rationale,
        "consequence": requirement.consequence,
        "operator": requirement.remedy.operator,
        "plain": requirement.remedy.plain,
    }


def texts_of_source(source: Source) -> dict[str, Text]:
    own_words = {"asks": source.asks, "note": source.note or {}}
    return own_words if source.issuer == "IETF" else {"title": source.title, **own_words}  # an RFC's title is English


ALL_TEXTS = {
    **{f"{one.id} {part}": text for one in REQUIREMENTS for part, text in texts_of(one).items()},
    **{f"{one.key} {part}": text for one in SOURCES for part, text in texts_of_source(one).items() if text},
}


def prose(text: str) -> str:
    """What is left when commands and records are taken out."""
    return re.sub(r"`[^`]*`", "", text)


def test_ids_are_stable_and_in_the_order_of_the_report() -> None:
    assert list(catalogue().requirements) == IDS


@pytest.mark.parametrize("name", ALL_TEXTS)
def test_a_text_is_there_in_every_language(name: str) -> None:
    text = ALL_TEXTS[name]
    assert list(text) == LANGUAGES
    assert all(value.strip() == value and value for value in text.values())


@pytest.mark.parametrize("name", ALL_TEXTS)
def test_a_text_holds_no_placeholder_and_every_backtick_is_closed(name: str) -> None:
    for value in ALL_TEXTS[name].values():
        assert {field for _, field, _, _ in Formatter().parse(value)} == {None}
        assert value.count("`") % 2 == 0


def commands(text: str) -> list[str]:
    found = re.findall(r"`([^`]*)`", text)
    return sorted(re.sub(r"(domenet|domain|rapport|report)\.example", "NAME", command) for command in found)


@pytest.mark.parametrize("name", ALL_TEXTS)
def test_commands_and_records_are_the_same_in_every_language(name: str) -> None:
    text = ALL_TEXTS[name]
    assert commands(text["nb"]) == commands(text["nn"]) == commands(text["en"])


FORBIDDEN = re.compile(
    r"\b(epost\w*|mail|mailen|krav\w*|skal|vennligst|ver venleg|kritisk\w*|compliant|funn\w*|observasjon\w*)\b|!|—",
    re.IGNORECASE,
)
BOKMAL = re.compile(
    r"\b(ikke|hva|hvem|hvis|hver|fra|noe|noen|bare|tjener\w*|virksomhet\w*|utsteder\w*|eksempel|mottaker\w*"
    r"|avsender|avsendere|være|gjør|kjør|sertifikatene|anbefaler|uten)\b",
    re.IGNORECASE,
)
NYNORSK = re.compile(r"\b(ikkje|kva|kven|frå|tenar\w*|verksemd\w*|berre|utan|vere|gjer|avsendar\w*|mottakar\w*)\b")


@pytest.mark.parametrize("name", ALL_TEXTS)
def test_the_norwegian_is_that_of_an_auditor(name: str) -> None:
    for language in ("nb", "nn"):
        found = FORBIDDEN.search(prose(ALL_TEXTS[name][language]))
        assert not found, found
    bokmal = BOKMAL.search(re.sub("«[^»]*»", "", prose(ALL_TEXTS[name]["nn"])))
    assert not bokmal, bokmal
    assert not (found := NYNORSK.search(prose(ALL_TEXTS[name]["nb"]))), found


@by_id
def test_needs_are_known_and_go_only_backward(requirement: Requirement) -> None:
    assert all(IDS.index(need) < IDS.index(requirement.id) for need in requirement.needs)


@by_id
def test_a_requirement_rests_on_known_sources(requirement: Requirement) -> None:
    keys = [reference.partition(" ")[0] for reference in requirement.sources]
    assert keys
    assert set(keys) <= set(catalogue().sources)
    assert not requirement.threshold or requirement.threshold in keys
    if requirement.basis is not Basis.OTHER:
        assert keys[0] in {"U-02", "GP-2.8"}


@by_id
def test_no_clause_is_given_of_a_source_not_read(requirement: Requirement) -> None:
    unread = {source.key for source in SOURCES if source.evidence == "X"}
    assert not [
        reference for reference in requirement.sources if reference.partition(" ")[0] in unread and " " in reference
    ]


@by_id
def test_a_requirement_is_asked_of_somebody_and_judged_by_a_check_a_person_or_nobody_yet(
    requirement: Requirement,
) -> None:
    assert requirement.levels
    assert requirement.measure in MEASURES
    assert (requirement.check is not None) == (requirement.assessment == "automatic")
    assert requirement.assessment in {"automatic", "manual", "not_built"}
    assert (requirement.assessment == "manual") == (list(requirement.levels) == [Kind.ORGANISATION])


@by_id
def test_thresholds_are_whole_numbers_or_yes_and_no(requirement: Requirement) -> None:
    assert all(type(value) in {int, bool} for value in requirement.parameters.values())


def test_what_is_only_asked_more_gently_of_partners_never_counts_there() -> None:
    gentler = [
        one.id
        for one in REQUIREMENTS
        if one.levels.get(Kind.PARTNER) is Duty.SHOULD and Duty.MUST in one.levels.values()
    ]
    assert gentler == [
        "U02-TLS-1", "U02-TLS-2", "U02-TLS-5", "U02-2-2", "U02-2-3", "U02-4-2", "MX-1", "DIGDIR-DANE-2", "STS-2",
    ]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_a_source_says_how_surely_it_is_known(source: Source) -> None:
    assert source.evidence in {"P", "S", "X"}
    assert source.evidence == "P" or source.note


def test_a_supplier_is_known_by_both_of_its_endings() -> None:
    suppliers = catalogue().suppliers
    assert suppliers["mail.protection.outlook.com"] == suppliers["mx.microsoft"] == "Microsoft"
    assert all(suffix == suffix.lower().strip(".") for suffix in suppliers)


def every_reference() -> Iterator[str]:
    for requirement in REQUIREMENTS:
        yield from requirement.sources


def test_a_reference_is_a_key_and_at_most_one_clause() -> None:
    assert all(re.fullmatch(r"[A-Z0-9.-]+[A-Z0-9]( \d+(\.\d+)*)?", reference) for reference in every_reference())
