"""What all tests share: the lab tests need root and unpacked servers; without, they are skipped, under CI they fail."""

import os
from pathlib import Path

import pytest

from tests.lab.debs import missing

LAB = Path(__file__).parent / "lab"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test under tests/lab is a lab test, marked or not."""
    for item in items:
        if LAB in item.path.parents:
            item.add_marker(pytest.mark.lab)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A build machine that cannot start the lab has tested nothing of it, and must say so."""
    if item.get_closest_marker("lab") is None or not (reason := missing()):
        return
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"under CI the lab must run: {reason}", pytrace=False)
    pytest.skip(reason)
