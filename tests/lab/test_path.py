"""Whose path hides STARTTLS: theirs only where another operator's host showed it over the same path in this run."""

from pathlib import Path

import pytest

from tests.lab.test_run import read_findings, u02, verdict
from tests.lab.truth import FAULTS, SOUND
from tests.lab.verdicts import TRANSPORT
from tests.lab.world import World

MASKED = ("masked", "masked-too")
ON_OUR_PATH = dict.fromkeys((*TRANSPORT, "DIGDIR-DANE-2"), "not_tested starttls_masked_on_path")


def run(world: World, place: Path, *names: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Run over some cases; gives per case its verdicts, each with its cause."""
    world.inventory_folder(place, only=names)
    done = u02("run", "-i", "inventory", "-o", "reports", "--run-id", "path", "--quiet", cwd=place)
    assert done.returncode in {0, 1, 3}, done.stderr
    findings = read_findings(place / "reports" / "path")
    return {
        name: {key: (verdict(found), found["cause"]) for key in ON_OUR_PATH
               if (found := findings[world.cases[name].domain, key])} for name in names
    }  # fmt: skip


def test_what_is_masked_everywhere_is_masked_on_our_own_path(world: World, tmp_path: Path) -> None:
    seen = run(world, tmp_path, *MASKED)

    assert seen == {name: {key: (text, "ours") for key, text in ON_OUR_PATH.items()} for name in MASKED}


@pytest.mark.parametrize("other", ["lower-case", "exim"])
def test_one_other_operator_with_starttls_shows_that_it_is_theirs(world: World, tmp_path: Path, other: str) -> None:
    seen = run(world, tmp_path, *MASKED, other)

    for name in MASKED:
        assert {key: text for key, (text, _) in seen[name].items()} == {
            key: FAULTS[name].get(key, SOUND[key]) for key in ON_OUR_PATH
        }
    assert seen[other]["U02-1b-1"] == ("pass starttls_works", None)
