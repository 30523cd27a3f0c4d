"""The sheet of method: what was done, from where, on which sources, and how to verify it."""

from openpyxl import Workbook

from compliance.reporting import phrases
from compliance.reporting.excel.cells import Content, fit, table
from compliance.reporting.excel.page import freeze
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words


def method_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write the method as topic and content."""
    sheet = book.create_sheet(words.t("sheet_method"))
    rows = [*_run(report, words), *_done(report, words), *_sources(report, words), *_beside(report, words)]
    rows += [[words.t("head_terms"), f"{words.t(f'status_{mark}')}: {words.t(f'term_{mark}')}"] for mark in _MARKS]
    table(sheet, "Method", [words.t("col_topic"), words.t("col_content")], rows)
    freeze(sheet, "A2", 1)
    fit(sheet, (34, 60))


_MARKS = ("pass", "dane_only", "stated_pass", "fail", "not_tested", "partly", "not_applicable", "error")


def _run(report: Report, words: Words) -> list[list[Content]]:
    run = report.source.run
    baseline = f"{words.text(report.source.baseline.title)}, {run.baseline.id} {run.baseline.version}"
    rows: list[list[Content]] = [
        [words.t("fact_run_id"), run.run_id],
        [words.t("fact_measured"), words.form.span(run.started, run.finished or run.started)],
        [words.t("fact_vantage"), words.f(run.vantage_name)],
        [words.t("fact_tool"), f"{run.tool.name} {run.tool.version}"],
        [words.t("fact_baseline"), f"{baseline}\nSHA-256 {run.baseline.sha256}"],
        [words.t("fact_fingerprint"), report.fingerprint],
        [words.t("head_verify"), words.t("verify_text")],
    ]
    if report.source.review:
        rows.append([words.t("fact_review"), f"{phrases.review(words, report)} {words.t('review_inputs')}"])
        used = report.source.review.used.items()
        rows += [[words.t("review_input", name=name), f"SHA-256 {digest}"] for name, digest in used]
    if run.previous:
        rows.append([words.t("fact_previous"), run.previous.run_id])
    return rows


def _done(report: Report, words: Words) -> list[list[Content]]:
    run = report.source.run
    tool, n = run.tool, report.origins["wire"]
    rows: list[list[Content]] = [
        [words.t("head_method"), words.t("method_intro", tool=tool.name, version=tool.version, n=n)],
        [words.t("sheet_results"), words.t("results_note", sheet=words.t("sheet_controls"))],
        [words.t("head_sent"), words.t("sent_never")],
    ]
    rows += [[words.t("head_sent"), line] for line in phrases.sent_lines(words, report)]
    rows += [[words.t("head_supplied"), line] for line in phrases.supplied_lines(words, report)]
    rows += [[words.t("head_selftest"), line] for line in phrases.selftest_lines(words, report)]
    for line in run.connections.addresses:
        names = ", ".join(words.f(name) for name in line.names[:5])
        whose = words.t("whose_own" if line.ours else "whose_other")
        said = f"{line.target} ({names}), {whose}: {line.connections}"
        rows.append([words.t("connections_caption"), said])
    return rows


def _sources(report: Report, words: Words) -> list[list[Content]]:
    rows: list[list[Content]] = [[words.t("head_sources"), words.t("sources_intro")]]
    for source in report.source.baseline.sources:
        grade = words.t(f"evidence_{phrases.grade_key(words, source)}")
        asks = " ".join(text for text in (words.text(source.asks), words.text(source.note)) if text)
        said = f"{source.issuer}: {words.text(source.title)}. {asks}"
        rows.append([f"{words.t('col_source')} {source.key}", f"{said} ({words.t('col_read')}: {grade})"])
    return rows


def _beside(report: Report, words: Words) -> list[list[Content]]:
    rows: list[list[Content]] = []
    for row in report.waivers:
        waiver = row.waiver
        where = " ".join(part for part in (waiver.subject, waiver.target) if part)
        until = words.f(waiver.expires, "date")
        state = words.t(f"waiver_state_{row.state}")
        rows.append([words.t("head_waivers"), f"{state}: {waiver.requirement}, {where}, {until}. {waiver.reason}"])
    for said in report.source.statements:
        when = words.f(said.date, "date")
        rows.append([words.t("head_statements"), f"{said.requirement}: {said.statement} ({said.by}, {when})"])
    return rows
