"""A Postfix TLS policy map (postconf(5), smtp_tls_policy_maps) for the partners that can carry the level asked.

Nothing a stranger wrote stands in it: only the inventory's own names, and those only if they are plain host names.
"""

from collections.abc import Iterable, Mapping

from compliance.model.subject import Level
from compliance.reporting.view.policy import PolicyRow
from compliance.reporting.view.report import Report
from compliance.reporting.words import Words

NAME = "tls_policy"

#: Postfix's words for the levels. `verify` holds the certificate against the MX name, `secure` against pinned names.
_POLICIES: Mapping[Level, str] = {Level.ENCRYPT: "encrypt", Level.VERIFY: "verify", Level.DANE: "dane-only"}


def policy_of(row: PolicyRow) -> str:
    """Give the right-hand side of a partner's line."""
    if row.level is Level.VERIFY and row.names:
        return f"secure match={':'.join(row.names)}"
    return _POLICIES[row.level]


def render_map(report: Report, rows: Iterable[PolicyRow], words: Words) -> str:
    """Give the map's text: a head that says what it is and how it is put to use, then a line for each partner."""
    run = report.source.run
    rows = tuple(rows)
    said = [words.t("map_head", organisation=run.organisation.name, run_id=run.run_id, time=run.started)]
    said += [words.t("map_use"), words.t("map_again")]
    if any(row.level is Level.DANE and row.carried for row in rows):
        said.append(words.t("map_dane"))
    lines = [f"# {_one_line(text)}" for text in said]
    for row in rows:
        if row.carried:
            lines += [f"# {_one_line(words.t(f'map_{each.notice}'))}" for each in row.cautions]
            lines.append(f"{row.subject.hostname} {policy_of(row)}")
        else:
            status = words.t(f"status_{row.result.mark}")
            lines.append(f"# {_one_line(words.t('map_left_out', name=row.subject.hostname, status=status))}")
    return "\n".join([*lines, ""])


def _one_line(text: str) -> str:
    """A comment is one line: what an inventory's name holds may not begin another."""
    return " ".join(text.split())
