"""The page: one self-contained file. Nothing in it runs, and nothing loads from outside."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from compliance.model.requirement import Requirement
from compliance.reporting import phrases
from compliance.reporting import register_words as said
from compliance.reporting.shown import shown
from compliance.reporting.view.actions import Action, front
from compliance.reporting.view.fate import Fate
from compliance.reporting.view.register import PROOFS
from compliance.reporting.view.report import Report
from compliance.reporting.view.results import Result, target_name
from compliance.reporting.words import Texts, Words

_MOST = 12  # sentences in one card; the rest is in the workbook
_MOST_UNTESTED = 60
_MOST_PROOFS = 100
_MOST_REGISTER = 100  # partners whose proofs are told at length


def render_html(report: Report, language: str, texts: Texts | None = None) -> str:
    """Give the page in one language."""
    words = Words(language, html=True, baseline=report.source.baseline, texts=texts)
    page = _environment().get_template("report.html.j2").render(_context(report, words))
    return page if page.endswith("\n") else f"{page}\n"


def _environment() -> Environment:
    # select_autoescape goes by file name and would let .j2 through: escaping is on, always.
    return Environment(
        loader=PackageLoader("compliance.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: Any) -> Any:
    """Clean what reaches the page without having gone through Words; jinja escapes it afterwards."""
    return value if isinstance(value, Markup) else shown(str(value))


def _context(report: Report, words: Words) -> dict[str, object]:
    run = report.source.run
    form = words.form
    return {
        "w": words,
        "most": _MOST,
        "most_untested": _MOST_UNTESTED,
        "most_proofs": _MOST_PROOFS,
        "report": report,
        "report_title": phrases.report_title(words, report.source),
        "again_in": lambda reperform: phrases.again_in(words, reperform.needs),
        "grade": lambda document: words.t(f"evidence_{phrases.grade_key(words, document)}"),
        "baseline_title": words.text(report.source.baseline.title),
        "span": words.f(form.span(run.started, run.finished or run.started)),
        "footer_left": _css_text(f"{run.organisation.name}  {run.organisation.marking}".strip()),
        "footer_middle": _css_text(f"{run.run_id}  {report.fingerprint[:19]}  {_foot_review(report, words)}".strip()),
        "requirement": _requirements(report),
        "basis": lambda key: phrases.basis(words, report.source, key, "_short"),
        "basis_long": lambda key: phrases.basis(words, report.source, key),
        "act": _act(report, words),
        "actor": lambda action: phrases.actor(words, action),
        "front_actions": front(report.actions),
        "name": lambda target: words.f(target_name(target)),
        "left": lambda certificate: phrases.left(words, certificate),
        "demand": lambda subject: phrases.demand(words, subject),
        "selftest": phrases.selftest_lines(words, report),
        "review": phrases.review(words, report),
        "to_publish": lambda values: phrases.to_publish(words, values),
        "scope": phrases.scope(words, report),
        "named_by": lambda line: [report.source.display(label) for label in line.named_by],
        "sent_lines": phrases.sent_lines(words, report),
        "supplied_lines": phrases.supplied_lines(words, report),
        "must_line": phrases.must_line(words, report.must),
        "partner_line": phrases.partner_line(words, report.partner_tally),
        "cell_link": _cell_link(report, words),
        **_register(report, words),
    }


def _register(report: Report, words: Words) -> dict[str, object]:
    """What the register and what would stop are drawn with."""
    return {
        "most_register": _MOST_REGISTER,
        "proof_names": tuple(PROOFS.values()),
        "register_ids": _in_register(report) - _in_cards(report),
        "register_verdict": lambda row: said.register_verdict(words, row),
        "proof_said": lambda row, number: said.proof_said(words, row, number),
        "fates": tuple(Fate),
        "traffic_lines": lambda found: said.traffic_lines(words, found),
        "call_lines": lambda row: said.call_lines(words, row),
    }


def _requirements(report: Report) -> Callable[[str], object]:
    known = report.source.requirements
    empty: dict[str, str] = {}

    class _Nothing:
        consequence = empty

    def find(key: str) -> Requirement | type[_Nothing]:
        return known.get(key, _Nothing)

    return find


def _act(report: Report, words: Words) -> Callable[[Action], str]:
    shown_below = _shown_below(report)

    def act(action: Action) -> str:
        if action.anchor in shown_below:
            return phrases.act(words, action, lambda text: Markup('<a href="#{}">{}</a>').format(action.anchor, text))
        return phrases.act(words, action, lambda text: Markup('<span class="target">{}</span>').format(text))

    return act


def _shown_below(report: Report) -> set[str]:
    """Give the ids of the results that stand further down the page, to be linked to."""
    return _in_cards(report) | _in_register(report)


def _in_register(report: Report) -> set[str]:
    return {proof.anchor for row in report.register[:_MOST_REGISTER] for proof in row.proofs if proof}


def _in_cards(report: Report) -> set[str]:
    lines = [line for card in report.cards for line in card.lines[:_MOST]]
    lines += [line for group in report.untested for line in group.lines[:_MOST_UNTESTED]]
    return {anchor for line in lines for anchor in line.anchors}


def _cell_link(report: Report, words: Words) -> Callable[[Result], Markup]:
    shown_below = _shown_below(report)

    def link(cell: Result) -> Markup:
        chip = Markup('<span class="chip {}"><span aria-hidden="true">{}</span> {}</span>').format(
            cell.mark, words.t(f"sign_{cell.mark}"), words.t(f"status_{cell.mark}")
        )
        if cell.anchor not in shown_below:
            return chip
        return Markup('<a class="to" href="#{}">{}</a>').format(cell.anchor, chip)

    return link


def _foot_review(report: Report, words: Words) -> str:
    return phrases.review_short(Words(words.language, texts=words.texts), report)


def _css_text(text: str) -> Markup:
    """Give a text as a CSS string in which nothing but letters, digits and blanks stands unescaped."""
    safe = "".join(letter if letter.isalnum() or letter == " " else f"\\{ord(letter):x} " for letter in shown(text))
    return Markup(f'"{safe}"')  # noqa: S704 - escaped letter by letter for CSS, and holds no < by that
