"""What would stop if encryption were required: traffic of logs held against the run, the rest unknown."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import openpyxl
import pytest

from compliance.model.finding import Finding, Status
from compliance.model.observation import Observation
from compliance.model.subject import Contact, Kind, Level, RequireTls, Subject
from compliance.model.supplied import DomainFlow, Flow
from compliance.reporting.excel import render_xlsx
from compliance.reporting.html import render_html
from compliance.reporting.register_words import call_lines, traffic_lines
from compliance.reporting.view.fate import Fate, logged, measured
from compliance.reporting.view.report import Report, lay_out, read_report
from compliance.reporting.view.what_if import Outcome, WhatIf
from compliance.reporting.words import Words
from tests.unit.checks.logs import flow, log, to_domain, under
from tests.unit.reporting import fixture
from tests.unit.reporting.judged import Place, partner_finding

PASS, FAIL, UNTESTED, NONE = Status.PASS, Status.FAIL, Status.NOT_TESTED, Status.NOT_APPLICABLE
GOES, STOPS, PARTLY, UNKNOWN = Fate.GOES, Fate.STOPS, Fate.PARTLY, Fate.UNKNOWN
ENCRYPT, VERIFY, DANE = Level.ENCRYPT, Level.VERIFY, Level.DANE
MX1, MX2, MX2V6 = "mx1.part.example[192.0.2.1]:25", "mx2.part.example[192.0.2.2]:25", "mx2.part.example[2001:db8::2]:25"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return read_report(fixture.write_run(tmp_path_factory.mktemp("run")))


def judged(**places: Sequence[Place]) -> dict[str, Finding]:
    """Findings by requirement: `b1` is U02-1b-1, `d1` DIGDIR-DANE-1, `c1` U02-1c-1."""
    names = {"b": "U02-1b-", "d": "DIGDIR-DANE-", "c": "U02-1c-"}
    keys = {name: f"{names[name[0]]}{name[1]}" for name in places}
    return {keys[name]: partner_finding(keys[name], held[0][1], *held) for name, held in places.items()}


SOUND = {f"b{number}": [(MX1, PASS)] for number in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("level", "found", "fate"),
    [
        (ENCRYPT, judged(b1=[(MX1, PASS), (MX2, PASS)]), GOES),
        (ENCRYPT, judged(b1=[(MX1, FAIL), (MX2, FAIL)]), STOPS),
        # A sender goes on to the host that offers it.
        (ENCRYPT, judged(b1=[(MX1, FAIL), (MX2, PASS)]), PARTLY),
        (ENCRYPT, judged(b1=[(MX1, FAIL), (MX2, UNTESTED)]), UNKNOWN),
        (ENCRYPT, judged(b1=[(MX1, PASS), (MX2, UNTESTED)]), UNKNOWN),
        (ENCRYPT, judged(b1=[(MX1, UNTESTED)]), UNKNOWN),
        # An address we have no route to says nothing of the others.
        (ENCRYPT, judged(b1=[(MX2, PASS), (MX2V6, UNTESTED, "no_route")]), GOES),
        (ENCRYPT, {"U02-1b-1": partner_finding("U02-1b-1", FAIL)}, STOPS),
        (ENCRYPT, {"U02-1b-1": partner_finding("U02-1b-1", NONE)}, UNKNOWN),
        (ENCRYPT, {}, UNKNOWN),
        (VERIFY, judged(**SOUND), GOES),
        (VERIFY, judged(**{**SOUND, "b3": [(MX1, FAIL)]}), STOPS),
        # What DANE alone vouches for is nothing to who goes by issuers.
        (VERIFY, judged(**{**SOUND, "b2": [(MX1, PASS, "met_through_dane")]}), STOPS),
        (VERIFY, judged(**{**SOUND, "b4": [(MX1, UNTESTED)]}), UNKNOWN),
        (VERIFY, judged(b1=[(MX1, FAIL)], b2=[(MX1, NONE)], b3=[(MX1, NONE)], b4=[(MX1, NONE)]), STOPS),
        (VERIFY, judged(b1=[(MX1, PASS)]), UNKNOWN),
        (DANE, judged(b1=[(MX1, PASS)], d1=[("mx1.part.example", PASS)], d2=[(MX1, PASS)]), GOES),
        (DANE, judged(b1=[(MX1, PASS)], d1=[("mx1.part.example", FAIL)], d2=[(MX1, NONE)]), STOPS),
        (DANE, judged(b1=[(MX1, PASS)], d1=[("mx1.part.example", PASS)], d2=[(MX1, FAIL)]), STOPS),
        (
            DANE,
            judged(
                b1=[(MX1, PASS), (MX2, PASS)],
                d1=[("mx1.part.example", FAIL), ("mx2.part.example", PASS)],
                d2=[(MX1, NONE), (MX2, PASS)],
            ),
            PARTLY,
        ),
        (DANE, judged(b1=[(MX1, PASS)]), UNKNOWN),
    ],
)
def test_mail_stops_only_where_no_host_carries_the_level(
    level: Level, found: Mapping[str, Finding], fate: Fate
) -> None:
    assert measured(found, level) is fate


def test_of_the_level_asked_the_partner_s_own_requirement_tells() -> None:
    """Names pinned for the certificate make a partner carry what its MX names alone would not."""
    found = judged(**{**SOUND, "b3": [(MX1, FAIL)], "c1": [(MX1, PASS)]})

    assert measured(found, VERIFY, asked=VERIFY) is GOES
    assert measured(found, VERIFY, asked=ENCRYPT) is STOPS


@pytest.mark.parametrize(
    ("each", "fates"),
    [
        (flow(under(5)), (GOES, UNKNOWN, UNKNOWN)),
        # Postfix calls DANE's doing Verified too.
        (flow(under(5, trust="Verified")), (GOES, UNKNOWN, UNKNOWN)),
        (flow(under(5, trust="cv_yes")), (GOES, GOES, UNKNOWN)),
        (flow(under(5, trust="dane")), (GOES, UNKNOWN, GOES)),
        (flow(under(5, trust="cv_yes"), under(1, trust="cv_no")), (GOES, UNKNOWN, UNKNOWN)),
        (flow(under(5), unknown=1), (UNKNOWN, UNKNOWN, UNKNOWN)),
        (flow(under(5), clear=1), (PARTLY, PARTLY, PARTLY)),
        (flow(clear=4), (STOPS, STOPS, STOPS)),
        (flow(clear=4, unknown=1), (UNKNOWN, UNKNOWN, UNKNOWN)),
        (Flow(), (UNKNOWN, UNKNOWN, UNKNOWN)),
    ],
)
def test_a_log_alone_tells_what_it_says_of_every_message(each: Flow, fates: tuple[Fate, ...]) -> None:
    assert tuple(logged(each, level) for level in (ENCRYPT, VERIFY, DANE)) == fates


PARTNERS = (
    Subject("egen.example", "egen.example", (Kind.OWN_DOMAIN,)),
    Subject("klar.example", "klar.example", (Kind.PARTNER,), require_tls=RequireTls(ENCRYPT, ENCRYPT)),
    Subject("part.example", "part.example", (Kind.PARTNER,), contact=Contact("Kari", "", "+47 22 00 00 00")),
    Subject("taus.example", "taus.example", (Kind.PARTNER,)),
)
FOUND = (
    partner_finding("U02-1b-1", FAIL, (MX1, FAIL)),
    partner_finding("U02-1b-1", PASS, ("mx.klar.example[192.0.2.9]:25", PASS), subject="klar.example"),
    partner_finding("U02-1b-1", UNTESTED, ("mx.taus.example[192.0.2.8]:25", UNTESTED), subject="taus.example"),
)


def drawn(report: Report, *domains: DomainFlow) -> Report:
    seen: Observation = log(domains=domains)
    source = replace(report.source, subjects=PARTNERS, findings=FOUND, observations={seen.id: seen})
    return lay_out(source)


TRAFFIC = (
    to_domain(flow(clear=900), "part.example"),
    to_domain(flow(under(700), clear=60), "klar.example"),
    to_domain(flow(under(30)), "taus.example"),
    to_domain(flow(under(7), clear=30), "andre.no"),
    to_domain(flow(unknown=5), "ukjent.no"),
    to_domain(flow(clear=10), ""),
    to_domain(flow(clear=8888), "egen.example"),
    to_domain(flow(under(20), clear=4, unknown=2), "part.example", "from"),
)


def told(report: Report, *domains: DomainFlow) -> WhatIf:
    found = drawn(report, *(domains or TRAFFIC)).what_if
    assert found is not None
    return found


def outcome(found: WhatIf, scope: str, direction: str, level: Level) -> Outcome:
    (one,) = (each for each in found.outcomes if (each.scope, each.direction, each.level) == (scope, direction, level))
    return one


def test_messages_are_counted_by_what_becomes_of_them(report: Report) -> None:
    found = told(report)
    partners, everyone = outcome(found, "partners", "to", ENCRYPT), outcome(found, "all", "to", ENCRYPT)

    # klar.example offers it now: what went to it in clear would have gone through.
    assert partners.messages == {STOPS: 900, GOES: 790, UNKNOWN: 0}
    assert partners.domains == {STOPS: 1, GOES: 2}
    assert partners.stopped == ("part.example",)
    assert outcome(found, "no", "to", ENCRYPT).messages == {STOPS: 30, GOES: 7, UNKNOWN: 5}
    assert everyone.messages == {STOPS: 940, GOES: 797, UNKNOWN: 5}
    assert everyone.domains == {STOPS: 1, GOES: 2, PARTLY: 1, UNKNOWN: 1}
    assert everyone.stopped == ("part.example", "andre.no")
    assert outcome(found, "all", "to", DANE).messages == {STOPS: 940, GOES: 0, UNKNOWN: 802}


def test_of_senders_encryption_alone_is_asked(report: Report) -> None:
    found = told(report)

    assert {(each.scope, each.level) for each in found.outcomes if each.direction == "from"} == {
        ("partners", ENCRYPT),
        ("all", ENCRYPT),
    }
    assert outcome(found, "partners", "from", ENCRYPT).messages == {GOES: 20, STOPS: 4, UNKNOWN: 2}


def test_mail_in_clear_is_weighed_and_who_has_most_of_it_is_rung_first(report: Report) -> None:
    found, words = told(report), Words("nb")
    lines = traffic_lines(words, found)

    assert lines == [
        "1\xa0000 av 1\xa0742 meldinger ut gikk ukryptert, 99\xa0% av dem til tre mottakere.",
        "For 5 av meldingene ut sier ikke loggen om de gikk kryptert.",
    ]
    assert [(row.domain, " ".join(call_lines(words, row))) for row in found.calls] == [
        ("part.example", "Ingen av e-posttjenerne tilbyr kryptering. Kontakt er ført opp."),
        (
            "klar.example",
            "Alle e-posttjenerne tilbyr kryptering nå. Se på egne tjenere først. Ingen kontakt er ført opp.",
        ),
        ("andre.no", "Ikke målt i denne kjøringen. Ikke ført opp som samarbeidspart."),
    ]


@pytest.mark.parametrize(
    ("domains", "said"),
    [
        ([to_domain(flow(under(3)), "a.no")], ["3 av 3 meldinger ut gikk kryptert, og ingen er sett ukryptert."]),
        ([to_domain(flow(clear=3), "a.no")], ["3 av 3 meldinger ut gikk ukryptert, 100\xa0% av dem til én mottaker."]),
        ([to_domain(flow(clear=3), "")], ["3 av 3 meldinger ut gikk ukryptert, til mottakere loggene ikke navngir."]),
        ([to_domain(flow(unknown=3), "a.no")], ["For 3 av meldingene ut sier ikke loggen om de gikk kryptert."]),
        ([to_domain(flow(under(3)), "a.no", "from")], []),
    ],
)
def test_what_a_log_does_not_tell_is_not_said(report: Report, domains: list[DomainFlow], said: list[str]) -> None:
    assert traffic_lines(Words("nb"), told(report, *domains)) == said


def test_a_log_of_own_mail_alone_is_no_log_of_partners(report: Report) -> None:
    assert drawn(report, to_domain(flow(clear=3), "egen.example")).what_if is None


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_without_a_log_one_line_says_what_to_supply(report: Report, language: str) -> None:
    page = render_html(report, language, texts=fixture.texts())
    part = page.partition('<section id="what-if">')[2].partition("</section>")[0]

    assert "<code>evidence/logs/</code>" in part
    assert (part.count("<p>"), part.count("<table")) == (1, 0)
    assert len(_book(report, language).sheetnames) == len(_book(drawn(report, *TRAFFIC), language).sheetnames) - 1


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_page_tells_it_in_each_language(report: Report, language: str) -> None:
    page = render_html(drawn(report, *TRAFFIC), language, texts=fixture.texts())
    part = page.partition('<section id="what-if">')[2].partition("</section>")[0]

    assert part.count("<table") == 3
    assert part.index("part.example") < part.index("klar.example") < part.index("andre.no")
    assert "what_if_" not in part


def test_the_sheet_has_the_sums_and_a_row_for_each_domain(report: Report) -> None:
    sheet = _book(drawn(report, *TRAFFIC), "nb")["Hva om"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    sums = next(row for row in rows if row[:3] == ["kryptering", "alle", "Sendt"])
    listed = {str(row[0]): row for row in rows[[row[0] for row in rows].index("Domene") + 1 :]}

    assert sums[3:12] == [1742, 797, 940, 0, 5, 2, 1, 1, 1]
    assert list(listed) == [
        "part.example", "klar.example", "andre.no", "taus.example", "(ikke navngitt i loggene)", "ukjent.no",
    ]  # fmt: skip
    assert listed["part.example"][1:12] == [
        "ja", "Stopper (målt)", "Stopper (målt)", "Stopper (målt)", 0, 900, 0, 20, 4, 2, 0.9,
    ]  # fmt: skip
    assert listed["klar.example"][2:5] == ["Går frem (målt)", "Ukjent", "Ukjent"]
    assert listed["taus.example"][2] == "Går frem (logg)"
    assert listed["ukjent.no"][2] == "Ukjent"


def test_of_very_many_domains_the_smallest_are_in_the_sums_alone(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes to us can make up domains without end."""
    monkeypatch.setattr("compliance.reporting.excel.what_if._MOST", 2)
    rows = [[cell.value for cell in row] for row in _book(drawn(report, *TRAFFIC), "nb")["Hva om"].iter_rows()]

    names = [row[0] for row in rows]
    assert names[names.index("Domene") + 1 :] == ["part.example", "klar.example"]
    assert "4 domener til, med færrest meldinger, er bare med i summene." in names
    assert next(row[3] for row in rows if row[:3] == ["kryptering", "alle", "Sendt"]) == 1742


def _book(report: Report, language: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(report, language, texts=fixture.texts())))


def test_a_stranger_s_domain_brings_no_markup(report: Report) -> None:
    """Names in logs are plain host names, and the page does not rely on it."""
    page = render_html(drawn(report, to_domain(flow(clear=3), "<b>.example")), "nb", texts=fixture.texts())

    assert "<b>.example" not in page
    assert "&lt;b&gt;.example" in page
