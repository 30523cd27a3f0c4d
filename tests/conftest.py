"""What all tests share: what a test needs of the machine. Without it the test is skipped, and under CI it fails."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.lab.debs import BIN, missing

#: Programs of the lab's packages serve where the machine has none of its own.
os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{BIN}"
#: Where every test starts real servers.
LABS = (Path(__file__).parent / "lab", Path(__file__).parent / "zones")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test under tests/lab and tests/zones is a lab test, marked or not."""
    for item in items:
        if not set(LABS).isdisjoint(item.path.parents):
            item.add_marker(pytest.mark.lab)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A build machine that cannot start the lab, or lacks a program, has tested nothing by it, and must say so."""
    reason = missing() if item.get_closest_marker("lab") else ""
    wanted = (name for mark in item.iter_markers("programs") for name in mark.args)
    if absent := [name for name in wanted if shutil.which(name) is None]:
        reason = f"not installed: {', '.join(absent)}"
    if reason:
        cannot_run(reason)


def cannot_run(reason: str) -> NoReturn:
    """Skip a test for want of something; under CI that is a failure."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"under CI this must run: {reason}", pytrace=False)
    pytest.skip(reason)
