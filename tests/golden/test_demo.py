"""`u02 demo`: every verdict is as the truth table has it, in a sealed folder with a report in each language."""

import re

import pytest

from compliance.demo.truth import compare
from tests.golden.conftest import Demo, findings, here, journal


def test_every_verdict_is_as_the_truth_table_has_it(demo: Demo) -> None:
    wrong, count = compare(demo.folder)

    assert [f"{line.subject} {line.requirement}: {line.wanted} -> {line.found}" for line in wrong] == []
    assert count > 1000
    assert demo.done[0] == 0


def test_the_demo_says_where_its_reports_are(demo: Demo) -> None:
    _, out, err = demo.done

    assert "Fasiten stemmer" in out
    for name in ("report.nb.html", "report.xlsx"):
        assert f"  reports/a/{name}\n" in out
    assert "Traceback" not in err


def test_each_language_has_its_reports(demo: Demo) -> None:
    """The first language's workbook is report.xlsx, the others carry their language."""
    names = {path.name for path in demo.folder.iterdir() if path.name.startswith("report.")}

    assert names == {
        "report.nb.html",
        "report.nn.html",
        "report.en.html",
        "report.xlsx",
        "report.nn.xlsx",
        "report.en.xlsx",
    }
    for language in ("nb", "nn", "en"):
        assert f'<html lang="{language}"' in (demo.folder / f"report.{language}.html").read_text(encoding="utf-8")


def test_the_run_folder_is_for_its_owner_alone(demo: Demo) -> None:
    assert demo.folder.stat().st_mode & 0o777 == 0o700
    for path in demo.folder.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_no_verdict_is_our_own_defect(demo: Demo) -> None:
    assert [line for line in findings(demo.folder) if line["status"] == "error"] == []
    assert [seen for seen in journal(demo.folder) if (seen["failure"] or {}).get("kind") == "defect"] == []


def test_nothing_was_asked_twice(demo: Demo) -> None:
    asked = [(seen["target"], seen["question"]) for seen in journal(demo.folder)]

    assert len(asked) == len(set(asked))


def test_what_a_verdict_rests_on_is_in_the_journal(demo: Demo) -> None:
    known = {seen["id"] for seen in journal(demo.folder)}
    cited = {key for line in findings(demo.folder) for target in line["targets"] for key in target["evidence"]}

    assert cited
    assert cited <= known


@pytest.mark.parametrize("lang", ["nb", "nn", "en"])
def test_no_text_of_a_report_is_left_unfilled(demo: Demo, lang: str) -> None:
    text = _text(demo, lang)
    shown = re.sub(r"<(script|style)\b.*?</\1>|<code>.*?</code>|<pre\b.*?</pre>", "", text, flags=re.DOTALL)

    assert not re.findall(r"\{[a-z_]+(?::[a-z]+)?\}", shown)


def test_the_seal_holds(demo: Demo) -> None:
    done = here("verify", demo.folder)

    assert done.returncode == 0, done.stdout


def test_what_goes_to_our_own_hosts_alone_went_nowhere_else(demo: Demo) -> None:
    """Havnedrift AS runs mx2.havn.example, nobody listens at mx.glemt.example; the partners' are never asked."""
    intrusive = [seen for seen in journal(demo.folder) if seen["probe"] in {"injection", "unnamed"}]

    assert {seen["target"].partition("[")[0] for seen in intrusive} == {
        "mx1.kommunen.example",
        "mx2.kommunen.example",
        "mx1.skole.example",
        "mx2.skole.example",
        "mx1.havn.example",
    }
    (others,) = re.findall(r"<li>(Andres tjenere: [^<]*)</li>", _text(demo, "nb"))
    (ours,) = re.findall(r"<li>(Egne tjenere: [^<]*)</li>", _text(demo, "nb"))
    for words in ("NOOP i samme pakke som STARTTLS", "en TLS-forbindelse uten navn (SNI)"):
        assert words in ours
        assert words not in others


def test_another_certificate_without_a_name_is_noted_where_it_is_shown(demo: Demo) -> None:
    noted = {
        line["subject"]
        for line in findings(demo.folder)
        for target in line["targets"]
        if "unnamed_certificate" in [notice["notice"] for notice in target["notices"]]
    }

    assert noted == {"mx2.kommunen.example", "kommunen.example"}


def _text(demo: Demo, lang: str) -> str:
    return (demo.folder / f"report.{lang}.html").read_text(encoding="utf-8")
